//! When cycles are due: a fixed step from a fixed start, so that a slow cycle moves none after it.

use std::time::{Duration, Instant};

use etlmon_shared::Timestamp;

/// A series of moments one interval apart.
#[derive(Clone, Copy, Debug)]
pub struct Schedule {
    start: Instant,
    interval: Duration,
}

impl Schedule {
    /// A series that begins at `start`.
    pub fn new(start: Instant, interval: Duration) -> Self {
        Self {
            start,
            interval: interval.max(Duration::from_millis(1)),
        }
    }

    /// From one moment to the next.
    pub fn interval(&self) -> Duration {
        self.interval
    }

    /// From `now` to the first moment of the series that is later; moments missed are dropped.
    pub fn until_next(&self, now: Instant) -> Duration {
        let Some(since) = now.checked_duration_since(self.start) else {
            return self.start - now;
        };
        let step = self.interval.as_nanos();
        let into_step = since.as_nanos() % step;
        u64::try_from(step - into_step).map_or(self.interval, Duration::from_nanos)
    }

    /// The first moment of the series after now, by the wall clock.
    pub fn next_at(&self) -> Timestamp {
        Timestamp::now().after(self.until_next(Instant::now()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_moment_is_the_first_one_later() {
        let start = Instant::now() + Duration::from_secs(100);
        let schedule = Schedule::new(start, Duration::from_secs(15));
        let after = |ms| schedule.until_next(start + Duration::from_millis(ms));
        assert_eq!(
            schedule.until_next(start - Duration::from_secs(3)),
            Duration::from_secs(3)
        );
        assert_eq!(after(0), Duration::from_secs(15));
        assert_eq!(after(14_999), Duration::from_millis(1));
        assert_eq!(after(15_000), Duration::from_secs(15));
    }

    #[test]
    fn missed_moments_do_not_come_in_a_burst() {
        let start = Instant::now();
        let schedule = Schedule::new(start, Duration::from_secs(15));
        let late = start + Duration::from_secs(3600 + 5);
        assert_eq!(schedule.until_next(late), Duration::from_secs(10));
    }
}
