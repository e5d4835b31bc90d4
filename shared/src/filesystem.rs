//! A mounted file system: its size, use, inodes and when it will be full.

use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// One mounted file system, as `GET /api/v1/fs` answers it.
///
/// The figures are those of `collected_at`. When the file system does not answer (`STALE`) or
/// refuses (`ERROR`), the last known ones stay, with their time; they are null when it never has
/// answered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Filesystem {
    /// Where it is mounted; bytes that are not UTF-8 are written `\xHH`.
    pub mount_point: String,
    /// The mount's source: a device, `server:/export`, or a pool's dataset.
    pub device: String,
    /// The kernel's name of the type, such as `ext4` or `nfs4`.
    pub fs_type: String,
    /// Size, as `df -B1` shows it.
    pub total_bytes: Option<u64>,
    /// Bytes in use.
    pub used_bytes: Option<u64>,
    /// Bytes that an unprivileged user may still write.
    pub avail_bytes: Option<u64>,
    /// Used of used + available, not rounded; `df` rounds it up. Null when both are 0.
    pub used_percent: Option<f64>,
    /// Inodes in all; null where the type has no fixed number, such as btrfs.
    pub inodes_total: Option<u64>,
    /// Inodes in use.
    pub inodes_used: Option<u64>,
    /// Inodes in use of all.
    pub inodes_used_percent: Option<f64>,
    /// Mounted read-only, or turned read-only by the kernel after an error.
    pub read_only: bool,
    /// Whether the figures are of the last cycle.
    pub status: FilesystemStatus,
    /// Why they are not.
    pub error_message: Option<String>,
    /// Seconds until no byte is available if use grows as over the last hours; null while
    /// unknown, steady or shrinking.
    pub full_in_sec: Option<u64>,
    /// When the figures were read; null when never.
    pub collected_at: Option<Timestamp>,
}

/// Whether a file system answered in the last cycle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "UPPERCASE")]
pub enum FilesystemStatus {
    /// It did.
    Ok,
    /// `statvfs` did not return in time, as on a mount whose server is away.
    Stale,
    /// `statvfs` failed.
    Error,
}

/// One moment of a file system's past, as `GET /api/v1/fs/history` answers it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FilesystemSample {
    /// When the figures were read.
    pub at: Timestamp,
    /// Size.
    pub total_bytes: u64,
    /// Bytes in use.
    pub used_bytes: u64,
    /// Bytes that an unprivileged user could still write.
    pub avail_bytes: u64,
    /// Used of used + available; null when both are 0.
    pub used_percent: Option<f64>,
}
