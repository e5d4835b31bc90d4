//! Which runs of which job were seen, and which were due and were not.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use etlmon_shared::Timestamp;

use super::accounts::Accounts;
use super::children::{Awaited, Shell};
use super::listing::{Key, Listed};
use super::tracked::{GRACE, History, OpenRun, Tracked, Witnesses};

/// For so long a run is looked for eagerly, as a short one is gone soon.
const EAGER: Duration = Duration::from_secs(10);

/// All rows with their past.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    rows: Vec<Tracked>,
    /// Shells that were looked at already.
    shells: BTreeSet<u32>,
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

    /// Whether a job was not seen to run, and the witness has fallen silent before it could tell.
    pub(super) fn lacks_witness(&self, now: Timestamp) -> bool {
        let mut pending = self.rows.iter().filter_map(|row| row.pending);
        pending.any(|due| due.after(GRACE) <= now)
    }

    /// Judges all that was due.
    pub(super) fn judge(&mut self, witnesses: &Witnesses) {
        for row in &mut self.rows {
            row.judge(witnesses);
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
