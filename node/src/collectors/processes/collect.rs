//! One look at the processes: which are kept, and what is told of each.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use etlmon_shared::process::{Process, ProcessRuleState, ProcessStatus};

use super::identity::Identity;
use super::row::{Row, Status};
use super::sample::{Moment, Sampler};
use super::select::{Selector, Snapshot};
use super::table::{self, ProcessBatch, StoredProcess};
use crate::collector::{CollectError, Collector, Next, Tick};
use crate::config::{ProcessConfig, ProcessRule, SecretsConfig};
use crate::secrets::{Patterns, mask_arguments};
use crate::store::{ReadPool, StoreError};

/// From the first look to the second: with it come the first figures of the CPU.
const SECOND_LOOK: Duration = Duration::from_secs(1);

/// Which processes are kept, and what is hidden of them.
#[derive(Clone, Debug, PartialEq)]
pub struct Wanted {
    /// The watched ones.
    pub rules: Vec<ProcessRule>,
    /// The busiest by CPU and by memory.
    pub top_n: u32,
    /// The watched ones for so long after their end.
    pub keep_stopped: Duration,
    /// Secrets of their command lines.
    pub secrets: SecretsConfig,
}

impl Wanted {
    /// What a configuration wants.
    pub fn new(rules: &[ProcessRule], process: &ProcessConfig, secrets: &SecretsConfig) -> Self {
        Self {
            rules: rules.to_vec(),
            top_n: process.top_n,
            keep_stopped: process.keep_stopped,
            secrets: secrets.clone(),
        }
    }
}

/// Looks at all processes.
pub struct ProcessCollector {
    wanted: Wanted,
    root: PathBuf,
    reads: ReadPool,
    /// None before the first look.
    eyes: Option<Eyes>,
    looks: u64,
}

/// What a look needs.
struct Eyes {
    sampler: Sampler,
    selector: Selector,
    shown: Shown,
}

impl ProcessCollector {
    /// A collector for the processes in `root`, a directory such as `/proc`. What it had stored in
    /// an earlier life it reads from `reads`.
    pub fn new(wanted: Wanted, root: PathBuf, reads: ReadPool) -> Self {
        Self {
            wanted,
            root,
            reads,
            eyes: None,
            looks: 0,
        }
    }

    /// Also takes over the processes that were watched before this collector, so that it is seen
    /// which of them have ended since.
    fn open(&self) -> Result<Eyes, CollectError> {
        let mut sampler = Sampler::new(&self.root).map_err(of_kind)?;
        let patterns = self.wanted.secrets.compiled().map_err(of_kind)?;
        let top_n = usize::try_from(self.wanted.top_n).unwrap_or(usize::MAX);
        let mut selector = Selector::new(
            self.wanted.rules.clone(),
            top_n,
            self.wanted.keep_stopped,
            PathBuf::from("/etc/passwd"),
        );
        let boot_id = sampler.boot_id().clone();
        let stored = self
            .reads
            .read_here(|snapshot| table::watched(snapshot, &boot_id))
            .map_err(of_kind)?;
        sampler.resume(stored.iter().map(|row| (row.identity, row.start_time)));
        selector.resume(stored, &Moment::now());
        Ok(Eyes {
            sampler,
            selector,
            shown: Shown::new(patterns),
        })
    }
}

fn of_kind(error: impl std::error::Error + Send + Sync + 'static) -> CollectError {
    CollectError::Kind(Box::new(error))
}

impl Collector for ProcessCollector {
    type Batch = ProcessBatch;

    fn collect(&mut self, _: &Tick) -> Result<ProcessBatch, CollectError> {
        let eyes = match self.eyes.take() {
            Some(eyes) => eyes,
            None => self.open()?,
        };
        self.eyes.insert(eyes).look()
    }

    fn settle(&mut self, stored: Result<(), &StoreError>) -> Next {
        self.looks += u64::from(stored.is_ok());
        Next {
            within: (self.looks == 1).then_some(SECOND_LOOK),
            rest: Duration::ZERO,
        }
    }
}

impl Eyes {
    fn look(&mut self) -> Result<ProcessBatch, CollectError> {
        let sample = self.sampler.sample().map_err(of_kind)?;
        let snapshot = self.selector.select(self.sampler.proc_dir(), &sample);
        Ok(self.batch(&snapshot))
    }

    fn batch(&mut self, snapshot: &Snapshot) -> ProcessBatch {
        let rules = snapshot.rules.iter().map(|rule| ProcessRuleState {
            watch: rule.name.clone(),
            matched: u64::try_from(rule.processes).unwrap_or(u64::MAX),
            collected_at: snapshot.taken_at,
        });
        let rules = rules.collect();
        let rows = snapshot.rows.iter().map(|row| StoredProcess {
            start_ticks: row.identity.start_ticks,
            process: process(row, self.shown.command_line(row)),
        });
        let rows = rows.collect();
        self.shown.keep(&snapshot.rows);
        ProcessBatch {
            boot_id: self.sampler.boot_id().clone(),
            rows,
            rules,
        }
    }
}

fn process(row: &Row, cmdline: String) -> Process {
    Process {
        pid: row.identity.pid.get(),
        process_name: row.process_name.clone(),
        cmdline,
        user: Some(row.user.clone()),
        start_time: row.start_time,
        runtime_sec: row.runtime.as_secs(),
        cpu_percent: row.cpu_percent,
        mem_rss_bytes: Some(row.mem_rss_bytes),
        threads: row.threads.into(),
        state: row.state.letter().to_string(),
        status: match row.status {
            Status::Running => ProcessStatus::Running,
            Status::Stopped => ProcessStatus::Stopped,
        },
        watch: row.watch.clone(),
        collected_at: row.collected_at,
    }
}

/// Command lines as they are shown. Masking one takes longer than all the rest of its row, and few
/// ever change.
struct Shown {
    patterns: Patterns,
    known: HashMap<Identity, (Arc<[String]>, String)>,
}

impl Shown {
    fn new(patterns: Patterns) -> Self {
        Self {
            patterns,
            known: HashMap::new(),
        }
    }

    fn command_line(&mut self, row: &Row) -> String {
        if let Some((arguments, shown)) = self.known.get(&row.identity)
            && *arguments == row.arguments
        {
            return shown.clone();
        }
        let shown = mask_arguments(&row.arguments, &self.patterns);
        let known = (Arc::clone(&row.arguments), shown.clone());
        self.known.insert(row.identity, known);
        shown
    }

    fn keep(&mut self, rows: &[Row]) {
        let wanted: std::collections::HashSet<Identity> =
            rows.iter().map(|row| row.identity).collect();
        self.known.retain(|identity, _| wanted.contains(identity));
    }
}
