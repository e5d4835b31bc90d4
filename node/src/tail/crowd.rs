//! What the followers of a node have in common: what each finds out for all, and how many have
//! something to read at the same time, for which each rests so much longer.
//!
//! A cycle costs about the same for one line as for a hundred. Where hundreds of logs get a line
//! now and then, each is read seldom enough that all together use a few hundredths of a core.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use super::directories::Directories;
use super::writers::WriterScan;

/// What a follower with something to read adds to the rest of all. Twelve of them rest for as
/// long as inotify's queue is left alone anyway.
const SHARE: Duration = Duration::from_millis(8);
const LONGEST_REST: Duration = Duration::from_secs(4);

/// All followers of a node. A clone is the same crowd.
#[derive(Clone, Debug, Default)]
pub struct Crowd {
    busy: Arc<AtomicUsize>,
    pub(super) common: Common,
}

/// What one follower finds out and others can use. A clone is the same.
#[derive(Clone, Debug, Default)]
pub(super) struct Common {
    pub(super) directories: Directories,
    pub(super) writers: WriterScan,
}

impl Common {
    /// Lets go of what nobody can use any more.
    pub(super) fn tidy(&self, now: Instant) {
        self.directories.tidy(now);
        self.writers.tidy(now);
    }
}

/// One follower in the crowd.
#[derive(Debug)]
pub(super) struct Member {
    crowd: Crowd,
    is_busy: bool,
}

impl Crowd {
    pub(super) fn join(&self) -> Member {
        Member {
            crowd: self.clone(),
            is_busy: false,
        }
    }
}

impl Member {
    /// Says whether there was something to read just now; answers how long to rest.
    pub(super) fn rest_after(&mut self, is_busy: bool) -> Duration {
        let busy = &self.crowd.busy;
        match (self.is_busy, is_busy) {
            (false, true) => _ = busy.fetch_add(1, Ordering::Relaxed),
            (true, false) => _ = busy.fetch_sub(1, Ordering::Relaxed),
            _ => {}
        }
        self.is_busy = is_busy;
        let busy = u32::try_from(busy.load(Ordering::Relaxed)).unwrap_or(u32::MAX);
        SHARE.saturating_mul(busy).min(LONGEST_REST)
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        self.rest_after(false);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_more_have_something_to_read_the_longer_each_rests() {
        let crowd = Crowd::default();
        let mut many: Vec<Member> = (0..1000).map(|_| crowd.join()).collect();
        assert_eq!(many[0].rest_after(false), Duration::ZERO);
        assert_eq!(many[0].rest_after(true), SHARE);
        assert_eq!(many[0].rest_after(true), SHARE);
        for member in &mut many {
            member.rest_after(true);
        }
        assert_eq!(many[0].rest_after(true), LONGEST_REST);
        many.truncate(3);
        assert_eq!(many[0].rest_after(false), SHARE * 2);
    }
}
