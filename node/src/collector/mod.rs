//! What a collector is, and the one actor that runs every kind of them.

mod actor;
mod cycle;
mod held;
mod job;
mod lane;
mod messages;
mod pulse;
mod schedule;
mod wake;

use std::sync::Arc;
use std::time::{Duration, Instant};

use etlmon_shared::Timestamp;

use crate::store::{Lease, Persist, StoreError};

pub use actor::{CollectorActor, CollectorSetup};
pub use lane::{JobSlot, Lane, Lanes};
pub use messages::{CollectNow, Collecting, CycleEvent, CycleReport, GiveUp, Wake};
pub use pulse::Pulse;
pub use schedule::Schedule;
pub use wake::Waker;

/// Looks at one thing of the machine, again and again.
///
/// This is ordinary blocking code without actors, channels or SQL: the actor around it brings the
/// ticks, the thread, the deadline, the storing and the reporting.
pub trait Collector: Send + Unpin + 'static {
    /// What one cycle finds.
    type Batch: Persist;

    /// Looks once. Long work looks now and then at the tick's deadline and lease, gives up with an
    /// error when they have ended, and shows by the pulse that it goes on.
    ///
    /// # Errors
    /// Why nothing could be found out; health tells it, and the next tick tries again.
    fn collect(&mut self, tick: &Tick) -> Result<Self::Batch, CollectError>;

    /// For a collector whose rows tell how a cycle is going: makes the rows for a cycle that has
    /// begun or failed, without the collector itself, which may be stuck in that cycle.
    fn announcer(&self) -> Option<Announcer<Self::Batch>> {
        None
    }

    /// For a collector that hands out each thing once: told what became of the last batch, and
    /// asked when it wants its next cycle. It must not block, as an actor's thread may call it.
    fn settle(&mut self, _stored: Result<(), &StoreError>) -> Next {
        Next::default()
    }

    /// Whether it is soon enough for its actor to hear of a stored batch a tenth of a second later,
    /// when it is woken anyway.
    fn can_wait(&self) -> bool {
        false
    }

    /// After a batch was stored, on the thread that did it: waits there for more to do, where that
    /// costs less than to have its actor woken and begin another cycle. Answers whether there is
    /// more. What follows is told to nobody but the collector itself: no announcer is asked, and
    /// health hears of the last cycle alone.
    fn linger(&self) -> bool {
        false
    }

    /// What an operator should know although it works.
    fn note(&self) -> Option<String> {
        None
    }
}

/// Makes the rows that tell how a cycle is going, where there are any to tell it.
pub type Announcer<B> = Arc<dyn Fn(&Progress<'_>) -> Option<B> + Send + Sync>;

/// When the next cycle is to begin, beside the ticks of the schedule.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Next {
    /// So long after this one at the latest; zero begins it at once, none leaves it to the ticks.
    pub within: Option<Duration>,
    /// Neither a tick nor a [`Waker`] begins it sooner than so long after this one. A rest of a quarter
    /// of a second and more may last a quarter longer, to end together with others.
    pub rest: Duration,
}

/// How a cycle is going.
#[derive(Clone, Copy, Debug)]
pub enum Progress<'a> {
    /// It has begun; the next is due at the given moment.
    Begun {
        /// When the next cycle is due.
        next_at: Timestamp,
    },
    /// It failed, or has not returned by its deadline.
    Failed {
        /// What went wrong.
        reason: &'a str,
        /// When the next cycle is due.
        next_at: Timestamp,
    },
}

/// One cycle's occasion.
#[derive(Clone, Debug)]
pub struct Tick {
    /// When the cycle began, by the wall clock.
    pub started_at: Timestamp,
    /// When it has to end.
    pub deadline: Instant,
    /// When the following ones are due.
    pub schedule: Schedule,
    /// Whether anybody still wants the result.
    pub lease: Lease,
    /// Where long work shows that it goes on.
    pub pulse: Pulse,
    /// Begins a cycle before it is due, for whoever hears of news.
    pub waker: Waker,
}

/// Why a cycle found nothing out.
#[derive(Debug, thiserror::Error)]
pub enum CollectError {
    /// A file of the system could not be read.
    #[error("cannot read {path}: {source}")]
    Read {
        /// Which.
        path: String,
        /// What the system says.
        source: std::io::Error,
    },
    /// The cycle did not end in time and gave up by itself.
    #[error("not done within {}", humantime::format_duration(*.timeout))]
    TimedOut {
        /// How long it had.
        timeout: Duration,
    },
    /// What the kind itself says.
    #[error(transparent)]
    Kind(Box<dyn std::error::Error + Send + Sync>),
}
