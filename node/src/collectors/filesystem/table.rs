//! The table `filesystem_usage`: the last figures.

use std::time::Duration;

use etlmon_shared::Timestamp;
use etlmon_shared::filesystem::{Filesystem, FilesystemStatus};
use rusqlite::{Connection, OptionalExtension, Row, named_params, params};

use super::history;
use crate::store::column::{count, count_in, moment, moment_in};
use crate::store::{Persist, PersistError};

/// The file systems of one cycle: the rows of all others go.
#[derive(Debug)]
pub struct FilesystemBatch {
    /// Every mounted file system; figures that are null leave the stored ones as they are.
    pub rows: Vec<Filesystem>,
    /// When they were looked at.
    pub at: Timestamp,
    /// From one row of the past to the next.
    pub history_step: Duration,
    /// When the figures are out of date, should no further cycle be stored.
    pub stale_at: Timestamp,
}

impl Persist for FilesystemBatch {
    fn persist(&self, connection: &Connection) -> Result<(), PersistError> {
        for row in &self.rows {
            upsert(connection, row, self.stale_at)?;
            if row.status == FilesystemStatus::Ok {
                history::remember(connection, row, self.at, self.history_step)?;
            }
        }
        Ok(self.forget_unmounted(connection)?)
    }
}

impl FilesystemBatch {
    fn forget_unmounted(&self, connection: &Connection) -> rusqlite::Result<()> {
        let mounted: Vec<&str> = self
            .rows
            .iter()
            .map(|row| row.mount_point.as_str())
            .collect();
        let stored: Vec<String> = connection
            .prepare_cached("SELECT mount_point FROM filesystem_usage")?
            .query_map([], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        for gone in stored
            .iter()
            .filter(|stored| !mounted.contains(&stored.as_str()))
        {
            connection
                .prepare_cached("DELETE FROM filesystem_usage WHERE mount_point = ?1")?
                .execute([gone])?;
        }
        Ok(())
    }
}

/// Stores the row. Without new figures the old ones stay, unless they are another device's.
fn upsert(connection: &Connection, row: &Filesystem, stale_at: Timestamp) -> rusqlite::Result<()> {
    let replaced = connection
        .prepare_cached(
            "DELETE FROM filesystem_usage WHERE mount_point = ?1 AND (device, fs_type) <> (?2, ?3)",
        )?
        .execute(params![row.mount_point, row.device, row.fs_type])?;
    if replaced > 0 {
        // Another disk's past says nothing about this one.
        connection
            .prepare_cached("DELETE FROM filesystem_history WHERE mount_point = ?1")?
            .execute([&row.mount_point])?;
    }
    let figures = if row.collected_at.is_some() {
        "total_bytes = excluded.total_bytes, used_bytes = excluded.used_bytes, \
         avail_bytes = excluded.avail_bytes, used_percent = excluded.used_percent, \
         inodes_total = excluded.inodes_total, inodes_used = excluded.inodes_used, \
         inodes_used_percent = excluded.inodes_used_percent, \
         collected_at = excluded.collected_at, "
    } else {
        // The figures stay, with their time; a forecast from them would be of no use.
        "full_in_sec = NULL, "
    };
    connection
        .prepare_cached(&format!(
            "INSERT INTO filesystem_usage (mount_point, device, fs_type, total_bytes, used_bytes, \
             avail_bytes, used_percent, inodes_total, inodes_used, inodes_used_percent, read_only, \
             status, error_message, collected_at, stale_at) \
             VALUES (:mount_point, :device, :fs_type, :total_bytes, :used_bytes, :avail_bytes, \
             :used_percent, :inodes_total, :inodes_used, :inodes_used_percent, :read_only, \
             :status, :error_message, :collected_at, :stale_at) \
             ON CONFLICT (mount_point) DO UPDATE SET {figures} read_only = excluded.read_only, \
             status = excluded.status, error_message = excluded.error_message, \
             stale_at = excluded.stale_at"
        ))?
        .execute(named_params! {
            ":mount_point": row.mount_point,
            ":device": row.device,
            ":fs_type": row.fs_type,
            ":total_bytes": row.total_bytes.map(count),
            ":used_bytes": row.used_bytes.map(count),
            ":avail_bytes": row.avail_bytes.map(count),
            ":used_percent": row.used_percent,
            ":inodes_total": row.inodes_total.map(count),
            ":inodes_used": row.inodes_used.map(count),
            ":inodes_used_percent": row.inodes_used_percent,
            ":read_only": row.read_only,
            ":status": status_word(row.status),
            ":error_message": row.error_message,
            ":collected_at": row.collected_at.map(moment),
            ":stale_at": moment(stale_at),
        })?;
    Ok(())
}

/// All file systems, by mount point. What should have been read again by `now` and was not, since
/// the collector or the database hangs, is stale.
///
/// # Errors
/// What SQLite says.
pub fn list(connection: &Connection, now: Timestamp) -> rusqlite::Result<Vec<Filesystem>> {
    connection
        .prepare_cached(
            "SELECT mount_point, device, fs_type, total_bytes, used_bytes, avail_bytes, \
             used_percent, inodes_total, inodes_used, inodes_used_percent, read_only, status, \
             error_message, full_in_sec, collected_at, stale_at FROM filesystem_usage \
             ORDER BY mount_point",
        )?
        .query_map([], |row| {
            let stale_at: i64 = row.get("stale_at")?;
            let mut row = from_row(row)?;
            if row.status == FilesystemStatus::Ok && stale_at < moment(now) {
                row.status = FilesystemStatus::Stale;
                row.full_in_sec = None;
                row.error_message =
                    Some("no later figures were stored; the node's health tells why".to_owned());
            }
            Ok(row)
        })?
        .collect()
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<Filesystem> {
    Ok(Filesystem {
        mount_point: row.get("mount_point")?,
        device: row.get("device")?,
        fs_type: row.get("fs_type")?,
        total_bytes: count_in(row, "total_bytes")?,
        used_bytes: count_in(row, "used_bytes")?,
        avail_bytes: count_in(row, "avail_bytes")?,
        used_percent: row.get("used_percent")?,
        inodes_total: count_in(row, "inodes_total")?,
        inodes_used: count_in(row, "inodes_used")?,
        inodes_used_percent: row.get("inodes_used_percent")?,
        read_only: row.get("read_only")?,
        status: status_of(&row.get::<_, String>("status")?),
        error_message: row.get("error_message")?,
        full_in_sec: count_in(row, "full_in_sec")?,
        collected_at: moment_in(row, "collected_at")?,
    })
}

/// Whether a file system is, or was, known by this mount point.
///
/// # Errors
/// What SQLite says.
pub fn is_known(connection: &Connection, mount_point: &str) -> rusqlite::Result<bool> {
    let found: Option<i64> = connection
        .prepare_cached(
            "SELECT 1 FROM filesystem_usage WHERE mount_point = ?1 \
             UNION ALL SELECT 1 FROM filesystem_history WHERE mount_point = ?1 LIMIT 1",
        )?
        .query_row([mount_point], |row| row.get(0))
        .optional()?;
    Ok(found.is_some())
}

fn status_word(status: FilesystemStatus) -> &'static str {
    match status {
        FilesystemStatus::Ok => "OK",
        FilesystemStatus::Stale => "STALE",
        FilesystemStatus::Error => "ERROR",
    }
}

/// The table's CHECK allows no other word.
fn status_of(word: &str) -> FilesystemStatus {
    match word {
        "OK" => FilesystemStatus::Ok,
        "STALE" => FilesystemStatus::Stale,
        _ => FilesystemStatus::Error,
    }
}

#[cfg(test)]
mod tests;
