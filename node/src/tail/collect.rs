//! The collector that follows files: one for each configured log and transfer log.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use etlmon_shared::Timestamp;

use super::batch::{Lines, Read, TailBatch, TailRows};
use super::chunk::{Chunk, FileState};
use super::follower::Follower;
use super::settings::{Budget, TailSettings};
use super::table::{self, FileRow};
use super::told;
use crate::collector::{Announcer, CollectError, Collector, Next, Progress, Tick};
use crate::store::{Persist as _, ReadPool, StoreError};
use crate::watch::{Coverage, Target, Watch, Watcher};

/// How often to look where events can't be relied on.
const POLL: Duration = Duration::from_secs(1);
/// After a batch was refused because the follower was paused or resumed.
const RECONSIDER: Duration = Duration::from_millis(100);
/// A look may use one part in so many of a core.
const THRIFT: u32 = 100;
/// However long a look takes, the next one comes after this.
const LONGEST_REST: Duration = Duration::from_secs(1);

/// What a follower's collector is made of.
pub struct TailSetup<D> {
    /// The kind of its follower.
    pub kind: &'static str,
    /// The follower's name.
    pub name: String,
    /// What to follow, and how.
    pub settings: TailSettings,
    /// Lines a batch at most.
    pub budget: Budget,
    /// Whether to go on when what was there at the start is read.
    pub follow: bool,
    /// Where its lines go.
    pub lines: Arc<D>,
    /// Where its checkpoints are read.
    pub reads: ReadPool,
    /// Who tells it of changes.
    pub watcher: Watcher,
}

impl<D> Clone for TailSetup<D> {
    fn clone(&self) -> Self {
        Self {
            kind: self.kind,
            name: self.name.clone(),
            settings: self.settings.clone(),
            budget: self.budget,
            follow: self.follow,
            lines: Arc::clone(&self.lines),
            reads: self.reads.clone(),
            watcher: self.watcher.clone(),
        }
    }
}

/// Follows one log. Reading and storing take turns: what is read counts only when it is stored.
pub struct TailCollector<D: Lines> {
    setup: TailSetup<D>,
    follower: Option<Follower>,
    /// The state of the follower's row that the next batch is made from.
    revision: i64,
    paused: bool,
    /// What became of the last batch.
    outcome: Outcome,
    /// What people were told last of each path, where that is known, and what they are told with
    /// the batch under way.
    told: BTreeMap<String, Option<FileRow>>,
    telling: BTreeMap<String, FileRow>,
    /// Whether the batch under way is stored at all, whether it has lines, and whether all is read
    /// with it of a log that is not to be followed.
    is_stored: bool,
    has_lines: bool,
    is_last: bool,
    /// Whether a batch of this collector was stored: from then on nobody else's can be.
    is_alone: bool,
    next: Next,
    watch: Option<Watch>,
    /// The files that are followed, and what is watched for them.
    watched: Vec<Whereabouts>,
    targets: Arc<[Target]>,
    coverage: Coverage,
    /// Whether a failure was announced that the next batch takes back, and whether the batch under
    /// way does.
    failed: Arc<AtomicBool>,
    clears_failure: bool,
    /// Whether all is read of a log that is not to be followed.
    done: bool,
}

/// The path under which a file is followed, and where it is.
type Whereabouts = (PathBuf, Option<PathBuf>);

/// What became of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    /// There was none, or it is settled.
    Settled,
    /// It is stored.
    Stored,
    /// It is not, or nobody knows.
    Doubtful,
}

impl<D: Lines> TailCollector<D> {
    /// A collector that has not looked yet.
    pub fn new(setup: TailSetup<D>) -> Self {
        Self {
            setup,
            follower: None,
            revision: 0,
            paused: false,
            outcome: Outcome::Settled,
            told: BTreeMap::new(),
            telling: BTreeMap::new(),
            is_stored: false,
            has_lines: false,
            is_last: false,
            is_alone: false,
            next: Next::default(),
            watch: None,
            watched: Vec::new(),
            targets: Arc::new([]),
            coverage: Coverage::Events,
            failed: Arc::default(),
            clears_failure: false,
            done: false,
        }
    }

    /// Draws the conclusions from what became of the last batch, and follows what the database
    /// says: whether to pause, and where to go on when somebody else has stored a batch.
    fn settle_last(&mut self) -> Result<(), CollectError> {
        if let (Outcome::Stored, Some(follower)) = (self.outcome, &mut self.follower) {
            follower.commit();
            self.revision += i64::from(self.is_stored);
            self.is_alone |= self.is_stored;
            self.done |= self.is_last;
            let told = std::mem::take(&mut self.telling).into_iter();
            self.told = told.map(|(path, row)| (path, Some(row))).collect();
            self.outcome = Outcome::Settled;
        }
        if self.follower.is_some() && self.outcome == Outcome::Settled && !self.paused {
            return Ok(());
        }
        let (kind, name) = (self.setup.kind, self.setup.name.clone());
        // What is stored beyond our own is the batch under way, if nobody else can have stored it.
        let known = self.revision..=self.revision + i64::from(self.is_alone);
        let kept = self.follower.is_some();
        let (revision, paused, stored) = self
            .setup
            .reads
            .read_here(|snapshot| {
                if kept
                    && let Some((revision, paused)) = table::state(snapshot, kind, &name)?
                    && known.contains(&revision)
                {
                    return Ok((revision, paused, None));
                }
                let stored = table::load(snapshot, kind, &name)?;
                let stored = stored.unwrap_or_default();
                Ok((stored.revision, stored.paused, Some(stored)))
            })
            .map_err(|error| CollectError::Kind(Box::new(error)))?;
        match (&mut self.follower, stored) {
            (Some(follower), None) if revision == self.revision => follower.roll_back(),
            (Some(follower), None) => {
                // The batch was stored, and only the word of it was lost.
                follower.commit();
                let paths = std::mem::take(&mut self.telling).into_keys();
                self.told.extend(paths.map(|path| (path, None)));
            }
            (follower, stored) => {
                // Made anew, also where an earlier life of this collector has stored more.
                let stored = stored.unwrap_or_default();
                let settings = self.setup.settings.clone();
                *follower = Some(Follower::new(settings, stored.checkpoints, Instant::now()));
                let paths = stored.paths.into_iter();
                self.told = paths.map(|path| (path, None)).collect();
                self.is_alone = false;
            }
        }
        self.outcome = Outcome::Settled;
        self.paused = paused;
        self.revision = revision;
        Ok(())
    }

    fn is_reading(&self) -> bool {
        !self.paused && !self.done
    }

    /// What people are to be told of each path, if it differs from what they were told.
    fn tell(&mut self, states: Vec<FileState>) -> (Vec<FileRow>, Vec<String>) {
        self.telling = told::files(states, &self.setup.settings);
        let changed = self
            .telling
            .values()
            .filter(|row| self.told.get(&row.path).and_then(Option::as_ref) != Some(*row));
        let gone = self
            .told
            .keys()
            .filter(|path| !self.telling.contains_key(*path));
        (changed.cloned().collect(), gone.cloned().collect())
    }

    /// Watches the directories of all files that are followed now.
    fn watch(&mut self, states: &[FileState], tick: &Tick) {
        let Some(follower) = &self.follower else {
            return;
        };
        let is_same = |(state, (path, place)): (&FileState, &Whereabouts)| {
            state.path.as_os_str() == path.as_os_str()
                && state.place.as_deref().map(Path::as_os_str)
                    == place.as_deref().map(Path::as_os_str)
        };
        let unchanged =
            states.len() == self.watched.len() && states.iter().zip(&self.watched).all(is_same);
        if !unchanged {
            let files = states.iter();
            self.watched = files
                .map(|state| (state.path.clone(), state.place.clone()))
                .collect();
            self.targets = targets(follower, &self.watched);
        }
        let watch = self.watch.get_or_insert_with(|| {
            let waker = tick.waker.clone();
            self.setup.watcher.listen(move || waker.wake())
        });
        self.coverage = watch.set(Arc::clone(&self.targets));
    }

    /// When to look again after a look that took so long.
    fn plan(&mut self, chunk: &Chunk, took: Duration) {
        let mut within = match self.coverage {
            Coverage::Events => None,
            Coverage::Polling(_) => Some(POLL),
        };
        let settings = &self.setup.settings;
        if chunk.more && self.is_reading() {
            within = Some(Duration::ZERO);
        } else if self
            .telling
            .values()
            .any(|row| row.lag_bytes.is_some_and(|lag| lag > 0))
        {
            // A last line without its end is stored when nothing comes after it for a while.
            let entry = settings.multiline.as_ref().map(|lines| lines.timeout);
            let quiet = entry
                .into_iter()
                .chain([settings.partial_after, POLL])
                .min();
            within = within.into_iter().chain(quiet).min();
        }
        let rest = (took * THRIFT).min(LONGEST_REST);
        self.next = Next {
            within: within.map(|within| {
                if within.is_zero() {
                    within
                } else {
                    within.max(rest)
                }
            }),
            rest,
        };
    }
}

impl<D: Lines> Collector for TailCollector<D> {
    type Batch = TailBatch<D>;

    fn collect(&mut self, tick: &Tick) -> Result<TailBatch<D>, CollectError> {
        self.settle_last()?;
        let budget = if self.is_reading() {
            self.setup.budget
        } else {
            // Looks where the files are, so that none is lost, and reads nothing.
            Budget { lines: 0, bytes: 0 }
        };
        let began = Instant::now();
        let Some(follower) = &mut self.follower else {
            return Err(CollectError::Kind(Box::new(StoreError::Outdated)));
        };
        let chunk = follower.read(budget, began);
        let took = began.elapsed();
        let states = follower.files();
        self.watch(&states, tick);
        let (files, gone) = self.tell(states);
        // A last line without its end is still to be read, when it was quiet for long enough.
        let mut rows = self.telling.values();
        self.is_last = self.is_reading()
            && !self.setup.follow
            && !chunk.more
            && rows.all(|row| row.lag_bytes.is_none_or(|lag| lag == 0));
        self.plan(&chunk, took);
        self.has_lines = chunk.lines().len() > 0;
        self.clears_failure = self.failed.swap(false, Ordering::AcqRel);
        let read_at = Timestamp::now();
        let rows = self.setup.lines.rows(&chunk, read_at);
        let batch = TailBatch {
            kind: self.setup.kind,
            name: self.setup.name.clone(),
            rows: TailRows::Read(Box::new(Read {
                from: (self.revision, self.paused),
                lines: Arc::clone(&self.setup.lines),
                rows,
                chunk,
                files,
                gone,
                read_at,
                clears_failure: self.clears_failure,
            })),
        };
        self.is_stored = !batch.is_empty();
        Ok(batch)
    }

    fn announcer(&self) -> Option<Announcer<TailBatch<D>>> {
        let (kind, name) = (self.setup.kind, self.setup.name.clone());
        let failed = Arc::clone(&self.failed);
        Some(Arc::new(move |progress| match *progress {
            Progress::Begun { .. } => None,
            Progress::Failed { reason, .. } => {
                failed.store(true, Ordering::Release);
                Some(TailBatch {
                    kind,
                    name: name.clone(),
                    rows: TailRows::Failed(reason.to_owned()),
                })
            }
        }))
    }

    fn settle(&mut self, stored: Result<(), &StoreError>) -> Next {
        match stored {
            Ok(()) => {
                self.outcome = Outcome::Stored;
                if self.has_lines {
                    self.setup.lines.stored();
                }
                self.next
            }
            Err(error) => {
                self.outcome = Outcome::Doubtful;
                self.failed.fetch_or(self.clears_failure, Ordering::AcqRel);
                let outdated = matches!(error, StoreError::Outdated);
                Next {
                    within: Some(if outdated { RECONSIDER } else { POLL }),
                    rest: POLL,
                }
            }
        }
    }

    fn note(&self) -> Option<String> {
        match &self.coverage {
            Coverage::Events => None,
            Coverage::Polling(reason) => {
                Some(format!("looks every {} s: {reason}", POLL.as_secs()))
            }
        }
    }
}

/// The directories of all files that are followed.
fn targets(follower: &Follower, files: &[Whereabouts]) -> Arc<[Target]> {
    let mut targets: BTreeMap<PathBuf, BTreeSet<_>> = BTreeMap::new();
    for directory in follower.watch_directories() {
        targets.entry(directory).or_default();
    }
    // A symbolic link's changes come where it lies, the file's where that lies.
    let paths = files
        .iter()
        .flat_map(|(path, place)| [Some(path), place.as_ref()]);
    for path in paths.flatten() {
        if let (Some(directory), Some(name)) = (path.parent(), path.file_name()) {
            let names = targets.entry(directory.to_owned()).or_default();
            names.insert(name.to_owned());
        }
    }
    targets
        .into_iter()
        .map(|(directory, names)| Target { directory, names })
        .collect()
}

impl<D: Lines> Drop for TailCollector<D> {
    /// Closing files of a server that hangs can take as long as it hangs.
    fn drop(&mut self) {
        let follower = self.follower.take();
        if follower.is_some() {
            let closing = std::thread::Builder::new().name("etlmon-close".to_owned());
            // Where there is no thread to be had, they are closed here.
            let _ = closing.spawn(move || drop(follower));
        }
    }
}

#[cfg(test)]
mod tests;
