//! The inotify instance, and the task that empties its queue.

use std::collections::BTreeSet;
use std::ffi::{CStr, OsStr};
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rustix::fs::inotify::{self, CreateFlags, Reader, WatchFlags};
use rustix::io::{Errno, retry_on_intr};
use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
    timerfd_settime,
};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::runtime::Handle;
use tokio::task::AbortHandle;

use super::lock;
use super::registry::{Descriptor, Registry, Wake, Word};

/// How long the queue is left alone after it was emptied, while the kernel merges what comes. Half
/// of it is what a line waits for on average, 50 ms with the rest of the way into the database.
const REST: Duration = Duration::from_millis(94);

/// What one read(2) takes at most, and how many there are before the next rest: more than a whole
/// queue (16,384 events of up to 272 bytes), and an end, however fast somebody writes.
const BUFFER_BYTES: usize = 64 * 1024;
const READS: usize = 80;

/// An inotify instance whose events go to a registry until it is dropped.
#[derive(Debug)]
pub struct Queue {
    pub(super) inotify: Arc<OwnedFd>,
    task: AbortHandle,
}

impl Queue {
    /// Makes the instance, and its task on a runtime. That only ever reads from the instance, which
    /// does not block: a thread of its own would cost as much again as what it has to do.
    ///
    /// # Errors
    /// No instance or file handle is left (`EMFILE`).
    pub fn start(registry: Arc<Mutex<Registry>>, runtime: &Handle) -> io::Result<Self> {
        let inotify = Arc::new(inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK)?);
        let _on_it = runtime.enter();
        let rest = Rest::new()?;
        let task = runtime.spawn(run(Arc::clone(&inotify), rest, registry));
        Ok(Self {
            inotify,
            task: task.abort_handle(),
        })
    }

    /// inotify_add_watch(2). It looks the path up, so it hangs as long as a file server does.
    ///
    /// # Errors
    /// Those of inotify_add_watch(2).
    pub fn watch(&self, path: &Path, events: WatchFlags) -> rustix::io::Result<Descriptor> {
        retry_on_intr(|| inotify::add_watch(&*self.inotify, path, events))
    }

    /// Ends a watch that may have ended by itself.
    pub fn unwatch(&self, wd: Descriptor) {
        // The only errors are that there is no such watch or instance.
        let _ = inotify::remove_watch(&*self.inotify, wd);
    }
}

impl Drop for Queue {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn run(inotify: Arc<OwnedFd>, rest: Rest, registry: Arc<Mutex<Registry>>) {
    let mut buffer = vec![MaybeUninit::uninit(); BUFFER_BYTES];
    let mut resting = Resting::default();
    loop {
        let heard = drain(&inotify, &mut buffer, &registry);
        resting.end();
        let Some(wakes) = heard else {
            if readable(&inotify).await.is_err() {
                // Only for want of memory: try again, but not at once.
                rest.pass().await;
            }
            continue;
        };
        for wake in &wakes {
            say(wake, Word::NewsAndRest);
        }
        resting.0 = wakes;
        rest.pass().await;
    }
}

/// One listener's panic, which the hook has logged, must not leave the others unheard.
fn say(wake: &Wake, word: Word) {
    let _ = catch_unwind(AssertUnwindSafe(|| wake(word)));
}

/// Those who were told that the end of the rest would be told, which it is, whatever comes.
#[derive(Default)]
struct Resting(Vec<Wake>);

impl Resting {
    fn end(&mut self) {
        for wake in self.0.drain(..) {
            say(&wake, Word::Rested);
        }
    }
}

impl Drop for Resting {
    fn drop(&mut self) {
        self.end();
    }
}

/// Waits for the first event. The instance is polled for no longer than that: each event would wake
/// the runtime, and most of them come during a rest.
async fn readable(inotify: &OwnedFd) -> io::Result<()> {
    polled(inotify.as_fd())?.readable().await.map(drop)
}

/// Has the runtime wait for a handle to become readable.
#[expect(
    deprecated,
    reason = "what has come in its place is unsafe, since it takes all kinds of handles; these two \
              kinds are what it asks for"
)]
fn polled<T: AsFd + AsRawFd>(handle: T) -> io::Result<AsyncFd<T>> {
    AsyncFd::with_interest(handle, Interest::READABLE)
}

/// A timer for rests: timerfd_create(2), since the runtime's own timers wake it twice for anything
/// longer than 64 ms.
struct Rest(AsyncFd<OwnedFd>);

impl Rest {
    fn new() -> io::Result<Self> {
        let flags = TimerfdFlags::CLOEXEC | TimerfdFlags::NONBLOCK;
        let timer = timerfd_create(TimerfdClockId::Monotonic, flags)?;
        polled(timer).map(Self)
    }

    /// Waits for a rest's time.
    async fn pass(&self) {
        let once = Itimerspec {
            it_interval: Timespec::default(),
            it_value: Timespec {
                tv_sec: 0,
                tv_nsec: i64::from(REST.subsec_nanos()),
            },
        };
        let set = timerfd_settime(&self.0, TimerfdTimerFlags::empty(), &once);
        let passed = match set {
            Ok(_) => self.0.readable().await,
            Err(error) => Err(error.into()),
        };
        match passed {
            Ok(mut passed) => {
                let mut count = [0; 8];
                let _ = rustix::io::read(&self.0, &mut count);
                passed.clear_ready();
            }
            // It can't fail with a timer of one's own; without the runtime nothing goes on anyway.
            Err(_) => tokio::time::sleep(REST).await,
        }
    }
}

/// Reads what is in the queue; gives what wakes those whom it concerns, each once, or nothing if
/// nothing has happened.
fn drain(
    inotify: &OwnedFd,
    buffer: &mut [MaybeUninit<u8>],
    registry: &Mutex<Registry>,
) -> Option<Vec<Wake>> {
    let mut registry = lock(registry);
    let mut any = false;
    let mut woken = BTreeSet::new();
    let mut reader = Reader::new(inotify, buffer);
    let mut reads = 0;
    loop {
        if reader.is_buffer_empty() {
            reads += 1;
            if reads > READS {
                break;
            }
        }
        match reader.next() {
            Ok(event) => {
                any = true;
                let name = event.file_name().map(CStr::to_bytes).map(OsStr::from_bytes);
                registry.hear(event.wd(), event.events(), name, &mut woken);
            }
            Err(Errno::INTR) => {}
            Err(Errno::AGAIN) => break,
            // Nothing is known any more but that something has happened.
            Err(_) => {
                any = true;
                registry.hear_all(&mut woken);
                break;
            }
        }
    }
    any.then(|| registry.wakes(&woken))
}
