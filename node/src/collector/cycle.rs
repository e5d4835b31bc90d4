//! One cycle from its permit to its stored batch, as a plain future that knows no actor.

use std::time::{Duration, Instant};

use actix::{Addr, MailboxError};
use etlmon_shared::Timestamp;
use tokio::sync::OwnedSemaphorePermit;
use tokio::task::{JoinError, JoinHandle};

use super::lane::JobGuard;
use super::messages::CycleEvent;
use super::{
    Announcer, CollectError, Collector, Lane, Lanes, Next, Progress, Pulse, Schedule, Tick, Waker,
};
use crate::store::{DbWriter, Lease, Persist, Store, StoreError};
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
    pub(super) writer: Addr<DbWriter>,
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
            };
        }
        let started = Instant::now();
        let tick = Tick {
            started_at: Timestamp::now(),
            deadline: started + self.timeout,
            schedule: self.schedule,
            lease: self.lease.clone(),
            pulse: Pulse::default(),
            waker: self.waker.clone(),
        };
        let pulse = tick.pulse.clone();
        let job = actix_rt::task::spawn_blocking(move || {
            let _guard = guard;
            let mut collector = collector;
            let found = collector.collect(&tick);
            (collector, found)
        });
        let joined = self.watch(job, place, &pulse, stalled).await;
        let took = started.elapsed();
        match joined {
            Ok((collector, found)) => self.conclude(collector, found, took).await,
            Err(error) => {
                let message = match error.try_into_panic() {
                    Ok(payload) => panic_message(payload.as_ref()),
                    Err(error) => error.to_string(),
                };
                self.announce_failure(&format!("the collector panicked: {message}"))
                    .await;
                CycleEnd::Panicked(message)
            }
        }
    }

    /// Waits for the job however long it takes, and tells when it is past its deadline. A job that
    /// shows no sign of life gives its place to others long before that: it probably hangs. If it
    /// goes on, it takes a place again where one is free.
    async fn watch<T>(
        &self,
        mut job: JoinHandle<T>,
        place: OwnedSemaphorePermit,
        pulse: &Pulse,
        stalled: impl Fn(String),
    ) -> Result<T, JoinError> {
        let deadline = Instant::now() + self.timeout + GRACE;
        let (mut place, mut beats) = (Some(place), pulse.beats());
        while let Some(left) = deadline.checked_duration_since(Instant::now()) {
            let ended = actix_rt::time::timeout(left.min(STILLNESS), &mut job).await;
            if let Ok(joined) = ended {
                return joined;
            }
            let beats_now = pulse.beats();
            place = match place {
                _ if beats_now == beats => None,
                None => self.lanes.try_enter(self.lane),
                place => place,
            };
            beats = beats_now;
        }
        drop(place);
        let reason = format!(
            "has not returned within {}; waiting for it",
            humantime::format_duration(self.timeout)
        );
        // Told before it is recorded: the database may hang with the disk.
        stalled(reason.clone());
        self.announce_failure(&reason).await;
        job.await
    }

    /// What has happened, and whether the tables tell it.
    async fn conclude(
        &self,
        mut collector: C,
        found: Result<C::Batch, CollectError>,
        took: Duration,
    ) -> CycleEnd<C> {
        match found {
            Ok(batch) => {
                let stored = self.store(batch).await;
                let next = collector.settle(stored.as_ref().copied());
                let event = match stored {
                    Ok(()) => Some(CycleEvent::Succeeded {
                        took,
                        note: collector.note(),
                    }),
                    // It looks again at what it is to do, and there is nothing wrong with that.
                    Err(StoreError::Outdated) => None,
                    Err(error) => {
                        let reason = error.to_string();
                        return Self::failed(collector, reason, took, false, next);
                    }
                };
                CycleEnd::Back {
                    collector,
                    event,
                    is_stored: true,
                    next,
                }
            }
            Err(error) => {
                let reason = error.to_string();
                let is_stored = self.announce_failure(&reason).await;
                Self::failed(collector, reason, took, is_stored, Next::default())
            }
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
        }
    }

    async fn announce(&self, progress: &Progress<'_>) -> Result<(), StoreError> {
        let announcer = self.announcer.as_ref();
        match announcer.and_then(|announcer| announcer(progress)) {
            Some(rows) => self.store(rows).await,
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

    /// Waits until the batch is committed: that is the back-pressure.
    async fn store(&self, batch: impl Persist) -> Result<(), StoreError> {
        if batch.is_empty() {
            return Ok(());
        }
        let store = Store {
            batch: Box::new(batch),
            lease: self.lease.clone(),
        };
        match self.writer.send(store).await {
            Ok(result) => result,
            Err(MailboxError::Closed | MailboxError::Timeout) => Err(StoreError::WriterGone),
        }
    }
}
