//! The word that a cycle has ended, kept back while its actor is about to be woken anyway.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use tokio::sync::oneshot;

use crate::store::StoreError;

/// What became of a job's batch, and when.
pub(super) struct Ended {
    pub(super) stored: Result<(), StoreError>,
    pub(super) at: Instant,
}

impl Ended {
    pub(super) fn now(stored: Result<(), StoreError>) -> Self {
        let at = Instant::now();
        Self { stored, at }
    }
}

/// Where the word waits. There is one at most, as there is one job of a collector.
#[derive(Default)]
pub(super) struct Held(Mutex<State>);

#[derive(Default)]
struct State {
    /// Whether somebody is about to come for it.
    is_expected: bool,
    /// Whether a cycle has ended, since that was last asked, of which there is no word: its job goes
    /// on.
    has_gone_on: bool,
    word: Option<(oneshot::Sender<Ended>, Ended)>,
}

impl Held {
    /// From now on words are kept, until [`Self::release`], which is sure to come soon.
    pub(super) fn keep(&self) {
        self.state().is_expected = true;
    }

    /// Says what was kept; from now on nothing is.
    pub(super) fn release(&self) {
        let mut state = self.state();
        state.is_expected = false;
        let word = state.word.take();
        drop(state);
        if let Some((whom, ended)) = word {
            // Nobody waits for it where the actor has ended.
            let _ = whom.send(ended);
        }
    }

    /// A cycle has ended, and its job goes on with the next.
    pub(super) fn goes_on(&self) {
        self.state().has_gone_on = true;
    }

    /// Says it, now or soon.
    pub(super) fn say(&self, whom: oneshot::Sender<Ended>, ended: Ended) {
        let mut state = self.state();
        if state.is_expected {
            state.word = Some((whom, ended));
        } else {
            drop(state);
            let _ = whom.send(ended);
        }
    }

    /// Whether a cycle has ended, since that was last asked, of which nobody was told yet.
    pub(super) fn take_ended(&self) -> bool {
        let mut state = self.state();
        std::mem::take(&mut state.has_gone_on) || state.word.is_some()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_kept_only_while_somebody_is_about_to_come_for_it() {
        let held = Held::default();
        let say = || {
            let (whom, said) = oneshot::channel();
            held.say(whom, Ended::now(Ok(())));
            said
        };
        assert!(say().try_recv().is_ok());
        held.keep();
        let began = Instant::now();
        let mut kept = say();
        assert!(kept.try_recv().is_err() && held.take_ended());
        held.release();
        assert!(!held.take_ended());
        let ended = kept.try_recv().unwrap();
        // It tells when that was, and not when it was said.
        assert!(ended.at >= began && ended.stored.is_ok());
        assert!(say().try_recv().is_ok());
        held.goes_on();
        assert!(held.take_ended() && !held.take_ended());
    }
}
