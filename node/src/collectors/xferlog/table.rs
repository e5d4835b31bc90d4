//! The tables `xferlog_entries` and `xferlog_damaged_lines`.

use etlmon_shared::Timestamp;
use etlmon_shared::transfer::{
    DamagedTransferLine, Transfer, TransferAccessMode, TransferDirection, TransferStatus,
};
use rusqlite::{Connection, Row, named_params, params};

use super::lines::TransferRows;
use crate::http::Cursor;
use crate::store::column::{count, count_in, moment};
use crate::store::{Effort, PersistError};

impl TransferRows {
    /// Stores the rows, which were read at `at`.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn persist(&self, at: Timestamp, connection: &Connection) -> Result<(), PersistError> {
        let mut insert = connection.prepare_cached(
            "INSERT INTO xferlog_entries (log_time, remote_host, username, filename, bytes, \
             transfer_time_sec, direction, status, access_mode, service, stored_at) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        )?;
        for entry in &self.entries {
            insert.execute(params![
                moment(entry.log_time),
                entry.remote_host,
                entry.username,
                entry.filename,
                entry.bytes.map(count),
                entry.transfer_time_sec,
                direction_word(entry.direction),
                status_word(entry.status),
                entry.access_mode.map(access_mode_word),
                entry.service,
                moment(at),
            ])?;
        }
        let mut insert = connection.prepare_cached(
            "INSERT INTO xferlog_damaged_lines \
             (log_path, source_inode, line, reason, detected_at) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?;
        for line in &self.damaged {
            insert.execute(params![
                line.log_path,
                // By its bits: some file systems use all 64.
                line.source_inode.cast_signed(),
                line.line,
                line.reason,
                moment(at),
            ])?;
        }
        Ok(())
    }
}

/// Which transfers are asked for; without any part, all.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// A part of the user's name, as it is written.
    pub user: Option<String>,
    /// A part of the client's address or name, in which A to Z are as good as a to z.
    pub host: Option<String>,
    /// A part of the path, as it is written.
    pub filename: Option<String>,
    /// Which way.
    pub direction: Option<TransferDirection>,
    /// How it ended.
    pub status: Option<TransferStatus>,
}

impl Filter {
    /// What is rare is looked for in all rows, of which there may be many millions.
    pub fn effort(&self) -> Effort {
        let words = [&self.user, &self.host, &self.filename];
        let has_words = words.into_iter().any(Option::is_some);
        if has_words || self.direction.is_some() || self.status.is_some() {
            Effort::Long
        } else {
            Effort::Short
        }
    }
}

/// What is looked for in the clients' addresses and names: an IPv4 address that is written as an IPv6
/// one is stored as what it is (RFC 4291, section 2.5.5.2).
fn host_part(host: &str) -> String {
    let host = host.to_ascii_lowercase();
    let mapped = host.strip_prefix("::ffff:").filter(|rest| {
        rest.starts_with(|first: char| first.is_ascii_digit())
            && rest
                .bytes()
                .all(|byte| byte.is_ascii_digit() || byte == b'.')
    });
    mapped.map_or_else(|| host.clone(), str::to_owned)
}

/// One page of the transfers that a filter lets through, in ascending id, and whether there are
/// more of them in the cursor's direction.
///
/// # Errors
/// What SQLite says.
pub fn page(
    connection: &Connection,
    filter: &Filter,
    cursor: Cursor,
    limit: u32,
) -> rusqlite::Result<(Vec<Transfer>, bool)> {
    let (after, before, order) = cursor.range();
    // The dearest comparison comes last.
    let rows = connection
        .prepare_cached(&format!(
            "SELECT id, log_time, remote_host, username, filename, bytes, transfer_time_sec, \
             direction, status, access_mode, service FROM xferlog_entries \
             WHERE id > :after AND id < :before \
             AND (:direction IS NULL OR direction = :direction) \
             AND (:status IS NULL OR status = :status) \
             AND (:user IS NULL OR instr(username, :user)) \
             AND (:filename IS NULL OR instr(filename, :filename)) \
             AND (:host IS NULL OR instr(lower(remote_host), :host)) \
             ORDER BY id {order} LIMIT :limit"
        ))?
        .query_map(
            named_params! {
                ":after": after,
                ":before": before,
                ":direction": filter.direction.map(direction_word),
                ":status": filter.status.map(status_word),
                ":user": filter.user,
                ":filename": filter.filename,
                ":host": filter.host.as_deref().map(host_part),
                ":limit": i64::from(limit) + 1,
            },
            transfer,
        )?
        .collect::<Result<_, _>>()?;
    Ok(cursor.cut(rows, limit))
}

/// One page of the damaged lines, in ascending id, and whether there are more of them in the
/// cursor's direction.
///
/// # Errors
/// What SQLite says.
pub fn damaged_page(
    connection: &Connection,
    cursor: Cursor,
    limit: u32,
) -> rusqlite::Result<(Vec<DamagedTransferLine>, bool)> {
    let (after, before, order) = cursor.range();
    let rows = connection
        .prepare_cached(&format!(
            "SELECT id, log_path, source_inode, line, reason, detected_at \
             FROM xferlog_damaged_lines WHERE id > ?1 AND id < ?2 ORDER BY id {order} LIMIT ?3"
        ))?
        .query_map((after, before, i64::from(limit) + 1), damaged_line)?
        .collect::<Result<_, _>>()?;
    Ok(cursor.cut(rows, limit))
}

fn transfer(row: &Row<'_>) -> rusqlite::Result<Transfer> {
    let access_mode: Option<String> = row.get("access_mode")?;
    Ok(Transfer {
        id: row.get("id")?,
        log_time: Timestamp::from_millis(row.get("log_time")?),
        remote_host: row.get("remote_host")?,
        username: row.get("username")?,
        filename: row.get("filename")?,
        bytes: count_in(row, "bytes")?,
        transfer_time_sec: row.get("transfer_time_sec")?,
        direction: direction_of(&row.get::<_, String>("direction")?),
        status: status_of(&row.get::<_, String>("status")?),
        access_mode: access_mode.as_deref().map(access_mode_of),
        service: row.get("service")?,
    })
}

fn damaged_line(row: &Row<'_>) -> rusqlite::Result<DamagedTransferLine> {
    Ok(DamagedTransferLine {
        id: row.get("id")?,
        log_path: row.get("log_path")?,
        source_inode: row.get::<_, i64>("source_inode")?.cast_unsigned(),
        line: row.get("line")?,
        reason: row.get("reason")?,
        detected_at: Timestamp::from_millis(row.get("detected_at")?),
    })
}

fn direction_word(direction: TransferDirection) -> &'static str {
    match direction {
        TransferDirection::Upload => "upload",
        TransferDirection::Download => "download",
        TransferDirection::Delete => "delete",
    }
}

/// The table's CHECK allows no other word.
fn direction_of(word: &str) -> TransferDirection {
    match word {
        "upload" => TransferDirection::Upload,
        "download" => TransferDirection::Download,
        _ => TransferDirection::Delete,
    }
}

fn status_word(status: TransferStatus) -> &'static str {
    match status {
        TransferStatus::Complete => "complete",
        TransferStatus::Incomplete => "incomplete",
    }
}

/// The table's CHECK allows no other word.
fn status_of(word: &str) -> TransferStatus {
    match word {
        "complete" => TransferStatus::Complete,
        _ => TransferStatus::Incomplete,
    }
}

fn access_mode_word(mode: TransferAccessMode) -> &'static str {
    match mode {
        TransferAccessMode::Anonymous => "anonymous",
        TransferAccessMode::Guest => "guest",
        TransferAccessMode::Real => "real",
    }
}

/// The table's CHECK allows no other word.
fn access_mode_of(word: &str) -> TransferAccessMode {
    match word {
        "anonymous" => TransferAccessMode::Anonymous,
        "guest" => TransferAccessMode::Guest,
        _ => TransferAccessMode::Real,
    }
}

#[cfg(test)]
mod tests;
