//! Which runs of which job were seen, and which were due and were not.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use etlmon_shared::Timestamp;

use super::accounts::Accounts;
use super::children::{Awaited, Shell};
use super::evidence::Coverage;
use super::listing::{ActiveJob, Key, Listed};

/// How late a run may be logged: cron starts the jobs of a minute one by one.
const GRACE: Duration = Duration::from_secs(90);
/// After this a run is missed when there is no cron to begin it.
const GRACE_WITHOUT_CRON: Duration = Duration::from_secs(3);
/// For so long a run is looked for eagerly, as a short one is gone soon.
const EAGER: Duration = Duration::from_secs(10);
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

/// All rows with their past.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    rows: Vec<Tracked>,
    /// Shells that were looked at already.
    shells: BTreeSet<u32>,
}

/// One row.
#[derive(Debug)]
pub(super) struct Tracked {
    pub(super) listed: Listed,
    pub(super) history: History,
    known_since: Timestamp,
    /// The earliest time it was due that is not judged yet, or the next.
    pending: Option<Timestamp>,
    /// The times from then on for which it was seen to run.
    ran: BTreeSet<Timestamp>,
    open: Vec<OpenRun>,
}

/// A run whose end was not seen yet.
#[derive(Debug)]
struct OpenRun {
    at: Timestamp,
    pid: Option<u32>,
    process: Option<Awaited>,
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

impl Ledger {
    /// Puts other rows in place of these; what is the same keeps its past, what is new has it from
    /// `past` if it was known before.
    pub(super) fn replace(
        &mut self,
        rows: Vec<Listed>,
        past: &mut HashMap<Key, History>,
        now: Timestamp,
    ) {
        let before = std::mem::take(&mut self.rows).into_iter();
        let mut before: HashMap<Key, Tracked> = before
            .map(|tracked| (tracked.listed.key.clone(), tracked))
            .collect();
        for listed in rows {
            let tracked = match before.remove(&listed.key) {
                Some(tracked) => tracked.with(listed, now),
                None => {
                    let history = past.remove(&listed.key).unwrap_or_default();
                    Tracked::new(listed, history, now)
                }
            };
            self.rows.push(tracked);
        }
    }

    /// The rows, in their order.
    pub(super) fn rows(&self) -> &[Tracked] {
        &self.rows
    }

    /// The log says that a run began. A run that is told again changes nothing.
    pub(super) fn began(&mut self, at: Timestamp, pid: Option<u32>, user: &str, logged: &str) {
        let mut jobs: Vec<(&mut Tracked, Option<Timestamp>)> = self
            .rows
            .iter_mut()
            .filter(|row| row.is_logged_as(user, logged))
            .map(|row| {
                let due = row.due_for(at);
                (row, due)
            })
            .collect();
        // Of several that are logged alike, the one that was due last and has not run for that.
        let is_alone = jobs.len() == 1;
        let best = jobs.iter_mut().max_by_key(|(row, due)| match due {
            Some(due) if !row.ran.contains(due) => (2, Some(*due)),
            Some(_) => (0, None),
            None if row.has_no_time() => (1, None),
            None => (0, None),
        });
        let Some((row, due)) = best else {
            return;
        };
        if is_alone || row.has_no_time() || due.is_some_and(|due| !row.ran.contains(&due)) {
            row.run(at, *due, pid);
        }
    }

    /// The log says that a run ended.
    pub(super) fn ended(&mut self, at: Timestamp, user: &str, logged: &str) {
        let mut rows = self.rows.iter_mut();
        let row = rows.find(|row| row.is_logged_as(user, logged) && !row.open.is_empty());
        if let Some(row) = row {
            let run = row.open.remove(0);
            row.close(&run, at);
        }
    }

    /// Shells of cron that run now. The runs whose ends they show are waited for; where no log tells
    /// of runs, they are what is seen of them.
    pub(super) fn see(
        &mut self,
        shells: &[Shell],
        is_logged: bool,
        accounts: &Accounts,
        now: Timestamp,
    ) {
        for row in &mut self.rows {
            for run in &mut row.open {
                // Whoever has the pid now may not be the shell that was logged.
                let is_shell = shells.iter().any(|shell| Some(shell.pid) == run.pid);
                run.process = run
                    .process
                    .take()
                    .filter(|process| is_shell || process.has_ended());
            }
        }
        for shell in shells
            .iter()
            .filter(|shell| !self.shells.contains(&shell.pid))
        {
            if !is_logged {
                seen(&mut self.rows, shell, accounts, now);
            }
        }
        self.shells = shells.iter().map(|shell| shell.pid).collect();
    }

    /// Takes note of the runs that have ended by now.
    pub(super) fn close_ended(&mut self, now: Timestamp) {
        for row in &mut self.rows {
            let has_ended =
                |run: &mut OpenRun| run.process.as_ref().is_some_and(Awaited::has_ended);
            let ended: Vec<OpenRun> = row.open.extract_if(.., has_ended).collect();
            for run in ended {
                row.close(&run, now);
            }
        }
    }

    /// When the youngest run began whose end is waited for.
    pub(super) fn youngest_open(&self) -> Option<Timestamp> {
        let runs = self.rows.iter().flat_map(|row| &row.open);
        let awaited = runs.filter(|run| run.process.is_some());
        awaited.map(|run| run.at).max()
    }

    /// Whether a job was due just now and was not seen to run yet.
    pub(super) fn is_eager(&self, now: Timestamp) -> bool {
        let mut pending = self.rows.iter().filter_map(|row| row.pending);
        pending.any(|due| due <= now && now < due.after(EAGER))
    }

    /// Judges all that was due.
    pub(super) fn judge(&mut self, witnesses: &Witnesses) {
        for row in &mut self.rows {
            row.judge(witnesses);
        }
    }
}

impl Tracked {
    fn new(listed: Listed, history: History, now: Timestamp) -> Self {
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
    fn with(self, listed: Listed, now: Timestamp) -> Self {
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

    fn active(&self) -> Option<&ActiveJob> {
        self.listed.job.as_ref()
    }

    /// The first time it is due after a moment.
    pub(super) fn next(&self, after: Timestamp) -> Option<Timestamp> {
        self.active()?.due.as_ref()?.next(after)
    }

    fn is_logged_as(&self, user: &str, logged: &str) -> bool {
        let job = self.active();
        job.is_some_and(|job| job.user == user && job.logged.as_deref() == Some(logged))
    }

    /// Whether it is a job that runs at no foreseeable time.
    fn has_no_time(&self) -> bool {
        self.active().is_some_and(|job| job.due.is_none())
    }

    /// The last time it was due, for which a run at a moment may be.
    fn due_for(&self, at: Timestamp) -> Option<Timestamp> {
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

    fn run(&mut self, at: Timestamp, due: Option<Timestamp>, pid: Option<u32>) {
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

    fn close(&mut self, run: &OpenRun, at: Timestamp) {
        if self.history.last_run_at == Some(run.at) {
            let took = at.as_millis().saturating_sub(run.at.as_millis());
            self.history.last_duration_ms = u64::try_from(took).ok();
        }
    }

    fn judge(&mut self, witnesses: &Witnesses) {
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

/// A shell that no log tells of: the run of the one job that it can be.
fn seen(rows: &mut [Tracked], shell: &Shell, accounts: &Accounts, now: Timestamp) {
    let mut found = rows.iter_mut().filter_map(|row| {
        let job = row.active()?;
        let command = shell.command.as_ref();
        let is_job = accounts.is(&job.user, shell.user_id)
            && command.is_none_or(|command| *command == job.shell);
        let due = is_job.then(|| row.due_for(now)).flatten()?;
        (!row.ran.contains(&due)).then_some((row, due))
    });
    if let (Some((row, due)), None) = (found.next(), found.next()) {
        row.run(due, Some(due), Some(shell.pid));
    }
}

#[cfg(test)]
mod tests;
