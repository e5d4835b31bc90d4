//! How root answers what is asked of it and what is reported to it.

use std::collections::BTreeMap;
use std::time::Duration;

use actix::prelude::*;
use etlmon_shared::health::Health;

use super::child::Child;
use super::health::judge;
use super::messages::{GetHealth, Order, Ordered, Record, Reload, Shutdown, Trigger, Triggered};
use super::root::Root;
use super::{ChildExited, ChildId};
use crate::collector::{CollectNow, CycleReport, Wake};
use crate::store::{Drain, Lease, Persist, StoreError};

/// How long the writer may take to store what is waiting when the node ends.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(3);

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
                    let waits = root
                        .children
                        .get_mut(&name)
                        .is_some_and(|child| child.end_wait(incarnation));
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
            .map(|child| (child.spec.subject.as_deref().unwrap_or_default(), child))
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

impl Handler<Order> for Root {
    type Result = ResponseFuture<Ordered>;

    fn handle(&mut self, order: Order, _: &mut Self::Context) -> Self::Result {
        let is_meant = |child: &&Child| {
            child.spec.kind == order.kind && child.spec.subject.as_ref() == Some(&order.subject)
        };
        let Some(child) = self.children.values().find(is_meant) else {
            return Box::pin(async { Ordered::NoSuchSubject });
        };
        let wake = child.handle.as_ref().map(|handle| handle.wake.clone());
        let stored = self.store(order.rows, Lease::default());
        Box::pin(async move {
            if let Err(error) = stored.await {
                return Ordered::Refused(error);
            }
            if let Some(wake) = wake {
                wake.do_send(Wake);
            }
            Ordered::Done
        })
    }
}

impl Handler<Record> for Root {
    type Result = ResponseFuture<Result<(), StoreError>>;

    fn handle(&mut self, record: Record, _: &mut Self::Context) -> Self::Result {
        Box::pin(self.store(record.rows, record.lease))
    }
}

impl Root {
    /// Has the writer store something; the answer comes when it is committed.
    fn store(
        &self,
        batch: Box<dyn Persist>,
        lease: Lease,
    ) -> impl Future<Output = Result<(), StoreError>> + use<> {
        let writer = self.writer.as_ref().map(|life| life.writer.clone());
        async move {
            match writer {
                Some(writer) => writer.store(batch, lease).await,
                None => Err(StoreError::WriterGone),
            }
        }
    }
}

impl Handler<Shutdown> for Root {
    type Result = ResponseFuture<()>;

    fn handle(&mut self, _: Shutdown, _: &mut Self::Context) -> Self::Result {
        self.stopping = true;
        let writer = self.writer.take();
        let mut children = std::mem::take(&mut self.children);
        Box::pin(async move {
            if let Some(writer) = writer {
                // Before anything is given up: what waits in the mailbox is still wanted.
                let drain = writer.writer.actor().send(Drain);
                if actix_rt::time::timeout(DRAIN_TIMEOUT, drain).await.is_err() {
                    log::error!(
                        "the database did not take what was waiting; what is committed is safe"
                    );
                }
            }
            children.values_mut().for_each(Child::give_up);
        })
    }
}
