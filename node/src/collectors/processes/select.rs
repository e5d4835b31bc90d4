//! Chooses the processes that are kept, and tells all about them.

use std::path::PathBuf;
use std::time::Duration;

use etlmon_shared::Timestamp;

use super::details::Details;
use super::proc_dir::ProcDir;
use super::row::{Row, Status};
use super::rules::{RuleCount, Rules};
use super::sample::{Moment, Process, Sample};
use super::stopped::{Presence, Stopped};
use super::users::Users;
use super::{top, units};
use crate::config::ProcessRule;

/// What is kept of a sample.
#[derive(Clone, Debug, PartialEq)]
pub struct Snapshot {
    /// When the sample was taken.
    pub taken_at: Timestamp,
    /// The watched and the busiest by pid, then the watched that have ended.
    pub rows: Vec<Row>,
    /// Every rule, in the order of the configuration.
    pub rules: Vec<RuleCount>,
}

/// Makes snapshots of samples.
pub struct Selector {
    rules: Rules,
    top_n: usize,
    users: Users,
    details: Details,
    stopped: Stopped,
}

impl Selector {
    /// Keeps what the rules match, the `top_n` busiest by CPU and by memory, and what the rules
    /// matched for `keep_stopped` after its end. Users are named by `passwd`.
    #[must_use]
    pub fn new(
        rules: Vec<ProcessRule>,
        top_n: usize,
        keep_stopped: Duration,
        passwd: PathBuf,
    ) -> Self {
        Self {
            rules: Rules::new(rules),
            top_n,
            users: Users::new(passwd),
            details: Details::default(),
            stopped: Stopped::new(keep_stopped),
        }
    }

    /// Takes over what a selector of an earlier life had kept of this boot: the watched processes,
    /// running or ended, as they last were. Those of rules that are no more are left out.
    pub fn resume(&mut self, rows: Vec<Row>, now: &Moment) {
        let rows = rows.into_iter().filter(|row| {
            let watch = row.watch.as_deref();
            watch.is_some_and(|watch| self.rules.has(watch))
        });
        self.stopped.resume(rows, now);
    }

    /// Chooses from a sample of the same directory, just taken. A process that has vanished since
    /// is left out.
    pub fn select(&mut self, proc_dir: &mut ProcDir, sample: &Sample) -> Snapshot {
        // Without the file, users are numbers, or have the names that they had.
        let _ = self.users.refresh();
        let now = sample.taken_at.monotonic;
        let busiest = top::busiest(&sample.processes, self.top_n);
        let mut matched = Vec::new();
        let mut rows = Vec::new();
        let mut vanished = Vec::new();
        for (process, is_busy) in sample.processes.iter().zip(busiest) {
            let rules = self.details.matching(proc_dir, &self.rules, process, now);
            let first = rules.first().copied();
            matched.extend_from_slice(rules);
            if is_busy || first.is_some() {
                let watch = first.and_then(|rule| self.rules.name(rule));
                match self.row(proc_dir, process, watch, sample.taken_at.wall) {
                    Some(row) => rows.push(row),
                    None => vanished.push(process.identity),
                }
            }
        }
        self.details.retain(|identity| sample.has(identity));
        let presence = |identity| match sample.has(identity) {
            true if !vanished.contains(&identity) => Presence::There,
            false if sample.is_unreadable(identity) => Presence::Unknown,
            _ => Presence::Gone,
        };
        let watched = rows.iter().filter(|row| row.watch.is_some());
        let stopped = self.stopped.update(now, watched, presence);
        let stopped: Vec<Row> = stopped.cloned().collect();
        rows.extend(stopped);
        Snapshot {
            taken_at: sample.taken_at.wall,
            rows,
            rules: self.rules.count(&matched),
        }
    }

    fn row(
        &mut self,
        proc_dir: &mut ProcDir,
        process: &Process,
        watch: Option<String>,
        collected_at: Timestamp,
    ) -> Option<Row> {
        let pid = process.identity.pid;
        let user_id = proc_dir.user_id(pid).ok()??;
        let pages = proc_dir.resident_pages(pid).ok()??;
        Some(Row {
            identity: process.identity,
            process_name: process.comm.clone(),
            arguments: self.details.arguments(proc_dir, process),
            user: self.users.name(user_id),
            start_time: process.start_time,
            runtime: process.runtime,
            cpu_percent: process.cpu_percent,
            mem_rss_bytes: units::pages(pages),
            threads: process.threads,
            state: process.state,
            status: Status::Running,
            watch,
            collected_at,
        })
    }
}

#[cfg(test)]
mod tests;
