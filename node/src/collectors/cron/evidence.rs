//! Where runs of cron can be seen: the files of syslog, and the journal while these say nothing.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use etlmon_shared::Timestamp;

use super::journal::{self, Journal};
use super::log_line::{self, LogLine, Says};
use crate::tail::{Budget, FileStatus, Follower, StartAt, TailSettings};

/// The files that rsyslog and syslog-ng write cron's lines to by default.
const FILES: [&str; 3] = ["var/log/syslog", "var/log/cron", "var/log/cron.log"];
/// How much of a file's past is read at the start: the last runs of most jobs.
const PAST_BYTES: u64 = 1 << 20;
/// Reads of 1 MiB in one look, so that a log in full flood holds up nothing.
const ROUNDS: usize = 32;
/// From one start of journalctl to the next, should it end.
const JOURNAL_RETRY: Duration = Duration::from_secs(60);

/// A span of time in which every run would have been seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Coverage {
    pub(super) since: Timestamp,
    pub(super) until: Timestamp,
}

/// All sources.
pub(super) struct Evidence {
    root: PathBuf,
    host: String,
    files: Vec<Followed>,
    journal: Option<(Journal, Witness)>,
    journal_tried: Option<Instant>,
}

/// One file.
struct Followed {
    follower: Follower,
    witness: Witness,
}

/// What is known of a source: it counts from the first line of cron that it has shown.
#[derive(Clone, Copy, Debug, Default)]
struct Witness {
    shows_cron: bool,
    /// Since when nothing that was sent to it is missing.
    since: Option<Timestamp>,
    until: Option<Timestamp>,
}

impl Witness {
    fn hear(&mut self, line: &LogLine) {
        match line.says {
            Says::LoggerStarted => self.since = self.since.map(|since| since.max(line.at)),
            Says::Other => {}
            Says::Began { .. } | Says::Ended { .. } | Says::Cron => self.shows_cron = true,
        }
        self.until = self.until.max(Some(line.at));
    }

    fn coverage(&self) -> Option<Coverage> {
        let (since, until) = self.since.zip(self.until)?;
        self.shows_cron.then_some(Coverage { since, until })
    }
}

impl Evidence {
    /// The sources below a root of the machine with this name; lines of others do not count.
    pub(super) fn new(root: &Path, host: String) -> Self {
        let files = FILES
            .iter()
            .filter_map(|file| Followed::new(root.join(file)));
        Self {
            root: root.to_owned(),
            host,
            files: files.collect(),
            journal: None,
            journal_tried: None,
        }
    }

    /// The lines that have come since the last look, by source in their order.
    pub(super) fn look(&mut self, now: Timestamp) -> Vec<LogLine> {
        let mut lines = Vec::new();
        for file in &mut self.files {
            file.look(now, &self.host, &mut lines);
        }
        if self.files.iter().any(|file| file.witness.shows_cron) {
            // The same lines, and a process less.
            self.journal = None;
        } else {
            self.look_at_journal(now, &mut lines);
        }
        lines
    }

    /// From when to when every run was seen; none while no source has ever shown a line of cron.
    /// A source covers the time up to its last line: a logger that has died writes none.
    pub(super) fn coverage(&self) -> Option<Coverage> {
        let files = self.files.iter().map(|file| &file.witness);
        let journal = self.journal.as_ref().map(|(_, witness)| witness);
        let spans = files.chain(journal).filter_map(Witness::coverage);
        spans.max_by_key(|span| span.until)
    }

    fn look_at_journal(&mut self, now: Timestamp, lines: &mut Vec<LogLine>) {
        if self.journal.is_none() {
            if self
                .journal_tried
                .is_some_and(|at| at.elapsed() < JOURNAL_RETRY)
            {
                return;
            }
            self.journal_tried = Some(Instant::now());
            // Where there is none, that is no evidence and no failure.
            let journal = Journal::follow().ok();
            self.journal = journal.map(|journal| (journal, Witness::default()));
        }
        let Some((journal, witness)) = &mut self.journal else {
            return;
        };
        let (found, goes_on) = journal.take();
        for line in found {
            witness.hear(&line);
            lines.push(line);
        }
        witness.since = witness.since.or(Some(now));
        // Of what there is, journalctl shows cron's lines only, and at once.
        let written = journal::last_written(&self.root).map(|at| at.min(now));
        witness.until = witness.until.max(written);
        if !goes_on {
            self.journal = None;
        }
    }
}

impl Followed {
    /// None of a path that can't be followed at all.
    fn new(path: PathBuf) -> Option<Self> {
        let mut settings = TailSettings::new(path).ok()?;
        settings.from_beginning = true;
        settings.start_at = Some(Arc::new(LastPart));
        settings.max_open_files = 8;
        Some(Self {
            follower: Follower::new(settings, Vec::new(), Instant::now()),
            witness: Witness::default(),
        })
    }

    fn look(&mut self, now: Timestamp, host: &str, lines: &mut Vec<LogLine>) {
        for _ in 0..ROUNDS {
            let chunk = self.follower.read(Budget::default(), Instant::now());
            let found = chunk.lines();
            for line in found.filter_map(|line| log_line::of_syslog(line.text, now, host)) {
                self.witness.hear(&line);
                if line.says != Says::Other {
                    lines.push(line);
                }
            }
            if !chunk.gaps.is_empty() {
                self.witness.since = None;
            }
            self.follower.commit();
            if !chunk.more {
                break;
            }
        }
        let states = self.follower.files();
        if states
            .iter()
            .any(|state| state.status == FileStatus::Tailing)
        {
            self.witness.since = self.witness.since.or(Some(now));
        } else {
            self.witness.since = None;
        }
    }
}

/// Begins to read with the first line of the last part of a file.
#[derive(Debug)]
struct LastPart;

impl StartAt for LastPart {
    fn start_at(&self, file: &File, size: u64) -> io::Result<u64> {
        let mut at = size.saturating_sub(PAST_BYTES);
        if at == 0 {
            return Ok(0);
        }
        let mut buffer = [0; 4096];
        while at < size {
            let read = file.read_at(&mut buffer, at)?;
            let found = buffer.get(..read).unwrap_or_default();
            match memchr::memchr(b'\n', found) {
                Some(end) => return Ok(at + u64::try_from(end + 1).unwrap_or(0)),
                None if read == 0 => break,
                None => at += u64::try_from(read).unwrap_or(0),
            }
        }
        Ok(size)
    }
}

#[cfg(test)]
mod tests;
