//! How many cycles run at once, and that never two of one collector do.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Which threads a collector's cycles take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lane {
    /// Cycles of milliseconds: they must not wait behind long ones.
    Quick,
    /// Cycles that may work for minutes, such as a scan of a large tree.
    Bulk,
    /// Cycles that read what was written, in turns of milliseconds, for as long as there is more.
    Follow,
}

/// The bounds on cycles that run at once, a lane each.
///
/// A cycle past its deadline gives its place back while it hangs, so that hung cycles (one a
/// collector at most) never keep the others from running.
#[derive(Clone, Debug)]
pub struct Lanes {
    quick: Arc<Semaphore>,
    bulk: Arc<Semaphore>,
    follow: Arc<Semaphore>,
}

impl Lanes {
    /// Places for so many cycles a lane.
    pub fn new(quick: usize, bulk: usize, follow: usize) -> Self {
        Self {
            quick: Arc::new(Semaphore::new(quick)),
            bulk: Arc::new(Semaphore::new(bulk)),
            follow: Arc::new(Semaphore::new(follow)),
        }
    }

    /// Waits for a place, in the order of asking.
    pub(super) async fn enter(&self, lane: Lane) -> Place {
        match Arc::clone(self.places(lane)).acquire_owned().await {
            Ok(permit) => Place(Arc::new(Mutex::new(Some(permit)))),
            // A semaphore that nobody closes gives its places in the end.
            Err(_closed) => std::future::pending().await,
        }
    }

    fn places(&self, lane: Lane) -> &Arc<Semaphore> {
        match lane {
            Lane::Quick => &self.quick,
            Lane::Bulk => &self.bulk,
            Lane::Follow => &self.follow,
        }
    }
}

impl Default for Lanes {
    fn default() -> Self {
        Self::new(4, 2, 2)
    }
}

/// A cycle's place in its lane. A clone is the same place: the job gives it back when it ends, and
/// who watches the job when it hangs.
#[derive(Clone, Debug)]
pub(super) struct Place(Arc<Mutex<Option<OwnedSemaphorePermit>>>);

impl Place {
    /// Gives it to others, if it was not yet.
    pub(super) fn give_back(&self) {
        drop(self.permit().take());
    }

    /// Has one again, if one is free; whether it has.
    pub(super) fn take_again(&self, lanes: &Lanes, lane: Lane) -> bool {
        let mut permit = self.permit();
        if permit.is_none() {
            *permit = Arc::clone(lanes.places(lane)).try_acquire_owned().ok();
        }
        permit.is_some()
    }

    fn permit(&self) -> MutexGuard<'_, Option<OwnedSemaphorePermit>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The place of a collector's one job; it outlives the actor, as a hung job does.
#[derive(Clone, Debug, Default)]
pub struct JobSlot(Arc<AtomicBool>);

impl JobSlot {
    /// Takes the place, unless a job still has it.
    pub(super) fn take(&self) -> Option<JobGuard> {
        let taken = self.0.swap(true, Ordering::AcqRel);
        (!taken).then(|| JobGuard(Arc::clone(&self.0)))
    }

    /// Whether a job has it.
    pub fn is_taken(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

/// Held by the job itself, and so given back only when it has really done its looking.
#[derive(Debug)]
pub(super) struct JobGuard(Arc<AtomicBool>);

impl Drop for JobGuard {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}
