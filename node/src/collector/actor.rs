//! The one actor that runs every kind of collector: ticks, skip-if-busy, reports, its own end.

use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use actix::prelude::*;

use super::cycle::{Cycle, CycleEnd};
use super::messages::{CollectNow, Collecting, CycleEvent, CycleReport, GiveUp, Wake};
use super::{Announcer, Collector, JobSlot, Lane, Lanes, Next, Schedule, Waker};
use crate::store::{Lease, Writer};
use crate::supervisor::ExitNotice;

/// From one look at a job of an earlier life to the next: it is about to notice that it was given
/// up, unless it hangs.
const SLOT_POLL: Duration = Duration::from_millis(50);
/// Such a job counts as hung after this, and is looked at as seldom from then on.
const SLOT_PATIENCE: Duration = Duration::from_secs(1);

/// After this a cycle is begun again whose result could not be stored: with a long interval its
/// rows would be out of date for long after the database is back.
const STORE_RETRY: Duration = Duration::from_secs(5);

/// A rest of so long may be a little longer.
const PATIENCE: Duration = Duration::from_millis(250);

/// What a collector actor is given beside its collector.
pub struct CollectorSetup {
    /// Its name in health.
    pub name: String,
    /// Which of its lives this is.
    pub incarnation: u64,
    /// When to collect.
    pub schedule: Schedule,
    /// For how long at most.
    pub timeout: Duration,
    /// On which threads.
    pub lane: Lane,
    /// The bounds of all lanes.
    pub lanes: Lanes,
    /// The place of its one job.
    pub slot: JobSlot,
    /// Whether this life's results are still wanted.
    pub lease: Lease,
    /// Where batches go.
    pub writer: Writer,
    /// Where reports go.
    pub root: Recipient<CycleReport>,
    /// Tells root when the actor ends.
    pub exit: ExitNotice,
}

/// Runs one collector.
pub struct CollectorActor<C: Collector> {
    setup: CollectorSetup,
    /// Taken at the start.
    make: Option<Box<dyn FnOnce() -> C>>,
    /// Here between cycles, with the job during one.
    collector: Option<C>,
    announcer: Option<Announcer<C::Batch>>,
    /// Since when a job of an earlier life is waited for.
    slot_awaited: Option<Instant>,
    /// Whether a cycle is about to be begun because the last was not stored.
    store_retried: bool,
    waker: Option<Waker>,
    /// Whether news came during the cycle that is under way.
    woken: bool,
    /// What the collector asked for after its last cycle, and when that ended.
    next: Next,
    ended: Instant,
    /// The cycle that is to begin before the next tick.
    early: Option<SpawnHandle>,
}

impl<C: Collector> CollectorActor<C> {
    /// Starts the actor on the calling thread's arbiter. The collector is made within it, so that
    /// a panic in the making is the actor's own.
    pub fn start(setup: CollectorSetup, make: impl FnOnce() -> C + 'static) -> Addr<Self> {
        Actor::start(Self {
            setup,
            make: Some(Box::new(make)),
            collector: None,
            announcer: None,
            slot_awaited: None,
            store_retried: false,
            waker: None,
            woken: false,
            next: Next::default(),
            ended: Instant::now(),
            early: None,
        })
    }

    fn tick(&mut self, ctx: &mut Context<Self>) {
        self.arm(ctx);
        let rested = together(self.ended, self.next.rest);
        if self.collector.is_some() && Instant::now() < rested {
            self.woken = true;
            return self.begin_early(ctx);
        }
        // One that goes from cycle to cycle, as there is more, misses nothing; nor does one of which
        // a cycle has ended without its being told.
        let is_chained = self.next.within == Some(Duration::ZERO);
        let is_over = (self.waker.as_ref()).is_some_and(|waker| waker.held().take_ended());
        if self.begin(ctx) == Collecting::AlreadyRunning && !is_chained && !is_over {
            self.report(CycleEvent::Skipped);
        }
    }

    fn arm(&mut self, ctx: &mut Context<Self>) {
        ctx.run_later(self.setup.schedule.until_next(Instant::now()), Self::tick);
    }

    fn begin(&mut self, ctx: &mut Context<Self>) -> Collecting {
        let (Some(collector), Some(waker)) = (self.collector.take(), self.waker.clone()) else {
            return Collecting::AlreadyRunning;
        };
        let Some(guard) = self.setup.slot.take() else {
            // A job of an earlier life is still there: never a second one beside it.
            self.collector = Some(collector);
            if self.slot_awaited.is_none() {
                self.slot_awaited = Some(Instant::now());
                ctx.run_later(SLOT_POLL, Self::await_slot);
            }
            return Collecting::AlreadyRunning;
        };
        self.slot_awaited = None;
        self.woken = false;
        if let Some(early) = self.early.take() {
            ctx.cancel_future(early);
        }
        let cycle = Arc::new(Cycle {
            lanes: self.setup.lanes.clone(),
            lane: self.setup.lane,
            slot: self.setup.slot.clone(),
            timeout: self.setup.timeout,
            schedule: self.setup.schedule,
            lease: self.setup.lease.clone(),
            writer: self.setup.writer.clone(),
            announcer: self.announcer.clone(),
            waker,
        });
        let reporter = self.reporter();
        let stalled = move |reason| reporter(CycleEvent::Stalled { reason });
        let run = cycle.run(collector, guard, stalled).into_actor(self);
        ctx.spawn(run.map(|end, actor, ctx| actor.end_cycle(end, ctx)));
        Collecting::Started
    }

    /// Begins the cycle that could not begin while a job of an earlier life was there.
    fn await_slot(&mut self, ctx: &mut Context<Self>) {
        let Some(since) = self.slot_awaited else {
            // A tick has come first and begun one.
            return;
        };
        if !self.setup.slot.is_taken() {
            self.begin(ctx);
        } else if since.elapsed() < SLOT_PATIENCE {
            ctx.run_later(SLOT_POLL, Self::await_slot);
        } else {
            let reason = "a cycle from before the restart has not returned".to_owned();
            self.report(CycleEvent::Stalled { reason });
            ctx.run_later(SLOT_PATIENCE, Self::await_slot);
        }
    }

    fn end_cycle(&mut self, end: CycleEnd<C>, ctx: &mut Context<Self>) {
        match end {
            CycleEnd::Back {
                collector,
                event,
                is_stored,
                next,
                ended,
            } => {
                self.collector = Some(collector);
                if let Some(event) = event {
                    self.report(event);
                }
                self.next = next;
                self.ended = ended;
                self.begin_early(ctx);
                if !is_stored && !self.store_retried && self.setup.schedule.interval() > STORE_RETRY
                {
                    self.store_retried = true;
                    ctx.run_later(STORE_RETRY, |actor, ctx| {
                        actor.store_retried = false;
                        actor.begin(ctx);
                    });
                }
            }
            CycleEnd::Panicked(message) => {
                self.setup.exit.set_cause(message);
                ctx.stop();
            }
        }
    }

    /// Begins the next cycle before its tick, if the collector or its waker asks for it.
    fn begin_early(&mut self, ctx: &mut Context<Self>) {
        let within = self.next.within;
        let within = within.map(|within| within.saturating_sub(self.ended.elapsed()));
        let rested = together(self.ended, self.next.rest);
        let news = self
            .woken
            .then(|| rested.saturating_duration_since(Instant::now()));
        let Some(wait) = news.into_iter().chain(within).min() else {
            return;
        };
        if let Some(early) = self.early.take() {
            ctx.cancel_future(early);
        }
        if wait.is_zero() {
            self.begin(ctx);
        } else {
            self.early = Some(ctx.run_later(wait, |actor, ctx| {
                actor.early = None;
                actor.begin(ctx);
            }));
        }
    }

    fn report(&self, event: CycleEvent) {
        self.reporter()(event);
    }

    fn reporter(&self) -> impl Fn(CycleEvent) + use<C> {
        let root = self.setup.root.clone();
        let (collector, incarnation) = (self.setup.name.clone(), self.setup.incarnation);
        move |event| {
            root.do_send(CycleReport {
                collector: collector.clone(),
                incarnation,
                event,
            });
        }
    }
}

/// When a rest ends: a long one up to a quarter later, together with those of other collectors. Most
/// of what many small cycles cost is that threads are woken and transactions committed for each.
fn together(since: Instant, rest: Duration) -> Instant {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    let end = since + rest;
    if rest < PATIENCE {
        return end;
    }
    // Steps of powers of two meet, however long the rests are.
    let step = Duration::from_millis(1 << (rest.as_millis() / 4).ilog2());
    let into_step = end.saturating_duration_since(*START).as_nanos() % step.as_nanos();
    end + step.saturating_sub(Duration::from_nanos_u128(into_step))
}

impl<C: Collector> Actor for CollectorActor<C> {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        self.waker = Some(Waker::new(ctx.address().recipient()));
        self.collector = self.make.take().map(|make| make());
        self.announcer = self.collector.as_ref().and_then(Collector::announcer);
        self.tick(ctx);
    }
}

impl<C: Collector> Drop for CollectorActor<C> {
    fn drop(&mut self) {
        self.setup.lease.give_up();
    }
}

impl<C: Collector> Handler<CollectNow> for CollectorActor<C> {
    type Result = Collecting;

    fn handle(&mut self, _: CollectNow, ctx: &mut Self::Context) -> Self::Result {
        self.begin(ctx)
    }
}

impl<C: Collector> Handler<Wake> for CollectorActor<C> {
    type Result = ();

    fn handle(&mut self, _: Wake, ctx: &mut Self::Context) {
        if let Some(waker) = &self.waker {
            waker.heard();
        }
        self.woken = true;
        if self.collector.is_some() {
            self.begin_early(ctx);
        }
    }
}

impl<C: Collector> Handler<GiveUp> for CollectorActor<C> {
    type Result = ();

    fn handle(&mut self, _: GiveUp, ctx: &mut Self::Context) {
        ctx.stop();
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn long_rests_end_together_a_quarter_later_at_most_and_short_ones_when_they_end() {
        let begin = Instant::now();
        let ms = Duration::from_millis;
        let ends = |rest: u64, spread: u64| -> BTreeSet<Instant> {
            let ends = (0..spread).map(|late| {
                let since = begin + ms(late);
                let end = together(since, ms(rest));
                assert!(end >= since + ms(rest) && end <= since + ms(rest + rest / 4));
                end
            });
            ends.collect()
        };
        assert_eq!(ends(249, 100).len(), 100);
        assert!(ends(250, 320).len() <= 11);
        // Steps of 512 ms, and of 1024 ms.
        let (short, long) = (ends(4000, 4096), ends(4100, 4096));
        assert!(short.len() <= 9 && long.len() <= 5);
        assert!(short.intersection(&long).count() >= long.len() - 1);
    }
}
