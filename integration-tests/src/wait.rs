//! Waiting for a condition instead of for a time.

use std::time::{Duration, Instant};

/// Calls `probe` until it answers `Some`, and fails the test after `timeout` with what was waited
/// for.
pub fn eventually<T>(what: &str, timeout: Duration, mut probe: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + timeout;
    loop {
        if let Some(found) = probe() {
            return found;
        }
        assert!(
            Instant::now() < deadline,
            "waited {timeout:?} in vain for: {what}"
        );
        std::thread::sleep(Duration::from_millis(10));
    }
}
