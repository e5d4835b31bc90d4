//! How long to wait before a restart: one second, doubling to a minute.

use std::time::{Duration, Instant};

const FIRST: Duration = Duration::from_secs(1);
const LAST: Duration = Duration::from_secs(60);

/// The waits of one child.
#[derive(Clone, Copy, Debug, Default)]
pub struct Backoff {
    wait: Option<Duration>,
}

impl Backoff {
    /// The wait before the next restart of a child that has run since `started`; one that ran
    /// for longer than the longest wait begins again with the shortest.
    pub fn next(&mut self, started: Instant) -> Duration {
        let wait = match self.wait {
            Some(wait) if started.elapsed() < LAST => (wait * 2).min(LAST),
            _ => FIRST,
        };
        self.wait = Some(wait);
        wait
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_to_a_minute() {
        let mut backoff = Backoff::default();
        let waits: Vec<u64> = (0..9)
            .map(|_| backoff.next(Instant::now()).as_secs())
            .collect();
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
    }

    #[test]
    fn a_child_that_ran_well_begins_again() {
        let mut backoff = Backoff::default();
        for _ in 0..5 {
            backoff.next(Instant::now());
        }
        let Some(long_ago) = Instant::now().checked_sub(Duration::from_secs(61)) else {
            return;
        };
        assert_eq!(backoff.next(long_ago), FIRST);
    }
}
