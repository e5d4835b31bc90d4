//! A configured path: how many files and directories lie below it, and how big they are.

use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// One configured path, as `GET /api/v1/paths` answers it.
///
/// The counts are those of the last complete scan, at `collected_at`; they are null until there
/// has been one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PathStats {
    /// The path as configured.
    pub path: String,
    /// Entries that are not directories; symbolic links count here and are not followed.
    pub file_count: Option<u64>,
    /// Directories below the path, which itself does not count.
    pub dir_count: Option<u64>,
    /// Sum of the files' sizes, one with several names once; null unless `measure_sizes`.
    pub total_bytes: Option<u64>,
    /// The latest modification of a file; null unless `measure_sizes`, or without files.
    pub newest_mtime: Option<Timestamp>,
    /// The earliest modification of a file; null unless `measure_sizes`, or without files.
    pub oldest_mtime: Option<Timestamp>,
    /// How long the last complete scan took.
    pub scan_duration_ms: Option<u64>,
    /// Whether the last scan was complete.
    pub status: PathStatus,
    /// Why the last scan failed, or the first directory that could not be read.
    pub error_message: Option<String>,
    /// Directories below the path that could not be read, and entries that could not be examined:
    /// they are missing from the counts.
    pub unreadable_count: Option<u64>,
    /// Seconds from one scan's start to the next one's.
    pub scan_interval_sec: u64,
    /// When the next scan is due.
    pub next_scan_at: Option<Timestamp>,
    /// When the last complete scan ended.
    pub collected_at: Option<Timestamp>,
}

/// What is known of a path's last scan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "UPPERCASE")]
pub enum PathStatus {
    /// It was complete.
    Ok,
    /// One is under way, or waits for its turn; what is known is from the one before.
    Scanning,
    /// It failed: the path is missing, may not be read, or took too long.
    Error,
}

/// One of the biggest direct children of a path, as `GET /api/v1/paths/top` answers it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PathTopEntry {
    /// Its name within the path.
    pub name: String,
    /// What it is.
    pub kind: PathEntryKind,
    /// Its size; for a directory the sum of all files below it.
    pub bytes: u64,
    /// Files in it; 1 for a file.
    pub file_count: u64,
    /// Its latest modification, or that of the newest file below it.
    pub mtime: Option<Timestamp>,
}

/// A directory, or anything else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum PathEntryKind {
    /// Not a directory.
    File,
    /// A directory.
    Dir,
}

/// The body of `POST /api/v1/paths/scan`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ScanRequest {
    /// The configured paths to scan now; all of them when it is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paths: Option<Vec<String>>,
}

/// What became of a request to scan one path now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ScanAnswer {
    /// The configured path.
    pub path: String,
    /// Whether a scan was started.
    pub outcome: ScanOutcome,
}

/// Whether a scan was started.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ScanOutcome {
    /// It was.
    Started,
    /// The last one has not ended.
    AlreadyScanning,
}
