//! How many refused commands have a row of their own: who may not command anything could else fill
//! the disk with refusals, and drive out of the record what was done.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use etlmon_shared::Timestamp;

use super::entry::Entry;

/// Refusals that have a row of their own within [`WINDOW`]; the others share one.
const EACH: u32 = 100;
/// With the default retention a flood must last a week to drive out what was before it.
const WINDOW: Duration = Duration::from_mins(10);

/// The refusals of this process, by whatever thread.
pub(super) static REFUSALS: Refusals = Refusals(Mutex::new(None));

/// The refusals of the last minutes.
pub(super) struct Refusals(Mutex<Option<Window>>);

struct Window {
    began: Instant,
    rows: u32,
    shared: Option<Arc<Shared>>,
}

/// The row that refusals share: that of the first of them, with the number of the others.
pub(super) struct Shared(Mutex<State>);

struct State {
    entry: Entry,
    outcome: String,
    others: u64,
    last_at: Timestamp,
    is_written: bool,
    is_being_written: bool,
}

impl Refusals {
    /// Counts one more. `None` if it has a row of its own, else the row that it shares.
    pub(super) fn count(&self, now: Instant, entry: &Entry, outcome: &str) -> Option<Arc<Shared>> {
        let mut window = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_over = |window: &Window| now.saturating_duration_since(window.began) >= WINDOW;
        if window.as_ref().is_none_or(is_over) {
            *window = None;
        }
        let window = window.get_or_insert(Window {
            began: now,
            rows: 0,
            shared: None,
        });
        if window.rows < EACH {
            window.rows += 1;
            return None;
        }
        match &window.shared {
            Some(shared) => shared.add(entry.at),
            None => window.shared = Some(Arc::new(Shared::new(entry, outcome))),
        }
        window.shared.clone()
    }
}

impl Shared {
    fn new(entry: &Entry, outcome: &str) -> Self {
        Self(Mutex::new(State {
            entry: entry.clone(),
            outcome: outcome.to_owned(),
            others: 0,
            last_at: entry.at,
            is_written: false,
            is_being_written: false,
        }))
    }

    fn add(&self, at: Timestamp) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.others += 1;
        state.last_at = at;
        state.is_written = false;
    }

    /// What is to be written, and then told to [`Self::written`]; `None` if nothing is, or somebody
    /// is about to.
    pub(super) fn unwritten(&self) -> Option<(Entry, String)> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if state.is_written || state.is_being_written {
            return None;
        }
        (state.is_written, state.is_being_written) = (true, true);
        let mut entry = state.entry.clone();
        if state.others > 0 {
            let others = format!("and {} more refused until {}", state.others, state.last_at);
            let own = entry.detail.take();
            entry.detail =
                Some(own.map_or_else(|| others.clone(), |own| format!("{own}; {others}")));
        }
        Some((entry, state.outcome.clone()))
    }

    /// It was written, as the row with this id, or could not be.
    pub(super) fn written(&self, id: Option<i64>) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.entry.id = state.entry.id.or(id);
        state.is_being_written = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusals() -> Refusals {
        Refusals(Mutex::new(None))
    }

    fn entry() -> Entry {
        Entry::new("/api/v1/processes/7/kill", None)
    }

    #[test]
    fn the_first_have_rows_of_their_own_and_the_others_share_one() {
        let (refusals, now) = (refusals(), Instant::now());
        let count = || refusals.count(now, &entry(), "forbidden");
        assert!((0..EACH).all(|_| count().is_none()));
        let first = count().unwrap();
        let (row, outcome) = first.unwritten().unwrap();
        assert_eq!((row.id, row.detail, &*outcome), (None, None, "forbidden"));
        for _ in 0..4_711 {
            assert!(Arc::ptr_eq(&count().unwrap(), &first));
        }
        // One at a time, so that the row's id is known to the next.
        assert!(first.unwritten().is_none());
        first.written(Some(9));
        let (row, _) = first.unwritten().unwrap();
        assert_eq!(row.id, Some(9));
        assert!(
            row.detail
                .unwrap()
                .starts_with("and 4711 more refused until 2")
        );
        first.written(Some(9));
        assert!(first.unwritten().is_none(), "nothing has come since");
    }

    #[test]
    fn a_later_window_begins_with_rows_of_its_own_and_loses_no_count_of_the_one_before() {
        let (refusals, now) = (refusals(), Instant::now());
        for _ in 0..=EACH {
            refusals.count(now, &entry(), "forbidden");
        }
        let last = now + WINDOW - Duration::from_millis(1);
        let shared = refusals.count(last, &entry(), "forbidden").unwrap();
        assert!(
            refusals
                .count(now + WINDOW, &entry(), "forbidden")
                .is_none()
        );
        let (row, _) = shared.unwritten().unwrap();
        assert!(row.detail.unwrap().starts_with("and 1 more"));
    }
}
