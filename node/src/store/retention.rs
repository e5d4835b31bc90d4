//! How long rows are kept: by age and by number, cut off at the old end of a table, step by step.

use etlmon_shared::Timestamp;
use rusqlite::{Connection, OptionalExtension, TransactionBehavior};

use super::column::{count, moment};
use crate::config::Limits;

/// After so many bytes a step ends, however few rows it was: long rows take longer to free.
const STEP_BYTES: i64 = 4 << 20;

/// A table that grows: its rows have ids that ascend in the order of storing, without holes, and a
/// moment each.
///
/// Rows leave at the old end only: those that are too many, and those whose moment is too long ago.
/// A row whose moment is still to come, since the clock was put back, keeps those behind it from
/// leaving by age until then, because a row within both limits is never deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetentionRule {
    /// The table.
    pub table: &'static str,
    /// The column with the row's moment.
    pub time_column: &'static str,
    /// SQL for about how many bytes a row has, such as `octet_length(line)`.
    pub row_bytes: &'static str,
    /// What to keep.
    pub limit: Limits,
    /// Statements that delete what belonged to deleted rows. They run in the transaction of every
    /// step, after it, so they must be cheap when there is little to do.
    pub dependants: &'static [&'static str],
}

/// What a step has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// No row was due, so nothing was written.
    Nothing,
    /// So many rows were deleted, all that were due.
    Last(usize),
    /// So many rows were deleted, and there may be more.
    Full(usize),
}

/// Which rows are due.
struct Due {
    /// Rows up to this id are too many.
    last_surplus: i64,
    /// Rows from before this moment are too old.
    oldest: i64,
}

impl Due {
    fn takes(&self, id: i64, at: i64) -> bool {
        id <= self.last_surplus || at < self.oldest
    }
}

impl RetentionRule {
    /// Deletes the oldest rows that are due, at most `rows`, and their dependants, in a transaction
    /// of its own.
    ///
    /// # Errors
    /// What SQLite says; nothing is deleted then.
    pub(super) fn step(
        &self,
        connection: &mut Connection,
        now: Timestamp,
        rows: u32,
    ) -> rusqlite::Result<Step> {
        let Some(due) = self.look(connection, now)? else {
            return Ok(Step::Nothing);
        };
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let (last, full) = self.end_of_step(&transaction, &due, rows)?;
        let deleted = transaction
            .prepare_cached(&format!("DELETE FROM {} WHERE id <= ?1", self.table))?
            .execute([last])?;
        for statement in self.dependants {
            transaction.prepare_cached(statement)?.execute([])?;
        }
        transaction.commit()?;
        Ok(if full {
            Step::Full(deleted)
        } else {
            Step::Last(deleted)
        })
    }

    /// Looks at both ends of the table only, which takes microseconds; none when nothing is due.
    fn look(&self, connection: &Connection, now: Timestamp) -> rusqlite::Result<Option<Due>> {
        let Self {
            table,
            time_column,
            limit,
            ..
        } = self;
        let ends: Option<(i64, i64, i64)> = connection
            .prepare_cached(&format!(
                "SELECT id, {time_column}, (SELECT max(id) FROM {table}) FROM {table} \
                 ORDER BY id LIMIT 1"
            ))?
            .query_row([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
            .optional()?;
        Ok(ends.and_then(|(first, at, last)| {
            let due = Due {
                last_surplus: last.saturating_sub(count(limit.max_rows)),
                oldest: moment(now.before(limit.max_age)),
            };
            due.takes(first, at).then_some(due)
        }))
    }

    /// The last id of the rows that a step takes, and whether there may be more.
    fn end_of_step(
        &self,
        connection: &Connection,
        due: &Due,
        rows: u32,
    ) -> rusqlite::Result<(i64, bool)> {
        let Self {
            table,
            time_column,
            row_bytes,
            ..
        } = self;
        let mut statement = connection.prepare_cached(&format!(
            "SELECT id, {time_column}, {row_bytes} FROM {table} ORDER BY id LIMIT ?1"
        ))?;
        let mut oldest = statement.query([rows])?;
        let (mut last, mut bytes) = (i64::MIN, 0);
        while let Some(row) = oldest.next()? {
            let id = row.get(0)?;
            if !due.takes(id, row.get(1)?) {
                return Ok((last, false));
            }
            last = id;
            bytes += row.get::<_, i64>(2)?;
            if bytes >= STEP_BYTES {
                break;
            }
        }
        Ok((last, true))
    }
}

#[cfg(test)]
mod tests;
