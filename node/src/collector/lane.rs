//! How many cycles run at once, and that never two of one collector do.

use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How long one that follows logs may have its place while others wait for it.
const TURN: Duration = Duration::from_millis(200);

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
    /// Who has a place of `follow`, or had one.
    followers: Arc<Mutex<Vec<Place>>>,
}

impl Lanes {
    /// Places for so many cycles a lane.
    pub fn new(quick: usize, bulk: usize, follow: usize) -> Self {
        Self {
            quick: Arc::new(Semaphore::new(quick)),
            bulk: Arc::new(Semaphore::new(bulk)),
            follow: Arc::new(Semaphore::new(follow)),
            followers: Arc::default(),
        }
    }

    /// Waits for a place, in the order of asking.
    pub(super) async fn enter(&self, lane: Lane) -> Place {
        let mut permit = pin!(Arc::clone(self.places(lane)).acquire_owned());
        loop {
            let patience = match lane {
                Lane::Follow => TURN,
                Lane::Quick | Lane::Bulk => Duration::MAX,
            };
            match actix_rt::time::timeout(patience, &mut permit).await {
                Ok(Ok(permit)) => return self.taken(lane, permit),
                // A semaphore that nobody closes gives its places in the end.
                Ok(Err(_closed)) => std::future::pending().await,
                Err(_) => self.give_back_those_that_hang(),
            }
        }
    }

    fn taken(&self, lane: Lane, permit: OwnedSemaphorePermit) -> Place {
        let place = Place(Arc::new(Mutex::new(Some((permit, Instant::now())))));
        if lane == Lane::Follow {
            let mut followers = self.followers();
            followers.retain(|place| place.permit().is_some());
            followers.push(place.clone());
        }
        place
    }

    /// Hundreds of logs may wait for one server that is away: a turn that takes as long as this is
    /// none of those that the others wait for.
    fn give_back_those_that_hang(&self) {
        for place in self.followers().iter() {
            let hangs = |(_, since): &(_, Instant)| since.elapsed() >= TURN;
            let _ = place.permit().take_if(|taken| hangs(taken));
        }
    }

    fn followers(&self) -> MutexGuard<'_, Vec<Place>> {
        self.followers
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
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
pub(super) struct Place(Arc<Mutex<Option<(OwnedSemaphorePermit, Instant)>>>);

impl Place {
    /// Gives it to others, if it was not yet.
    pub(super) fn give_back(&self) {
        drop(self.permit().take());
    }

    /// Has one again, if one is free; whether it has.
    pub(super) fn take_again(&self, lanes: &Lanes, lane: Lane) -> bool {
        let mut permit = self.permit();
        if permit.is_none() {
            let free = Arc::clone(lanes.places(lane)).try_acquire_owned().ok();
            *permit = free.map(|permit| (permit, Instant::now()));
        }
        permit.is_some()
    }

    fn permit(&self) -> MutexGuard<'_, Option<(OwnedSemaphorePermit, Instant)>> {
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
