//! Being told when files change: one inotify instance for all who want to know.
//!
//! The crate `notify` reads every event as it comes, so that its cost grows with the rate of those
//! who write. Here the queue is emptied at most once in 94 ms, and meanwhile the kernel merges
//! each event with an equal one before it (inotify(7)): a file that is written to 5,000 times a
//! second costs eleven events. The first event after a quiet time is told at once.
//!
//! Directories are watched, never files: a watch of a file follows it when it is renamed, and
//! hears nothing of the new one. Events are a hint to look sooner, not the truth: what is written
//! through a mapping (mmap(2)) gives none.
//!
//! Who calls [`Watch::set`] may hang with a dead file server; no one else does, because no lock is
//! held then but that watch's own. So another listener may remove a watch while this one puts it
//! up. That is settled without a lock: watches are put up again after they were claimed, until
//! that changes nothing, and from then on the end of a watch (`IN_IGNORED`) finds its claims.

mod events;
mod place;
mod queue;
mod registry;
mod remote;

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rustix::io::Errno;
use tokio::runtime::Handle;

use place::place;
use queue::Queue;
pub use queue::REST;
pub use registry::Word;
use registry::{Claims, Descriptor, ListenerId, Registry, Wake};

/// No event tells that a directory further up was renamed or mounted over, or that one was removed
/// that somebody holds open. So it is looked whether a path still leads to what is watched.
const EVENTS_TRUSTED: Duration = Duration::from_secs(5);
/// What could not be watched is tried again after this.
const POLLING_TRUSTED: Duration = Duration::from_secs(60);

/// Paths that lead elsewhere at every look are given up after as many.
const LOOKS: usize = 8;

/// Watches directories for all collectors of a node. A clone is the same watcher.
///
/// The instance and its task are there from the first directory that is watched until the last
/// clone and [`Watch`] are dropped.
#[derive(Clone, Debug)]
pub struct Watcher {
    shared: Arc<Shared>,
}

/// A directory of which somebody wants to hear.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The directory, absolute and without symbolic links. It need not be there yet.
    pub directory: PathBuf,
    /// The files in it whose content matters.
    pub names: BTreeSet<OsString>,
    /// How the names of those entries begin of which it matters that they come, go or are renamed:
    /// of all, with an empty one. Hundreds of listeners may have logs in one directory, and each is
    /// to hear of its own.
    pub entries: BTreeSet<OsString>,
}

/// Whether events can be relied on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Coverage {
    /// Every change is told.
    Events,
    /// Some are not, for this reason; who wants to know of them has to look.
    Polling(String),
}

/// One listener's directories; dropping it ends the listening, except for a call of `wake` that
/// has begun, and for the end of a rest that was promised.
pub struct Watch {
    shared: Arc<Shared>,
    id: ListenerId,
    wake: Wake,
    answered: Mutex<Option<Answered>>,
}

/// What a watcher and its watches share.
#[derive(Debug)]
struct Shared {
    runtime: Handle,
    registry: Arc<Mutex<Registry>>,
    queue: Mutex<Option<Arc<Queue>>>,
}

/// The last answer of [`Watch::set`].
#[derive(Debug)]
struct Answered {
    targets: Arc<[Target]>,
    coverage: Coverage,
    at: Instant,
}

impl Watcher {
    /// A watcher that hears of changes on this runtime, which has to have its I/O enabled.
    pub fn new(runtime: Handle) -> Self {
        Self {
            shared: Arc::new(Shared {
                runtime,
                registry: Arc::default(),
                queue: Mutex::default(),
            }),
        }
    }

    /// A listener that watches nothing yet. `wake` is called on the runtime, by [`Watch::set`], or by
    /// another listener's [`Watch::next_news`], so it must neither block nor call that itself.
    pub fn listen(&self, wake: impl Fn() + Send + Sync + 'static) -> Watch {
        self.listen_to_all(move |word| {
            if word != Word::Rested {
                wake();
            }
        })
    }

    /// As [`Self::listen`], for who also wants to hear when the rest after news is over.
    pub fn listen_to_all(&self, wake: impl Fn(Word) + Send + Sync + 'static) -> Watch {
        let wake: Wake = Arc::new(wake);
        Watch {
            id: lock(&self.shared.registry).listen(Arc::clone(&wake)),
            shared: Arc::clone(&self.shared),
            wake,
            answered: Mutex::default(),
        }
    }
}

#[cfg(test)]
impl Watcher {
    /// A watcher on a runtime that all tests share. The runtime closes the instances of those that
    /// were dropped, and is waited for: a user may have but 128.
    pub(crate) fn for_test() -> Self {
        static RUNTIME: std::sync::LazyLock<Handle> = std::sync::LazyLock::new(|| {
            let mut runtime = tokio::runtime::Builder::new_current_thread();
            let runtime = runtime.enable_all().build().unwrap();
            let handle = runtime.handle().clone();
            std::thread::spawn(move || runtime.block_on(std::future::pending::<()>()));
            handle
        });
        let (say, done) = std::sync::mpsc::channel();
        RUNTIME.spawn(async move { say.send(()).unwrap() });
        done.recv().unwrap();
        Self::new(RUNTIME.clone())
    }
}

impl Watch {
    /// Sleeps on this thread until the rest after the last news is over; whether there is more
    /// then. Where the watcher is awake anyway, or is not known to have more soon, the answer is no
    /// at once, and what comes is told as ever.
    pub fn next_news(&self) -> bool {
        let queue = lock(&self.shared.queue).clone();
        queue.is_some_and(|queue| queue.attend(self.id))
    }

    /// Watches these directories from now on, and no others.
    ///
    /// It is to be called again after each `wake`: a directory may have been removed, and made
    /// anew. As long as nothing has changed that costs nothing.
    ///
    /// What is newly watched wakes the listener once: something may have happened after its last
    /// look that nobody has told of. It hangs as long as one of the directories does.
    pub fn set(&self, targets: impl Into<Arc<[Target]>>) -> Coverage {
        let targets = targets.into();
        let mut answered = lock(&self.answered);
        let is_stale = lock(&self.shared.registry).take_stale(self.id);
        if let Some(last) = &*answered
            && !is_stale
            && (Arc::ptr_eq(&last.targets, &targets) || last.targets == targets)
            && last.at.elapsed() < last.coverage.trusted_for()
        {
            return last.coverage.clone();
        }
        // Should this not come to its end, nothing is known the next time.
        *answered = None;
        let (coverage, is_news) = self.put_up(&targets);
        *answered = Some(Answered {
            targets,
            coverage: coverage.clone(),
            at: Instant::now(),
        });
        drop(answered);
        if is_news {
            (self.wake)(Word::News);
        }
        coverage
    }

    /// Watches these directories; the coverage, and whether something is watched that was not.
    fn put_up(&self, targets: &[Target]) -> (Coverage, bool) {
        if targets.is_empty() {
            let change = lock(&self.shared.registry).claim(self.id, Claims::new());
            self.shared.unwatch(&change.unneeded);
            return (Coverage::Events, false);
        }
        let queue = match self.shared.queue() {
            Ok(queue) => queue,
            Err(error) => return (Coverage::Polling(not_started(&error)), false),
        };
        let mut is_news = false;
        for _ in 0..LOOKS {
            let watch = |path: &Path, events| queue.watch(path, events);
            let placed = place(targets, watch, remote::reason);
            let change = lock(&self.shared.registry).claim(self.id, placed.claims);
            self.shared.unwatch(&change.unneeded);
            is_news |= change.added;
            if !change.any {
                return (placed.coverage, is_news);
            }
        }
        let reason = "the directories change all the time";
        (Coverage::Polling(reason.to_owned()), is_news)
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let unneeded = lock(&self.shared.registry).forget(self.id);
        self.shared.unwatch(&unneeded);
    }
}

impl Shared {
    /// The queue, started if need be.
    fn queue(&self) -> io::Result<Arc<Queue>> {
        let mut queue = lock(&self.queue);
        if let Some(queue) = &*queue {
            return Ok(Arc::clone(queue));
        }
        let started = Arc::new(Queue::start(Arc::clone(&self.registry), &self.runtime)?);
        Ok(Arc::clone(queue.insert(started)))
    }

    /// Ends watches that nobody needs any more. May hang as the putting up does.
    fn unwatch(&self, unneeded: &[Descriptor]) {
        let queue = lock(&self.queue).clone();
        if let Some(queue) = queue {
            for wd in unneeded {
                queue.unwatch(*wd);
            }
        }
    }
}

impl Coverage {
    /// How long it holds if nothing is heard.
    const fn trusted_for(&self) -> Duration {
        match self {
            Self::Events => EVENTS_TRUSTED,
            Self::Polling(_) => POLLING_TRUSTED,
        }
    }
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watch")
            .field("id", &self.id)
            .field("answered", &self.answered)
            .finish_non_exhaustive()
    }
}

fn not_started(error: &io::Error) -> String {
    let hint = match Errno::from_io_error(error) {
        Some(Errno::MFILE) => " (fs.inotify.max_user_instances, or LimitNOFILE=)",
        _ => "",
    };
    format!("inotify can't be started: {error}{hint}")
}

/// What a panic has left behind is whole: it can only have been an allocation's.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
