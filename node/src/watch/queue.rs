//! The inotify instance, and who empties its queue: a task, or in its place a thread that would be
//! woken by it anyway.

use std::os::fd::OwnedFd;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use std::{fmt, io, thread};

use rustix::fs::inotify::{self, CreateFlags, WatchFlags};
use rustix::io::retry_on_intr;
use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
    timerfd_settime,
};
use tokio::io::unix::AsyncFd;
use tokio::runtime::Handle;
use tokio::task::AbortHandle;

use super::events::{Events, Heard, polled, readable};
use super::lock;
use super::registry::{Descriptor, ListenerId, Registry, Wake, Word};

/// How long the queue is left alone after it was emptied, while the kernel merges what comes. Half
/// of it is what a line waits for on average, 50 ms with the rest of the way into the database.
pub const REST: Duration = Duration::from_millis(94);

/// Who attends to the queue and has not come back so long after the rest is not waited for.
const ABSENCE: Duration = Duration::from_secs(1);

/// An inotify instance whose events go to a registry until it is dropped.
#[derive(Debug)]
pub struct Queue {
    pub(super) ear: Arc<Ear>,
    task: AbortHandle,
}

impl Queue {
    /// Makes the instance, and its task on a runtime. That only ever reads from the instance, which
    /// does not block: a thread of its own would cost as much again as what it has to do.
    ///
    /// # Errors
    /// No instance or file handle is left (`EMFILE`).
    pub fn start(registry: Arc<Mutex<Registry>>, runtime: &Handle) -> io::Result<Self> {
        let _on_it = runtime.enter();
        let ear = Arc::new(Ear::new(registry)?);
        let task = runtime.spawn(Arc::clone(&ear).listen());
        Ok(Self {
            ear,
            task: task.abort_handle(),
        })
    }

    /// The instance.
    pub fn inotify(&self) -> &OwnedFd {
        &self.ear.inotify
    }

    /// inotify_add_watch(2). It looks the path up, so it hangs as long as a file server does.
    ///
    /// # Errors
    /// Those of inotify_add_watch(2).
    pub fn watch(&self, path: &Path, events: WatchFlags) -> rustix::io::Result<Descriptor> {
        retry_on_intr(|| inotify::add_watch(self.inotify(), path, events))
    }

    /// Ends a watch that may have ended by itself.
    pub fn unwatch(&self, wd: Descriptor) {
        // The only errors are that there is no such watch or instance.
        let _ = inotify::remove_watch(self.inotify(), wd);
    }

    /// Sleeps until the rest that is under way is over and empties the queue, on this thread and in
    /// place of the task. Answers whether there is news for this listener, which then is told of it
    /// in no other way.
    ///
    /// It answers no at once unless that saves the task's waking up: the rest is not the first in a
    /// row, and nobody but this listener has been told of it. Should this thread not come back in
    /// time, the task goes on.
    pub fn attend(&self, listener: ListenerId) -> bool {
        let Some(end) = self.ear.take_over(listener) else {
            return false;
        };
        thread::sleep(end.saturating_duration_since(Instant::now()));
        self.ear.give_back(listener)
    }
}

impl Drop for Queue {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// What the task has, and who attends to the queue in its place.
#[derive(Debug)]
pub(super) struct Ear {
    inotify: OwnedFd,
    /// For rests: timerfd_create(2), since the runtime's own timers wake it twice for anything
    /// longer than 64 ms.
    timer: AsyncFd<OwnedFd>,
    registry: Arc<Mutex<Registry>>,
    pub(super) turn: Mutex<Turn>,
}

/// Whose turn it is to empty the queue, and what is known since the last time.
pub(super) struct Turn {
    events: Events,
    /// Those who were told that the end of the rest would be told, which it is, whatever comes.
    resting: Heard,
    /// How many rests there were in a row.
    rests: u64,
    /// When the task goes on.
    until: Instant,
    /// Who empties the queue next, in place of the task.
    pub(super) attended_by: Option<ListenerId>,
}

impl Ear {
    fn new(registry: Arc<Mutex<Registry>>) -> io::Result<Self> {
        let timer = timerfd_create(
            TimerfdClockId::Monotonic,
            TimerfdFlags::CLOEXEC | TimerfdFlags::NONBLOCK,
        )?;
        Ok(Self {
            inotify: inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK)?,
            timer: polled(timer)?,
            registry,
            turn: Mutex::new(Turn {
                events: Events::default(),
                resting: Heard::new(),
                rests: 0,
                until: Instant::now(),
                attended_by: None,
            }),
        })
    }

    /// The task.
    async fn listen(self: Arc<Self>) {
        loop {
            if self.hear() {
                self.rest().await;
            } else if readable(&self.inotify).await.is_err() {
                // Only for want of memory: try again, but not at once.
                tokio::time::sleep(REST).await;
            }
        }
    }

    /// Empties the queue; whether something has happened.
    fn hear(&self) -> bool {
        let mut turn = lock(&self.turn);
        turn.attended_by = None;
        let heard = turn.events.drain(&self.inotify, &self.registry);
        turn.end_rest();
        let Some(heard) = heard else {
            turn.rests = 0;
            return false;
        };
        turn.tell(heard, None);
        true
    }

    /// Waits until it is the task's turn again.
    async fn rest(&self) {
        while self.waits_for_its_turn() {
            match self.timer.readable().await {
                Ok(mut passed) => {
                    let mut count = [0; 8];
                    let _ = rustix::io::read(&self.timer, &mut count);
                    passed.clear_ready();
                }
                // Without the runtime nothing goes on anyway.
                Err(_) => tokio::time::sleep(REST).await,
            }
        }
    }

    /// Sets the timer to the task's next turn; false when that has come.
    fn waits_for_its_turn(&self) -> bool {
        let turn = lock(&self.turn);
        let left = turn.until.checked_duration_since(Instant::now());
        // It can't fail with a timer of one's own.
        left.is_some_and(|left| self.set_timer(left).is_ok())
    }

    fn set_timer(&self, time: Duration) -> rustix::io::Result<()> {
        let once = Itimerspec {
            it_interval: Timespec::default(),
            it_value: Timespec {
                tv_sec: i64::try_from(time.as_secs()).unwrap_or(i64::MAX),
                // None at all would stop it.
                tv_nsec: i64::from(time.subsec_nanos().max(1)),
            },
        };
        timerfd_settime(&self.timer, TimerfdTimerFlags::empty(), &once).map(drop)
    }

    /// Lets somebody attend to the queue at the end of this rest; when that is.
    pub(super) fn take_over(&self, listener: ListenerId) -> Option<Instant> {
        let mut turn = lock(&self.turn);
        let end = turn.until;
        let left = end.checked_duration_since(Instant::now())?;
        let is_alone = turn.resting.len() == 1 && turn.resting.contains_key(&listener);
        if turn.attended_by.is_some() || turn.rests < 2 || !is_alone {
            return None;
        }
        self.set_timer(left + ABSENCE).ok()?;
        turn.until = end + ABSENCE;
        turn.attended_by = Some(listener);
        Some(end)
    }

    /// Empties the queue for who has attended to it; whether there is news for that listener.
    pub(super) fn give_back(&self, listener: ListenerId) -> bool {
        let mut turn = lock(&self.turn);
        if turn.attended_by != Some(listener) {
            // The task has gone on.
            return false;
        }
        turn.attended_by = None;
        let heard = turn.events.drain(&self.inotify, &self.registry);
        let is_news = heard
            .as_ref()
            .is_some_and(|heard| heard.contains_key(&listener));
        let rest = match heard {
            Some(heard) => {
                if !is_news {
                    turn.end_rest();
                }
                turn.tell(heard, Some(listener));
                REST
            }
            None => {
                // The task finds the same, and waits for the next event.
                turn.until = Instant::now();
                Duration::ZERO
            }
        };
        // Should it fail, the task goes on at the time that was set before.
        let _ = self.set_timer(rest);
        is_news
    }
}

impl Turn {
    /// Begins a rest, and tells those whom what was heard concerns; but not who has heard it.
    fn tell(&mut self, heard: Heard, but: Option<ListenerId>) {
        for (_, wake) in heard.iter().filter(|(id, _)| Some(**id) != but) {
            say(wake, Word::NewsAndRest);
        }
        self.resting = heard;
        self.rests += 1;
        self.until = Instant::now() + REST;
    }

    fn end_rest(&mut self) {
        for wake in std::mem::take(&mut self.resting).values() {
            say(wake, Word::Rested);
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.end_rest();
    }
}

impl fmt::Debug for Turn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Turn")
            .field("rests", &self.rests)
            .field("until", &self.until)
            .field("attended_by", &self.attended_by)
            .finish_non_exhaustive()
    }
}

/// One listener's panic, which the hook has logged, must not leave the others unheard.
fn say(wake: &Wake, word: Word) {
    let _ = catch_unwind(AssertUnwindSafe(|| wake(word)));
}
