//! One cycle from its permit to its stored batch, as a plain future that knows no actor.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use etlmon_shared::Timestamp;
use tokio::sync::oneshot;
use tokio::task::JoinError;

use super::held::Ended;
use super::lane::{JobGuard, Place};
use super::messages::CycleEvent;
use super::{
    Announcer, CollectError, Collector, Lane, Lanes, Next, Progress, Pulse, Schedule, Tick, Waker,
};
use crate::store::{Lease, Persist as _, Store, StoreError, Writer};
use crate::supervisor::panic_message;

/// What a collector gets beyond its deadline before it counts as hung: it may be about to say so.
const GRACE: Duration = Duration::from_millis(500);

/// A job without a sign of life for so long gives its place in the lane to others.
const STILLNESS: Duration = Duration::from_secs(2);

/// All that a cycle needs of its actor.
pub(super) struct Cycle<C: Collector> {
    pub(super) lanes: Lanes,
    pub(super) lane: Lane,
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
        self,
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
        let tick = Tick {
            started_at: Timestamp::now(),
            deadline: Instant::now() + self.timeout,
            schedule: self.schedule,
            lease: self.lease.clone(),
            pulse: Pulse::default(),
            waker: self.waker.clone(),
        };
        let pulse = tick.pulse.clone();
        let (told, ended) = oneshot::channel();
        let held_back = self.waker.held();
        let left = Arc::new(Mutex::new(None));
        let (writer, held, back) = (self.writer.clone(), place.clone(), Arc::clone(&left));
        let job = actix_rt::task::spawn_blocking(move || {
            let (done, batch) = Done::of(collector, &tick);
            let can_wait = done.failed.is_none() && done.collector.can_wait();
            *lock(&back) = Some(done);
            held.give_back();
            drop(guard);
            // The last thing of all: with the answer the actor goes on.
            let answer = move |stored: Result<(), StoreError>| {
                let ended = Ended::now(stored);
                if can_wait && ended.stored.is_ok() {
                    held_back.say(told, ended);
                } else {
                    // Nobody waits for it where the actor has ended.
                    let _ = told.send(ended);
                }
            };
            match batch {
                Some(batch) => writer.store_here(Store {
                    batch: Box::new(batch),
                    lease: tick.lease,
                    answer: Box::new(answer),
                }),
                None => answer(Ok(())),
            }
        });
        let ended = self.watch(&left, ended, &place, &pulse, stalled).await;
        let done = lock(&left).take();
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

    /// Waits until what the job hands to the writer is committed, or the job ends without handing
    /// it anything, and tells when the job is past its deadline. One that shows no sign of life
    /// gives its place to others long before that: it probably hangs. If it goes on, it takes a
    /// place again where one is free.
    async fn watch(
        &self,
        left: &Mutex<Option<Done<C>>>,
        mut ended: oneshot::Receiver<Ended>,
        place: &Place,
        pulse: &Pulse,
        stalled: impl Fn(String),
    ) -> Ended {
        let gone = |_| Ended::now(Err(StoreError::WriterGone));
        let deadline = Instant::now() + self.timeout + GRACE;
        let mut beats = pulse.beats();
        while let Some(time) = deadline.checked_duration_since(Instant::now()) {
            let in_time = actix_rt::time::timeout(time.min(STILLNESS), &mut ended).await;
            if let Ok(ended) = in_time {
                return ended.unwrap_or_else(gone);
            }
            if lock(left).is_some() {
                // It is the database that takes long.
                return ended.await.unwrap_or_else(gone);
            }
            let beats_now = pulse.beats();
            if beats_now == beats {
                place.give_back();
            } else {
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

/// What a job leaves.
struct Done<C> {
    collector: C,
    /// Why it found nothing out.
    failed: Option<CollectError>,
    took: Duration,
}

impl<C: Collector> Done<C> {
    /// Collects; and what is to be stored of it.
    fn of(mut collector: C, tick: &Tick) -> (Self, Option<C::Batch>) {
        let began = Instant::now();
        let found = collector.collect(tick);
        let took = began.elapsed();
        let (failed, batch) = match found {
            Ok(batch) => (None, Some(batch).filter(|batch| !batch.is_empty())),
            Err(error) => (Some(error), None),
        };
        let done = Self {
            collector,
            failed,
            took,
        };
        (done, batch)
    }
}

/// What a job leaves is put there whole.
fn lock<T>(left: &Mutex<T>) -> MutexGuard<'_, T> {
    left.lock().unwrap_or_else(PoisonError::into_inner)
}
