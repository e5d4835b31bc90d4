//! Followed logs: their files, their lines, and what of them could never be read.

use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// One file of a followed log, as `GET /api/v1/logs` answers it; a transfer log's as
/// `GET /api/v1/xferlog/files` does.
///
/// The figures are those of the last look at the file. A path that was rotated is one row: its
/// inode and size are those of the file that is there now, and what is left to read in the rotated
/// ones is in `lag_bytes`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LogFile {
    /// The log's configured name; a transfer log has its path.
    pub name: String,
    /// The file's path; bytes that are not UTF-8 are written `\xHH`.
    pub path: String,
    /// How following it goes.
    pub status: LogStatus,
    /// Why it can't be read.
    pub error_message: Option<String>,
    /// Its inode; null when there is no file.
    pub inode: Option<u64>,
    /// Its size; null when there is no file.
    pub size_bytes: Option<u64>,
    /// How far it is read; null when nothing was read of it yet.
    pub offset_bytes: Option<u64>,
    /// What is left to read, in this file and in rotated ones that are not finished; null when
    /// that is not known.
    pub lag_bytes: Option<u64>,
    /// Lines stored since this path was first seen, those that retention has deleted included; of a
    /// transfer log, lines read, whatever they say.
    pub lines_stored: u64,
    /// When the last of them was read.
    pub last_line_at: Option<Timestamp>,
    /// Bytes that are known never to have been read.
    pub gap_bytes: u64,
    /// Rows of the ledger of gaps.
    pub gap_count: u64,
    /// How many of them have no known end: nobody saw whether anything was lost there.
    pub unmeasured_gap_count: u64,
    /// Bytes of over-long lines that were left out; each such line is marked `truncated`.
    pub truncated_bytes: u64,
    /// Lines that can't be what they should be, those that retention has deleted included; only a
    /// transfer log has such. Null when the node is older than this count.
    pub damaged_count: Option<u64>,
}

/// How following a file goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "UPPERCASE")]
pub enum LogStatus {
    /// It is followed.
    Tailing,
    /// It was told to pause; it keeps its place and loses nothing.
    Paused,
    /// It does not exist yet, or not any more.
    Waiting,
    /// It can't be read at present; tried again with every look.
    Error,
}

/// One stored line, as `GET /api/v1/logs/{name}` answers it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LogLine {
    /// Ascending in the order of storing; never used twice.
    pub id: i64,
    /// The log's configured name.
    pub log_name: String,
    /// The path under which the file was followed.
    pub log_path: String,
    /// The text without its line end; what is not valid in the log's encoding is U+FFFD.
    pub line: String,
    /// Whether the line was too long and its rest is missing.
    pub truncated: bool,
    /// When it was read.
    pub created_at: Timestamp,
    /// The inode that it was read from.
    pub source_inode: u64,
}

/// Bytes that are known never to have been read, as `GET /api/v1/logs/{name}/gaps` answers them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LogGap {
    /// Ascending in the order of detection.
    pub id: i64,
    /// The path under which the file was followed.
    pub log_path: String,
    /// Where the file was last seen: another path after a rotation; null in rows of older versions.
    pub place: Option<String>,
    /// The inode that the bytes were in.
    pub source_inode: u64,
    /// The first byte that is missing.
    pub from_offset: u64,
    /// The end of what is missing; null when nobody saw whether there was anything.
    pub to_offset: Option<u64>,
    /// Why.
    pub reason: LogGapReason,
    /// When it was noticed.
    pub detected_at: Timestamp,
}

/// Why bytes were never read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum LogGapReason {
    /// The file was cut, and no copy of it was found.
    Truncated,
    /// The file was copied and then cut or removed: what was written in between is in neither.
    CopyTruncated,
    /// The file is gone, or another one has its inode, and its content is nowhere.
    Vanished,
    /// The compressed file that holds it is damaged.
    Damaged,
    /// Too many rotated files were still written to.
    HandleLimit,
    /// They were compressed, in a format that is not read, before anybody read them.
    Unreadable,
    /// The file was compressed and removed while it was still being written: what came after the
    /// copy was made is gone.
    StillWritten,
}

/// Said in the stream of a followed log (`event: gap`) to a reader so slow that lines were deleted
/// by retention before it had them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MissedLines {
    /// How many lines of the log, whether the reader's filter would have let them through or not;
    /// null where that is not known.
    pub missed: Option<u64>,
}
