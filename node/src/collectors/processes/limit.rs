//! How many signals may be sent within a minute.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The time in which signals are counted.
const MINUTE: Duration = Duration::from_mins(1);

/// The signals of this process. It is the machine that must be spared, so it counts them for all
/// threads, and through every reload.
pub static SENT: Limit = Limit(Mutex::new(VecDeque::new()));

/// When the last signals were sent, the oldest first.
pub struct Limit(Mutex<VecDeque<Instant>>);

impl Limit {
    /// Counts one more.
    ///
    /// # Errors
    /// There were `most` within the last minute; after this time one more may be sent.
    pub fn take(&self, most: u32) -> Result<(), Duration> {
        self.take_at(Instant::now(), most)
    }

    fn take_at(&self, now: Instant, most: u32) -> Result<(), Duration> {
        let mut sent = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        sent.retain(|at| now.saturating_duration_since(*at) < MINUTE);
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        // By the one that must have become old before there is room.
        if let Some(oldest) = sent
            .len()
            .checked_sub(most)
            .and_then(|index| sent.get(index))
        {
            return Err(MINUTE.saturating_sub(now.saturating_duration_since(*oldest)));
        }
        sent.push_back(now);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_room_again_when_the_oldest_is_a_minute_old() {
        let limit = Limit(Mutex::default());
        let start = Instant::now();
        let take = |second, most| limit.take_at(start + Duration::from_secs(second), most);
        assert_eq!(take(0, 2), Ok(()));
        assert_eq!(take(10, 2), Ok(()));
        assert_eq!(take(20, 2), Err(Duration::from_secs(40)));
        assert_eq!(take(60, 2), Ok(()));
        assert_eq!(take(61, 2), Err(Duration::from_secs(9)));
    }

    #[test]
    fn a_lower_limit_holds_at_once() {
        let limit = Limit(Mutex::default());
        let start = Instant::now();
        for second in 0..3 {
            assert_eq!(
                limit.take_at(start + Duration::from_secs(second), 3),
                Ok(())
            );
        }
        let wait = limit.take_at(start + Duration::from_secs(3), 1);
        assert_eq!(wait, Err(Duration::from_secs(59)));
    }
}
