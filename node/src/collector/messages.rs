//! What is said to a collector actor, and what it says to root.

use std::time::Duration;

use actix::Message;

/// Begin a cycle now, outside the schedule.
#[derive(Clone, Copy, Debug, Message)]
#[rtype(result = "Collecting")]
pub struct CollectNow;

/// Begin a cycle soon: there is news.
#[derive(Clone, Copy, Debug, Message)]
#[rtype(result = "()")]
pub struct Wake;

/// The answer to [`CollectNow`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, actix::MessageResponse)]
pub enum Collecting {
    /// A cycle has begun.
    Started,
    /// The last one has not ended.
    AlreadyRunning,
}

/// End; a job under way goes on alone and its result is refused.
#[derive(Clone, Copy, Debug, Message)]
#[rtype(result = "()")]
pub struct GiveUp;

/// Something happened in a collector.
#[derive(Clone, Debug, Message)]
#[rtype(result = "()")]
pub struct CycleReport {
    /// Whose.
    pub collector: String,
    /// Which of its lives; reports of earlier ones are ignored.
    pub incarnation: u64,
    /// What.
    pub event: CycleEvent,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CycleEvent {
    /// A cycle ended and what it found is stored.
    Succeeded {
        /// How long the collecting took.
        took: Duration,
        /// What an operator should know although it works.
        note: Option<String>,
    },
    /// A cycle ended without a result, or the result was not stored.
    Failed {
        /// Why.
        reason: String,
        /// How long the collecting took; none when there was none.
        took: Option<Duration>,
    },
    /// The job has not returned by its deadline.
    Stalled {
        /// What to tell.
        reason: String,
    },
    /// A tick came while a cycle was under way.
    Skipped,
}
