//! The tables of checkpoints: where each content is to be read on, by what it is known, and how many
//! lines of it are stored.

use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;

use etlmon_shared::Timestamp;
use etlmon_shared::text::from_bytes;
use rusqlite::{Connection, OptionalExtension as _, Row, params};

use crate::store::column::{count, from_count, moment};
use crate::tail::checkpoint::{Checkpoint, Identity, Inside, State, TailHash};

/// The checkpoints of a follower, in no order.
///
/// # Errors
/// What SQLite says.
pub(super) fn load(connection: &Connection, follower: i64) -> rusqlite::Result<Vec<Checkpoint>> {
    connection
        .prepare_cached(
            "SELECT sequence, state, path, place, device, inode, born_ns, offset_bytes, \
             tail_bytes, tail_hash, inside, first_seen, head FROM followed_contents \
             LEFT JOIN followed_heads USING (follower_id, sequence) \
             WHERE follower_id = ?1",
        )?
        .query_map([follower], checkpoint)?
        .collect()
}

fn checkpoint(row: &Row<'_>) -> rusqlite::Result<Checkpoint> {
    let path = |column| -> rusqlite::Result<PathBuf> {
        let bytes: Vec<u8> = row.get(column)?;
        Ok(PathBuf::from(OsString::from_vec(bytes)))
    };
    let word = |column| row.get::<_, String>(column);
    Ok(Checkpoint {
        sequence: from_count(row.get("sequence")?),
        // The table's CHECKs allow no other words.
        state: match word("state")?.as_str() {
            "log" => State::Log,
            "following" => State::Following,
            "finished" => State::Finished,
            _ => State::Copy,
        },
        path: path("path")?,
        place: path("place")?,
        identity: Identity {
            device: row.get::<_, i64>("device")?.cast_unsigned(),
            inode: row.get::<_, i64>("inode")?.cast_unsigned(),
            born_ns: row.get("born_ns")?,
        },
        head: row.get::<_, Option<Vec<u8>>>("head")?.unwrap_or_default(),
        head_changed: false,
        path_changed: false,
        offset: from_count(row.get("offset_bytes")?),
        tail: TailHash {
            len: row.get("tail_bytes")?,
            hash: row.get("tail_hash")?,
        },
        inside: match word("inside")?.as_str() {
            "cut_line" => Inside::CutLine,
            "quiet_line" => Inside::QuietLine,
            _ => Inside::Nothing,
        },
        first_seen_ms: row.get("first_seen")?,
    })
}

/// Deletes a follower's checkpoint. Its lines stay counted, with its path.
///
/// # Errors
/// What SQLite says.
pub(super) fn forget(
    connection: &Connection,
    follower: i64,
    sequence: u64,
) -> rusqlite::Result<()> {
    leave_counts(connection, follower, sequence)?;
    for table in ["followed_contents", "followed_heads"] {
        connection
            .prepare_cached(&format!(
                "DELETE FROM {table} WHERE follower_id = ?1 AND sequence = ?2"
            ))?
            .execute((follower, count(sequence)))?;
    }
    Ok(())
}

/// Counts the lines of a content so far with the path under which they were stored, and no longer
/// with the content.
fn leave_counts(connection: &Connection, follower: i64, sequence: u64) -> rusqlite::Result<()> {
    let counted: Option<(Vec<u8>, i64, Option<i64>)> = connection
        .prepare_cached(
            "SELECT path, lines_stored, last_line_at FROM followed_contents \
             WHERE follower_id = ?1 AND sequence = ?2 AND lines_stored > 0",
        )?
        .query_row((follower, count(sequence)), |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })
        .optional()?;
    let Some((path, lines, last)) = counted else {
        return Ok(());
    };
    connection
        .prepare_cached(
            "UPDATE followed_files SET lines_stored = lines_stored + ?3, \
             last_line_at = max(coalesce(last_line_at, ?4), ?4) \
             WHERE follower_id = ?1 AND path = ?2",
        )?
        .execute(params![follower, from_bytes(&path), lines, last])?;
    connection
        .prepare_cached(
            "UPDATE followed_contents SET lines_stored = 0, last_line_at = NULL \
             WHERE follower_id = ?1 AND sequence = ?2",
        )?
        .execute((follower, count(sequence)))?;
    Ok(())
}

/// Stores one checkpoint of a follower, and counts the lines of the content that are stored with it;
/// its first bytes only where they have changed.
///
/// # Errors
/// What SQLite says.
pub(super) fn store(
    connection: &Connection,
    follower: i64,
    row: &Checkpoint,
    lines: u64,
    at: Timestamp,
) -> rusqlite::Result<()> {
    if row.path_changed {
        leave_counts(connection, follower, row.sequence)?;
    }
    connection
        .prepare_cached(
            "INSERT INTO followed_contents (follower_id, sequence, state, path, place, device, \
             inode, born_ns, offset_bytes, tail_bytes, tail_hash, inside, first_seen, \
             lines_stored, last_line_at) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15) \
             ON CONFLICT (follower_id, sequence) DO UPDATE SET state = ?3, path = ?4, place = ?5, \
             device = ?6, inode = ?7, born_ns = ?8, offset_bytes = ?9, tail_bytes = ?10, \
             tail_hash = ?11, inside = ?12, first_seen = ?13, \
             lines_stored = lines_stored + ?14, last_line_at = coalesce(?15, last_line_at)",
        )?
        .execute(params![
            follower,
            count(row.sequence),
            match row.state {
                State::Log => "log",
                State::Following => "following",
                State::Finished => "finished",
                State::Copy => "copy",
            },
            row.path.as_os_str().as_bytes(),
            row.place.as_os_str().as_bytes(),
            row.identity.device.cast_signed(),
            row.identity.inode.cast_signed(),
            row.identity.born_ns,
            count(row.offset),
            row.tail.len,
            row.tail.hash,
            match row.inside {
                Inside::Nothing => "nothing",
                Inside::CutLine => "cut_line",
                Inside::QuietLine => "quiet_line",
            },
            row.first_seen_ms,
            count(lines),
            (lines > 0).then(|| moment(at)),
        ])?;
    if row.head_changed {
        connection
            .prepare_cached(
                "INSERT OR REPLACE INTO followed_heads (follower_id, sequence, head) \
                 VALUES (?1, ?2, ?3)",
            )?
            .execute(params![follower, count(row.sequence), row.head])?;
    }
    Ok(())
}
