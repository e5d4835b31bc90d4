//! The kernel's units of time and memory as seconds and bytes.

use std::time::Duration;

use rustix::param::{clock_ticks_per_second, page_size};

/// How long so many clock ticks are: 10 ms each on every usual machine.
pub fn ticks(ticks: u64) -> Duration {
    let per_sec = clock_ticks_per_second().max(1);
    let nanos = (ticks % per_sec) * 1_000_000_000 / per_sec;
    Duration::from_secs(ticks / per_sec) + Duration::from_nanos(nanos)
}

/// How many bytes so many pages are.
pub fn pages(pages: u64) -> u64 {
    pages.saturating_mul(page_size() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_exact_and_the_greatest_does_not_overflow() {
        assert_eq!(ticks(1_305_468), Duration::from_millis(13_054_680));
        assert_eq!(ticks(u64::MAX).as_secs(), u64::MAX / 100);
    }

    #[test]
    fn pages_never_overflow() {
        assert_eq!(pages(3), 3 * page_size() as u64);
        assert_eq!(pages(u64::MAX), u64::MAX);
    }
}
