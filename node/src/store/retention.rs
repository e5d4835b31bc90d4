//! How long rows are kept: by age and by number, purged in steps too small to hold the writer.

use etlmon_shared::Timestamp;
use rusqlite::Connection;

use super::column::{count, moment};
use crate::config::Limits;

/// Rows that one step looks at; a step takes about a millisecond.
const STEP_ROWS: i64 = 1000;
/// Free pages that the file keeps for what comes next.
const FREE_PAGES_KEPT: i64 = 256;
/// Free pages given back in one step.
const STEP_PAGES: i64 = 128;

/// A table that grows: its rows have an ascending `id` in the order of time, and a moment each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetentionRule {
    /// The table.
    pub table: &'static str,
    /// The column with the row's moment.
    pub time_column: &'static str,
    /// What to keep.
    pub limit: Limits,
}

impl RetentionRule {
    /// Deletes some of the oldest rows if the rule says so; true when there may be more.
    ///
    /// Only the rows with the lowest ids are looked at, so that no index on the time is needed.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn step(&self, connection: &Connection, now: Timestamp) -> rusqlite::Result<bool> {
        let Self {
            table,
            time_column,
            limit,
        } = self;
        let oldest = moment(now.before(limit.max_age));
        let aged = connection
            .prepare_cached(&format!(
                "DELETE FROM {table} WHERE {time_column} < ?1 AND id IN \
                 (SELECT id FROM {table} ORDER BY id LIMIT ?2)"
            ))?
            .execute((oldest, STEP_ROWS))?;
        // Rows leave only at the old end, so the ids of a table are without gaps.
        let surplus = connection
            .prepare_cached(&format!(
                "DELETE FROM {table} WHERE id IN \
                 (SELECT id FROM {table} WHERE id <= (SELECT max(id) FROM {table}) - ?1 \
                  ORDER BY id LIMIT ?2)"
            ))?
            .execute((count(limit.max_rows), STEP_ROWS))?;
        let full_step = usize::try_from(STEP_ROWS).unwrap_or(usize::MAX);
        Ok(aged >= full_step || surplus >= full_step)
    }
}

/// Gives some free pages back to the file system; true when there may be more.
///
/// # Errors
/// What SQLite says.
pub fn shrink(connection: &Connection) -> rusqlite::Result<bool> {
    let free: i64 = connection.pragma_query_value(None, "freelist_count", |row| row.get(0))?;
    if free < FREE_PAGES_KEPT {
        return Ok(false);
    }
    connection.execute_batch(&format!("PRAGMA incremental_vacuum({STEP_PAGES})"))?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::store::open;

    const NOW: i64 = 1_800_000_000_000;

    fn database(rows: i64) -> (tempfile::TempDir, Connection) {
        let folder = tempfile::tempdir().unwrap();
        let connection = open::writer(&folder.path().join("etlmon.db")).unwrap();
        for n in 0..rows {
            connection
                .execute(
                    "INSERT INTO filesystem_history \
                     (mount_point, at, total_bytes, used_bytes, avail_bytes) \
                     VALUES ('/', ?1, 3, 2, 1)",
                    [NOW - (rows - n) * 1000],
                )
                .unwrap();
        }
        (folder, connection)
    }

    fn rule(max_age: u64, max_rows: u64) -> RetentionRule {
        let limit = Limits {
            max_age: Duration::from_secs(max_age),
            max_rows,
        };
        RetentionRule {
            table: "filesystem_history",
            time_column: "at",
            limit,
        }
    }

    fn purge(connection: &Connection, rule: &RetentionRule) -> (i64, i64) {
        while rule.step(connection, Timestamp::from_millis(NOW)).unwrap() {}
        connection
            .query_row(
                "SELECT count(*), coalesce(min(id), 0) FROM filesystem_history",
                [],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )
            .unwrap()
    }

    #[test]
    fn rows_go_by_age() {
        let (_folder, connection) = database(2500);
        assert_eq!(purge(&connection, &rule(100, 1_000_000)), (100, 2401));
    }

    #[test]
    fn the_oldest_rows_go_when_there_are_too_many() {
        let (_folder, connection) = database(2500);
        assert_eq!(purge(&connection, &rule(1_000_000, 42)), (42, 2459));
        assert_eq!(purge(&connection, &rule(1_000_000, 42)), (42, 2459));
    }

    #[test]
    fn an_empty_table_is_left_in_peace() {
        let (_folder, connection) = database(0);
        assert_eq!(purge(&connection, &rule(1, 1)), (0, 0));
    }

    #[test]
    fn the_file_gives_its_free_pages_back() {
        let (_folder, connection) = database(60_000);
        let pages = |connection: &Connection| -> i64 {
            connection
                .pragma_query_value(None, "page_count", |row| row.get(0))
                .unwrap()
        };
        let before = pages(&connection);
        purge(&connection, &rule(1, 1));
        while shrink(&connection).unwrap() {}
        let after = pages(&connection);
        assert!(
            before > 2 * FREE_PAGES_KEPT && after < FREE_PAGES_KEPT + 32,
            "{before} {after}"
        );
    }
}
