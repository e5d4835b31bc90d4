//! The table `log_blocks`, the one index of the lines: what is in some lines of one log.

use std::sync::LazyLock;

use etlmon_shared::Timestamp;
use rusqlite::{Connection, params};

use super::missed::LAST_LINE_ID;
use super::trigrams::Trigrams;
use crate::store::column::moment;

/// From its first to its last id at most, with the lines of other logs between.
const MAX_WIDTH: i64 = 8192;

/// Joined by its id: as a table of its own SQLite would build it, with a page cache of 80 KiB.
static NEWEST: LazyLock<String> = LazyLock::new(|| {
    format!(
        "SELECT {LAST_LINE_ID} AS last_id, id, first_line_id, line_count, lines_before \
         FROM (SELECT 1) LEFT JOIN log_blocks ON id = (SELECT id FROM log_blocks \
         WHERE log_name = ?1 ORDER BY first_line_id DESC LIMIT 1)"
    )
});

/// To be run when lines were purged, within the same transaction.
///
/// The newest block of a log stays, since it alone knows how many lines the log ever had. Blocks
/// come in the order of their first lines, so only the old end of the table is looked at.
pub const PURGE: &[&str] = &[
    "WITH kept (line_id) AS (SELECT coalesce((SELECT min(id) FROM log_lines), 9223372036854775807)) \
     DELETE FROM log_blocks WHERE id < coalesce((SELECT id FROM log_blocks \
     WHERE first_line_id >= (SELECT line_id FROM kept) ORDER BY id LIMIT 1), \
     9223372036854775807) \
     AND last_line_id < (SELECT line_id FROM kept) AND EXISTS (SELECT 1 FROM log_blocks AS newer \
     WHERE newer.log_name = log_blocks.log_name \
     AND newer.first_line_id > log_blocks.first_line_id)",
    "DELETE FROM log_sources WHERE line_id_limit < \
     coalesce((SELECT min(id) FROM log_lines), 9223372036854775807)",
];

/// Some lines of one log with adjoining ids, about to be stored.
#[derive(Debug)]
pub struct Run<'a> {
    /// The id of the first.
    pub first_line_id: i64,
    /// How many.
    pub line_count: i64,
    /// When they were read.
    pub at: Timestamp,
    /// What is in them.
    pub trigrams: &'a Trigrams,
}

/// What is in the block of a log that still grows. It is kept in memory and stored when the block
/// is full: written with every batch it would be most of what is written. Until then, and for ever
/// if the node ends before, every search looks into the block.
#[derive(Debug, Default)]
pub struct OpenBlock(Option<(i64, Trigrams)>);

/// The last id that any line was given, and the newest block of a log.
///
/// # Errors
/// What SQLite says.
pub(super) fn newest(
    connection: &Connection,
    log_name: &str,
) -> rusqlite::Result<(i64, Option<Newest>)> {
    connection
        .prepare_cached(&NEWEST)?
        .query_row([log_name], |row| {
            let newest = match row.get("id")? {
                None => None,
                Some(id) => Some(Newest {
                    id,
                    first_line_id: row.get("first_line_id")?,
                    line_count: row.get("line_count")?,
                    lines_before: row.get("lines_before")?,
                }),
            };
            Ok((row.get("last_id")?, newest))
        })
}

/// Adds lines to the log's newest block if that is the open one and has room, else begins another.
///
/// What a transaction that is rolled back leaves in `open` has more lines than the block, or another
/// beginning, so nothing is added to it.
///
/// # Errors
/// What SQLite says.
pub(super) fn store(
    connection: &Connection,
    log_name: &str,
    run: &Run<'_>,
    newest: &mut Option<Newest>,
    open: &mut OpenBlock,
) -> rusqlite::Result<()> {
    if let (Some(newest), Some((first_line_id, trigrams))) = (newest.as_mut(), &mut open.0)
        && newest.first_line_id == *first_line_id
        && usize::try_from(newest.line_count) == Ok(trigrams.lines())
    {
        let joined = newest
            .distance(run)
            .is_some_and(|distance| trigrams.merge(run.trigrams, distance));
        if joined {
            join(connection, newest.id, run)?;
            newest.line_count += run.line_count;
        }
        if !joined || trigrams.is_used_up() {
            connection
                .prepare_cached("UPDATE log_blocks SET trigrams = ?2 WHERE id = ?1")?
                .execute(params![newest.id, trigrams.stored()])?;
            open.0 = None;
        }
        if joined {
            return Ok(());
        }
    }
    let is_used_up = run.trigrams.is_used_up();
    open.0 = (!is_used_up).then(|| (run.first_line_id, run.trigrams.clone()));
    let at = moment(run.at);
    let lines_before =
        (newest.as_ref()).map_or(0, |newest| newest.lines_before + newest.line_count);
    connection
        .prepare_cached(
            "INSERT INTO log_blocks (log_name, first_line_id, last_line_id, line_count, \
             lines_before, first_at, last_at, trigrams) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6, ?7)",
        )?
        .execute(params![
            log_name,
            run.first_line_id,
            run.last_line_id(),
            run.line_count,
            lines_before,
            at,
            if is_used_up {
                run.trigrams.stored()
            } else {
                Vec::new()
            },
        ])?;
    *newest = Some(Newest {
        id: connection.last_insert_rowid(),
        first_line_id: run.first_line_id,
        line_count: run.line_count,
        lines_before,
    });
    Ok(())
}

fn join(connection: &Connection, block: i64, run: &Run<'_>) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "UPDATE log_blocks SET last_line_id = ?2, line_count = line_count + ?3, \
             first_at = min(first_at, ?4), last_at = max(last_at, ?4) WHERE id = ?1",
        )?
        .execute(params![
            block,
            run.last_line_id(),
            run.line_count,
            moment(run.at)
        ])?;
    Ok(())
}

impl Run<'_> {
    fn last_line_id(&self) -> i64 {
        self.first_line_id + self.line_count - 1
    }
}

/// The newest block of a log.
#[derive(Debug)]
pub(super) struct Newest {
    id: i64,
    first_line_id: i64,
    line_count: i64,
    lines_before: i64,
}

impl Newest {
    /// From the block's first line to the run's; none when the block would become too wide.
    fn distance(&self, run: &Run<'_>) -> Option<u16> {
        let width = run.last_line_id() - self.first_line_id + 1;
        let distance = u16::try_from(run.first_line_id - self.first_line_id);
        distance.ok().filter(|_| width <= MAX_WIDTH)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_with_each_batch_makes_no_table() {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(etlmon_schema::CURRENT).unwrap();
        let mut program = connection.prepare(&format!("EXPLAIN {}", *NEWEST)).unwrap();
        let codes = program
            .query_map(["app"], |row| row.get::<_, String>("opcode"))
            .unwrap();
        let codes: Vec<String> = codes.map(Result::unwrap).collect();
        assert!(codes.contains(&"ResultRow".to_owned()));
        assert!(!codes.contains(&"OpenEphemeral".to_owned()), "{codes:?}");
    }
}
