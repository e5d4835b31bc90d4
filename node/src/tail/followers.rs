//! Followers as people see and command them: their files, their gaps, pause and resume.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use etlmon_shared::Timestamp;
use etlmon_shared::log::{LogFile, LogGap, LogGapReason, LogStatus};
use etlmon_shared::text::from_bytes;
use rusqlite::{Connection, OptionalExtension, Row, ToSql, params};

use crate::http::Cursor;
use crate::store::column::{count, count_in, from_count, moment};
use crate::store::{Persist, PersistError};

/// How long the checkpoints of a log stay that is no longer configured: it may come back.
const KEPT: Duration = Duration::from_hours(30 * 24);

/// Makes the followers of a kind those of the configuration.
#[derive(Debug)]
pub struct Configured {
    /// The kind.
    pub kind: &'static str,
    /// Their names.
    pub names: BTreeSet<String>,
}

impl Persist for Configured {
    fn persist(&self, connection: &Connection) -> Result<(), PersistError> {
        let now = Timestamp::now();
        for name in &self.names {
            connection.execute(
                "INSERT INTO followers (kind, name, revision, paused) VALUES (?1, ?2, 0, 0) \
                 ON CONFLICT (kind, name) DO UPDATE SET removed_at = NULL",
                [self.kind, name],
            )?;
        }
        let known: Vec<(i64, String, Option<i64>)> = connection
            .prepare("SELECT id, name, removed_at FROM followers WHERE kind = ?1")?
            .query_map([self.kind], |row| {
                Ok((row.get("id")?, row.get("name")?, row.get("removed_at")?))
            })?
            .collect::<Result<_, _>>()?;
        for (id, name, removed_at) in known {
            if self.names.contains(&name) {
                continue;
            }
            match removed_at {
                None => {
                    connection.execute(
                        "UPDATE followers SET removed_at = ?2 WHERE id = ?1",
                        params![id, moment(now)],
                    )?;
                }
                Some(at) if at < moment(now.before(KEPT)) => forget(connection, id)?,
                Some(_) => {}
            }
        }
        Ok(())
    }
}

fn forget(connection: &Connection, follower: i64) -> rusqlite::Result<()> {
    for table in [
        "followed_contents",
        "followed_heads",
        "followed_files",
        "log_gaps",
    ] {
        connection.execute(
            &format!("DELETE FROM {table} WHERE follower_id = ?1"),
            [follower],
        )?;
    }
    connection.execute("DELETE FROM followers WHERE id = ?1", [follower])?;
    Ok(())
}

/// Pauses a follower or lets it go on. A batch that was read before is refused from then on.
#[derive(Debug)]
pub struct Pause {
    /// The kind.
    pub kind: &'static str,
    /// Its name.
    pub name: String,
    /// Whether it is to pause.
    pub paused: bool,
}

impl Persist for Pause {
    fn persist(&self, connection: &Connection) -> Result<(), PersistError> {
        connection.execute(
            "UPDATE followers SET paused = ?3 WHERE kind = ?1 AND name = ?2",
            params![self.kind, self.name, self.paused],
        )?;
        Ok(())
    }
}

/// Whether a follower of this name is configured.
///
/// # Errors
/// What SQLite says.
pub fn is_configured(connection: &Connection, kind: &str, name: &str) -> rusqlite::Result<bool> {
    id_of(connection, kind, name).map(|id| id.is_some())
}

fn id_of(connection: &Connection, kind: &str, name: &str) -> rusqlite::Result<Option<i64>> {
    connection
        .prepare_cached(
            "SELECT id FROM followers WHERE kind = ?1 AND name = ?2 AND removed_at IS NULL",
        )?
        .query_row([kind, name], |row| row.get(0))
        .optional()
}

/// The files of all followers of a kind, or of one, by name and path.
///
/// # Errors
/// What SQLite says.
pub fn files(
    connection: &Connection,
    kind: &str,
    name: Option<&str>,
) -> rusqlite::Result<Vec<LogFile>> {
    let contents = Contents::load(connection, kind, name)?;
    connection
        .prepare_cached(
            "SELECT follower_id, name, path, status, paused, \
             coalesce(followers.error_message, followed_files.error_message) AS error_message, \
             followers.error_message IS NOT NULL AS failed, inode, sequence, unread_bytes, \
             lag_bytes, lines_stored, last_line_at, gap_bytes, gap_count, unmeasured_gap_count, \
             truncated_bytes, damaged_count FROM followers JOIN followed_files ON follower_id = followers.id \
             WHERE kind = ?1 AND removed_at IS NULL AND (?2 IS NULL OR name = ?2) \
             ORDER BY name, path",
        )?
        .query_map(params![kind, name], |row| file(row, &contents))?
        .collect()
}

/// What the checkpoints say of the files.
#[derive(Default)]
struct Contents {
    /// How far each content of a follower is read.
    offsets: HashMap<(i64, i64), u64>,
    /// Of all contents of a follower's path, their lines and when the last one was stored.
    lines: HashMap<(i64, String), (u64, Option<i64>)>,
}

impl Contents {
    fn load(connection: &Connection, kind: &str, name: Option<&str>) -> rusqlite::Result<Self> {
        let mut contents = Self::default();
        let mut rows = connection.prepare_cached(
            "SELECT follower_id, sequence, path, offset_bytes, lines_stored, last_line_at \
             FROM followers JOIN followed_contents ON follower_id = followers.id \
             WHERE kind = ?1 AND removed_at IS NULL AND (?2 IS NULL OR name = ?2)",
        )?;
        let mut rows = rows.query(params![kind, name])?;
        while let Some(row) = rows.next()? {
            let follower = row.get("follower_id")?;
            let offset = from_count(row.get("offset_bytes")?);
            contents
                .offsets
                .insert((follower, row.get("sequence")?), offset);
            let path = from_bytes(row.get_ref("path")?.as_blob()?).into_owned();
            let (lines, last) = contents.lines.entry((follower, path)).or_default();
            *lines += from_count(row.get("lines_stored")?);
            *last = row.get::<_, Option<i64>>("last_line_at")?.max(*last);
        }
        Ok(contents)
    }
}

fn file(row: &Row<'_>, contents: &Contents) -> rusqlite::Result<LogFile> {
    let counted = |column| row.get(column).map(from_count);
    let follower = row.get("follower_id")?;
    let path: String = row.get("path")?;
    let sequence: Option<i64> = row.get("sequence")?;
    let offset = sequence.and_then(|sequence| contents.offsets.get(&(follower, sequence)).copied());
    let unread = count_in(row, "unread_bytes")?;
    let lines = contents.lines.get(&(follower, path.clone()));
    let (lines, last) = lines.copied().unwrap_or_default();
    let last: Option<i64> = row.get::<_, Option<i64>>("last_line_at")?.max(last);
    let status = row.get::<_, String>("status")?;
    let status = if row.get("paused")? {
        LogStatus::Paused
    } else if row.get("failed")? {
        LogStatus::Error
    } else {
        // The table's CHECK allows no other word.
        match status.as_str() {
            "TAILING" => LogStatus::Tailing,
            "WAITING" => LogStatus::Waiting,
            _ => LogStatus::Error,
        }
    };
    Ok(LogFile {
        name: row.get("name")?,
        path,
        status,
        error_message: row.get("error_message")?,
        inode: row.get::<_, Option<i64>>("inode")?.map(i64::cast_unsigned),
        size_bytes: unread.map(|unread| offset.unwrap_or(0).saturating_add(unread)),
        offset_bytes: offset,
        lag_bytes: count_in(row, "lag_bytes")?,
        lines_stored: lines.saturating_add(counted("lines_stored")?),
        last_line_at: last.map(Timestamp::from_millis),
        gap_bytes: counted("gap_bytes")?,
        gap_count: counted("gap_count")?,
        unmeasured_gap_count: counted("unmeasured_gap_count")?,
        truncated_bytes: counted("truncated_bytes")?,
        damaged_count: Some(counted("damaged_count")?),
    })
}

/// A page of a follower's gaps, and whether there are more in its direction; none when the
/// follower is not configured.
///
/// # Errors
/// What SQLite says.
pub fn gaps(
    connection: &Connection,
    kind: &str,
    name: &str,
    cursor: Cursor,
    limit: u32,
) -> rusqlite::Result<Option<(Vec<LogGap>, bool)>> {
    let follower = id_of(connection, kind, name)?;
    follower
        .map(|follower| gaps_of(connection, "= ?4", follower, cursor, limit))
        .transpose()
}

/// The same of all followers of a kind, configured or not.
///
/// # Errors
/// What SQLite says.
pub fn all_gaps(
    connection: &Connection,
    kind: &str,
    cursor: Cursor,
    limit: u32,
) -> rusqlite::Result<(Vec<LogGap>, bool)> {
    let of_kind = "IN (SELECT id FROM followers WHERE kind = ?4)";
    gaps_of(connection, of_kind, kind, cursor, limit)
}

fn gaps_of(
    connection: &Connection,
    follower_id: &str,
    of: impl ToSql,
    cursor: Cursor,
    limit: u32,
) -> rusqlite::Result<(Vec<LogGap>, bool)> {
    let (after, before, order) = cursor.range();
    let gaps = connection
        .prepare_cached(&format!(
            "SELECT id, log_path, place, source_inode, from_offset, to_offset, reason, detected_at \
             FROM log_gaps WHERE follower_id {follower_id} AND id > ?1 AND id < ?2 \
             ORDER BY id {order} LIMIT ?3"
        ))?
        .query_map(params![after, before, count(u64::from(limit) + 1), of], gap)?
        .collect::<Result<Vec<_>, _>>()?;
    Ok(cursor.cut(gaps, limit))
}

fn gap(row: &Row<'_>) -> rusqlite::Result<LogGap> {
    Ok(LogGap {
        id: row.get("id")?,
        log_path: row.get("log_path")?,
        place: row.get("place")?,
        source_inode: row.get::<_, i64>("source_inode")?.cast_unsigned(),
        from_offset: from_count(row.get("from_offset")?),
        to_offset: count_in(row, "to_offset")?,
        // The table's CHECK allows no other word.
        reason: match row.get::<_, String>("reason")?.as_str() {
            "truncated" => LogGapReason::Truncated,
            "copy_truncated" => LogGapReason::CopyTruncated,
            "damaged" => LogGapReason::Damaged,
            "handle_limit" => LogGapReason::HandleLimit,
            "unreadable" => LogGapReason::Unreadable,
            "still_written" => LogGapReason::StillWritten,
            _ => LogGapReason::Vanished,
        },
        detected_at: Timestamp::from_millis(row.get("detected_at")?),
    })
}
