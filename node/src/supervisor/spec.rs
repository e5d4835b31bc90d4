//! What root knows of a collector before it runs: how to make one, when it runs, what it is made of.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use actix::Recipient;

use crate::collector::{CollectNow, Collector, CollectorActor, CollectorSetup, GiveUp, Lane, Wake};

/// When a collector runs, for how long, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    /// From one cycle's start to the next one's.
    pub interval: Duration,
    /// After which a cycle counts as hung.
    pub timeout: Duration,
    /// Which threads it takes.
    pub lane: Lane,
}

/// A collector that root starts, and starts again.
#[derive(Clone)]
pub struct Spec {
    /// Its kind, which is the name of a row of `KINDS`.
    pub kind: &'static str,
    /// What of its kind's things it looks at; none when the kind has one collector only.
    pub subject: Option<String>,
    /// When it runs.
    pub timing: Timing,
    /// The configuration that it was made from; a reload restarts it when this has changed.
    pub configuration: String,
    start: Arc<Starter>,
}

type Starter = dyn Fn(CollectorSetup) -> Handle + Send + Sync;

/// How root speaks to a collector that runs.
#[derive(Clone)]
pub(super) struct Handle {
    pub(super) collect_now: Recipient<CollectNow>,
    pub(super) wake: Recipient<Wake>,
    pub(super) give_up: Recipient<GiveUp>,
}

impl Spec {
    /// A collector that `make` makes, at the start and after each panic.
    pub fn new<C, M>(
        kind: &'static str,
        subject: Option<String>,
        timing: Timing,
        configuration: &impl fmt::Debug,
        make: M,
    ) -> Self
    where
        C: Collector,
        M: Fn() -> C + Send + Sync + 'static,
    {
        let make = Arc::new(make);
        let start = move |setup| {
            let make = Arc::clone(&make);
            let actor = CollectorActor::start(setup, move || make());
            Handle {
                collect_now: actor.clone().recipient(),
                wake: actor.clone().recipient(),
                give_up: actor.recipient(),
            }
        };
        let configuration = format!("{configuration:?}");
        Self {
            kind,
            subject,
            timing,
            configuration,
            start: Arc::new(start),
        }
    }

    /// Its name in health: the kind, and the subject where there are several.
    pub fn name(&self) -> String {
        match &self.subject {
            Some(subject) => format!("{}:{subject}", self.kind),
            None => self.kind.to_owned(),
        }
    }

    /// Whether a collector of this spec would be the same as one of the other.
    pub fn is_like(&self, other: &Self) -> bool {
        self.timing == other.timing && self.configuration == other.configuration
    }

    pub(super) fn start(&self, setup: CollectorSetup) -> Handle {
        (self.start)(setup)
    }
}
