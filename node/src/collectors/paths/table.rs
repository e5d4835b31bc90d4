//! The tables `path_stats` (one row a configured path) and `path_top_entries` (its biggest ones).

use std::collections::BTreeMap;
use std::time::Duration;

use etlmon_shared::Timestamp;
use etlmon_shared::path::{PathEntryKind, PathStats, PathStatus, PathTopEntry};
use rusqlite::{Connection, OptionalExtension, Row, named_params, params};

use crate::store::column::{count, count_in, from_count, moment, moment_in};
use crate::store::{Persist, PersistError};

/// What a cycle of one path has to tell.
#[derive(Debug)]
pub struct PathBatch {
    /// The path as configured.
    pub path: String,
    /// From one scan to the next.
    pub scan_interval: Duration,
    /// When the next scan is due.
    pub next_scan_at: Timestamp,
    /// What happened.
    pub event: PathEvent,
}

/// What happened to a path.
#[derive(Debug)]
pub enum PathEvent {
    /// A scan has begun; everything else stays as it is.
    Begun,
    /// The scan failed; the counts stay those of the last complete one.
    Failed(String),
    /// The scan was complete.
    Scanned(PathScan),
}

/// What a complete scan found.
#[derive(Debug)]
pub struct PathScan {
    /// Entries that are not directories.
    pub file_count: u64,
    /// Directories below the path.
    pub dir_count: u64,
    /// Directories that could not be read.
    pub unreadable_count: u64,
    /// The first of them.
    pub first_unreadable: Option<String>,
    /// Where sizes are measured.
    pub sizes: Option<PathSizes>,
    /// How long the scan took.
    pub took: Duration,
    /// When it ended.
    pub at: Timestamp,
}

/// What a scan that measures sizes adds.
#[derive(Debug)]
pub struct PathSizes {
    /// Sum of the files' sizes.
    pub total_bytes: u64,
    /// The latest modification.
    pub newest_mtime: Option<Timestamp>,
    /// The earliest modification.
    pub oldest_mtime: Option<Timestamp>,
    /// The biggest direct children, the biggest first.
    pub top: Vec<PathTopEntry>,
}

impl Persist for PathBatch {
    fn persist(&self, connection: &Connection) -> Result<(), PersistError> {
        let status = match &self.event {
            PathEvent::Begun => PathStatus::Scanning,
            PathEvent::Failed(_) => PathStatus::Error,
            PathEvent::Scanned(_) => PathStatus::Ok,
        };
        connection
            .prepare_cached(
                "INSERT INTO path_stats (path, status, scan_interval_sec, next_scan_at) \
                 VALUES (?1, ?2, ?3, ?4) ON CONFLICT (path) DO UPDATE SET \
                 status = excluded.status, scan_interval_sec = excluded.scan_interval_sec, \
                 next_scan_at = excluded.next_scan_at",
            )?
            .execute(params![
                self.path,
                status_word(status),
                count(self.scan_interval.as_secs()),
                moment(self.next_scan_at),
            ])?;
        match &self.event {
            PathEvent::Begun => Ok(()),
            PathEvent::Failed(reason) => {
                connection
                    .prepare_cached("UPDATE path_stats SET error_message = ?2 WHERE path = ?1")?
                    .execute([&self.path, reason])?;
                Ok(())
            }
            PathEvent::Scanned(scan) => Ok(self.persist_scan(connection, scan)?),
        }
    }
}

impl PathBatch {
    fn persist_scan(&self, connection: &Connection, scan: &PathScan) -> rusqlite::Result<()> {
        let sizes = scan.sizes.as_ref();
        connection
            .prepare_cached(
                "UPDATE path_stats SET file_count = :file_count, dir_count = :dir_count, \
                 total_bytes = :total_bytes, newest_mtime = :newest_mtime, \
                 oldest_mtime = :oldest_mtime, scan_duration_ms = :scan_duration_ms, \
                 error_message = :error_message, unreadable_count = :unreadable_count, \
                 collected_at = :collected_at WHERE path = :path",
            )?
            .execute(named_params! {
                ":path": self.path,
                ":file_count": count(scan.file_count),
                ":dir_count": count(scan.dir_count),
                ":total_bytes": sizes.map(|sizes| count(sizes.total_bytes)),
                ":newest_mtime": sizes.and_then(|sizes| sizes.newest_mtime).map(moment),
                ":oldest_mtime": sizes.and_then(|sizes| sizes.oldest_mtime).map(moment),
                ":scan_duration_ms": i64::try_from(scan.took.as_millis()).unwrap_or(i64::MAX),
                ":error_message": scan.first_unreadable,
                ":unreadable_count": count(scan.unreadable_count),
                ":collected_at": moment(scan.at),
            })?;
        connection
            .prepare_cached("DELETE FROM path_top_entries WHERE path = ?1")?
            .execute([&self.path])?;
        let mut insert = connection.prepare_cached(
            "INSERT INTO path_top_entries (path, position, name, kind, bytes, file_count, mtime) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?;
        for (position, entry) in sizes.map_or(&[][..], |sizes| &sizes.top).iter().enumerate() {
            insert.execute(params![
                self.path,
                i64::try_from(position).unwrap_or(i64::MAX),
                entry.name,
                kind_word(entry.kind),
                count(entry.bytes),
                count(entry.file_count),
                entry.mtime.map(moment),
            ])?;
        }
        Ok(())
    }
}

/// Makes the rows those of the configuration: a path that is no longer configured leaves, one
/// that never was scanned is there and waits for its first scan.
#[derive(Debug)]
pub struct ConfiguredPaths {
    /// Each path with its interval.
    pub paths: BTreeMap<String, Duration>,
}

impl Persist for ConfiguredPaths {
    fn persist(&self, connection: &Connection) -> Result<(), PersistError> {
        let stored: Vec<String> = connection
            .prepare("SELECT path FROM path_stats")?
            .query_map([], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        for gone in stored
            .iter()
            .filter(|stored| !self.paths.contains_key(*stored))
        {
            connection.execute("DELETE FROM path_stats WHERE path = ?1", [gone])?;
            connection.execute("DELETE FROM path_top_entries WHERE path = ?1", [gone])?;
        }
        for (path, interval) in &self.paths {
            connection
                .prepare_cached(
                    "INSERT INTO path_stats (path, status, scan_interval_sec) \
                     VALUES (?1, 'SCANNING', ?2) ON CONFLICT (path) DO UPDATE SET \
                     scan_interval_sec = excluded.scan_interval_sec",
                )?
                .execute(params![path, count(interval.as_secs())])?;
        }
        Ok(())
    }
}

/// One page of the configured paths in their order, and how many there are.
///
/// # Errors
/// What SQLite says.
pub fn list(
    connection: &Connection,
    limit: u32,
    offset: u64,
) -> rusqlite::Result<(Vec<PathStats>, u64)> {
    let total: i64 =
        connection.query_row("SELECT count(*) FROM path_stats", [], |row| row.get(0))?;
    let rows = connection
        .prepare_cached(
            "SELECT path, file_count, dir_count, total_bytes, newest_mtime, oldest_mtime, \
             scan_duration_ms, status, error_message, unreadable_count, scan_interval_sec, \
             next_scan_at, collected_at FROM path_stats ORDER BY path LIMIT ?1 OFFSET ?2",
        )?
        .query_map((limit, count(offset)), from_row)?
        .collect::<Result<_, _>>()?;
    Ok((rows, from_count(total)))
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<PathStats> {
    Ok(PathStats {
        path: row.get("path")?,
        file_count: count_in(row, "file_count")?,
        dir_count: count_in(row, "dir_count")?,
        total_bytes: count_in(row, "total_bytes")?,
        newest_mtime: moment_in(row, "newest_mtime")?,
        oldest_mtime: moment_in(row, "oldest_mtime")?,
        scan_duration_ms: count_in(row, "scan_duration_ms")?,
        status: status_of(&row.get::<_, String>("status")?),
        error_message: row.get("error_message")?,
        unreadable_count: count_in(row, "unreadable_count")?,
        scan_interval_sec: from_count(row.get("scan_interval_sec")?),
        next_scan_at: moment_in(row, "next_scan_at")?,
        collected_at: moment_in(row, "collected_at")?,
    })
}

/// The biggest entries of a path, or none when the path is not configured.
///
/// # Errors
/// What SQLite says.
pub fn top(
    connection: &Connection,
    path: &str,
    limit: u32,
) -> rusqlite::Result<Option<Vec<PathTopEntry>>> {
    let known: Option<i64> = connection
        .prepare_cached("SELECT 1 FROM path_stats WHERE path = ?1")?
        .query_row([path], |row| row.get(0))
        .optional()?;
    if known.is_none() {
        return Ok(None);
    }
    connection
        .prepare_cached(
            "SELECT name, kind, bytes, file_count, mtime FROM path_top_entries \
             WHERE path = ?1 ORDER BY position LIMIT ?2",
        )?
        .query_map(params![path, limit], |row| {
            Ok(PathTopEntry {
                name: row.get("name")?,
                kind: kind_of(&row.get::<_, String>("kind")?),
                bytes: from_count(row.get("bytes")?),
                file_count: from_count(row.get("file_count")?),
                mtime: moment_in(row, "mtime")?,
            })
        })?
        .collect::<Result<_, _>>()
        .map(Some)
}

fn status_word(status: PathStatus) -> &'static str {
    match status {
        PathStatus::Ok => "OK",
        PathStatus::Scanning => "SCANNING",
        PathStatus::Error => "ERROR",
    }
}

/// The table's CHECK allows no other word.
fn status_of(word: &str) -> PathStatus {
    match word {
        "OK" => PathStatus::Ok,
        "SCANNING" => PathStatus::Scanning,
        _ => PathStatus::Error,
    }
}

fn kind_word(kind: PathEntryKind) -> &'static str {
    match kind {
        PathEntryKind::File => "file",
        PathEntryKind::Dir => "dir",
    }
}

/// The table's CHECK allows no other word.
fn kind_of(word: &str) -> PathEntryKind {
    match word {
        "dir" => PathEntryKind::Dir,
        _ => PathEntryKind::File,
    }
}

#[cfg(test)]
mod tests;
