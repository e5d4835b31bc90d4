//! The part of a cycle that may block, and what it leaves.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use etlmon_shared::Timestamp;
use tokio::sync::oneshot;

use super::cycle::Cycle;
use super::held::Ended;
use super::lane::{JobGuard, Place};
use super::{CollectError, Collector, Pulse, Tick};
use crate::store::{Persist as _, Store};

/// For so long a job may go on from cycle to cycle. Its actor hears nothing of them until then.
const STAY: Duration = Duration::from_secs(5);

/// A collector's work in one cycle, or in several, on a thread of its own.
pub(super) struct Job<C: Collector> {
    pub(super) cycle: Arc<Cycle<C>>,
    pub(super) place: Place,
    pub(super) pulse: Pulse,
    pub(super) left: Arc<Left<C>>,
    pub(super) told: oneshot::Sender<Ended>,
}

impl<C: Collector> Job<C> {
    /// Looks and stores, and does so again for as long as the collector lingers.
    pub(super) fn run(self, mut collector: C, mut guard: JobGuard) {
        let cycle = Arc::clone(&self.cycle);
        let began = Instant::now();
        loop {
            let (done, batch) = Done::of(collector, &self.tick());
            let failed = done.failed.is_some();
            self.left.put(done);
            self.place.give_back();
            drop(guard);
            let store = batch.map(|batch| Store {
                batch: Box::new(batch),
                lease: cycle.lease.clone(),
            });
            let stored = match store.map(|store| cycle.writer.store_here(store)) {
                None => Ok(()),
                Some(Ok(stored)) => stored,
                Some(Err(store)) => {
                    let say = self.leave();
                    return cycle
                        .writer
                        .leave(store, Box::new(|stored| say(Ended::now(stored))));
                }
            };
            let ended = Ended::now(stored);
            if failed || ended.stored.is_err() || began.elapsed() > STAY {
                return self.leave()(ended);
            }
            let Some(again) = self.linger() else {
                return self.leave()(ended);
            };
            (collector, guard) = again;
        }
    }

    fn tick(&self) -> Tick {
        let cycle = &self.cycle;
        Tick {
            started_at: Timestamp::now(),
            deadline: Instant::now() + cycle.timeout,
            schedule: cycle.schedule,
            lease: cycle.lease.clone(),
            pulse: self.pulse.clone(),
            waker: cycle.waker.clone(),
        }
    }

    /// Waits for more to do. It may look again if nobody else does, there is room, and the result
    /// is wanted.
    fn linger(&self) -> Option<(C, JobGuard)> {
        let cycle = &self.cycle;
        let mut left = self.left.done();
        let mut done = left.take_if(|done| done.collector.linger())?;
        let guard = cycle.slot.take().filter(|_| !cycle.lease.is_given_up());
        let Some(guard) = guard.filter(|_| self.place.take_again(&cycle.lanes, cycle.lane)) else {
            // What it has heard of is its actor's to begin, which need not wait for that.
            *left = Some(done);
            cycle.waker.rested();
            cycle.waker.wake();
            return None;
        };
        self.pulse.counter().fetch_add(1, Ordering::Relaxed);
        cycle.waker.held().goes_on();
        self.left.looks();
        done.collector.settle(Ok(()));
        Some((done.collector, guard))
    }

    /// What says that it is done: with that word the actor goes on, so it is the last thing of all.
    fn leave(self) -> impl FnOnce(Ended) + Send + use<C> {
        let can_wait = (self.left.done().as_ref())
            .is_some_and(|done| done.failed.is_none() && done.collector.can_wait());
        let (held, told) = (self.cycle.waker.held(), self.told);
        move |ended| {
            if can_wait && ended.stored.is_ok() {
                held.say(told, ended);
            } else {
                // Nobody waits for it where the actor has ended.
                let _ = told.send(ended);
            }
        }
    }
}

/// What a job leaves, and what it is at until then.
pub(super) struct Left<C> {
    done: Mutex<Option<Done<C>>>,
    /// Since when it looks; none when it stores what it has found, or lingers.
    looks_since: Mutex<Option<Instant>>,
}

/// A collector that is back.
pub(super) struct Done<C> {
    pub(super) collector: C,
    /// Why it found nothing out.
    pub(super) failed: Option<CollectError>,
    pub(super) took: Duration,
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

impl<C> Left<C> {
    pub(super) fn new() -> Self {
        Self {
            done: Mutex::new(None),
            looks_since: Mutex::new(Some(Instant::now())),
        }
    }

    pub(super) fn done(&self) -> MutexGuard<'_, Option<Done<C>>> {
        lock(&self.done)
    }

    pub(super) fn looks_since(&self) -> Option<Instant> {
        *lock(&self.looks_since)
    }

    fn put(&self, done: Done<C>) {
        *self.done() = Some(done);
        *lock(&self.looks_since) = None;
    }

    fn looks(&self) {
        *lock(&self.looks_since) = Some(Instant::now());
    }
}

/// What is in there is put there whole.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
