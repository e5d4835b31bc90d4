//! A collector that does what it is told: work, fail, panic, hang, or make the writer panic.

use std::sync::{Condvar, Mutex};
use std::time::{Duration, Instant};

use etlmon_node::collector::{CollectError, Collector, Lane, Next, Tick};
use etlmon_node::store::{Persist, PersistError, StoreError};
use etlmon_node::supervisor::{Spec, Timing};
use rusqlite::Connection;

/// From one cycle to the news that is waited for on its thread: longer than a batch of one row
/// waits for the next commit, so that it need not.
const NEWS_AFTER: Duration = Duration::from_millis(20);

/// What a faulty collector is to do, and what it has done.
pub struct Fault {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    panics: usize,
    making_panics: usize,
    writer_panics: usize,
    fails: bool,
    hangs: bool,
    lingers: bool,
    rest: Duration,
    running: usize,
    most_at_once: usize,
    began: Vec<Instant>,
}

impl Fault {
    pub const fn new() -> Self {
        let state = State {
            panics: 0,
            making_panics: 0,
            writer_panics: 0,
            fails: false,
            hangs: false,
            lingers: false,
            rest: Duration::ZERO,
            running: 0,
            most_at_once: 0,
            began: Vec::new(),
        };
        Self {
            state: Mutex::new(state),
            changed: Condvar::new(),
        }
    }

    fn with<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let answer = change(&mut self.state.lock().unwrap());
        self.changed.notify_all();
        answer
    }

    pub fn panic_once(&self) {
        self.with(|state| state.panics = 1);
    }

    pub fn panic_always(&self) {
        self.with(|state| state.panics = usize::MAX);
    }

    pub fn panic_in_making_once(&self) {
        self.with(|state| state.making_panics = 1);
    }

    fn make(&'static self) -> Faulty {
        let panics = self.with(|state| std::mem::take(&mut state.making_panics));
        assert!(panics == 0, "in the making");
        Faulty(self)
    }

    pub fn panic_in_writer_once(&self) {
        self.with(|state| state.writer_panics = 1);
    }

    pub fn fail(&self, fails: bool) {
        self.with(|state| state.fails = fails);
    }

    pub fn hang(&self, hangs: bool) {
        self.with(|state| state.hangs = hangs);
    }

    /// After each cycle it has news a moment later, on the same thread.
    pub fn linger(&self, lingers: bool) {
        self.with(|state| state.lingers = lingers);
    }

    /// From one cycle to the next it rests at least so long.
    pub fn rest(&self, rest: Duration) {
        self.with(|state| state.rest = rest);
    }

    /// When each cycle began.
    pub fn began(&self) -> Vec<Instant> {
        self.with(|state| state.began.clone())
    }

    pub fn most_at_once(&self) -> usize {
        self.with(|state| state.most_at_once)
    }

    fn cycle(&self) -> Result<usize, CollectError> {
        let (number, panics, fails) = self.with(|state| {
            state.began.push(Instant::now());
            state.running += 1;
            state.most_at_once = state.most_at_once.max(state.running);
            let panics = state.panics > 0;
            state.panics = state.panics.saturating_sub(usize::from(panics));
            (state.began.len(), panics, state.fails)
        });
        let guard = self.state.lock().unwrap();
        drop(self.changed.wait_while(guard, |state| state.hangs).unwrap());
        self.with(|state| state.running -= 1);
        if panics {
            panic!("as told");
        }
        if fails {
            return Err(CollectError::Kind("no luck today".into()));
        }
        Ok(number)
    }
}

/// The collector.
pub struct Faulty(pub &'static Fault);

/// What it stores: the number of the cycle, as a row of `meta`.
pub struct FaultyBatch {
    number: usize,
    fault: &'static Fault,
}

impl Collector for Faulty {
    type Batch = FaultyBatch;

    fn collect(&mut self, _: &Tick) -> Result<FaultyBatch, CollectError> {
        self.0.cycle().map(|number| FaultyBatch {
            number,
            fault: self.0,
        })
    }

    fn settle(&mut self, _: Result<(), &StoreError>) -> Next {
        Next {
            within: None,
            rest: self.0.with(|state| state.rest),
        }
    }

    fn linger(&self) -> bool {
        let lingers = self.0.with(|state| state.lingers);
        if lingers {
            std::thread::sleep(NEWS_AFTER);
        }
        lingers
    }
}

impl Persist for FaultyBatch {
    fn persist(&self, connection: &Connection) -> Result<(), PersistError> {
        let panics = self.fault.with(|state| {
            let panics = state.writer_panics > 0;
            state.writer_panics = state.writer_panics.saturating_sub(1);
            panics
        });
        assert!(!panics, "in the writer");
        connection.execute(
            "INSERT INTO meta (key, value) VALUES ('cycle ' || ?1, ?1)",
            [i64::try_from(self.number).unwrap()],
        )?;
        Ok(())
    }
}

pub fn spec(name: &'static str, fault: &'static Fault, timeout_ms: u64, interval_ms: u64) -> Spec {
    let timing = Timing {
        interval: Duration::from_millis(interval_ms),
        timeout: Duration::from_millis(timeout_ms),
        lane: Lane::Quick,
    };
    Spec::new(name, None, timing, &(), move || fault.make())
}

/// A kind with one faulty collector, which runs while `cron.enabled` is set.
macro_rules! faulty_kind {
    ($name:literal, $fault:expr) => {
        faulty_kind!($name, $fault, 50)
    };
    ($name:literal, $fault:expr, $timeout_ms:expr) => {
        faulty_kind!($name, $fault, $timeout_ms, 50)
    };
    ($name:literal, $fault:expr, $timeout_ms:expr, $interval_ms:expr) => {
        etlmon_node::collectors::Kind {
            name: $name,
            sections: &[],
            specs: |config, _| {
                config
                    .cron
                    .enabled
                    .then(|| crate::faulty::spec($name, &$fault, $timeout_ms, $interval_ms))
                    .into_iter()
                    .collect()
            },
            tidy: |_| None,
            retention: |_| Vec::new(),
            routes: |_| {},
            openapi: utoipa::openapi::OpenApi::default,
        }
    };
}
pub(crate) use faulty_kind;
