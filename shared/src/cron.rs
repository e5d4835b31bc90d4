//! Cron jobs: what will run, what ran, and what cron does not even read.

use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// One line of a crontab, or a crontab that cron ignores, as `GET /api/v1/cron` answers it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CronJob {
    /// Stays the same while the line does.
    pub job_id: i64,
    /// The time as it is written, such as `*/5 * * * *` or `@daily`; null for what is no job.
    pub schedule: Option<String>,
    /// The command, secrets masked; for a line that can't be read the line.
    pub command: String,
    /// As whom it runs; null where that is not known.
    pub user: Option<String>,
    /// Whose crontab it is in.
    pub source: CronSource,
    /// The crontab.
    pub source_path: String,
    /// The line in it, from 1; null when the whole file is meant.
    pub line_number: Option<u32>,
    /// The zone in which its time is read.
    pub time_zone: String,
    /// When it runs next; null when it does not, or nobody knows.
    pub next_run: Option<Timestamp>,
    /// When it was last seen to run; null when it never was.
    pub last_run_at: Option<Timestamp>,
    /// How long that took; null where the end was not seen.
    pub last_duration_ms: Option<u64>,
    /// When it last was due and not seen to run, although it would have been seen.
    pub last_missed_at: Option<Timestamp>,
    /// How often that happened since the job is known; null while there is no evidence of runs.
    pub missed_count: Option<u64>,
    /// Whether runs of cron jobs can be seen on this machine: without that, nothing is missed.
    pub has_evidence: bool,
    /// When the crontab was last read.
    pub last_checked: Timestamp,
    /// Why it does not run: the line is wrong, or cron ignores the file.
    pub error_message: Option<String>,
}

/// Whose crontab it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum CronSource {
    /// `/etc/crontab` and `/etc/cron.d`.
    System,
    /// A user's own.
    User,
}

/// The answer to `POST /api/v1/cron/refresh`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CronRefreshed {
    /// Jobs that cron will run.
    pub jobs: u64,
    /// Lines and files that it won't.
    pub errors: u64,
}
