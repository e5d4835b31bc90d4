//! The tables of followers: their own rows, the ledger of gaps, and what people are told of each
//! file.

mod checkpoints;
mod takeover;

use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use etlmon_shared::Timestamp;
use etlmon_shared::log::LogStatus;
use etlmon_shared::text::from_bytes;
use rusqlite::{Connection, OptionalExtension, named_params, params};

use super::checkpoint::Checkpoint;
use super::chunk::{Chunk, Gap, GapReason};
use crate::store::PersistError;
use crate::store::column::{count, moment};

pub use takeover::{Known, TakeOver, others, take_over};

/// A follower's own row, as a batch was made from it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Own {
    /// By what its other rows know it; no row's when it is 0.
    pub id: i64,
    /// How many batches were stored.
    pub revision: i64,
    /// Whether it was told to pause.
    pub paused: bool,
}

/// What is stored of a follower.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stored {
    /// Its own row.
    pub own: Own,
    /// Where it is to go on.
    pub checkpoints: Vec<Checkpoint>,
    /// The paths of which people were told.
    pub paths: Vec<String>,
}

/// What people are told of one path of a follower.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileRow {
    /// The path, as text.
    pub path: String,
    /// How following it goes; never `Paused`, which is the follower's own state.
    pub status: LogStatus,
    /// What is wrong with it.
    pub error_message: Option<String>,
    /// The inode of the file that is there now.
    pub inode: Option<u64>,
    /// The content in it, of which the checkpoint says how far it is read.
    pub sequence: Option<u64>,
    /// What is left to read of it.
    pub unread_bytes: Option<u64>,
    /// What is left to read, in rotated files of the path too.
    pub lag_bytes: Option<u64>,
}

impl FileRow {
    /// A path at which there is no file.
    pub fn waiting(path: String) -> Self {
        Self {
            path,
            status: LogStatus::Waiting,
            error_message: None,
            inode: None,
            sequence: None,
            unread_bytes: None,
            lag_bytes: None,
        }
    }
}

/// What a batch adds to a path's counts, but for lines: they are counted with their content.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Additions {
    /// Bytes of over-long lines left out.
    pub skipped_bytes: u64,
    /// Lines that are damaged.
    pub damaged: u64,
    /// Gaps.
    pub gaps: u64,
    /// Their bytes, as far as they are known.
    pub gap_bytes: u64,
    /// Gaps without a known end.
    pub unmeasured_gaps: u64,
}

/// The own row of a follower that is configured.
///
/// # Errors
/// What SQLite says.
pub fn own(connection: &Connection, kind: &str, name: &str) -> rusqlite::Result<Option<Own>> {
    connection
        .prepare_cached("SELECT id, revision, paused FROM followers WHERE kind = ?1 AND name = ?2")?
        .query_row([kind, name], |row| {
            Ok(Own {
                id: row.get("id")?,
                revision: row.get("revision")?,
                paused: row.get("paused")?,
            })
        })
        .optional()
}

/// All that is stored of a follower; none when it was never configured.
///
/// # Errors
/// What SQLite says.
pub fn load(connection: &Connection, kind: &str, name: &str) -> rusqlite::Result<Option<Stored>> {
    let Some(own) = own(connection, kind, name)? else {
        return Ok(None);
    };
    let checkpoints = checkpoints::load(connection, own.id)?;
    let paths = connection
        .prepare_cached("SELECT path FROM followed_files WHERE follower_id = ?1")?
        .query_map([own.id], |row| row.get("path"))?
        .collect::<Result<_, _>>()?;
    Ok(Some(Stored {
        own,
        checkpoints,
        paths,
    }))
}

/// Begins the storing of a batch that was made from this row.
///
/// # Errors
/// `Outdated` when another batch was stored since, or the follower was paused or resumed.
pub fn advance(
    connection: &Connection,
    kind: &str,
    name: &str,
    own: Own,
) -> Result<(), PersistError> {
    let advanced = connection
        .prepare_cached(
            "UPDATE followers SET revision = revision + 1, error_message = NULL \
             WHERE id = ?1 AND kind = ?2 AND name = ?3 AND revision = ?4 AND paused = ?5",
        )?
        .execute(params![own.id, kind, name, own.revision, own.paused])?;
    match advanced {
        0 => Err(PersistError::Outdated),
        _ => Ok(()),
    }
}

/// Stores where a follower is to go on, and what it has lost.
///
/// # Errors
/// What SQLite says.
pub fn store_places(
    connection: &Connection,
    follower: i64,
    chunk: &Chunk,
    at: Timestamp,
) -> rusqlite::Result<()> {
    for sequence in &chunk.forgotten {
        checkpoints::forget(connection, follower, *sequence)?;
    }
    let lines = chunk.line_counts();
    for checkpoint in &chunk.checkpoints {
        let lines = lines.get(&checkpoint.sequence).copied().unwrap_or(0);
        checkpoints::store(connection, follower, checkpoint, lines, at)?;
    }
    for gap in &chunk.gaps {
        store_gap(connection, follower, gap, at)?;
    }
    Ok(())
}

fn store_gap(
    connection: &Connection,
    follower: i64,
    gap: &Gap,
    at: Timestamp,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO log_gaps (follower_id, log_path, place, source_inode, from_offset, \
             to_offset, reason, detected_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )?
        .execute(params![
            follower,
            path_text(&gap.path),
            path_text(&gap.place),
            gap.inode.cast_signed(),
            count(gap.from_offset),
            gap.to_offset.map(count),
            reason_word(gap.reason),
            moment(at),
        ])?;
    Ok(())
}

/// Stores what people are told of a path.
///
/// # Errors
/// What SQLite says.
pub fn store_file(connection: &Connection, follower: i64, file: &FileRow) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO followed_files (follower_id, path, status, error_message, inode, \
             sequence, unread_bytes, lag_bytes, lines_stored, gap_bytes, gap_count, \
             unmeasured_gap_count, truncated_bytes, damaged_count) VALUES (:follower, :path, \
             :status, :error_message, :inode, :sequence, :unread_bytes, :lag_bytes, 0, 0, 0, 0, 0, 0) \
             ON CONFLICT (follower_id, path) DO UPDATE SET status = excluded.status, \
             error_message = excluded.error_message, inode = excluded.inode, \
             sequence = excluded.sequence, unread_bytes = excluded.unread_bytes, \
             lag_bytes = excluded.lag_bytes",
        )?
        .execute(named_params! {
            ":follower": follower,
            ":path": file.path,
            ":status": match file.status {
                LogStatus::Tailing | LogStatus::Paused => "TAILING",
                LogStatus::Waiting => "WAITING",
                LogStatus::Error => "ERROR",
            },
            ":error_message": file.error_message,
            ":inode": file.inode.map(u64::cast_signed),
            ":sequence": file.sequence.map(count),
            ":unread_bytes": file.unread_bytes.map(count),
            ":lag_bytes": file.lag_bytes.map(count),
        })?;
    Ok(())
}

/// Adds to the counts of a path; false when nothing is told of it at all.
///
/// # Errors
/// What SQLite says.
pub fn add_counts(
    connection: &Connection,
    follower: i64,
    path: &str,
    add: &Additions,
) -> rusqlite::Result<bool> {
    let changed = connection
        .prepare_cached(
            "UPDATE followed_files SET gap_bytes = gap_bytes + ?3, gap_count = gap_count + ?4, \
             unmeasured_gap_count = unmeasured_gap_count + ?5, \
             truncated_bytes = truncated_bytes + ?6, damaged_count = damaged_count + ?7 \
             WHERE follower_id = ?1 AND path = ?2",
        )?
        .execute(params![
            follower,
            path,
            count(add.gap_bytes),
            count(add.gaps),
            count(add.unmeasured_gaps),
            count(add.skipped_bytes),
            count(add.damaged),
        ])?;
    Ok(changed > 0)
}

/// A path is not followed any more. Its row goes, unless something of it was lost.
///
/// # Errors
/// What SQLite says.
pub fn drop_file(connection: &Connection, follower: i64, path: &str) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "DELETE FROM followed_files WHERE follower_id = ?1 AND path = ?2 AND gap_count = 0",
        )?
        .execute(params![follower, path])?;
    connection
        .prepare_cached(
            "UPDATE followed_files SET status = 'WAITING', error_message = NULL, inode = NULL, \
             sequence = NULL, unread_bytes = NULL, lag_bytes = NULL \
             WHERE follower_id = ?1 AND path = ?2",
        )?
        .execute(params![follower, path])?;
    Ok(())
}

/// Nothing can be said of any file of a follower at present. One of which nothing was ever told is
/// a row of its path or glob.
///
/// # Errors
/// What SQLite says.
pub fn store_failure(
    connection: &Connection,
    kind: &str,
    name: &str,
    path: &str,
    reason: &str,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached("UPDATE followers SET error_message = ?3 WHERE kind = ?1 AND name = ?2")?
        .execute([kind, name, reason])?;
    let Some(own) = own(connection, kind, name)? else {
        return Ok(());
    };
    let is_told = connection
        .prepare_cached("SELECT 1 FROM followed_files WHERE follower_id = ?1")?
        .exists([own.id])?;
    if is_told {
        return Ok(());
    }
    store_file(connection, own.id, &FileRow::waiting(path.to_owned()))
}

/// A path as text that no other path has.
pub fn path_text(path: &Path) -> String {
    from_bytes(path.as_os_str().as_bytes()).into_owned()
}

fn reason_word(reason: GapReason) -> &'static str {
    match reason {
        GapReason::Truncated => "truncated",
        GapReason::CopyTruncated => "copy_truncated",
        GapReason::Vanished => "vanished",
        GapReason::Damaged => "damaged",
        GapReason::HandleLimit => "handle_limit",
        GapReason::Unreadable => "unreadable",
        GapReason::StillWritten => "still_written",
    }
}
