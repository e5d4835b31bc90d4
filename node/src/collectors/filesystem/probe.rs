//! Asks mounts how full they are (statvfs(3)), each with a deadline, whatever hangs beside it.

use std::collections::{HashMap, HashSet, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rustix::io::{Errno, retry_on_intr};

use super::mountinfo::Mount;
pub use usage::Usage;

mod usage;

/// How long a call may take before the mounts behind it get a thread of their own: a local call
/// takes microseconds, a round trip to a file server a millisecond or so.
const PATIENCE: Duration = Duration::from_millis(10);

/// The call needs next to nothing; the default of 2 MiB for each hung mount would look like a leak.
const STACK_BYTES: usize = 64 * 1024;

/// What is known of one mount after a round.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Probe {
    /// It answered.
    Usage(Usage),
    /// It answered that it has no size, as pseudo file systems do; `df` lists no such mount.
    Sizeless,
    /// The call made at this time has not returned yet, and no other is made until it has.
    Stale {
        /// When it was made.
        since: Instant,
    },
    /// It can't be asked.
    Failed(ProbeError),
}

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProbeError {
    /// The kernel's answer, such as EACCES, ESTALE, or ENOTCONN where a FUSE daemon has died.
    #[error("statvfs: {0}")]
    Statvfs(#[source] Errno),
    /// Every thread there is hangs in a call, and no further one can be started.
    #[error("no thread to call statvfs in: {0}")]
    Thread(#[source] Errno),
}

/// Asks mounts, and remembers which of them still owe an answer.
///
/// A call to a dead file server can't be interrupted, so calls are made in threads: one takes all
/// mounts in turn, and when it makes no progress for 10 ms another takes over the rest. After a
/// round there is one thread for each mount that hangs, and one parked for the next round; a
/// thread whose call returns after all goes away. Dropping this joins no thread.
#[derive(Clone, Debug, Default)]
pub struct Prober {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    /// Tells a parked worker that there is work, or that it should go.
    work: Condvar,
    /// Tells the round that a call has returned.
    answered: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// Mounts to be asked in this round.
    queue: VecDeque<Key>,
    /// When each call that has not returned was made.
    in_flight: HashMap<Key, Instant>,
    /// What has come in since this round began, also to calls of earlier rounds.
    answers: HashMap<Key, Probe>,
    /// Workers that wait for work: one, but for the moment in which it is woken.
    parked: usize,
    closed: bool,
}

/// A mount id is given out again once its mount is gone, so it alone does not name a mount; and
/// a new mount on the mount point of a hung one must not wait for that.
type Key = (u32, PathBuf);

impl Prober {
    /// Asks all `mounts` and waits for each at most `timeout` from when it was asked. The answers
    /// are in the order of `mounts`. A round takes `timeout` if any mount hangs that has not hung
    /// before, and about twice that at most however many do.
    pub fn probe(&mut self, mounts: &[Mount], timeout: Duration) -> Vec<Probe> {
        let keys: Vec<Key> = mounts
            .iter()
            .map(|mount| (mount.mount_id, mount.mount_point.clone()))
            .collect();
        let mut state = self.shared.lock();
        state.answers.clear();
        let mut seen = HashSet::new();
        let due = keys
            .iter()
            .filter(|key| !state.in_flight.contains_key(*key) && seen.insert(*key));
        let due: VecDeque<Key> = due.cloned().collect();
        // The threads of one round are started within one timeout.
        let share = u32::try_from(due.len()).unwrap_or(u32::MAX).max(1);
        let patience = PATIENCE.min(timeout / share);
        state.queue = due.clone();

        while !state.queue.is_empty() {
            self.engage(&mut state);
            state = self.shared.await_progress(state, patience);
        }
        state = self.shared.await_answers(state, &due, timeout);
        keys.iter().map(|key| state.outcome(key)).collect()
    }

    /// Sets a worker to the queue that is not in a call.
    fn engage(&self, state: &mut State) {
        if state.parked > 0 {
            self.shared.work.notify_one();
            return;
        }
        let shared = Arc::clone(&self.shared);
        let worker = thread::Builder::new()
            .name("statvfs".to_owned())
            .stack_size(STACK_BYTES);
        if let Err(error) = worker.spawn(move || shared.serve()) {
            let errno = Errno::from_io_error(&error).unwrap_or(Errno::AGAIN);
            let unasked = std::mem::take(&mut state.queue).into_iter();
            state
                .answers
                .extend(unasked.map(|key| (key, Probe::Failed(ProbeError::Thread(errno)))));
        }
    }
}

impl Drop for Prober {
    fn drop(&mut self) {
        self.shared.lock().closed = true;
        self.shared.work.notify_all();
    }
}

impl Shared {
    /// A panic cannot leave the state half changed: nothing that can panic runs under the lock.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until the queue is empty, or until no call has returned for `patience`.
    fn await_progress<'a>(
        &self,
        mut state: MutexGuard<'a, State>,
        patience: Duration,
    ) -> MutexGuard<'a, State> {
        loop {
            let answers = state.answers.len();
            state = self.wait(state, patience);
            if state.queue.is_empty() || state.answers.len() == answers {
                return state;
            }
        }
    }

    /// Waits until each of `due` has answered or used up its `timeout`.
    fn await_answers<'a>(
        &self,
        mut state: MutexGuard<'a, State>,
        due: &VecDeque<Key>,
        timeout: Duration,
    ) -> MutexGuard<'a, State> {
        loop {
            let asked = due.iter().filter_map(|key| state.in_flight.get(key));
            let remaining = asked
                .map(|asked| timeout.saturating_sub(asked.elapsed()))
                .max();
            match remaining {
                None | Some(Duration::ZERO) => return state,
                Some(remaining) => state = self.wait(state, remaining),
            }
        }
    }

    fn wait<'a>(&self, state: MutexGuard<'a, State>, limit: Duration) -> MutexGuard<'a, State> {
        let waited = self.answered.wait_timeout(state, limit);
        waited.unwrap_or_else(PoisonError::into_inner).0
    }

    /// What a worker does: works the queue off, then parks unless another has.
    fn serve(&self) {
        let mut state = self.lock();
        loop {
            while let Some(key) = state.queue.pop_front() {
                state.in_flight.insert(key.clone(), Instant::now());
                drop(state);
                let answer = ask(&key.1);
                state = self.lock();
                state.in_flight.remove(&key);
                state.answers.insert(key, answer);
                self.answered.notify_one();
            }
            if state.parked > 0 || state.closed {
                return;
            }
            state.parked = state.parked.saturating_add(1);
            state = self
                .work
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
            state.parked = state.parked.saturating_sub(1);
        }
    }
}

impl State {
    fn outcome(&self, key: &Key) -> Probe {
        // What has not answered is in flight.
        let since = || {
            self.in_flight
                .get(key)
                .copied()
                .unwrap_or_else(Instant::now)
        };
        self.answers
            .get(key)
            .copied()
            .unwrap_or_else(|| Probe::Stale { since: since() })
    }
}

/// Returns when the file system feels like it.
fn ask(mount_point: &Path) -> Probe {
    match retry_on_intr(|| rustix::fs::statvfs(mount_point)) {
        Ok(stat) => Usage::of(&stat).map_or(Probe::Sizeless, Probe::Usage),
        Err(errno) => Probe::Failed(ProbeError::Statvfs(errno)),
    }
}

#[cfg(test)]
mod tests;
