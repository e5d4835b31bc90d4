//! The events of an inotify instance: what is in its queue, and whom it concerns.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{CStr, OsStr};
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::sync::Mutex;

use rustix::fs::inotify::Reader;
use rustix::io::Errno;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use super::lock;
use super::registry::{ListenerId, Registry, Wake};

/// The longest event of inotify(7), with a name of 255 bytes and its end.
const EVENT_BYTES: usize = 16 + 256;
/// What one read(2) takes at most, and how many there are before the next rest: more than a whole
/// queue (16,384 events), and an end, however fast somebody writes.
const BUFFER_BYTES: usize = 64 * 1024;
const READS: usize = 80;
/// No fewer events fill the buffer.
const FEWEST_OF_FULL: usize = BUFFER_BYTES / EVENT_BYTES;

/// What wakes each of those whom something concerns.
pub(super) type Heard = BTreeMap<ListenerId, Wake>;

/// Where events are read to.
pub(super) struct Events(Vec<MaybeUninit<u8>>);

impl Default for Events {
    fn default() -> Self {
        Self(vec![MaybeUninit::uninit(); BUFFER_BYTES])
    }
}

impl Events {
    /// Reads what is in the queue; gives what wakes those whom it concerns, each once, or nothing if
    /// nothing has happened.
    pub(super) fn drain(&mut self, inotify: &OwnedFd, registry: &Mutex<Registry>) -> Option<Heard> {
        let mut registry = lock(registry);
        let mut any = false;
        let mut woken = BTreeSet::new();
        let mut reader = Reader::new(inotify, &mut self.0);
        let (mut reads, mut events) = (0, 0);
        loop {
            if reader.is_buffer_empty() {
                // What did not fill the buffer was all there was.
                if (1..FEWEST_OF_FULL).contains(&events) || reads == READS {
                    break;
                }
                (reads, events) = (reads + 1, 0);
            }
            match reader.next() {
                Ok(event) => {
                    any = true;
                    events += 1;
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
}

/// Waits for the first event. The instance is polled for no longer than that: each event would wake
/// the runtime, and most of them come during a rest.
pub(super) async fn readable(inotify: &OwnedFd) -> io::Result<()> {
    polled(inotify.as_fd())?.readable().await.map(drop)
}

/// Has the runtime wait for a handle to become readable.
#[expect(
    deprecated,
    reason = "what has come in its place is unsafe, since it takes all kinds of handles; these two \
              kinds are what it asks for"
)]
pub(super) fn polled<T: AsFd + AsRawFd>(handle: T) -> io::Result<AsyncFd<T>> {
    AsyncFd::with_interest(handle, Interest::READABLE)
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File};

    use rustix::fs::inotify::{CreateFlags, WatchFlags, add_watch, init};

    use super::*;

    #[test]
    fn a_queue_is_emptied_however_many_times_the_buffer_it_holds() {
        let folder = tempfile::tempdir().unwrap();
        let inotify = init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK).unwrap();
        add_watch(&inotify, folder.path(), WatchFlags::CREATE).unwrap();
        let (mut events, registry) = (Events::default(), Mutex::default());
        for (name_bytes, files) in [
            (255, 1),
            (255, FEWEST_OF_FULL),
            (255, 3 * FEWEST_OF_FULL),
            (9, 3 * FEWEST_OF_FULL),
        ] {
            for number in 0..files {
                let name = format!("{number:0name_bytes$}");
                let path = folder.path().join(name);
                File::create(&path).unwrap();
                fs::remove_file(path).unwrap();
            }
            assert!(events.drain(&inotify, &registry).is_some());
            assert!(events.drain(&inotify, &registry).is_none(), "{files}");
        }
    }
}
