//! Gives free pages back to the file system, so that the file shrinks with what it holds.

use std::time::{Duration, Instant};

use rusqlite::{Connection, TransactionBehavior};

/// Free pages that the file keeps for what comes next: 1 MiB.
pub(super) const PAGES_KEPT: i64 = 256;

/// Free pages beyond those that are kept; not below zero.
///
/// # Errors
/// What SQLite says.
pub(super) fn surplus_pages(connection: &Connection) -> rusqlite::Result<i64> {
    let free: i64 = connection.pragma_query_value(None, "freelist_count", |row| row.get(0))?;
    Ok((free - PAGES_KEPT).max(0))
}

/// Gives at most `pages` free pages back, in one transaction, and no further ones after `time`;
/// answers how many it gave.
///
/// # Errors
/// What SQLite says; nothing is given back then.
pub(super) fn give_back(
    connection: &mut Connection,
    pages: i64,
    time: Duration,
) -> rusqlite::Result<i64> {
    if pages == 0 {
        // To the pragma it would mean all.
        return Ok(0);
    }
    let begun = Instant::now();
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut given = 0;
    {
        let mut pragma = transaction.prepare(&format!("PRAGMA incremental_vacuum({pages})"))?;
        // It answers an empty row after each page, and goes on only when the next row is asked for.
        let mut rows = pragma.query([])?;
        while rows.next()?.is_some() {
            given += 1;
            if begun.elapsed() >= time {
                break;
            }
        }
    }
    transaction.commit()?;
    Ok(given)
}

#[cfg(test)]
mod tests;
