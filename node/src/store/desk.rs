//! The write connection and the transactions on it. It is the writer's, and it is lent to a job that
//! has something to store while the writer has nothing: that saves a thread's wake-up.

use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, TryLockError};
use std::time::{Duration, Instant};

use etlmon_shared::Timestamp;
use rusqlite::Connection;

use super::handle::Store;
use super::wal::WalBound;
use super::writer::{GROUP, WriterSettings};
use super::{StoreError, transaction};

/// From one commit to the next, unless there is much to commit: where many collectors have a little
/// each, most of the cost is a commit's own. What comes after a quiet time is committed at once.
const SPACING: Duration = Duration::from_millis(10);
/// From one look at the files' sizes to the next.
const MEASURE_INTERVAL: Duration = Duration::from_secs(1);

/// Another file has come in place of the one that was opened, or none: what is written now would be
/// lost with the last handle.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Replaced;

/// The connection, and what is known of its files.
pub(super) struct Desk {
    pub(super) connection: Connection,
    settings: WriterSettings,
    wal: WalBound,
    committed: Option<Instant>,
    measured: Instant,
    file: Option<FileId>,
}

/// Device and inode.
type FileId = (u64, u64);

impl Desk {
    pub(super) fn new(connection: Connection, settings: WriterSettings) -> Self {
        Self {
            connection,
            wal: WalBound::new(&settings.path),
            committed: None,
            measured: Instant::now(),
            file: file_id(&settings.path),
            settings,
        }
    }

    /// How long to wait for more before the next commit of a little.
    pub(super) fn spacing(&self) -> Duration {
        let passed = self.committed.map_or(SPACING, |at| at.elapsed());
        SPACING.saturating_sub(passed)
    }

    /// Sees to the files, now and then.
    ///
    /// # Errors
    /// `Replaced`; then nothing can be committed any more.
    pub(super) fn see_to_files(&mut self) -> Result<(), Replaced> {
        if self.measured.elapsed() < MEASURE_INTERVAL {
            return Ok(());
        }
        let settings = &self.settings;
        settings.status.measure(&settings.path);
        if file_id(&settings.path) != self.file {
            return Err(Replaced);
        }
        self.measured = Instant::now();
        let wal_bytes = settings.status.get().wal_bytes.unwrap_or(0);
        if let Err(error) = self.wal.keep(&self.connection, wal_bytes) {
            // The batches that wait will find the same, and it is told of them.
            log::warn!("the write-ahead log could not be cut: {error}");
        }
        Ok(())
    }

    /// One transaction for all; what became of each. A batch that fails takes no other with it.
    pub(super) fn commit(&mut self, batches: &[Store]) -> Vec<Result<(), StoreError>> {
        let mut results = Vec::with_capacity(batches.len());
        let status = &self.settings.status;
        status.writing();
        match transaction::run(&self.connection, batches, &mut results) {
            Ok(()) => {
                let stored = results.iter().any(Result::is_ok);
                status.written(stored.then(Timestamp::now));
            }
            Err(error) => {
                status.refused(&error.to_string());
                let lost = || {
                    Err(StoreError::Sql {
                        operation: "a commit",
                        source: transaction::again(&error),
                    })
                };
                results.clear();
                results.resize_with(batches.len(), lost);
            }
        }
        self.committed = Some(Instant::now());
        if batches.iter().map(Store::weight).sum::<usize>() >= GROUP {
            // In a backlog the log would be full before the files are seen to, where errors are told.
            let _ = self.wal.have_moved(&self.connection);
        }
        for (store, result) in batches.iter().zip(&results) {
            if result.is_ok() {
                store.batch.stored();
            }
        }
        results
    }
}

/// Which file a path leads to; none when there is none.
fn file_id(path: &Path) -> Option<FileId> {
    std::fs::metadata(path)
        .ok()
        .map(|file| (file.dev(), file.ino()))
}

/// A desk that is used by one at a time. A clone is the same one.
#[derive(Clone)]
pub(super) struct SharedDesk(Arc<Shared>);

struct Shared {
    /// None when the writer has ended.
    desk: Mutex<Option<Desk>>,
    /// How many go before a job: batches that wait, and the writer itself.
    claims: AtomicUsize,
}

/// As long as there is one, the desk is not lent.
pub(super) struct Claim(Arc<Shared>);

impl Drop for Claim {
    fn drop(&mut self) {
        self.0.claims.fetch_sub(1, Ordering::AcqRel);
    }
}

impl SharedDesk {
    pub(super) fn new(desk: Desk) -> Self {
        Self(Arc::new(Shared {
            desk: Mutex::new(Some(desk)),
            claims: AtomicUsize::new(0),
        }))
    }

    /// Keeps the desk for the writer.
    pub(super) fn claim(&self) -> Claim {
        self.0.claims.fetch_add(1, Ordering::AcqRel);
        Claim(Arc::clone(&self.0))
    }

    /// For the writer, which waits until nobody uses it; none when a job has panicked meanwhile, or
    /// the writer has ended.
    pub(super) fn with<T>(&self, work: impl FnOnce(&mut Desk) -> T) -> Option<T> {
        let claim = self.claim();
        let locked = self.0.desk.lock();
        drop(claim);
        locked.ok()?.as_mut().map(work)
    }

    /// For everybody else: commits a batch if nobody uses or claims the desk and it is time for a
    /// commit, and tells what became of it; else it is given back.
    pub(super) fn store(&self, store: Store) -> Result<Result<(), StoreError>, Store> {
        let mut locked = match self.0.desk.try_lock() {
            Ok(locked) => locked,
            Err(TryLockError::WouldBlock | TryLockError::Poisoned(_)) => return Err(store),
        };
        if self.0.claims.load(Ordering::Acquire) > 0 {
            return Err(store);
        }
        match &mut *locked {
            Some(desk) if store.weight() >= GROUP || desk.spacing().is_zero() => {
                if desk.see_to_files().is_err() {
                    // The writer finds the same, and ends.
                    return Err(store);
                }
                let stored = desk.commit(std::slice::from_ref(&store)).pop();
                Ok(stored.unwrap_or(Err(StoreError::WriterGone)))
            }
            _ => Err(store),
        }
    }

    /// Closes the connection, whoever else has this desk.
    pub(super) fn close(&self) {
        let mut desk = self.0.desk.lock().unwrap_or_else(PoisonError::into_inner);
        drop(desk.take());
    }
}
