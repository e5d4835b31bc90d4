//! A word from elsewhere that there is news for a collector, said once however often it is said.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use actix::Recipient;

use super::held::Held;
use super::messages::Wake;

/// Begins a collector's next cycle before it is due. A clone wakes the same collector; one that
/// has ended sleeps on.
#[derive(Clone)]
pub struct Waker {
    actor: Recipient<Wake>,
    pending: Arc<AtomicBool>,
    held: Arc<Held>,
}

impl Waker {
    pub(crate) fn new(actor: Recipient<Wake>) -> Self {
        Self {
            actor,
            pending: Arc::default(),
            held: Arc::default(),
        }
    }

    /// Says that there is news. Never blocks.
    pub fn wake(&self) {
        if !self.pending.swap(true, Ordering::AcqRel) {
            self.actor.do_send(Wake);
        }
    }

    /// Says that there is news, and that [`Self::rested`] is called at the end of the watcher's rest,
    /// or of the last of those in which this collector lingers. Never blocks.
    pub fn wake_and_rest(&self) {
        self.held.keep();
        self.wake();
    }

    /// What has waited for the end of the rest is told.
    pub fn rested(&self) {
        self.held.release();
    }

    /// Where the end of a cycle is told that can wait for that.
    pub(super) fn held(&self) -> Arc<Held> {
        Arc::clone(&self.held)
    }

    /// The collector has heard it.
    pub(super) fn heard(&self) {
        self.pending.store(false, Ordering::Release);
    }
}

impl fmt::Debug for Waker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Waker").finish_non_exhaustive()
    }
}
