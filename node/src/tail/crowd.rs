//! How many followers have something to read at the same time, and how long each rests for that.
//!
//! A cycle costs about the same for one line as for a hundred. Where hundreds of logs get a line
//! now and then, each is read seldom enough that all together use a few hundredths of a core.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// What a follower with something to read adds to the rest of all. Twelve of them rest for as
/// long as inotify's queue is left alone anyway.
const SHARE: Duration = Duration::from_millis(8);
const LONGEST_REST: Duration = Duration::from_secs(4);

/// All followers of a node. A clone is the same crowd.
#[derive(Clone, Debug, Default)]
pub struct Crowd(Arc<AtomicUsize>);

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
        let busy = &self.crowd.0;
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
