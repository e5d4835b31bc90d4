//! One thread a node that asks what the visible screen needs, and backs off from a node that is away.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use etlmon_shared::Client;

use crate::model::Report;
use crate::query::Query;
use crate::screens::list_queries;

/// The longest time between two questions to a node that is away.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// Between two questions for what is not on the screen.
const LISTS: Duration = Duration::from_secs(30);

/// What a poller is told.
#[derive(Debug, Default)]
struct Wishes {
    queries: BTreeSet<Query>,
    /// Ask now, whatever the time.
    at_once: bool,
    ended: bool,
}

#[derive(Debug, Default)]
struct Shared {
    wishes: Mutex<Wishes>,
    changed: Condvar,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Wishes> {
        self.wishes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The thread that asks one node; it ends some time after this is dropped.
#[derive(Debug)]
pub struct Poller {
    shared: Arc<Shared>,
}

impl Poller {
    /// Starts asking the node every `interval`; `tell` gets all that comes and answers whether
    /// anybody listens.
    ///
    /// # Errors
    /// When the system has no thread left.
    pub fn start(
        client: Client,
        interval: Duration,
        tell: impl Fn(Report) -> bool + Send + 'static,
    ) -> std::io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let seen = Arc::clone(&shared);
        thread::Builder::new()
            .name("poller".to_owned())
            .spawn(move || {
                let polling = Polling {
                    client,
                    interval,
                    pause: interval,
                    due: Instant::now(),
                    lists_due: Instant::now(),
                };
                // The panic hook keeps the message, and the console ends by it.
                let _ = catch_unwind(AssertUnwindSafe(|| polling.run(&seen, &tell)));
            })?;
        Ok(Self { shared })
    }

    /// What to ask from now on; what is new is asked at once.
    pub fn want(&self, queries: BTreeSet<Query>) {
        let mut wishes = self.shared.lock();
        if wishes.queries != queries {
            wishes.at_once |= !queries.is_subset(&wishes.queries);
            wishes.queries = queries;
            self.shared.changed.notify_one();
        }
    }

    /// Asks at once, also a node that is away.
    pub fn refresh(&self) {
        self.shared.lock().at_once = true;
        self.shared.changed.notify_one();
    }
}

impl Drop for Poller {
    fn drop(&mut self) {
        self.shared.lock().ended = true;
        self.shared.changed.notify_one();
    }
}

struct Polling {
    client: Client,
    interval: Duration,
    /// How long to leave a node alone that is away.
    pause: Duration,
    due: Instant,
    /// When those lists are asked for that are not on the screen.
    lists_due: Instant,
}

impl Polling {
    fn run(mut self, shared: &Shared, tell: &dyn Fn(Report) -> bool) {
        while let Some(wanted) = self.wait(shared) {
            // What only this screen needs comes first.
            let mut queries: Vec<_> = wanted.iter().rev().collect();
            let lists = list_queries();
            if self.lists_due <= Instant::now() {
                self.lists_due = Instant::now() + LISTS;
                queries.extend(lists.difference(&wanted));
            }
            if !self.round(&queries, tell) {
                return;
            }
        }
    }

    /// Until there is something to ask; nothing when it is over.
    fn wait(&self, shared: &Shared) -> Option<BTreeSet<Query>> {
        let mut wishes = shared.lock();
        loop {
            if wishes.ended {
                return None;
            }
            let left = self.due.saturating_duration_since(Instant::now());
            if (wishes.at_once || left.is_zero()) && !wishes.queries.is_empty() {
                wishes.at_once = false;
                return Some(wishes.queries.clone());
            }
            let left = left.max(Duration::from_millis(1));
            let waited = shared.changed.wait_timeout(wishes, left);
            wishes = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Asks everything once; whether anybody still listens.
    fn round(&mut self, queries: &[&Query], tell: &dyn Fn(Report) -> bool) -> bool {
        for query in queries {
            if !tell(Report::Asked) {
                return false;
            }
            let asked = Instant::now();
            let mut report = query.report(&self.client);
            if let Report::Unreachable { retry_in, .. } = &mut report {
                // Who asks before it is due makes nobody wait longer.
                if self.due <= asked {
                    self.due = Instant::now() + self.pause;
                    self.pause = (self.pause * 2).min(LONGEST_PAUSE);
                }
                *retry_in = self.due.saturating_duration_since(Instant::now());
                return tell(report);
            }
            if !tell(report) {
                return false;
            }
        }
        self.pause = self.interval;
        self.due = Instant::now() + self.interval;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use etlmon_shared::client::ClientOptions;
    use std::sync::mpsc;

    #[test]
    fn a_node_that_is_away_is_left_alone_for_longer_each_time_until_somebody_asks() {
        let options = ClientOptions {
            timeout: Duration::from_secs(1),
            token: None,
        };
        // Nothing listens on port 1.
        let client = Client::new("127.0.0.1:1", options).unwrap();
        let (sender, receiver) = mpsc::channel();
        let poller = Poller::start(client, Duration::from_millis(50), move |report| {
            sender.send(report).is_ok()
        })
        .unwrap();
        poller.want(BTreeSet::from([Query::Health]));
        let pauses = move || match receiver.recv_timeout(Duration::from_secs(10)) {
            Ok(Report::Unreachable { retry_in, reason }) => {
                assert!(reason.contains("refused"), "{reason}");
                Some(Some(retry_in))
            }
            Ok(Report::Asked) => Some(None),
            Ok(other) => panic!("{other:?}"),
            Err(_) => None,
        };
        let next = || loop {
            if let Some(pause) = pauses().unwrap() {
                return pause;
            }
        };
        for expected in [50, 100, 200, 400] {
            let (pause, expected) = (next(), Duration::from_millis(expected));
            assert!(pause <= expected && pause > expected / 2, "{pause:?}");
        }
        // Asked for in between, it is not left alone for longer.
        for _ in 0..3 {
            poller.refresh();
            let pause = next();
            assert!(pause < Duration::from_millis(400), "{pause:?}");
        }
        drop(poller);
        // The thread lets go of the sender.
        while pauses().is_some() {}
    }
}
