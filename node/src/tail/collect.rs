//! The collector that follows files: one for each configured log and transfer log.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use etlmon_shared::Timestamp;

use super::batch::{Lines, Read, TailBatch, TailRows};
use super::crowd::Member;
use super::follower::Follower;
use super::meter::Meter;
use super::settings::Budget;
use super::setup::TailSetup;
use super::table::{self, Own, TakeOver};
use super::told::Told;
use super::watching::Watching;
use crate::collector::{Announcer, CollectError, Collector, Next, Progress, Tick};
use crate::store::{Persist as _, StoreError};
use crate::watch::{Coverage, REST};

/// How often to look where events can't be relied on.
const POLL: Duration = Duration::from_secs(1);
/// After a batch was refused because the follower was paused or resumed.
const RECONSIDER: Duration = Duration::from_millis(100);
/// A look may use one part in so many of a core, as long as the next one comes in time.
const THRIFT: u32 = 100;
const IN_TIME: Duration = Duration::from_secs(1);
/// However many files there are, looks use no more than one part in so many; and however long one
/// takes, the next comes after this.
const LEAST_THRIFT: u32 = 20;
const LONGEST_REST: Duration = Duration::from_secs(5);

/// Follows one log. Reading and storing take turns: what is read counts only when it is stored.
pub struct TailCollector<D: Lines> {
    setup: TailSetup<D>,
    follower: Option<Follower>,
    /// The follower's own row that the next batch is made from.
    own: Own,
    /// What it takes over of other followers before it begins.
    taken: Vec<TakeOver>,
    /// What became of the last batch.
    outcome: Outcome,
    told: Told,
    /// Whether the batch under way is stored at all, whether it has lines, and whether all is read
    /// with it of a log that is not to be followed.
    is_stored: bool,
    has_lines: bool,
    member: Member,
    is_last: bool,
    /// Whether a batch of this collector was stored: from then on nobody else's can be.
    is_alone: bool,
    next: Next,
    meter: Meter,
    watching: Watching,
    /// Whether a failure was announced that the next batch takes back, and whether the batch under
    /// way does.
    failed: Arc<AtomicBool>,
    clears_failure: bool,
    /// Whether all is read of a log that is not to be followed.
    done: bool,
}

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
    pub fn new(mut setup: TailSetup<D>) -> Self {
        setup.settings.common = setup.crowd.common.clone();
        Self {
            member: setup.crowd.join(),
            setup,
            follower: None,
            own: Own::default(),
            taken: Vec::new(),
            outcome: Outcome::Settled,
            told: Told::default(),
            is_stored: false,
            has_lines: false,
            is_last: false,
            is_alone: false,
            next: Next::default(),
            meter: Meter::default(),
            watching: Watching::default(),
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
            self.own.revision += i64::from(self.is_stored);
            self.is_alone |= self.is_stored;
            self.done |= self.is_last;
            self.told.batch_stored();
            self.outcome = Outcome::Settled;
        }
        if self.follower.is_some() && self.outcome == Outcome::Settled && !self.own.paused {
            return Ok(());
        }
        let (kind, name) = (self.setup.kind, self.setup.name.clone());
        // What is stored beyond our own is the batch under way, if nobody else can have stored it.
        let last = self.own;
        let known = last.revision..=last.revision + i64::from(self.is_alone);
        let kept = self.follower.is_some();
        let shares = self.setup.settings.elsewhere.shares();
        let (own, stored) = self
            .setup
            .reads
            .read_here(|snapshot| {
                if kept
                    && let Some(own) = table::own(snapshot, kind, &name)?
                    && own.id == last.id
                    && known.contains(&own.revision)
                {
                    return Ok((own, None));
                }
                let stored = table::load(snapshot, kind, &name)?;
                let stored = stored.unwrap_or_default();
                let others = if shares {
                    table::others(snapshot, kind, stored.own.id)?
                } else {
                    Vec::new()
                };
                Ok((stored.own, Some((stored, others))))
            })
            .map_err(|error| CollectError::Kind(Box::new(error)))?;
        match (&mut self.follower, stored) {
            (Some(follower), None) if own.revision == self.own.revision => follower.roll_back(),
            (Some(follower), None) => {
                // The batch was stored, and only the word of it was lost.
                follower.commit();
                self.told.batch_found_stored();
            }
            (follower, stored) => {
                // Made anew, also where an earlier life of this collector has stored more.
                let (stored, others) = stored.unwrap_or_default();
                let settings = self.setup.settings.clone();
                self.taken = settings.takes_over(&stored.checkpoints, others);
                *follower = (self.taken.is_empty())
                    .then(|| Follower::new(settings, stored.checkpoints, Instant::now()));
                self.told = Told::of_unknown(stored.paths);
                self.is_alone = false;
            }
        }
        self.outcome = Outcome::Settled;
        self.own = own;
        Ok(())
    }

    /// The batch that takes over what others know, after which all is read of the database again.
    fn take_over(&mut self) -> TailBatch<D> {
        self.is_stored = false;
        self.clears_failure = false;
        self.next = Next {
            within: Some(Duration::ZERO),
            rest: Duration::ZERO,
        };
        TailBatch {
            kind: self.setup.kind,
            name: self.setup.name.clone(),
            rows: TailRows::TakenOver(self.own, std::mem::take(&mut self.taken)),
        }
    }

    fn is_reading(&self) -> bool {
        !self.own.paused && !self.done
    }

    /// When to look again after a look that took so much of a core and left more to read or did not.
    fn plan(&mut self, more: bool, took: Duration) -> Next {
        let crowded = self.member.rest_after(self.has_lines);
        let rest = rest_after(took).max(crowded);
        let within = if more && self.is_reading() {
            Some(Duration::ZERO)
        } else if self.told.has_lag() {
            // A last line without its end is stored when nothing comes after it for a while.
            let settings = &self.setup.settings;
            let entry = settings.multiline.as_ref().map(|lines| lines.timeout);
            let quiet = entry
                .into_iter()
                .fold(settings.partial_after, Duration::min);
            Some(quiet.min(POLL).max(rest))
        } else {
            match self.watching.coverage() {
                Coverage::Events => None,
                Coverage::Polling(_) => Some(POLL.max(rest)),
            }
        };
        Next { within, rest }
    }
}

/// How long to rest after a look that took so much of a core.
fn rest_after(took: Duration) -> Duration {
    let least = took.saturating_mul(LEAST_THRIFT).min(LONGEST_REST);
    took.saturating_mul(THRIFT).min(IN_TIME).max(least)
}

impl<D: Lines> Collector for TailCollector<D> {
    type Batch = TailBatch<D>;

    fn collect(&mut self, tick: &Tick) -> Result<TailBatch<D>, CollectError> {
        self.settle_last()?;
        if !self.taken.is_empty() {
            return Ok(self.take_over());
        }
        let budget = if self.is_reading() {
            self.setup.budget
        } else {
            // Looks where the files are, so that none is lost, and reads nothing.
            Budget { lines: 0, bytes: 0 }
        };
        let Some(follower) = &mut self.follower else {
            return Err(CollectError::Kind(Box::new(StoreError::Outdated)));
        };
        let begun = self.meter.begin();
        let chunk = follower.read(budget, Instant::now());
        let took = self.meter.end(&begun);
        let states = follower.files();
        self.watching
            .set(&self.setup.watcher, &tick.waker, follower, &states);
        self.clears_failure = self.failed.swap(false, Ordering::AcqRel);
        if self.clears_failure {
            // The failure may have been told as a row of its own.
            self.told.expect(&self.setup.settings.path);
        }
        let (files, gone) = self.told.tell(states, &chunk.files, &self.setup.settings);
        // A last line without its end is still to be read, when it was quiet for long enough.
        self.is_last =
            self.is_reading() && !self.setup.follow && !chunk.more && !self.told.has_lag();
        self.has_lines = chunk.lines().len() > 0;
        self.next = self.plan(chunk.more, took);
        let read_at = Timestamp::now();
        let rows = self.setup.lines.rows(&chunk, read_at);
        let batch = TailBatch {
            kind: self.setup.kind,
            name: self.setup.name.clone(),
            rows: TailRows::Read(Box::new(Read {
                from: self.own,
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
        let path = table::path_text(&self.setup.settings.path);
        let failed = Arc::clone(&self.failed);
        Some(Arc::new(move |progress| match *progress {
            Progress::Begun { .. } => None,
            Progress::Failed { reason, .. } => {
                failed.store(true, Ordering::Release);
                Some(TailBatch {
                    kind,
                    name: name.clone(),
                    rows: TailRows::Failed {
                        path: path.clone(),
                        reason: reason.to_owned(),
                    },
                })
            }
        }))
    }

    fn settle(&mut self, stored: Result<(), &StoreError>) -> Next {
        match stored {
            Ok(()) => {
                self.outcome = Outcome::Stored;
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

    fn can_wait(&self) -> bool {
        self.next.within.is_none_or(|within| within >= POLL)
    }

    fn linger(&self) -> bool {
        self.can_wait() && self.next.rest <= REST && self.watching.next_news()
    }

    fn note(&self) -> Option<String> {
        match self.watching.coverage() {
            Coverage::Events => None,
            Coverage::Polling(reason) => {
                Some(format!("looks every {} s: {reason}", POLL.as_secs()))
            }
        }
    }
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
