//! A transfer of an FTP server, and the lines of its log that say none.

use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// One transfer or deletion, as `GET /api/v1/xferlog` answers it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Transfer {
    /// Ascending in the order of storing; never used twice.
    pub id: i64,
    /// When the server wrote the line, which is when the transfer ended; to the second.
    pub log_time: Timestamp,
    /// The client's address, or its name where the server looked it up.
    pub remote_host: String,
    /// Who was logged in; in the xferlog layout an anonymous client has the password it gave.
    pub username: String,
    /// The path as the server wrote it. Bytes that are not UTF-8 are written `\xHH`; where there are
    /// such, or the path itself holds `\x`, each of its backslashes is doubled.
    pub filename: String,
    /// How many bytes were transferred; null where a deletion says nothing of them.
    pub bytes: Option<u64>,
    /// How long it took; null where the server does not say.
    pub transfer_time_sec: Option<f64>,
    /// Which way, from the server's side.
    pub direction: TransferDirection,
    /// Whether all of it was done.
    pub status: TransferStatus,
    /// As whom the client was logged in; null where the server does not say.
    pub access_mode: Option<TransferAccessMode>,
    /// The service's name, `ftp`; null where the server does not say.
    pub service: Option<String>,
}

/// Which way a file went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum TransferDirection {
    /// To the server.
    Upload,
    /// From the server.
    Download,
    /// Removed on the server.
    Delete,
}

/// How a transfer ended; pure-ftpd calls every one complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum TransferStatus {
    /// All of it was done, as far as the server could tell.
    Complete,
    /// It was broken off, or refused.
    Incomplete,
}

/// As whom a client is logged in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum TransferAccessMode {
    /// As `anonymous` or `ftp`.
    Anonymous,
    /// As a user of the FTP server alone.
    Guest,
    /// As a user of the machine.
    Real,
}

/// A line of a transfer log that can't be read as anything a server writes, as
/// `GET /api/v1/xferlog/damaged` answers it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DamagedTransferLine {
    /// Ascending in the order of storing; never used twice.
    pub id: i64,
    /// The transfer log's path.
    pub log_path: String,
    /// The inode that it was read from.
    pub source_inode: u64,
    /// Its first 4 KiB; bytes that are not UTF-8 are written `\xHH`.
    pub line: String,
    /// What is wrong with it.
    pub reason: String,
    /// When it was read.
    pub detected_at: Timestamp,
}
