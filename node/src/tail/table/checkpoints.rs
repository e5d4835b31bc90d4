//! The tables of checkpoints: where each content is to be read on, and by what it is known.

use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;

use rusqlite::{Connection, Row, named_params, params};

use crate::store::column::{count, from_count};
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

/// Deletes a follower's checkpoint.
///
/// # Errors
/// What SQLite says.
pub(super) fn forget(
    connection: &Connection,
    follower: i64,
    sequence: u64,
) -> rusqlite::Result<()> {
    for table in ["followed_contents", "followed_heads"] {
        connection
            .prepare_cached(&format!(
                "DELETE FROM {table} WHERE follower_id = ?1 AND sequence = ?2"
            ))?
            .execute((follower, count(sequence)))?;
    }
    Ok(())
}

/// Stores one checkpoint of a follower; its first bytes only where they have changed.
///
/// # Errors
/// What SQLite says.
pub(super) fn store(
    connection: &Connection,
    follower: i64,
    row: &Checkpoint,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT OR REPLACE INTO followed_contents (follower_id, sequence, state, path, place, \
             device, inode, born_ns, offset_bytes, tail_bytes, tail_hash, inside, first_seen) \
             VALUES (:follower, :sequence, :state, :path, :place, :device, :inode, :born_ns, \
             :offset_bytes, :tail_bytes, :tail_hash, :inside, :first_seen)",
        )?
        .execute(named_params! {
            ":follower": follower,
            ":sequence": count(row.sequence),
            ":state": match row.state {
                State::Log => "log",
                State::Following => "following",
                State::Finished => "finished",
                State::Copy => "copy",
            },
            ":path": row.path.as_os_str().as_bytes(),
            ":place": row.place.as_os_str().as_bytes(),
            ":device": row.identity.device.cast_signed(),
            ":inode": row.identity.inode.cast_signed(),
            ":born_ns": row.identity.born_ns,
            ":offset_bytes": count(row.offset),
            ":tail_bytes": row.tail.len,
            ":tail_hash": row.tail.hash,
            ":inside": match row.inside {
                Inside::Nothing => "nothing",
                Inside::CutLine => "cut_line",
                Inside::QuietLine => "quiet_line",
            },
            ":first_seen": row.first_seen_ms,
        })?;
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
