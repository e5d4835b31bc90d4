//! The root actor: starts the writer and the collectors, and starts them again.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use actix::prelude::*;
use etlmon_shared::Timestamp;
use rusqlite::Connection;
use tokio::sync::mpsc;

use super::backoff::Backoff;
use super::child::{Child, Surroundings};
use super::messages::Plan;
use super::{ChildId, ExitNotice};
use crate::collector::{JobSlot, Lanes};
use crate::store::{DbWriter, Lease, Persist, Retain, StoreError, Writer, WriterSettings};

/// Between two tries to make the tables those of the configuration.
const TIDY_RETRY: Duration = Duration::from_secs(5);

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

/// The root of all actors; it never blocks and never waits.
pub struct Root {
    pub(super) settings: RootSettings,
    pub(super) started: Instant,
    pub(super) started_at: Timestamp,
    pub(super) children: BTreeMap<String, Child>,
    /// Slots of collectors that were removed and may come back while their job hangs.
    slots: BTreeMap<String, JobSlot>,
    pub(super) writer: Option<WriterLife>,
    writer_backoff: Backoff,
    incarnations: u64,
    /// How often the tables were to be made those of a configuration; the newest counts.
    settlings: u64,
    /// Taken by the first start of the writer.
    connection: Option<Connection>,
    pub(super) stopping: bool,
}

/// The writer's present life.
pub(super) struct WriterLife {
    pub(super) writer: Writer,
    arbiter: Arbiter,
    pub(super) incarnation: u64,
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
            settlings: 0,
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
        let (writer, arbiter) = DbWriter::start(connection, settings, exit);
        let started = Instant::now();
        self.writer = Some(WriterLife {
            writer,
            arbiter,
            incarnation,
            started,
        });
    }

    /// Makes the children those of the plan. Those that are new start when the tables are settled.
    pub(super) fn follow(&mut self, plan: Plan, ctx: &mut Context<Self>) {
        let mut old = std::mem::take(&mut self.children);
        for spec in &plan.specs {
            let name = spec.name();
            let child = match old.remove(&name) {
                Some(child) if child.spec.is_like(spec) => child,
                Some(mut before) => {
                    before.give_up();
                    Child::new(spec.clone(), before.slot())
                }
                None => {
                    let slot = self.slots.remove(&name).unwrap_or_default();
                    Child::new(spec.clone(), slot)
                }
            };
            self.children.insert(name, child);
        }
        for (name, mut child) in old {
            child.give_up();
            self.slots.insert(name, child.slot());
        }
        self.slots.retain(|_, slot| slot.is_taken());
        self.settings.writer.retention = Arc::clone(&plan.retention);
        if let Some(writer) = &self.writer {
            writer
                .writer
                .actor()
                .do_send(Retain(Arc::clone(&plan.retention)));
        }
        self.settings.plan = plan;
        self.settle(ctx);
    }

    /// Rids the tables of rows that no collector of the plan keeps, and starts the children that
    /// do not run. The results of those that were ended are refused by now, so that no late one
    /// comes back; and meanwhile root goes on answering.
    fn settle(&mut self, ctx: &mut Context<Self>) {
        let Some(writer) = &self.writer else {
            // It settles when it is back.
            return;
        };
        self.settlings += 1;
        let settling = self.settlings;
        let tidied = tidy(writer.writer.clone(), self.settings.plan.tidies.clone());
        ctx.spawn(tidied.into_actor(self).map(move |tidied, root, ctx| {
            if root.settlings != settling || root.stopping {
                return;
            }
            root.start_idle_children(ctx);
            if let Err(error) = tidied {
                log::warn!("rows of removed things could not be deleted yet: {error}");
                ctx.run_later(TIDY_RETRY, move |root, ctx| {
                    if root.settlings == settling {
                        root.settle(ctx);
                    }
                });
            }
        }));
    }

    fn start_idle_children(&mut self, ctx: &mut Context<Self>) {
        let idle = self.children.iter().filter(|(_, child)| child.is_idle());
        let names: Vec<String> = idle.map(|(name, _)| name.clone()).collect();
        for name in names {
            self.start_child(&name, ctx);
        }
    }

    pub(super) fn start_child(&mut self, name: &str, ctx: &mut Context<Self>) {
        let incarnation = self.next_incarnation();
        let (Some(writer), Some(child)) = (&self.writer, self.children.get_mut(name)) else {
            return;
        };
        let around = Surroundings {
            lanes: self.settings.lanes.clone(),
            writer: writer.writer.clone(),
            reports: ctx.address().recipient(),
            exits: ctx.address().recipient(),
        };
        child.start(incarnation, &around);
    }

    pub(super) fn writer_exited(&mut self, cause: Option<String>, ctx: &mut Context<Self>) {
        let Some(writer) = self.writer.take() else {
            return;
        };
        let cause = cause.unwrap_or_else(|| "it ended without being asked to".to_owned());
        log::error!("the database writer is gone ({cause}); all collectors wait for it");
        let reason = format!("the writer is restarting: {cause}");
        self.settings.writer.status.refused(&reason);
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
                    root.start_writer(connection, ctx);
                    return root.settle(ctx);
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

async fn tidy(writer: Writer, tidies: Vec<Arc<dyn Persist + Sync>>) -> Result<(), StoreError> {
    for tidy in tidies {
        writer.store(Box::new(tidy), Lease::default()).await?;
    }
    Ok(())
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
