//! How many lines of a log retention has deleted before a reader had them.

use rusqlite::{Connection, OptionalExtension};

use crate::store::column::from_count;

/// How many lines the log had, up to and with this id, since it was first followed; none where
/// that can't be told any more, since lines about there are deleted.
///
/// # Errors
/// What SQLite says.
pub fn position(connection: &Connection, log_name: &str, id: i64) -> rusqlite::Result<Option<u64>> {
    let known = id + 1 >= oldest_line_id(connection)?;
    if let Some(block) = block_before(connection, log_name, id)? {
        let end = block.lines_before + block.line_count;
        if id >= block.last_line_id {
            return Ok(Some(from_count(end)));
        }
        let behind = stored(connection, log_name, id + 1, block.last_line_id)?;
        return Ok(known.then(|| from_count(end - behind)));
    }
    // Before the first block that is left.
    let before: Option<i64> = connection
        .prepare_cached(
            "SELECT lines_before FROM log_blocks WHERE log_name = ?1 \
             ORDER BY first_line_id LIMIT 1",
        )?
        .query_row([log_name], |row| row.get(0))
        .optional()?;
    let before = from_count(before.unwrap_or(0));
    Ok((known || before == 0 || id <= 0).then_some(if known { before } else { 0 }))
}

/// How many lines of the log with a higher id than `after` are deleted; none where that can't be
/// told.
///
/// `reached` is what [`position`] said of `after` when lines about there were still stored. A
/// reader who comes with an id alone has none.
///
/// # Errors
/// What SQLite says.
pub fn missed(
    connection: &Connection,
    log_name: &str,
    after: i64,
    reached: Option<u64>,
) -> rusqlite::Result<Option<u64>> {
    let kept_from = oldest_line_id(connection)?;
    if after + 1 >= kept_from {
        return Ok(Some(0));
    }
    let reached = match reached {
        Some(reached) => Some(reached),
        None => position(connection, log_name, after)?,
    };
    let deleted = position(connection, log_name, kept_from - 1)?;
    Ok(deleted
        .zip(reached)
        .and_then(|(deleted, reached)| deleted.checked_sub(reached)))
}

/// What [`last_line_id`] gives, as part of a query.
pub const LAST_LINE_ID: &str = "coalesce((SELECT max(id) FROM log_lines), \
     (SELECT max(last_line_id) FROM log_blocks), 0)";

/// The last id that any line was given; 0 before the first.
///
/// # Errors
/// What SQLite says.
pub fn last_line_id(connection: &Connection) -> rusqlite::Result<i64> {
    connection
        .prepare_cached(&format!("SELECT {LAST_LINE_ID}"))?
        .query_row([], |row| row.get(0))
}

/// The id from which on the lines of all logs are stored.
///
/// # Errors
/// What SQLite says.
pub fn oldest_line_id(connection: &Connection) -> rusqlite::Result<i64> {
    let oldest: Option<i64> = connection
        .prepare_cached("SELECT min(id) FROM log_lines")?
        .query_row([], |row| row.get(0))?;
    match oldest {
        Some(id) => Ok(id),
        None => Ok(last_line_id(connection)? + 1),
    }
}

struct Block {
    last_line_id: i64,
    line_count: i64,
    lines_before: i64,
}

/// The block that this id is in, or the one before.
fn block_before(
    connection: &Connection,
    log_name: &str,
    id: i64,
) -> rusqlite::Result<Option<Block>> {
    connection
        .prepare_cached(
            "SELECT last_line_id, line_count, lines_before FROM log_blocks \
             WHERE log_name = ?1 AND first_line_id <= ?2 ORDER BY first_line_id DESC LIMIT 1",
        )?
        .query_row((log_name, id), |row| {
            Ok(Block {
                last_line_id: row.get("last_line_id")?,
                line_count: row.get("line_count")?,
                lines_before: row.get("lines_before")?,
            })
        })
        .optional()
}

/// How many lines of the log are stored from one id to another.
fn stored(connection: &Connection, log_name: &str, from: i64, to: i64) -> rusqlite::Result<i64> {
    connection
        .prepare_cached(
            "SELECT count(*) FROM log_lines WHERE id BETWEEN ?2 AND ?3 \
             AND source_id IN (SELECT id FROM log_sources WHERE log_name = ?1)",
        )?
        .query_row((log_name, from, to), |row| row.get(0))
}
