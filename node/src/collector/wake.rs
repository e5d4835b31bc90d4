//! A word from elsewhere that there is news for a collector, said once however often it is said.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use actix::Recipient;

use super::messages::Wake;

/// Begins a collector's next cycle before it is due. A clone wakes the same collector; one that
/// has ended sleeps on.
#[derive(Clone)]
pub struct Waker {
    actor: Recipient<Wake>,
    pending: Arc<AtomicBool>,
}

impl Waker {
    pub(crate) fn new(actor: Recipient<Wake>) -> Self {
        Self {
            actor,
            pending: Arc::default(),
        }
    }

    /// Says that there is news. Never blocks.
    pub fn wake(&self) {
        if !self.pending.swap(true, Ordering::AcqRel) {
            self.actor.do_send(Wake);
        }
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
