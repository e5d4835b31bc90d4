//! Processes: what they use, which ones are watched, and how to end one.

use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// One process, as `GET /api/v1/processes` answers it: a watched one, or one of the busiest.
///
/// All rows are of one look at the machine, but those that are `STOPPED`, which keep the figures of
/// the last look that saw them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Process {
    /// Its number, which is used again after its end.
    pub pid: u32,
    /// Its name (`comm`), at most 15 bytes; bytes that are not UTF-8 are written `\xHH`.
    pub process_name: String,
    /// Its whole command line, secrets masked; empty for kernel threads.
    pub cmdline: String,
    /// Its effective user by name, by number where the name is not known; null when unknown.
    pub user: Option<String>,
    /// When it began: with the pid, this names it.
    pub start_time: Timestamp,
    /// How long it has run, or did.
    pub runtime_sec: u64,
    /// 100 is one core busy over the last interval; null on the first look.
    pub cpu_percent: Option<f64>,
    /// Resident memory.
    pub mem_rss_bytes: Option<u64>,
    /// Its threads.
    pub threads: u64,
    /// The kernel's letter for its state, as `ps` shows it: R, S, D, Z, T, …
    pub state: String,
    /// Whether it is there.
    pub status: ProcessStatus,
    /// The rule that keeps it; null when it is only one of the busiest.
    pub watch: Option<String>,
    /// When it was looked at.
    pub collected_at: Timestamp,
}

/// Whether a process is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "UPPERCASE")]
pub enum ProcessStatus {
    /// It was, at the last look.
    Running,
    /// It was watched and has ended.
    Stopped,
}

/// A rule of `process_watch`, as `GET /api/v1/processes/rules` answers it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ProcessRuleState {
    /// Its name; `pid N` for one by number.
    pub watch: String,
    /// How many processes it matched at the last look.
    pub matched: u64,
    /// When that was.
    pub collected_at: Timestamp,
}

/// The body of `POST /api/v1/processes/{pid}/kill`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct KillRequest {
    /// `SIGTERM`, `SIGKILL`, `SIGINT`, `SIGQUIT`, `SIGHUP`, `SIGUSR1`, `SIGUSR2`, `SIGSTOP` or
    /// `SIGCONT`.
    pub signal: String,
    /// Must be true: this can't be taken back.
    #[serde(default)]
    pub confirm: bool,
    /// The process's `start_time` as it was shown, so that no other process with the same pid is
    /// hit.
    pub start_time: Option<Timestamp>,
}

/// What became of a signal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Killed {
    /// The process.
    pub pid: u32,
    /// Its name.
    pub process_name: String,
    /// The signal that was sent.
    pub signal: String,
    /// Whether it ended while this answer waited.
    pub exited: bool,
    /// How long that was.
    pub waited_ms: u64,
}
