//! Tells answers that go on, such as a followed log, that rows have come.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;

/// Who waits for which rows, by the name of what they belong to. A clone is the same.
#[derive(Clone, Debug, Default)]
pub struct Arrivals(Arc<Mutex<HashMap<String, watch::Sender<()>>>>);

impl Arrivals {
    /// Rows have come and are committed.
    pub fn tell(&self, name: &str) {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(sender) = waiting.get(name)
            && sender.send(()).is_err()
        {
            // Nobody waits any more.
            waiting.remove(name);
        }
    }

    /// Is told of every time that rows have come from now on; several times may be told as one.
    pub fn listen(&self, name: &str) -> watch::Receiver<()> {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let sender = waiting
            .entry(name.to_owned())
            .or_insert_with(|| watch::Sender::new(()));
        sender.subscribe()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_listens_is_told_and_who_left_is_forgotten() {
        let arrivals = Arrivals::default();
        arrivals.tell("app");
        let mut listener = arrivals.listen("app");
        assert!(!listener.has_changed().unwrap());
        arrivals.tell("other");
        assert!(!listener.has_changed().unwrap());
        arrivals.tell("app");
        arrivals.tell("app");
        assert!(listener.has_changed().unwrap());
        listener.mark_unchanged();
        drop(listener);
        arrivals.tell("app");
        assert!(arrivals.0.lock().unwrap().is_empty());
    }
}
