//! One process that is kept: what is known of it.

use std::sync::Arc;
use std::time::Duration;

use etlmon_shared::Timestamp;

use super::identity::Identity;
use super::stat::State;

/// Whether a process is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// It is, as a zombie perhaps.
    Running,
    /// It has ended; the figures are its last.
    Stopped,
}

/// One process that is kept.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Which process it is.
    pub identity: Identity,
    /// The name, 15 bytes at most.
    pub process_name: String,
    /// The arguments as they are, secrets too; none of a zombie or a thread of the kernel.
    pub arguments: Arc<[String]>,
    /// Name of the effective user, or its number.
    pub user: String,
    /// When it started.
    pub start_time: Timestamp,
    /// How long it has run.
    pub runtime: Duration,
    /// 100 = one core busy over the last interval.
    pub cpu_percent: Option<f64>,
    /// Memory in use, as `ps` has it.
    pub mem_rss_bytes: u64,
    /// Threads.
    pub threads: u32,
    /// What its main thread does, or did when it was last seen.
    pub state: State,
    /// Whether it is there.
    pub status: Status,
    /// The first rule that matches; `None` of one that is only among the busiest.
    pub watch: Option<String>,
    /// When the figures were true.
    pub collected_at: Timestamp,
}
