//! What is known of every node: its last good answers with their time, and why there are no newer ones.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use etlmon_shared::Timestamp;
use etlmon_shared::audit::AuditEntry;
use etlmon_shared::cron::CronJob;
use etlmon_shared::filesystem::Filesystem;
use etlmon_shared::health::Health;
use etlmon_shared::log::LogFile;
use etlmon_shared::path::{PathStats, PathTopEntry};
use etlmon_shared::process::Process;
use etlmon_shared::transfer::Transfer;

use crate::query::{Answer, Query, TransferFilter};

/// Moments of a path's past that are kept.
const TREND: usize = 120;

/// An answer that takes longer is worth telling.
const SLOW: Duration = Duration::from_secs(1);

/// An answer that stays when no newer one comes.
#[derive(Clone, Debug)]
pub struct Noun<T> {
    /// What the node said last.
    pub rows: Option<T>,
    /// When it said so.
    pub at: Option<Timestamp>,
    /// Why it says nothing newer.
    pub refused: Option<String>,
}

impl<T> Default for Noun<T> {
    fn default() -> Self {
        Self {
            rows: None,
            at: None,
            refused: None,
        }
    }
}

impl<T> Noun<T> {
    fn set(&mut self, rows: T, at: Timestamp) {
        *self = Self {
            rows: Some(rows),
            at: Some(at),
            refused: None,
        };
    }
}

/// Whether a node answers.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub enum Link {
    /// Not asked yet.
    #[default]
    Asking,
    /// It does.
    Up,
    /// It does not.
    Down {
        /// What is wrong.
        reason: String,
        /// Since when.
        since: Timestamp,
        /// When it is asked again.
        retry_at: Timestamp,
    },
}

/// One node.
#[derive(Clone, Debug, Default)]
pub struct Node {
    /// As the console's configuration calls it.
    pub name: String,
    /// Where it is.
    pub address: String,
    /// Whether it answers.
    pub link: Link,
    /// When it last did.
    pub seen_at: Option<Timestamp>,
    /// Since when an answer is awaited.
    pub asked_at: Option<Timestamp>,
    /// Its own state.
    pub health: Noun<Health>,
    /// Its file systems.
    pub filesystems: Noun<Vec<Filesystem>>,
    /// Its paths.
    pub paths: Noun<Vec<PathStats>>,
    /// The biggest entries of the path that was asked for last.
    pub top: Noun<(String, Vec<PathTopEntry>)>,
    /// Its logs.
    pub logs: Noun<Vec<LogFile>>,
    /// Its processes.
    pub processes: Noun<Vec<Process>>,
    /// Its cron jobs.
    pub cron: Noun<Vec<CronJob>>,
    /// Its newest transfers, and by what they were chosen.
    pub transfers: Noun<(TransferFilter, Vec<Transfer>)>,
    /// The newest commands.
    pub audit: Noun<Vec<AuditEntry>>,
    /// Numbers of files that each path had, oldest first.
    pub trends: BTreeMap<String, VecDeque<(Timestamp, u64)>>,
    /// Lines a second of each log file, by its path.
    pub rates: BTreeMap<String, f64>,
}

/// What came from a node.
#[derive(Clone, Debug)]
pub enum Report {
    /// It is asked now.
    Asked,
    /// An answer.
    Answered(Box<Answer>),
    /// It answers, but not this.
    Refused(Query, String),
    /// It does not answer.
    Unreachable {
        /// What is wrong.
        reason: String,
        /// When it is asked again.
        retry_in: Duration,
    },
}

impl Node {
    /// A node of which nothing is known yet.
    pub fn new(name: &str, address: &str) -> Self {
        Self {
            name: name.to_owned(),
            address: address.to_owned(),
            ..Self::default()
        }
    }

    /// Takes what came from the node at this moment.
    pub fn take(&mut self, report: Report, now: Timestamp) {
        self.asked_at = None;
        match report {
            Report::Asked => self.asked_at = Some(now),
            Report::Answered(answer) => {
                self.answered(now);
                self.store(*answer, now);
            }
            Report::Refused(query, reason) => {
                self.answered(now);
                *self.refusal(&query) = Some(reason);
            }
            Report::Unreachable { reason, retry_in } => {
                let since = match &self.link {
                    Link::Down { since, .. } => *since,
                    Link::Asking | Link::Up => now,
                };
                self.link = Link::Down {
                    reason,
                    since,
                    retry_at: now.after(retry_in),
                };
            }
        }
    }

    /// Since when an answer is awaited for longer than it should take.
    pub fn slow_since(&self, now: Timestamp) -> Option<Timestamp> {
        self.asked_at.filter(|at| at.after(SLOW) <= now)
    }

    fn answered(&mut self, now: Timestamp) {
        self.link = Link::Up;
        self.seen_at = Some(now);
    }

    fn store(&mut self, answer: Answer, now: Timestamp) {
        match answer {
            Answer::Health(health) => self.health.set(health, now),
            Answer::Filesystems(rows) => self.filesystems.set(rows, now),
            Answer::Paths(rows) => {
                self.follow_trends(&rows);
                self.paths.set(rows, now);
            }
            Answer::Top(path, rows) => self.top.set((path, rows), now),
            Answer::Logs(rows) => {
                self.measure_rates(&rows, now);
                self.logs.set(rows, now);
            }
            Answer::Processes(rows) => self.processes.set(rows, now),
            Answer::Cron(rows) => self.cron.set(rows, now),
            Answer::Transfers(filter, rows) => self.transfers.set((filter, rows), now),
            Answer::Audit(rows) => self.audit.set(rows, now),
        }
    }

    fn refusal(&mut self, query: &Query) -> &mut Option<String> {
        match query {
            Query::Health => &mut self.health.refused,
            Query::Filesystems => &mut self.filesystems.refused,
            Query::Paths => &mut self.paths.refused,
            Query::Top(_) => &mut self.top.refused,
            Query::Logs => &mut self.logs.refused,
            Query::Processes => &mut self.processes.refused,
            Query::Cron => &mut self.cron.refused,
            Query::Transfers(_) => &mut self.transfers.refused,
            Query::Audit => &mut self.audit.refused,
        }
    }

    /// One moment a scan: a path that is asked for more often than it is scanned is not steadier.
    fn follow_trends(&mut self, rows: &[PathStats]) {
        let listed: BTreeSet<&str> = rows.iter().map(|row| row.path.as_str()).collect();
        self.trends.retain(|path, _| listed.contains(path.as_str()));
        for row in rows {
            let (Some(at), Some(files)) = (row.collected_at, row.file_count) else {
                continue;
            };
            let trend = self.trends.entry(row.path.clone()).or_default();
            if trend.back().is_none_or(|(last, _)| *last < at) {
                trend.push_back((at, files));
            }
            while trend.len() > TREND {
                trend.pop_front();
            }
        }
    }

    fn measure_rates(&mut self, rows: &[LogFile], now: Timestamp) {
        let (Some(before), Some(at)) = (&self.logs.rows, self.logs.at) else {
            return;
        };
        let ms = now.as_millis().saturating_sub(at.as_millis());
        let seconds = float(u64::try_from(ms).unwrap_or(0)) / 1000.0;
        // Two looks at nearly the same moment say nothing about a rate.
        if seconds < 0.2 {
            return;
        }
        let rate = |row: &LogFile| {
            let earlier = before
                .iter()
                .find(|earlier| earlier.path == row.path && earlier.name == row.name)?;
            let lines = row.lines_stored.checked_sub(earlier.lines_stored)?;
            Some((row.path.clone(), float(lines) / seconds))
        };
        self.rates = rows.iter().filter_map(rate).collect();
    }
}

/// A whole number for arithmetic and for bars: beyond 2^53 it is not exact.
#[allow(
    clippy::cast_precision_loss,
    reason = "shown with three digits at most"
)]
pub fn float(number: u64) -> f64 {
    number as f64
}
