//! One row of the ledger: what a job did when it was due.

use std::collections::BTreeSet;
use std::time::Duration;

use etlmon_shared::Timestamp;

use super::children::Awaited;
use super::evidence::Coverage;
use super::listing::{ActiveJob, Listed};

/// How late a run may be logged: cron starts the jobs of a minute one by one.
pub(super) const GRACE: Duration = Duration::from_secs(90);
/// After this a run is missed when there is no cron to begin it.
const GRACE_WITHOUT_CRON: Duration = Duration::from_secs(3);
/// cron looks for changed crontabs once a minute.
const NOTICED_BY_CRON: Duration = Duration::from_secs(60);
/// By how much a log's clock may be behind the schedule: its moments may be whole seconds.
const EARLY: Duration = Duration::from_secs(1);
/// Runs of one job whose ends are waited for.
const OPEN_RUNS: usize = 8;

/// What is known of a job's past.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct History {
    pub(super) last_run_at: Option<Timestamp>,
    pub(super) last_duration_ms: Option<u64>,
    pub(super) last_missed_at: Option<Timestamp>,
    pub(super) missed_count: u64,
}

/// One row.
#[derive(Debug)]
pub(super) struct Tracked {
    pub(super) listed: Listed,
    pub(super) history: History,
    known_since: Timestamp,
    /// The earliest time it was due that is not judged yet, or the next.
    pub(super) pending: Option<Timestamp>,
    /// The times from then on for which it was seen to run.
    pub(super) ran: BTreeSet<Timestamp>,
    pub(super) open: Vec<OpenRun>,
}

/// A run whose end was not seen yet.
#[derive(Debug)]
pub(super) struct OpenRun {
    pub(super) at: Timestamp,
    pub(super) pid: Option<u32>,
    pub(super) process: Option<Awaited>,
}

/// What can be said of a time at which a job was due.
enum Verdict {
    Ran,
    Missed,
    Unknown,
    Open,
}

/// What runs are judged by.
#[derive(Clone, Copy, Debug)]
pub(super) struct Witnesses {
    pub(super) now: Timestamp,
    /// When every run would have been logged.
    pub(super) coverage: Option<Coverage>,
    /// Since when no cron has been running.
    pub(super) down_since: Option<Timestamp>,
}

impl Tracked {
    pub(super) fn new(listed: Listed, history: History, now: Timestamp) -> Self {
        let mut tracked = Self {
            listed,
            history,
            known_since: now,
            pending: None,
            ran: BTreeSet::new(),
            open: Vec::new(),
        };
        tracked.pending = tracked.next(now);
        tracked
    }

    /// The same row, read again.
    pub(super) fn with(self, listed: Listed, now: Timestamp) -> Self {
        let is_same = self.listed.job.is_some() == listed.job.is_some()
            && self.listed.time_zone == listed.time_zone;
        if is_same {
            return Self { listed, ..self };
        }
        Self {
            open: self.open,
            ..Self::new(listed, self.history, now)
        }
    }

    pub(super) fn active(&self) -> Option<&ActiveJob> {
        self.listed.job.as_ref()
    }

    /// The first time it is due after a moment.
    pub(super) fn next(&self, after: Timestamp) -> Option<Timestamp> {
        self.active()?.due.as_ref()?.next(after)
    }

    /// Whether a line of the log is about this job. cronie before 1.7 logs the blanks in front of a
    /// command too.
    pub(super) fn is_logged_as(&self, user: &str, logged: &str) -> bool {
        let Some(job) = self.active() else {
            return false;
        };
        let own = job.logged.as_deref().map(str::trim_start);
        job.user == user && own == Some(logged.trim_start())
    }

    /// Whether it is a job that runs at no foreseeable time.
    pub(super) fn has_no_time(&self) -> bool {
        self.active().is_some_and(|job| job.due.is_none())
    }

    /// The last time it was due, for which a run at a moment may be.
    pub(super) fn due_for(&self, at: Timestamp) -> Option<Timestamp> {
        let mut last = None;
        let mut due = self.next(at.before(GRACE))?;
        while due <= at.after(EARLY) {
            last = Some(due);
            match self.next(due) {
                Some(next) => due = next,
                None => break,
            }
        }
        last
    }

    pub(super) fn run(&mut self, at: Timestamp, due: Option<Timestamp>, pid: Option<u32>) {
        self.ran.extend(due);
        if self.history.last_run_at >= Some(at) {
            return;
        }
        self.history.last_run_at = Some(at);
        self.history.last_duration_ms = None;
        if self.open.len() == OPEN_RUNS {
            self.open.remove(0);
        }
        self.open.push(OpenRun {
            at,
            pid,
            process: pid.and_then(Awaited::new),
        });
    }

    pub(super) fn close(&mut self, run: &OpenRun, at: Timestamp) {
        if self.history.last_run_at == Some(run.at) {
            let took = at.as_millis().saturating_sub(run.at.as_millis());
            self.history.last_duration_ms = u64::try_from(took).ok();
        }
    }

    pub(super) fn judge(&mut self, witnesses: &Witnesses) {
        while let Some(due) = self.pending.filter(|due| *due <= witnesses.now) {
            match self.verdict(due, witnesses) {
                Verdict::Open => break,
                Verdict::Ran | Verdict::Unknown => {}
                Verdict::Missed => {
                    self.history.missed_count = self.history.missed_count.saturating_add(1);
                    self.history.last_missed_at = Some(due);
                }
            }
            self.pending = self.next(due);
        }
        let pending = self.pending;
        self.ran.retain(|due| Some(*due) >= pending);
    }

    fn verdict(&self, due: Timestamp, witnesses: &Witnesses) -> Verdict {
        let now = witnesses.now;
        if self.ran.contains(&due) {
            return Verdict::Ran;
        }
        if witnesses.down_since.is_some_and(|since| since <= due) {
            return match now >= due.after(GRACE_WITHOUT_CRON) {
                true => Verdict::Missed,
                false => Verdict::Open,
            };
        }
        let is_logged = self.active().is_some_and(|job| job.logged.is_some());
        let is_known = self.known_since.after(NOTICED_BY_CRON) <= due;
        match witnesses.coverage {
            _ if now < due.after(GRACE) => Verdict::Open,
            Some(span) if is_logged && is_known && span.since <= due => {
                match span.until >= due.after(GRACE) {
                    true => Verdict::Missed,
                    false => Verdict::Open,
                }
            }
            _ => Verdict::Unknown,
        }
    }
}
