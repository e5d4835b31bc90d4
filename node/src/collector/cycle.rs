//! One cycle from its permit to its stored batch, as a plain future that knows no actor.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;
use tokio::task::JoinError;

use super::held::Ended;
use super::job::{Done, Job, Left};
use super::lane::{JobGuard, Place};
use super::messages::CycleEvent;
use super::{Announcer, Collector, JobSlot, Lane, Lanes, Next, Progress, Pulse, Schedule, Waker};
use crate::store::{Lease, StoreError, Writer};
use crate::supervisor::panic_message;

/// What a collector gets beyond its deadline before it counts as hung: it may be about to say so.
const GRACE: Duration = Duration::from_millis(500);

/// A job without a sign of life for so long gives its place in the lane to others.
const STILLNESS: Duration = Duration::from_secs(2);

/// All that a cycle needs of its actor.
pub(super) struct Cycle<C: Collector> {
    pub(super) lanes: Lanes,
    pub(super) lane: Lane,
    pub(super) slot: JobSlot,
    pub(super) timeout: Duration,
    pub(super) schedule: Schedule,
    pub(super) lease: Lease,
    pub(super) writer: Writer,
    pub(super) announcer: Option<Announcer<C::Batch>>,
    pub(super) waker: Waker,
}

/// How a cycle ended.
pub(super) enum CycleEnd<C> {
    /// The collector is back.
    Back {
        /// The collector.
        collector: C,
        /// What happened, if it is worth telling.
        event: Option<CycleEvent>,
        /// Whether the tables tell it; if not, it is soon tried again.
        is_stored: bool,
        /// When it wants its next cycle.
        next: Next,
        /// When this one ended, of which its actor may hear later.
        ended: Instant,
    },
    /// It panicked and is lost.
    Panicked(String),
}

impl<C: Collector> Cycle<C> {
    /// Runs the cycle; `stalled` is called when the deadline passes and the job does not return.
    pub(super) async fn run(
        self: Arc<Self>,
        collector: C,
        guard: JobGuard,
        stalled: impl Fn(String),
    ) -> CycleEnd<C> {
        let place = self.lanes.enter(self.lane).await;
        let next_at = self.schedule.next_at();
        if let Err(error) = self.announce(&Progress::Begun { next_at }).await {
            let event = CycleEvent::Failed {
                reason: error.to_string(),
                took: None,
            };
            return CycleEnd::Back {
                collector,
                event: Some(event),
                is_stored: false,
                next: Next::default(),
                ended: Instant::now(),
            };
        }
        let (told, ended) = oneshot::channel();
        let left = Arc::new(Left::new());
        let pulse = Pulse::default();
        let job = Job {
            cycle: Arc::clone(&self),
            place: place.clone(),
            pulse: pulse.clone(),
            left: Arc::clone(&left),
            told,
        };
        let job = actix_rt::task::spawn_blocking(move || job.run(collector, guard));
        let ended = self.watch(&left, ended, &place, &pulse, stalled).await;
        let done = left.done().take();
        if let Some(done) = done {
            return self.conclude(done, ended).await;
        }
        let message = match job.await.map_err(JoinError::try_into_panic) {
            Err(Ok(payload)) => panic_message(payload.as_ref()),
            Err(Err(error)) => error.to_string(),
            Ok(()) => "it left nothing".to_owned(),
        };
        self.announce_failure(&format!("the collector panicked: {message}"))
            .await;
        CycleEnd::Panicked(message)
    }

    /// Waits until the job is done and what it found is committed, and tells when it is past its
    /// deadline. One that shows no sign of life gives its place to others long before that: it
    /// probably hangs. If it goes on, it takes a place again where one is free.
    async fn watch(
        &self,
        left: &Left<C>,
        mut ended: oneshot::Receiver<Ended>,
        place: &Place,
        pulse: &Pulse,
        stalled: impl Fn(String),
    ) -> Ended {
        let gone = |_| Ended::now(Err(StoreError::WriterGone));
        let mut beats = pulse.beats();
        loop {
            let began = left.looks_since();
            // None when it is the database that takes long, or nothing is to be done.
            let deadline = began.map(|began| began + self.timeout + GRACE);
            let time = deadline.map_or(STILLNESS, |deadline| {
                deadline.saturating_duration_since(Instant::now())
            });
            if time.is_zero() {
                break;
            }
            let in_time = actix_rt::time::timeout(time.min(STILLNESS), &mut ended).await;
            if let Ok(ended) = in_time {
                return ended.unwrap_or_else(gone);
            }
            let beats_now = pulse.beats();
            if beats_now == beats {
                place.give_back();
            } else if left.looks_since().is_some() {
                place.take_again(&self.lanes, self.lane);
            }
            beats = beats_now;
        }
        place.give_back();
        let reason = format!(
            "has not returned within {}; waiting for it",
            humantime::format_duration(self.timeout)
        );
        // Told before it is recorded: the database may hang with the disk.
        stalled(reason.clone());
        self.announce_failure(&reason).await;
        ended.await.unwrap_or_else(gone)
    }

    /// What has happened, and whether the tables tell it.
    async fn conclude(&self, done: Done<C>, ended: Ended) -> CycleEnd<C> {
        let Ended { stored, at } = ended;
        let Done {
            mut collector,
            failed,
            took,
        } = done;
        if let Some(error) = failed {
            let reason = error.to_string();
            let is_stored = self.announce_failure(&reason).await;
            return Self::failed(collector, reason, took, is_stored, Next::default());
        }
        let next = collector.settle(stored.as_ref().copied());
        let event = match stored {
            Ok(()) => Some(CycleEvent::Succeeded {
                took,
                note: collector.note(),
            }),
            // It looks again at what it is to do, and there is nothing wrong with that.
            Err(StoreError::Outdated) => None,
            Err(error) => {
                return Self::failed(collector, error.to_string(), took, false, next);
            }
        };
        CycleEnd::Back {
            collector,
            event,
            is_stored: true,
            next,
            ended: at,
        }
    }

    fn failed(
        collector: C,
        reason: String,
        took: Duration,
        is_stored: bool,
        next: Next,
    ) -> CycleEnd<C> {
        let took = Some(took);
        CycleEnd::Back {
            collector,
            event: Some(CycleEvent::Failed { reason, took }),
            is_stored,
            next,
            ended: Instant::now(),
        }
    }

    async fn announce(&self, progress: &Progress<'_>) -> Result<(), StoreError> {
        let announcer = self.announcer.as_ref();
        match announcer.and_then(|announcer| announcer(progress)) {
            Some(rows) => self.writer.store(Box::new(rows), self.lease.clone()).await,
            None => Ok(()),
        }
    }

    /// Answers whether the tables tell it.
    async fn announce_failure(&self, reason: &str) -> bool {
        let next_at = self.schedule.next_at();
        let announced = self.announce(&Progress::Failed { reason, next_at }).await;
        if let Err(error) = &announced {
            log::warn!("a failed cycle could not be recorded ({error}); it was: {reason}");
        }
        announced.is_ok()
    }
}
