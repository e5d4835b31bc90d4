//! Shares jobs between threads, each of which keeps its own until another has none.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Work of less than this is done sooner than a sleeping thread wakes.
const WORTH_WAKING: Duration = Duration::from_micros(50);

/// Work of less than this is not worth a new thread.
const WORTH_STARTING: Duration = Duration::from_micros(200);

/// The members are threads; the one that makes the team is the first.
pub(super) struct Team<J> {
    state: Mutex<State<J>>,
    handed_over: Condvar,
    /// Jobs that could be used: members that wait and threads not yet started, less the jobs that
    /// were handed over and not yet taken. A copy to look at without the lock.
    wanted: AtomicUsize,
    waiting: AtomicUsize,
    over: AtomicBool,
}

struct State<J> {
    jobs: Vec<J>,
    members: usize,
    limit: usize,
    waiting: usize,
    over: bool,
}

/// What the giver of a job has to do.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Handed {
    /// A waiting member was woken.
    Woken,
    /// Start a thread, or call [`Team::lost_member`].
    StartMember,
}

impl<J> Team<J> {
    pub(super) fn new(threads: usize) -> Self {
        let limit = threads.max(1);
        Self {
            state: Mutex::new(State {
                jobs: Vec::new(),
                members: 1,
                limit,
                waiting: 0,
                over: false,
            }),
            handed_over: Condvar::new(),
            wanted: AtomicUsize::new(limit - 1),
            waiting: AtomicUsize::new(0),
            over: AtomicBool::new(false),
        }
    }

    /// How long a job must last to be worth handing over now, or `None` when nobody needs one.
    pub(super) fn wants(&self) -> Option<Duration> {
        if self.wanted.load(Ordering::Relaxed) == 0 {
            return None;
        }
        let waiting = self.waiting.load(Ordering::Relaxed) > 0;
        Some(if waiting {
            WORTH_WAKING
        } else {
            WORTH_STARTING
        })
    }

    /// Gives a job to whoever needs one.
    pub(super) fn hand_over(&self, job: J) -> Handed {
        let mut state = self.lock();
        state.jobs.push(job);
        let start = state.waiting < state.jobs.len() && state.members < state.limit;
        if start {
            state.members += 1;
        }
        self.publish(&state);
        drop(state);
        if start {
            return Handed::StartMember;
        }
        self.handed_over.notify_one();
        Handed::Woken
    }

    /// Takes back a member whose thread could not be started, and asks for no more. Its job stays
    /// for the others.
    pub(super) fn lost_member(&self) {
        let mut state = self.lock();
        state.members = state.members.saturating_sub(1);
        state.limit = state.members;
        self.publish(&state);
    }

    /// Waits for a job. `None` when nobody has one left, or the work is over.
    pub(super) fn next(&self) -> Option<J> {
        let mut state = self.lock();
        state.waiting += 1;
        loop {
            if state.over {
                return None;
            }
            if let Some(job) = state.jobs.pop() {
                state.waiting -= 1;
                self.publish(&state);
                return Some(job);
            }
            if state.waiting == state.members {
                self.finish(state);
                return None;
            }
            self.publish(&state);
            state = self
                .handed_over
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Ends the work for all members: those that wait leave now, the others when they look.
    pub(super) fn end(&self) {
        self.finish(self.lock());
    }

    /// Whether the work was ended.
    pub(super) fn is_over(&self) -> bool {
        self.over.load(Ordering::Relaxed)
    }

    /// Ends the work if the thread that holds this panics, so that nobody waits for its jobs.
    pub(super) fn end_on_panic(&self) -> EndOnPanic<'_, J> {
        EndOnPanic(self)
    }

    fn finish(&self, mut state: MutexGuard<'_, State<J>>) {
        state.over = true;
        state.jobs.clear();
        self.over.store(true, Ordering::Relaxed);
        drop(state);
        self.handed_over.notify_all();
    }

    fn publish(&self, state: &State<J>) {
        let able = state.waiting + state.limit.saturating_sub(state.members);
        self.wanted
            .store(able.saturating_sub(state.jobs.len()), Ordering::Relaxed);
        self.waiting.store(state.waiting, Ordering::Relaxed);
    }

    fn lock(&self) -> MutexGuard<'_, State<J>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// See [`Team::end_on_panic`].
pub(super) struct EndOnPanic<'t, J>(&'t Team<J>);

impl<J> Drop for EndOnPanic<'_, J> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.end();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::sync::atomic::AtomicU64;
    use std::thread;

    use super::*;

    #[test]
    fn a_lone_member_is_asked_for_nothing_and_leaves_at_once() {
        let team = Team::<u32>::new(1);
        assert_eq!(team.wants(), None);
        assert_eq!(team.next(), None);
        assert!(team.is_over());
    }

    #[test]
    fn threads_are_started_up_to_the_limit_and_their_jobs_are_not_wanted_twice() {
        let team = Team::new(3);
        assert_eq!(team.wants(), Some(WORTH_STARTING));
        assert_eq!(team.hand_over(1), Handed::StartMember);
        assert_eq!(team.hand_over(2), Handed::StartMember);
        assert_eq!(team.wants(), None);
        assert_eq!(team.hand_over(3), Handed::Woken);
    }

    #[test]
    fn the_job_of_a_thread_that_did_not_start_is_done_by_the_others() {
        let team = Team::new(9);
        assert_eq!(team.hand_over(7), Handed::StartMember);
        team.lost_member();
        assert_eq!(team.wants(), None);
        assert_eq!(team.next(), Some(7));
        assert_eq!(team.next(), None);
    }

    #[test]
    fn every_job_is_done_once_by_any_number_of_threads() {
        for threads in 1..=8 {
            let team = Team::new(threads);
            let done = AtomicU64::new(0);
            thread::scope(|scope| member(scope, &team, Some(12), &done));
            assert_eq!(done.into_inner(), (1 << 13) - 1);
        }
    }

    /// Does a job of depth `n` by doing two of depth `n - 1`, handing over what is wanted.
    fn member<'scope>(
        scope: &'scope thread::Scope<'scope, '_>,
        team: &'scope Team<u32>,
        first: Option<u32>,
        done: &'scope AtomicU64,
    ) {
        let mut own: Vec<u32> = first.into_iter().collect();
        while let Some(depth) = own.pop().or_else(|| team.next()) {
            done.fetch_add(1, Ordering::Relaxed);
            let Some(below) = depth.checked_sub(1) else {
                continue;
            };
            own.push(below);
            if team.wants().is_none() {
                own.push(below);
            } else if team.hand_over(below) == Handed::StartMember {
                scope.spawn(move || member(scope, team, None, done));
            }
        }
    }

    #[test]
    fn a_panic_in_a_member_ends_the_work_and_surfaces() {
        let team = Team::new(2);
        team.hand_over(());
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            thread::scope(|scope| {
                scope.spawn(|| {
                    let _end = team.end_on_panic();
                    team.next();
                    panic!("of this test");
                });
                while !team.is_over() {
                    thread::yield_now();
                }
                assert_eq!(team.next(), None);
            });
        }));
        assert!(outcome.is_err());
    }

    #[test]
    fn ending_the_work_wakes_those_who_wait() {
        let team = Team::<u32>::new(2);
        assert_eq!(team.hand_over(1), Handed::StartMember);
        thread::scope(|scope| {
            let helper = scope.spawn(|| (team.next(), team.next()));
            while team.waiting.load(Ordering::Relaxed) == 0 {
                thread::yield_now();
            }
            team.end();
            assert_eq!(helper.join().unwrap(), (Some(1), None));
        });
    }
}
