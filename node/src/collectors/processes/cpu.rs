//! How busy a process kept the processors, from how its CPU time grew.

use std::time::{Duration, Instant};

use super::units;

/// Over less than this a clock tick is too coarse: one of 10 ms would be 5 %.
const SHORTEST: Duration = Duration::from_millis(200);

/// The CPU time of one process, followed.
#[derive(Clone, Copy, Debug)]
pub struct CpuMeter {
    ticks: u64,
    at: Instant,
    percent: Option<f64>,
}

impl CpuMeter {
    /// Begins to follow, with the first reading.
    pub fn new(ticks: u64, at: Instant) -> Self {
        Self {
            ticks,
            at,
            percent: None,
        }
    }

    /// Share of one processor since the reading before, 100 = one core busy all the time. `None`
    /// before the second reading, and for a counter that went back. A reading too soon after the
    /// last gives the last figure again.
    pub fn read(&mut self, ticks: u64, at: Instant) -> Option<f64> {
        let elapsed = at.saturating_duration_since(self.at);
        let used = ticks.checked_sub(self.ticks);
        if used.is_some() && elapsed < SHORTEST {
            return self.percent;
        }
        self.percent =
            used.map(|used| units::ticks(used).as_secs_f64() / elapsed.as_secs_f64() * 100.0);
        self.ticks = ticks;
        self.at = at;
        self.percent
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn one_core_busy_is_a_hundred_and_two_are_two_hundred() {
        let began = Instant::now();
        let mut meter = CpuMeter::new(1_000, began);
        let after = |sec| began + Duration::from_secs(sec);
        assert_eq!(meter.read(1_500, after(5)), Some(100.0));
        assert_eq!(meter.read(2_500, after(10)), Some(200.0));
        assert_eq!(meter.read(2_500, after(15)), Some(0.0));
    }

    #[test]
    fn it_follows_the_time_that_passed_and_not_the_time_that_should_have() {
        let began = Instant::now();
        let mut meter = CpuMeter::new(0, began);
        let late = began + Duration::from_millis(6_250);
        assert_eq!(meter.read(250, late), Some(40.0));
    }

    #[test]
    fn a_counter_that_goes_back_is_unknown_once() {
        let began = Instant::now();
        let mut meter = CpuMeter::new(1_000, began);
        let after = |sec| began + Duration::from_secs(sec);
        assert_eq!(meter.read(990, after(5)), None);
        assert_eq!(meter.read(1_490, after(10)), Some(100.0));
    }

    #[test]
    fn readings_close_together_are_one() {
        let began = Instant::now();
        let mut meter = CpuMeter::new(0, began);
        let after = |ms| began + Duration::from_millis(ms);
        assert_eq!(meter.read(1, after(1)), None);
        assert_eq!(meter.read(50, after(1_000)), Some(50.0));
        assert_eq!(meter.read(52, after(1_002)), Some(50.0));
        assert_eq!(meter.read(150, after(2_000)), Some(100.0));
    }

    proptest! {
        #[test]
        fn it_is_never_negative_nor_infinite(
            readings in proptest::collection::vec((any::<u64>(), 0..100_000_u64), 1..8)
        ) {
            let mut at = Instant::now();
            let mut meter = CpuMeter::new(0, at);
            for (ticks, ms) in readings {
                at += Duration::from_millis(ms);
                if let Some(percent) = meter.read(ticks, at) {
                    prop_assert!(percent.is_finite() && percent >= 0.0);
                }
            }
        }
    }
}
