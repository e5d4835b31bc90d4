//! The table `log_blocks`, the one index of the lines: what is in some lines of one log.

use etlmon_shared::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::trigrams::Trigrams;
use crate::store::column::moment;

/// Lines of a block at most.
pub const MAX_LINES: usize = 1024;
const MAX_COUNT: i64 = 1024;
/// From its first to its last id at most, with the lines of other logs between.
const MAX_WIDTH: i64 = 8192;

/// To be run when lines were purged, within the same transaction.
///
/// The newest block of a log stays, since it alone knows how many lines the log ever had. Blocks
/// come in the order of their first lines, so only the old end of the table is looked at.
pub const PURGE: &[&str] = &[
    "WITH kept (line_id) AS (SELECT coalesce((SELECT min(id) FROM log_lines), \
     (SELECT last_id + 1 FROM log_line_ids))) \
     DELETE FROM log_blocks WHERE id < coalesce((SELECT id FROM log_blocks \
     WHERE first_line_id >= (SELECT line_id FROM kept) ORDER BY id LIMIT 1), \
     9223372036854775807) \
     AND last_line_id < (SELECT line_id FROM kept) AND EXISTS (SELECT 1 FROM log_blocks AS newer \
     WHERE newer.log_name = log_blocks.log_name \
     AND newer.first_line_id > log_blocks.first_line_id)",
    "DELETE FROM log_sources WHERE last_line_id < \
     coalesce((SELECT min(id) FROM log_lines), (SELECT last_id + 1 FROM log_line_ids))",
];

/// Some lines of one log with adjoining ids, about to be stored.
#[derive(Debug)]
pub struct Run<'a> {
    /// The id of the first.
    pub first_line_id: i64,
    /// How many; at most [`MAX_LINES`].
    pub line_count: i64,
    /// When they were read.
    pub at: Timestamp,
    /// What is in them.
    pub trigrams: &'a Trigrams,
}

/// Adds lines to the log's newest block, or in a block of their own where that has no room.
///
/// # Errors
/// What SQLite says.
pub fn store(connection: &Connection, log_name: &str, run: &Run<'_>) -> rusqlite::Result<()> {
    let newest = connection
        .prepare_cached(
            "SELECT id, first_line_id, line_count, lines_before, trigrams FROM log_blocks \
             WHERE log_name = ?1 ORDER BY first_line_id DESC LIMIT 1",
        )?
        .query_row([log_name], |row| {
            Ok(Newest {
                id: row.get("id")?,
                joined: joined(row, run)?,
                lines: row.get::<_, i64>("lines_before")? + row.get::<_, i64>("line_count")?,
            })
        })
        .optional()?;
    let last_line_id = run.first_line_id + run.line_count - 1;
    let at = moment(run.at);
    if let Some(Newest {
        id,
        joined: Some(trigrams),
        ..
    }) = newest
    {
        connection
            .prepare_cached(
                "UPDATE log_blocks SET last_line_id = ?2, line_count = line_count + ?3, \
                 first_at = min(first_at, ?4), last_at = max(last_at, ?4), trigrams = ?5 \
                 WHERE id = ?1",
            )?
            .execute(params![id, last_line_id, run.line_count, at, trigrams])?;
        return Ok(());
    }
    connection
        .prepare_cached(
            "INSERT INTO log_blocks (log_name, first_line_id, last_line_id, line_count, \
             lines_before, first_at, last_at, trigrams) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6, ?7)",
        )?
        .execute(params![
            log_name,
            run.first_line_id,
            last_line_id,
            run.line_count,
            newest.map_or(0, |newest| newest.lines),
            at,
            run.trigrams.stored(),
        ])?;
    Ok(())
}

struct Newest {
    id: i64,
    /// The trigrams of the block with the run in it, where it has room.
    joined: Option<Vec<u8>>,
    /// Lines of the log up to the block's end.
    lines: i64,
}

fn joined(newest: &Row<'_>, run: &Run<'_>) -> rusqlite::Result<Option<Vec<u8>>> {
    let width = run.first_line_id + run.line_count - newest.get::<_, i64>("first_line_id")?;
    if newest.get::<_, i64>("line_count")? + run.line_count > MAX_COUNT || width > MAX_WIDTH {
        return Ok(None);
    }
    let stored = newest.get_ref("trigrams")?.as_blob()?;
    Ok(run.trigrams.stored_with(stored))
}
