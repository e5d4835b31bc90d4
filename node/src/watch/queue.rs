//! The inotify instance, and the thread that empties its queue.

use std::collections::BTreeSet;
use std::ffi::{CStr, OsStr};
use std::io::{self, PipeReader, PipeWriter};
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::inotify::{self, CreateFlags, Reader, WatchFlags};
use rustix::io::{Errno, retry_on_intr};
use rustix::thread::nanosleep;

use super::lock;
use super::registry::{Descriptor, Registry, Wake};

/// How long the queue is left alone after it was emptied, while the kernel merges what comes. Half
/// of it is what a line waits for on average, 50 ms with the rest of the way into the database.
const REST: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: 90_000_000,
};

/// What one read(2) takes at most, and how many there are before the next rest: more than a whole
/// queue (16,384 events of up to 272 bytes), and an end, however fast somebody writes.
const BUFFER_BYTES: usize = 64 * 1024;
const READS: usize = 80;

/// An inotify instance whose events go to a registry until it is dropped.
#[derive(Debug)]
pub struct Queue {
    pub(super) inotify: Arc<OwnedFd>,
    /// Hangs up when it is dropped, which ends the thread.
    _end: PipeWriter,
}

impl Queue {
    /// Makes the instance and its thread.
    ///
    /// # Errors
    /// No instance or file handle is left (`EMFILE`), or no thread can be made.
    pub fn start(registry: Arc<Mutex<Registry>>) -> io::Result<Self> {
        let inotify = Arc::new(inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK)?);
        let (ended, end) = io::pipe()?;
        let queue = Arc::clone(&inotify);
        thread::Builder::new()
            .name("etlmon-watch".to_owned())
            .spawn(move || run(&queue, &ended, &registry))?;
        Ok(Self { inotify, _end: end })
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

fn run(inotify: &OwnedFd, end: &PipeReader, registry: &Mutex<Registry>) {
    let mut buffer = vec![MaybeUninit::uninit(); BUFFER_BYTES];
    loop {
        let mut fds = [
            PollFd::new(end, PollFlags::empty()),
            PollFd::new(inotify, PollFlags::IN),
        ];
        if is_ended(&mut fds, None) {
            return;
        }
        for wake in drain(inotify, &mut buffer, registry) {
            // One listener's panic, which the hook has logged, must not leave the others unheard.
            let _ = catch_unwind(AssertUnwindSafe(|| wake()));
        }
        let mut fds = [PollFd::new(end, PollFlags::empty())];
        if is_ended(&mut fds, Some(&REST)) {
            return;
        }
    }
}

/// Waits for one of `fds`; whether the first of them, the end, has come.
fn is_ended(fds: &mut [PollFd<'_>], limit: Option<&Timespec>) -> bool {
    if retry_on_intr(|| poll(fds, limit)).is_err() {
        // Only for want of memory: try again, but not at once.
        let _ = nanosleep(&REST);
        return false;
    }
    fds.first().is_some_and(|end| !end.revents().is_empty())
}

/// Reads what is in the queue; gives what wakes those whom it concerns, each once.
fn drain(
    inotify: &OwnedFd,
    buffer: &mut [MaybeUninit<u8>],
    registry: &Mutex<Registry>,
) -> Vec<Wake> {
    let mut registry = lock(registry);
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
                let name = event.file_name().map(CStr::to_bytes).map(OsStr::from_bytes);
                registry.hear(event.wd(), event.events(), name, &mut woken);
            }
            Err(Errno::INTR) => {}
            Err(Errno::AGAIN) => break,
            // Nothing is known any more but that something has happened.
            Err(_) => {
                registry.hear_all(&mut woken);
                break;
            }
        }
    }
    registry.wakes(&woken)
}
