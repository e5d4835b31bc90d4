//! What is known of processes beyond `stat`: their arguments, and which rules they match.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::cmdline;
use super::identity::Identity;
use super::proc_dir::ProcDir;
use super::rules::Rules;
use super::sample::Process;
use super::stat::{Image, State};

/// For how long arguments are trusted at most: a program can write a title over them unnoticed.
const TRUSTED: Duration = Duration::from_secs(60);
/// So that not all are read again in the same sample.
const SPREAD: u32 = 16;

/// The details of all processes that were asked for.
#[derive(Default)]
pub struct Details {
    known: HashMap<Identity, Known>,
}

struct Known {
    comm: String,
    image: Image,
    trusted_until: Instant,
    matched: Vec<usize>,
    /// Kept of a process that a rule matches, or that was asked for: Java's fill pages.
    arguments: Option<Arc<[String]>>,
}

impl Details {
    /// The indices of the rules that a process matches. Reads the command line if a rule searches
    /// it and it may have changed.
    pub fn matching(
        &mut self,
        proc_dir: &mut ProcDir,
        rules: &Rules,
        process: &Process,
        now: Instant,
    ) -> &[usize] {
        let known = self.known.get(&process.identity);
        if known.is_none_or(|known| known.is_outdated(process, now)) {
            self.look(proc_dir, rules, process, now);
        }
        let known = self.known.get(&process.identity);
        known.map_or(&[], |known| &known.matched)
    }

    fn look(&mut self, proc_dir: &mut ProcDir, rules: &Rules, process: &Process, now: Instant) {
        let arguments = rules
            .search_text()
            .then(|| read(proc_dir, process))
            .flatten();
        let identity = process.identity;
        // What is still young may be about to become what it will be.
        let spread = Duration::from_secs((identity.pid.get() % SPREAD).into());
        let trusted_until = now + process.runtime.min(TRUSTED + spread);
        if let Some(known) = self.known.get_mut(&identity)
            && known.comm == process.comm
            && rules.search_text()
            && arguments.is_none()
        {
            // It has just given up its memory, which is no reason to forget what it was.
            known.trusted_until = trusted_until;
            return;
        }
        let line = arguments.as_deref().unwrap_or_default().join(" ");
        let matched = rules.matching(identity.pid, &process.comm, &line);
        let known = Known {
            comm: process.comm.clone(),
            image: process.image,
            trusted_until,
            arguments: arguments.filter(|_| !matched.is_empty()).map(Arc::from),
            matched,
        };
        self.known.insert(identity, known);
    }

    /// The arguments of a process that was asked for with [`Details::matching`] just before.
    pub fn arguments(&mut self, proc_dir: &mut ProcDir, process: &Process) -> Arc<[String]> {
        let Some(known) = self.known.get_mut(&process.identity) else {
            return Arc::default();
        };
        let arguments = known
            .arguments
            .get_or_insert_with(|| read(proc_dir, process).unwrap_or_default().into());
        Arc::clone(arguments)
    }

    /// Forgets the processes that are not wanted any more.
    pub fn retain(&mut self, is_wanted: impl Fn(Identity) -> bool) {
        self.known.retain(|&identity, _| is_wanted(identity));
    }
}

impl Known {
    fn is_outdated(&self, process: &Process, now: Instant) -> bool {
        if !process.image.has_memory() {
            return false;
        }
        let is_another = self.comm != process.comm || self.image != process.image;
        // Memory of a process that hangs may be locked, and reading it would hang too. That is
        // risked for what is not known at all, but not to see whether a title has changed.
        let may_hang = process.state == State::DiskSleep;
        is_another || (now >= self.trusted_until && !may_hang)
    }
}

/// None of a process that has no memory (any more), or that may not be read.
fn read(proc_dir: &mut ProcDir, process: &Process) -> Option<Vec<String>> {
    if !process.image.has_memory() {
        return None;
    }
    let told = proc_dir.cmdline(process.identity.pid).ok().flatten();
    told.map(cmdline::arguments)
        .filter(|arguments| !arguments.is_empty())
}

#[cfg(test)]
mod tests;
