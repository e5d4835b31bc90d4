//! What the threads of one walk have in common, and the account they settle at its end.

use std::ffi::OsString;
use std::io;
use std::os::unix::ffi::OsStringExt;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use rustix::io::Errno;

use super::measure::{Measure, Sums};
use super::open::Opener;
use super::pace::{Stop, Throttle};
use super::team::Team;
use super::worker::Job;
use super::{Tally, WalkError, WalkOptions};

/// One walk.
pub(super) struct Shared<'a> {
    pub(super) options: &'a WalkOptions,
    pub(super) opener: Opener,
    pub(super) team: Team<Job>,
    pub(super) measure: Option<Measure>,
    root: &'a Path,
    stop: &'a Stop<'a>,
    throttle: Option<Throttle>,
    entries: AtomicU64,
    account: Mutex<Account>,
}

#[derive(Default)]
struct Account {
    tally: Tally,
    sums: Sums,
    failure: Option<WalkError>,
}

impl<'a> Shared<'a> {
    pub(super) fn new(
        root: &'a Path,
        options: &'a WalkOptions,
        stop: &'a Stop<'a>,
        opener: Opener,
    ) -> Self {
        Self {
            options,
            opener,
            team: Team::new(options.threads),
            measure: options
                .measure_sizes
                .then(|| Measure::new(options.top_entries)),
            root,
            stop,
            throttle: Throttle::new(options.max_io_ops_per_sec),
            entries: AtomicU64::new(0),
            account: Mutex::default(),
        }
    }

    /// Ends the caller's work where the walk has to end; else tells the time.
    pub(super) fn check(&self) -> Result<Instant, WalkError> {
        if self.team.is_over() {
            // Whoever ended it has given the reason, which comes before this one.
            return Err(WalkError::Cancelled);
        }
        self.stop.check()
    }

    /// To be called before each system call that may reach the disk or server.
    pub(super) fn pace(&self) -> Result<(), WalkError> {
        self.stop.beat();
        self.throttle
            .as_ref()
            .map_or(Ok(()), |throttle| throttle.take(self.stop))
    }

    /// Adds entries to the number that may not be passed.
    pub(super) fn limit(&self, entries: u64) -> Result<(), WalkError> {
        let Some(limit) = self.options.max_files else {
            return Ok(());
        };
        let before = self.entries.fetch_add(entries, Ordering::Relaxed);
        if before.saturating_add(entries) > limit {
            return Err(WalkError::TooManyFiles { limit });
        }
        Ok(())
    }

    /// Notes that `count` directories or entries are missing from the counts. `path` is that of the
    /// first, relative to the root.
    pub(super) fn unreadable(&self, count: u64, path: &dyn Fn() -> Vec<u8>, errno: Errno) {
        let tally = &mut self.lock().tally;
        tally.unreadable_count = tally.unreadable_count.saturating_add(count);
        tally.first_unreadable.get_or_insert_with(|| {
            let path = self.root.join(OsString::from_vec(path()));
            format!("{}: {}", path.display(), io::Error::from(errno))
        });
    }

    /// Ends the walk. Of several failures the first is reported.
    pub(super) fn fail(&self, failure: WalkError) {
        self.lock().failure.get_or_insert(failure);
        self.team.end();
    }

    /// Ends the walk because the root itself cannot be read.
    pub(super) fn root_failed(&self, errno: Errno) -> WalkError {
        WalkError::Root {
            path: self.root.to_owned(),
            source: errno.into(),
        }
    }

    /// Adds what one thread counted.
    pub(super) fn settle(&self, files: u64, dirs: u64, sums: &Sums) {
        let mut account = self.lock();
        account.tally.file_count = account.tally.file_count.saturating_add(files);
        account.tally.dir_count = account.tally.dir_count.saturating_add(dirs);
        account.sums.merge(sums);
    }

    /// The result, when all threads have settled.
    pub(super) fn finish(self) -> Result<Tally, WalkError> {
        let account = self
            .account
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(failure) = account.failure {
            return Err(failure);
        }
        let sizes = self.measure.map(|measure| measure.finish(&account.sums));
        Ok(Tally {
            sizes,
            ..account.tally
        })
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Account> {
        self.account.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
