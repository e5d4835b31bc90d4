//! What a look costs, measured no more closely than it matters.

use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};

/// A look of no more than this needs no longer rest than the watcher's own.
const CHEAP: Duration = Duration::from_micros(900);
/// So many looks are measured closely, by two system calls each, after one that took longer.
const MEASURED: u32 = 100;

/// Tells how much of a core looks take. A look that had to wait for one is not a dear one.
#[derive(Debug, Default)]
pub(super) struct Meter {
    /// How many more looks are to be measured closely.
    measured: u32,
}

/// A look that has begun.
#[derive(Debug)]
pub(super) struct Begun {
    at: Instant,
    /// What this thread had used of a core.
    used: Option<Duration>,
}

impl Meter {
    /// A look begins on this thread.
    pub(super) fn begin(&self) -> Begun {
        Begun {
            at: Instant::now(),
            used: (self.measured > 0).then(processor_time),
        }
    }

    /// It has ended on the same thread; what it took of a core, or no more than is cheap where that
    /// was not measured.
    pub(super) fn end(&mut self, begun: &Begun) -> Duration {
        let passed = begun.at.elapsed();
        if passed > CHEAP {
            self.measured = MEASURED;
        } else {
            self.measured = self.measured.saturating_sub(1);
        }
        match begun.used {
            Some(used) => processor_time().saturating_sub(used),
            None => passed.min(CHEAP),
        }
    }
}

fn processor_time() -> Duration {
    let used = clock_gettime(ClockId::ThreadCPUTime);
    Duration::try_from(used).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    fn busy(time: Duration) {
        let begin = processor_time();
        while processor_time() - begin < time {}
    }

    #[test]
    fn dear_looks_are_measured_from_the_second_on_though_cheap_ones_come_between() {
        let mut meter = Meter::default();
        let begun = meter.begin();
        busy(CHEAP * 4);
        assert_eq!(meter.end(&begun), CHEAP, "nobody has measured it");
        let begun = meter.begin();
        meter.end(&begun);
        let begun = meter.begin();
        busy(CHEAP * 4);
        assert!(meter.end(&begun) >= CHEAP * 4);
    }

    #[test]
    fn who_waits_uses_nothing_and_cheap_looks_are_not_measured_for_ever() {
        let mut meter = Meter::default();
        for _ in 0..2 {
            let begun = meter.begin();
            thread::sleep(CHEAP * 4);
            assert!(meter.end(&begun) <= CHEAP);
        }
        // A busy machine may make any of them a long one.
        let is_over = (0..100 * MEASURED).any(|_| {
            let begun = meter.begin();
            meter.end(&begun);
            begun.used.is_none()
        });
        assert!(is_over);
    }
}
