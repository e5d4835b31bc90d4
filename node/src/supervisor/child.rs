//! One collector as root sees it: its spec, its present life, and what health says of it.

use std::time::{Duration, Instant};

use actix::Recipient;
use etlmon_shared::Timestamp;
use etlmon_shared::health::{CollectorHealth, CollectorStatus};

use super::backoff::Backoff;
use super::spec::{Handle, Spec};
use super::{ChildExited, ChildId, ExitNotice};
use crate::collector::{CollectorSetup, CycleEvent, CycleReport, GiveUp, JobSlot, Lanes, Schedule};
use crate::store::{Lease, Writer};

/// A collector under root.
pub(super) struct Child {
    pub(super) spec: Spec,
    pub(super) incarnation: u64,
    pub(super) handle: Option<Handle>,
    pub(super) health: CollectorHealth,
    backoff: Backoff,
    started: Instant,
    schedule: Schedule,
    slot: JobSlot,
    lease: Lease,
    /// Whether its restart is due at a later time.
    waits: bool,
}

/// What every child is started with.
pub(super) struct Surroundings {
    pub(super) lanes: Lanes,
    pub(super) writer: Writer,
    pub(super) reports: Recipient<CycleReport>,
    pub(super) exits: Recipient<ChildExited>,
}

impl Child {
    /// A child that has not been started. `slot` is that of an earlier collector of the same
    /// name, whose job may still hang.
    pub(super) fn new(spec: Spec, slot: JobSlot) -> Self {
        let health = CollectorHealth {
            name: spec.name(),
            // About to start for the first time, which is no failure that a watcher should see.
            status: CollectorStatus::Running,
            interval_sec: spec.timing.interval.as_secs(),
            last_success_at: None,
            last_duration_ms: None,
            last_error: None,
            last_error_at: None,
            note: None,
            restarts: 0,
            skipped_ticks: 0,
        };
        let schedule = Schedule::new(Instant::now(), spec.timing.interval);
        Self {
            spec,
            incarnation: 0,
            handle: None,
            health,
            backoff: Backoff::default(),
            started: Instant::now(),
            schedule,
            slot,
            lease: Lease::default(),
            waits: false,
        }
    }

    pub(super) fn slot(&self) -> JobSlot {
        self.slot.clone()
    }

    /// Starts it, in a new life.
    pub(super) fn start(&mut self, incarnation: u64, around: &Surroundings) {
        self.give_up();
        self.incarnation = incarnation;
        self.started = Instant::now();
        self.lease = Lease::default();
        let name = self.health.name.clone();
        let id = ChildId::Collector {
            name: name.clone(),
            incarnation,
        };
        let setup = CollectorSetup {
            name,
            incarnation,
            schedule: self.schedule,
            timeout: self.spec.timing.timeout,
            lane: self.spec.timing.lane,
            lanes: around.lanes.clone(),
            slot: self.slot.clone(),
            lease: self.lease.clone(),
            writer: around.writer.clone(),
            root: around.reports.clone(),
            exit: ExitNotice::new(id, around.exits.clone()),
        };
        self.handle = Some(self.spec.start(setup));
        self.health.status = CollectorStatus::Running;
    }

    /// Whether it neither runs nor is about to be started.
    pub(super) fn is_idle(&self) -> bool {
        self.handle.is_none() && !self.waits
    }

    /// The wait after the end of this life is over; whether it is to be started.
    pub(super) fn end_wait(&mut self, incarnation: u64) -> bool {
        let due = self.waits && self.incarnation == incarnation;
        self.waits &= !due;
        due
    }

    /// Ends its present life; the result of a job under way is refused.
    pub(super) fn give_up(&mut self) {
        self.lease.give_up();
        if let Some(handle) = self.handle.take() {
            handle.give_up.do_send(GiveUp);
        }
    }

    /// It ended by itself; the wait before it is started again.
    pub(super) fn exited(&mut self, cause: Option<String>) -> Duration {
        self.handle = None;
        self.waits = true;
        self.health.restarts += 1;
        self.health.status = CollectorStatus::Restarting;
        let cause = cause.map_or_else(
            || "ended without being asked to".to_owned(),
            |cause| format!("panicked: {cause}"),
        );
        self.note_error(cause);
        self.backoff.next(self.started)
    }

    /// The writer is away, and so this child waits.
    pub(super) fn suspend(&mut self) {
        self.give_up();
        self.health.status = CollectorStatus::Restarting;
    }

    /// Takes down what it reports.
    pub(super) fn note(&mut self, event: CycleEvent) {
        let ms = |took: Duration| u64::try_from(took.as_millis()).ok();
        match event {
            CycleEvent::Succeeded { took, note } => {
                if self.health.last_error.take().is_some() {
                    log::info!(collector = self.health.name.as_str(); "collects again");
                }
                self.health.last_error_at = None;
                self.health.status = CollectorStatus::Running;
                self.health.last_success_at = Some(Timestamp::now());
                self.health.last_duration_ms = ms(took);
                self.health.note = note;
            }
            CycleEvent::Failed { reason, took } => {
                self.health.status = CollectorStatus::Failed;
                self.health.last_duration_ms = took.and_then(ms).or(self.health.last_duration_ms);
                self.note_error(reason);
            }
            CycleEvent::Stalled { reason } => {
                self.health.status = CollectorStatus::Stalled;
                self.note_error(reason);
            }
            CycleEvent::Skipped => self.health.skipped_ticks += 1,
        }
    }

    fn note_error(&mut self, reason: String) {
        // The same words again and again are one line of the log.
        if self.health.last_error.as_deref() != Some(reason.as_str()) {
            log::warn!(collector = self.health.name.as_str(); "{reason}");
        }
        self.health.last_error = Some(reason);
        self.health.last_error_at = Some(Timestamp::now());
    }
}
