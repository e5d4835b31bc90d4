//! Contents that change their follower: where the configuration spells the paths of a kind in another
//! way, another one of its followers goes on with what was read of a file.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::PathBuf;

use rusqlite::{Connection, params};

use super::{Own, checkpoints, path_text};
use crate::store::PersistError;

/// A path of which a follower knows contents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// The follower's row.
    pub follower: i64,
    /// How many batches of it were stored.
    pub revision: i64,
    /// The path.
    pub path: PathBuf,
    /// Whether it is the follower's own path, and not one of its glob's.
    pub is_configured_path: bool,
}

/// A path whose contents become those of another follower.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TakeOver {
    /// Whose they are, as was read of it.
    pub of: Known,
    /// Their path with the other follower.
    pub path: PathBuf,
}

/// The paths of which the other followers of a kind know contents, configured or not.
///
/// # Errors
/// What SQLite says.
pub fn others(connection: &Connection, kind: &str, own: i64) -> rusqlite::Result<Vec<Known>> {
    connection
        .prepare_cached(
            "SELECT DISTINCT follower_id, name, revision, path \
             FROM followers JOIN followed_contents ON follower_id = followers.id \
             WHERE kind = ?1 AND follower_id <> ?2 AND state <> 'log' ORDER BY follower_id, path",
        )?
        .query_map(params![kind, own], |row| {
            let path = PathBuf::from(OsString::from_vec(row.get("path")?));
            Ok(Known {
                follower: row.get("follower_id")?,
                revision: row.get("revision")?,
                is_configured_path: path_text(&path) == row.get::<_, String>("name")?,
                path,
            })
        })?
        .collect()
}

/// Makes the contents of these paths those of the follower `own`, with all that is told and counted
/// of them. Where it knows the path itself, another one forgets it.
///
/// # Errors
/// `Outdated` when a batch of one of the others was stored since they were read.
pub fn take_over(
    connection: &Connection,
    own: Own,
    taken: &[TakeOver],
) -> Result<(), PersistError> {
    let others: BTreeSet<_> = taken
        .iter()
        .map(|one| (one.of.follower, one.of.revision))
        .collect();
    for other in others {
        // By two, which no follower takes for a batch of its own.
        let changed = connection
            .prepare_cached(
                "UPDATE followers SET revision = revision + 2 WHERE id = ?1 AND revision = ?2",
            )?
            .execute(other)?;
        if changed == 0 {
            return Err(PersistError::Outdated);
        }
    }
    for one in taken {
        let path = one.path.as_os_str().as_bytes();
        let is_known = connection
            .prepare_cached(
                "SELECT 1 FROM followed_contents \
                 WHERE follower_id = ?1 AND path = ?2 AND state <> 'log'",
            )?
            .exists(params![own.id, path])?;
        if !is_known {
            move_path(connection, own.id, one)?;
        } else if one.path == one.of.path {
            drop_path(connection, &one.of)?;
        }
    }
    Ok(())
}

fn move_path(connection: &Connection, own: i64, one: &TakeOver) -> rusqlite::Result<()> {
    // A number is never given twice, also not one that is forgotten.
    let last: i64 = connection
        .prepare_cached(
            "SELECT coalesce(max(CASE state WHEN 'log' THEN offset_bytes ELSE sequence END), 0) \
             FROM followed_contents WHERE follower_id = ?1",
        )?
        .query_row([own], |row| row.get(0))?;
    let (other, theirs) = (one.of.follower, one.of.path.as_os_str().as_bytes());
    connection
        .prepare_cached(
            "UPDATE followed_heads SET follower_id = ?1, sequence = sequence + ?2 \
             WHERE follower_id = ?3 AND sequence IN (SELECT sequence FROM followed_contents \
             WHERE follower_id = ?3 AND path = ?4 AND state <> 'log')",
        )?
        .execute(params![own, last, other, theirs])?;
    connection
        .prepare_cached(
            "UPDATE followed_contents SET follower_id = ?1, sequence = sequence + ?2, path = ?5 \
             WHERE follower_id = ?3 AND path = ?4 AND state <> 'log'",
        )?
        .execute(params![
            own,
            last,
            other,
            theirs,
            one.path.as_os_str().as_bytes()
        ])?;
    let (theirs, ours) = (path_text(&one.of.path), path_text(&one.path));
    connection
        .prepare_cached(
            "INSERT INTO followed_files SELECT ?1, ?5, status, error_message, inode, \
             sequence + ?2, unread_bytes, lag_bytes, lines_stored, last_line_at, gap_bytes, \
             gap_count, unmeasured_gap_count, truncated_bytes, damaged_count \
             FROM followed_files WHERE follower_id = ?3 AND path = ?4 \
             ON CONFLICT (follower_id, path) DO UPDATE SET \
             lines_stored = lines_stored + excluded.lines_stored, \
             last_line_at = max(coalesce(last_line_at, excluded.last_line_at), \
             coalesce(excluded.last_line_at, last_line_at)), \
             gap_bytes = gap_bytes + excluded.gap_bytes, \
             gap_count = gap_count + excluded.gap_count, \
             unmeasured_gap_count = unmeasured_gap_count + excluded.unmeasured_gap_count, \
             truncated_bytes = truncated_bytes + excluded.truncated_bytes, \
             damaged_count = damaged_count + excluded.damaged_count",
        )?
        .execute(params![own, last, other, theirs, ours])?;
    connection
        .prepare_cached("DELETE FROM followed_files WHERE follower_id = ?1 AND path = ?2")?
        .execute(params![other, theirs])?;
    connection
        .prepare_cached(
            "UPDATE log_gaps SET follower_id = ?1, log_path = ?4 \
             WHERE follower_id = ?2 AND log_path = ?3",
        )?
        .execute(params![own, other, theirs, ours])?;
    Ok(())
}

fn drop_path(connection: &Connection, of: &Known) -> rusqlite::Result<()> {
    let sequences: Vec<i64> = connection
        .prepare_cached(
            "SELECT sequence FROM followed_contents \
             WHERE follower_id = ?1 AND path = ?2 AND state <> 'log'",
        )?
        .query_map(
            params![of.follower, of.path.as_os_str().as_bytes()],
            |row| row.get(0),
        )?
        .collect::<Result<_, _>>()?;
    for sequence in sequences {
        checkpoints::forget(connection, of.follower, sequence.cast_unsigned())?;
    }
    Ok(())
}
