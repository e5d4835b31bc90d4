//! The node's own state: its database and its collectors.

use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// The node's state, as `GET /api/v1/health` answers it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Health {
    /// The worst of what follows.
    pub status: HealthStatus,
    /// The configured name of the node.
    pub node_name: String,
    /// The version of etlmon.
    pub version: String,
    /// When the node was started.
    pub started_at: Timestamp,
    /// Seconds since then.
    pub uptime_sec: u64,
    /// The database.
    pub db: DatabaseHealth,
    /// Every collector, by name.
    pub collectors: Vec<CollectorHealth>,
}

/// The node as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum HealthStatus {
    /// All collectors run and what they see is stored.
    Ok,
    /// Some collector does not run or reports an error.
    Degraded,
    /// Nothing can be stored, or no collector runs.
    Failed,
}

/// The database file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DatabaseHealth {
    /// Where it is.
    pub path: String,
    /// Size of the file; null when it is not known.
    pub size_bytes: Option<u64>,
    /// Size of its write-ahead log; null when it is not known.
    pub wal_bytes: Option<u64>,
    /// Whether the last write was stored.
    pub writable: bool,
    /// When something was stored last.
    pub last_write_at: Option<Timestamp>,
    /// Why the last write was not stored.
    pub last_error: Option<String>,
}

/// One collector, or one instance of a kind that has several, such as `paths:/data/in`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CollectorHealth {
    /// Its kind, and for one of several its subject.
    pub name: String,
    /// Whether it runs.
    pub status: CollectorStatus,
    /// Seconds from one cycle's start to the next one's.
    pub interval_sec: u64,
    /// When a cycle last ended without an error and was stored.
    pub last_success_at: Option<Timestamp>,
    /// How long the last ended cycle took.
    pub last_duration_ms: Option<u64>,
    /// What the last failed cycle said; stays until a cycle succeeds.
    pub last_error: Option<String>,
    /// When that was.
    pub last_error_at: Option<Timestamp>,
    /// What an operator should know although it works, such as why it polls.
    pub note: Option<String>,
    /// How often it was restarted after a panic.
    pub restarts: u64,
    /// How many ticks came while a cycle was under way.
    pub skipped_ticks: u64,
}

/// Whether a collector runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum CollectorStatus {
    /// Its ticks run.
    Running,
    /// It panicked, or the writer did, and waits to be started again.
    Restarting,
    /// Its cycle has not returned by its deadline.
    Stalled,
    /// Its last cycle failed.
    Failed,
}
