//! One look at the crontabs, at the cron that reads them, and at what it has run.

use std::collections::{BTreeSet, HashMap};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use etlmon_shared::Timestamp;

use super::Dialect;
use super::accounts::Accounts;
use super::children;
use super::due::machine_zone;
use super::evidence::Evidence;
use super::files::{self, CrontabFile};
use super::installed::{Daemon, Detector, Installed, usual_dialect};
use super::ledger::Ledger;
use super::listing::Reading;
use super::log_line::Says;
use super::refusals::Refusals;
use super::table::{self, CronBatch, CronRow};
use super::tracked::{Tracked, Witnesses};
use crate::collector::{CollectError, Collector, Next, Tick};
use crate::collectors::Means;
use crate::config::SecretsConfig;
use crate::secrets::Patterns;
use crate::store::StoreError;
use crate::watch::{Target, Watch};

/// Under this name it is told that a cycle is stored. No log has it.
pub(super) const ARRIVAL: &str = "/cron";

/// After the time of a run it is looked whether it was logged.
const LOGGED_BY: Duration = Duration::from_millis(1_500);
/// How often it is looked whether a run has begun or ended, at the most; of a long one more seldom.
const STEP: Duration = Duration::from_secs(1);

/// Looks at all crontabs of the machine.
pub struct CronCollector {
    root: PathBuf,
    means: Means,
    secrets: SecretsConfig,
    /// None before the first look.
    patterns: Option<Patterns>,
    detector: Detector,
    evidence: Evidence,
    ledger: Ledger,
    /// What the rows were made from.
    inputs: Option<Inputs>,
    refusals: Refusals,
    down_since: Option<Timestamp>,
    watch: Option<Watch>,
    /// The rows that are stored, and those that are about to be.
    stored: Option<Vec<CronRow>>,
    offered: Option<Vec<CronRow>>,
}

/// All that rows are made from.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Inputs {
    files: Vec<CrontabFile>,
    accounts: Accounts,
    dialect: Dialect,
    daemon: Option<Daemon>,
    zone: String,
}

impl CronCollector {
    /// A collector for the machine whose files lie below `root`, which masks these secrets.
    pub fn new(root: &Path, secrets: SecretsConfig, means: Means) -> Self {
        let host = rustix::system::uname();
        let host = host.nodename().to_string_lossy().into_owned();
        Self {
            root: root.to_owned(),
            means,
            secrets,
            patterns: None,
            detector: Detector::new(root),
            evidence: Evidence::new(root, host),
            ledger: Ledger::default(),
            inputs: None,
            refusals: Refusals::default(),
            down_since: None,
            watch: None,
            stored: None,
            offered: None,
        }
    }

    fn inputs(&mut self) -> Result<(Installed, Inputs), CollectError> {
        let installed = self.detector.installed();
        let dialect = match installed {
            Installed::Known(dialect) => dialect,
            Installed::None | Installed::Other => usual_dialect(&self.root),
        };
        let accounts = Accounts::read(&self.root).map_err(|source| CollectError::Read {
            path: self.root.join("etc/passwd").display().to_string(),
            source,
        })?;
        let inputs = Inputs {
            files: files::read_all(&self.root, dialect),
            accounts,
            dialect,
            daemon: self.detector.daemon(),
            zone: machine_zone(&self.root),
        };
        Ok((installed, inputs))
    }

    /// Makes the rows anew where anything they are made from has changed.
    fn renew_rows(&mut self, inputs: Inputs, now: Timestamp) -> Result<(), CollectError> {
        if self.inputs.as_ref() == Some(&inputs) {
            return Ok(());
        }
        let mut past = HashMap::new();
        if self.inputs.is_none() {
            let read = self.means.reads.read_here(|snapshot| table::past(snapshot));
            past = read.map_err(of_kind)?;
        }
        let patterns = match self.patterns.take() {
            Some(patterns) => patterns,
            None => self.secrets.compiled().map_err(of_kind)?,
        };
        let reading = Reading {
            dialect: inputs.dialect,
            accounts: &inputs.accounts,
            patterns: self.patterns.insert(patterns),
            zone: &inputs.zone,
        };
        self.refusals.renew(&reading, &inputs.files, inputs.daemon);
        let rows = reading.rows(&inputs.files, |file| self.refusals.reason(file));
        self.ledger.replace(rows, &mut past, now);
        self.inputs = Some(inputs);
        Ok(())
    }

    fn note_runs(&mut self, now: Timestamp) {
        for line in self.evidence.look(now) {
            match line.says {
                Says::Began { pid, user, command } => {
                    self.ledger.began(line.at, pid, &user, &command);
                }
                Says::Ended { user, command } => self.ledger.ended(line.at, &user, &command),
                Says::Cron | Says::LoggerStarted | Says::Other => {}
            }
        }
        let Some(inputs) = &self.inputs else {
            return;
        };
        let shells = inputs.daemon.map(|daemon| children::shells(daemon.pid));
        let is_logged = self.evidence.coverage().is_some();
        self.ledger.see(
            &shells.unwrap_or_default(),
            is_logged,
            &inputs.accounts,
            now,
        );
        self.ledger.close_ended(now);
    }

    /// Hears of changes from now on. Only what is told sooner depends on it.
    fn listen(&mut self, tick: &Tick) {
        let Some(inputs) = &self.inputs else {
            return;
        };
        let [system, spool] = files::directories(&self.root, inputs.dialect);
        let names = inputs
            .files
            .iter()
            .filter_map(|file| Some(file.path.file_name()?.to_owned()));
        let names: BTreeSet<_> = names.collect();
        let targets: Vec<Target> = [self.root.join("etc"), system, spool]
            .into_iter()
            .map(|directory| Target {
                directory,
                names: names.clone(),
                entries: [OsString::new()].into(),
            })
            .collect();
        let waker = tick.waker.clone();
        let watch = self
            .watch
            .get_or_insert_with(|| self.means.watcher.listen(move || waker.wake()));
        watch.set(targets);
    }
}

fn of_kind(error: impl std::error::Error + Send + Sync + 'static) -> CollectError {
    CollectError::Kind(Box::new(error))
}

impl Collector for CronCollector {
    type Batch = CronBatch;

    fn collect(&mut self, tick: &Tick) -> Result<CronBatch, CollectError> {
        let now = tick.started_at;
        let (installed, inputs) = self.inputs()?;
        let is_down = matches!(installed, Installed::Known(_)) && inputs.daemon.is_none();
        self.down_since = is_down.then(|| self.down_since.unwrap_or(now));
        let idle = match (installed, inputs.daemon) {
            (Installed::None, _) => Some("no cron is installed: nothing runs it"),
            (Installed::Other, _) => Some("the installed cron is none whose rules etlmon knows"),
            (Installed::Known(_), None) => Some("cron is not running"),
            (Installed::Known(_), Some(_)) => None,
        };
        self.renew_rows(inputs, now)?;
        self.note_runs(now);
        let coverage = self.evidence.coverage();
        self.ledger.judge(&Witnesses {
            now,
            coverage,
            down_since: self.down_since,
        });
        self.listen(tick);
        let rows: Vec<CronRow> = self
            .ledger
            .rows()
            .iter()
            .map(|tracked| row(tracked, idle, now))
            .collect();
        let is_new = self.stored.as_ref() != Some(&rows);
        self.offered = Some(rows);
        Ok(CronBatch {
            rows: self.offered.clone().filter(|_| is_new),
            has_evidence: is_down || coverage.is_some() && !self.ledger.lacks_witness(now),
            checked_at: now,
        })
    }

    fn settle(&mut self, stored: Result<(), &StoreError>) -> Next {
        // What is stored after a failure is not known.
        self.stored = self.offered.take().filter(|_| stored.is_ok());
        if stored.is_ok() {
            self.means.arrivals.tell(ARRIVAL);
        }
        let now = Timestamp::now();
        let rows = self.stored.iter().flatten();
        let due = rows.filter_map(|row| row.next_run).min();
        let due = due.map(|due| until(now, due.after(LOGGED_BY)));
        let open = self.ledger.youngest_open();
        let open = open.map(|began| STEP.max(until(began, now) / 50));
        let eager = self.ledger.is_eager(now).then_some(STEP);
        Next {
            within: due.into_iter().chain(open).chain(eager).min(),
            rest: Duration::from_millis(200),
        }
    }
}

fn row(tracked: &Tracked, idle: Option<&str>, now: Timestamp) -> CronRow {
    let listed = &tracked.listed;
    let is_job = listed.job.is_some();
    CronRow {
        key: listed.key.clone(),
        source: listed.source,
        line_number: listed.line_number,
        time_zone: listed.time_zone.clone(),
        next_run: tracked.next(now).filter(|_| idle.is_none()),
        history: tracked.history.clone(),
        error: listed
            .error
            .clone()
            .or_else(|| idle.filter(|_| is_job).map(str::to_owned)),
    }
}

/// From one moment to a later one.
fn until(from: Timestamp, to: Timestamp) -> Duration {
    let ms = to.as_millis().saturating_sub(from.as_millis());
    Duration::from_millis(u64::try_from(ms).unwrap_or(0))
}
