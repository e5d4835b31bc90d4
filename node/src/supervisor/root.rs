//! The root actor: starts the writer and the collectors, starts them again, answers health.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use actix::prelude::*;
use etlmon_shared::Timestamp;
use etlmon_shared::health::{CollectorStatus, Health};
use rusqlite::Connection;
use tokio::sync::mpsc;

use super::backoff::Backoff;
use super::child::{Child, Surroundings};
use super::health::judge;
use super::spec::Spec;
use super::{ChildExited, ChildId, ExitNotice};
use crate::collector::{CollectNow, Collecting, CycleReport, JobSlot, Lanes};
use crate::store::{
    DbWriter, Drain, Lease, Persist, Retain, RetentionRule, Store, StoreError, WriterSettings,
};

/// How long the writer may take to store what is waiting when the node ends.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(3);

/// What root is made of.
pub struct RootSettings {
    /// The node's name.
    pub node_name: String,
    /// For the writer.
    pub writer: WriterSettings,
    /// The bounds on cycles that run at once.
    pub lanes: Lanes,
    /// The collectors.
    pub plan: Plan,
    /// Closed when root ends, and never sent through.
    pub gone: mpsc::Sender<()>,
}

/// What is to run.
#[derive(Default)]
pub struct Plan {
    /// The collectors.
    pub specs: Vec<Spec>,
    /// What rids the tables of rows that no collector of these keeps.
    pub tidies: Vec<Box<dyn Persist>>,
    /// What is purged.
    pub retention: Arc<[RetentionRule]>,
}

/// Asks for the node's state.
#[derive(Clone, Copy, Debug, Message)]
#[rtype(result = "Health")]
pub struct GetHealth;

/// Runs another plan: what is the same goes on, the rest is ended, started or restarted.
#[derive(Message)]
#[rtype(result = "()")]
pub struct Reload(pub Plan);

/// Stores what is waiting and ends everything.
#[derive(Clone, Copy, Debug, Message)]
#[rtype(result = "()")]
pub struct Shutdown;

/// Begins a cycle now in collectors of one kind.
#[derive(Clone, Debug, Message)]
#[rtype(result = "Triggered")]
pub struct Trigger {
    /// The kind.
    pub kind: &'static str,
    /// Their subjects; all when none are given.
    pub subjects: Option<Vec<String>>,
}

/// What became of a [`Trigger`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Triggered {
    /// What each collector said.
    Done(Vec<(String, Collecting)>),
    /// No collector of that kind has this subject; none was asked.
    NoSuchSubject(String),
    /// This collector is being restarted; none was asked.
    Restarting(String),
}

/// The root of all actors; it never blocks and never waits.
pub struct Root {
    settings: RootSettings,
    started: Instant,
    started_at: Timestamp,
    children: BTreeMap<String, Child>,
    /// Slots of collectors that were removed and may come back while their job hangs.
    slots: BTreeMap<String, JobSlot>,
    writer: Option<Writer>,
    writer_backoff: Backoff,
    incarnations: u64,
    /// Taken by the first start of the writer.
    connection: Option<Connection>,
    stopping: bool,
}

struct Writer {
    address: Addr<DbWriter>,
    arbiter: Arbiter,
    incarnation: u64,
    started: Instant,
}

impl Root {
    /// Starts root, the writer on `connection` and all collectors, on the calling arbiter.
    pub fn start(settings: RootSettings, connection: Connection) -> Addr<Self> {
        Actor::start(Self {
            settings,
            started: Instant::now(),
            started_at: Timestamp::now(),
            children: BTreeMap::new(),
            slots: BTreeMap::new(),
            writer: None,
            writer_backoff: Backoff::default(),
            incarnations: 0,
            connection: Some(connection),
            stopping: false,
        })
    }

    fn next_incarnation(&mut self) -> u64 {
        self.incarnations += 1;
        self.incarnations
    }

    fn start_writer(&mut self, connection: Connection, ctx: &mut Context<Self>) {
        let incarnation = self.next_incarnation();
        let exit = ExitNotice::new(ChildId::Writer { incarnation }, ctx.address().recipient());
        let settings = self.settings.writer.clone();
        let (address, arbiter) = DbWriter::start(connection, settings, exit);
        self.writer = Some(Writer {
            address,
            arbiter,
            incarnation,
            started: Instant::now(),
        });
        let names: Vec<String> = self.children.keys().cloned().collect();
        for name in names {
            self.start_child(&name, ctx);
        }
    }

    fn start_child(&mut self, name: &str, ctx: &mut Context<Self>) {
        let incarnation = self.next_incarnation();
        let (Some(writer), Some(child)) = (&self.writer, self.children.get_mut(name)) else {
            return;
        };
        let around = Surroundings {
            lanes: self.settings.lanes.clone(),
            writer: writer.address.clone(),
            reports: ctx.address().recipient(),
            exits: ctx.address().recipient(),
        };
        child.start(incarnation, &around);
    }

    /// Makes the children those of the plan. Rows of the others go after their results are
    /// refused, so that no late one comes back.
    fn follow(&mut self, plan: Plan, ctx: &mut Context<Self>) {
        let mut old = std::mem::take(&mut self.children);
        let mut fresh = Vec::new();
        for spec in plan.specs {
            let name = spec.name();
            let child = match old.remove(&name) {
                Some(child) if child.spec.is_like(&spec) => child,
                before => {
                    let slot = before
                        .as_ref()
                        .map(Child::slot)
                        .or_else(|| self.slots.remove(&name));
                    if let Some(mut before) = before {
                        before.give_up();
                    }
                    fresh.push(name.clone());
                    Child::new(spec, 0, slot.unwrap_or_default())
                }
            };
            self.children.insert(name, child);
        }
        for (name, mut child) in old {
            child.give_up();
            self.slots.insert(name, child.slot());
        }
        self.slots.retain(|_, slot| slot.is_taken());
        self.settings.writer.retention = plan.retention.clone();
        if let Some(writer) = &self.writer {
            let address = writer.address.clone();
            address.do_send(Retain(plan.retention));
            let tidied = tidy(address, plan.tidies).into_actor(self);
            // Children start when the tables are tidy; meanwhile root goes on answering.
            ctx.spawn(tidied.map(move |(), root, ctx| {
                for name in fresh {
                    root.start_child(&name, ctx);
                }
            }));
        }
    }

    fn writer_exited(&mut self, cause: Option<String>, ctx: &mut Context<Self>) {
        let Some(writer) = self.writer.take() else {
            return;
        };
        let cause = cause.unwrap_or_else(|| "it ended without being asked to".to_owned());
        log::error!("the database writer is gone ({cause}); all collectors wait for it");
        self.settings
            .writer
            .status
            .refused(&format!("the writer is restarting: {cause}"));
        writer.arbiter.stop();
        for child in self.children.values_mut() {
            child.suspend();
        }
        let wait = self.writer_backoff.next(writer.started);
        ctx.run_later(wait, Self::reopen);
    }

    fn reopen(&mut self, ctx: &mut Context<Self>) {
        let settings = self.settings.writer.clone();
        let opened = actix_rt::task::spawn_blocking(move || DbWriter::open(&settings));
        ctx.spawn(opened.into_actor(self).map(|opened, root, ctx| {
            if root.stopping {
                return;
            }
            let error = match opened {
                Ok(Ok(connection)) => {
                    log::warn!("the database writer is back");
                    return root.start_writer(connection, ctx);
                }
                Ok(Err(error)) => error.to_string(),
                Err(error) => error.to_string(),
            };
            log::error!("the database writer cannot start: {error}");
            root.settings.writer.status.refused(&error);
            let wait = root.writer_backoff.next(Instant::now());
            ctx.run_later(wait, Self::reopen);
        }));
    }
}

async fn tidy(writer: Addr<DbWriter>, tidies: Vec<Box<dyn Persist>>) {
    for batch in tidies {
        let stored = writer
            .send(Store {
                batch,
                lease: Lease::default(),
            })
            .await;
        if let Err(error) = stored.unwrap_or(Err(StoreError::WriterGone)) {
            log::warn!("rows of removed things could not be deleted: {error}");
        }
    }
}

impl Actor for Root {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        if let Some(connection) = self.connection.take() {
            self.start_writer(connection, ctx);
        }
        let plan = std::mem::take(&mut self.settings.plan);
        self.follow(plan, ctx);
    }
}

impl Drop for Root {
    fn drop(&mut self) {
        if !self.stopping {
            log::error!("the root actor is gone; the node ends so that it can be started again");
        }
    }
}

impl Handler<GetHealth> for Root {
    type Result = MessageResult<GetHealth>;

    fn handle(&mut self, _: GetHealth, _: &mut Self::Context) -> Self::Result {
        let db = self.settings.writer.status.get();
        let collectors: Vec<_> = self
            .children
            .values()
            .map(|child| child.health.clone())
            .collect();
        MessageResult(Health {
            status: judge(&db, &collectors),
            node_name: self.settings.node_name.clone(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            started_at: self.started_at,
            uptime_sec: self.started.elapsed().as_secs(),
            db,
            collectors,
        })
    }
}

impl Handler<CycleReport> for Root {
    type Result = ();

    fn handle(&mut self, report: CycleReport, _: &mut Self::Context) {
        if let Some(child) = self.children.get_mut(&report.collector)
            && child.incarnation == report.incarnation
        {
            child.note(report.event);
        }
    }
}

impl Handler<ChildExited> for Root {
    type Result = ();

    fn handle(&mut self, exited: ChildExited, ctx: &mut Self::Context) {
        if self.stopping {
            return;
        }
        match exited.child {
            ChildId::Writer { incarnation } => {
                if self
                    .writer
                    .as_ref()
                    .is_some_and(|writer| writer.incarnation == incarnation)
                {
                    self.writer_exited(exited.cause, ctx);
                }
            }
            ChildId::Collector { name, incarnation } => {
                let Some(child) = self.children.get_mut(&name) else {
                    return;
                };
                if child.incarnation != incarnation || child.handle.is_none() {
                    return;
                }
                let wait = child.exited(exited.cause);
                ctx.run_later(wait, move |root, ctx| {
                    let waits = root.children.get(&name).is_some_and(|child| {
                        child.incarnation == incarnation
                            && child.health.status == CollectorStatus::Restarting
                    });
                    if waits {
                        root.start_child(&name, ctx);
                    }
                });
            }
        }
    }
}

impl Handler<Reload> for Root {
    type Result = ();

    fn handle(&mut self, Reload(plan): Reload, ctx: &mut Self::Context) {
        self.follow(plan, ctx);
    }
}

impl Handler<Trigger> for Root {
    type Result = ResponseFuture<Triggered>;

    fn handle(&mut self, trigger: Trigger, _: &mut Self::Context) -> Self::Result {
        let of_kind = self
            .children
            .values()
            .filter(|child| child.spec.kind == trigger.kind);
        let by_subject: BTreeMap<&str, &Child> = of_kind
            .filter_map(|child| Some((child.spec.subject.as_deref()?, child)))
            .collect();
        let subjects = trigger.subjects.unwrap_or_else(|| {
            by_subject
                .keys()
                .map(|subject| (*subject).to_owned())
                .collect()
        });
        let mut asked = Vec::with_capacity(subjects.len());
        for subject in subjects {
            let Some(child) = by_subject.get(subject.as_str()) else {
                return Box::pin(async { Triggered::NoSuchSubject(subject) });
            };
            let Some(handle) = &child.handle else {
                return Box::pin(async { Triggered::Restarting(subject) });
            };
            asked.push((subject, handle.collect_now.clone()));
        }
        Box::pin(async {
            let mut done = Vec::with_capacity(asked.len());
            for (subject, collect_now) in asked {
                match collect_now.send(CollectNow).await {
                    Ok(collecting) => done.push((subject, collecting)),
                    Err(_) => return Triggered::Restarting(subject),
                }
            }
            Triggered::Done(done)
        })
    }
}

impl Handler<Shutdown> for Root {
    type Result = ResponseFuture<()>;

    fn handle(&mut self, _: Shutdown, _: &mut Self::Context) -> Self::Result {
        self.stopping = true;
        for child in self.children.values_mut() {
            child.give_up();
        }
        let writer = self.writer.take();
        Box::pin(async move {
            let Some(writer) = writer else { return };
            let drained = actix_rt::time::timeout(DRAIN_TIMEOUT, writer.address.send(Drain)).await;
            if drained.is_err() {
                log::error!(
                    "the database did not take what was waiting; what is committed is safe"
                );
            }
        })
    }
}
