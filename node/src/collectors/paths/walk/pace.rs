//! When a walk must end, and how many input/output operations a second it may do.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::WalkError;

/// A waiting thread looks at its [`Stop`] this often.
const SLICE: Duration = Duration::from_millis(50);

/// Tokens saved up while a thread was slow make good for sleeps that last too long.
const BURST: Duration = Duration::from_millis(10);

/// What ends a walk early. Looked at for each block of entries, while measuring, and while waiting.
#[derive(Clone, Copy, Debug)]
pub struct Stop<'a> {
    /// The instant by which the walk must be done.
    pub deadline: Instant,
    /// Set by another thread to give the walk up.
    pub cancelled: Option<&'a AtomicBool>,
    /// Counted up with each system call that may reach the disk or server: the walk goes on.
    pub pulse: Option<&'a AtomicU64>,
}

impl Stop<'_> {
    /// A walk that nothing but the time ends.
    pub fn at(deadline: Instant) -> Self {
        Self {
            deadline,
            cancelled: None,
            pulse: None,
        }
    }

    /// Shows that the walk goes on.
    pub(super) fn beat(&self) {
        if let Some(pulse) = self.pulse {
            pulse.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Returns the present instant, for callers that need one too.
    pub(super) fn check(&self) -> Result<Instant, WalkError> {
        if self
            .cancelled
            .is_some_and(|cancelled| cancelled.load(Ordering::Relaxed))
        {
            return Err(WalkError::Cancelled);
        }
        self.beat();
        let now = Instant::now();
        if now >= self.deadline {
            Err(WalkError::TimedOut)
        } else {
            Ok(now)
        }
    }
}

/// A token bucket that the threads of one walk share.
pub(super) struct Throttle {
    interval: Duration,
    /// When the next token is due.
    next: Mutex<Instant>,
}

impl Throttle {
    /// `None` where the rate is 0, which is no limit.
    pub(super) fn new(per_sec: u32) -> Option<Self> {
        let interval = Duration::from_secs(1).checked_div(per_sec)?;
        Some(Self {
            interval,
            next: Mutex::new(Instant::now()),
        })
    }

    /// Waits for a token.
    pub(super) fn take(&self, stop: &Stop<'_>) -> Result<(), WalkError> {
        let due = self.reserve(Instant::now());
        loop {
            let now = stop.check()?;
            let wait = due.saturating_duration_since(now);
            if wait.is_zero() {
                return Ok(());
            }
            thread::sleep(
                wait.min(SLICE)
                    .min(stop.deadline.saturating_duration_since(now)),
            );
        }
    }

    fn reserve(&self, now: Instant) -> Instant {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let due = now
            .checked_sub(BURST)
            .map_or(*next, |earliest| earliest.max(*next));
        *next = due + self.interval;
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_spaced_by_the_rate_and_idle_time_saves_up_only_a_burst() {
        let throttle = Throttle::new(1000).unwrap();
        let start = Instant::now() + Duration::from_secs(60);
        let first = throttle.reserve(start);
        assert_eq!(first, start - BURST);
        for n in 1..=30 {
            assert_eq!(throttle.reserve(start), first + Duration::from_millis(n));
        }
    }

    #[test]
    fn no_rate_is_no_throttle() {
        assert!(Throttle::new(0).is_none());
    }

    #[test]
    fn a_wait_for_a_token_ends_at_the_deadline_and_when_cancelled() {
        let throttle = Throttle::new(1).unwrap();
        let cancelled = AtomicBool::new(false);
        let start = Instant::now();
        let mut stop = Stop {
            cancelled: Some(&cancelled),
            ..Stop::at(start + Duration::from_millis(30))
        };
        throttle.take(&stop).unwrap();
        assert!(matches!(throttle.take(&stop), Err(WalkError::TimedOut)));
        stop.deadline = start + Duration::from_secs(60);
        thread::scope(|scope| {
            let waiting = scope.spawn(|| throttle.take(&stop));
            cancelled.store(true, Ordering::Relaxed);
            assert!(matches!(waiting.join().unwrap(), Err(WalkError::Cancelled)));
        });
        assert!(
            start.elapsed() < Duration::from_secs(1),
            "a stopped wait must not last"
        );
    }
}
