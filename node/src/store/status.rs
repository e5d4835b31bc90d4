//! What is known of the database without touching it, for an answer that must not wait.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use etlmon_shared::Timestamp;
use etlmon_shared::health::DatabaseHealth;

/// A transaction that takes longer is told: the disk hangs, or another process holds the lock.
const PATIENCE: Duration = Duration::from_secs(3);

/// The database's state, kept by the writer and read by root. The lock is held for copies only.
#[derive(Clone, Debug)]
pub struct DatabaseStatus(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    health: DatabaseHealth,
    /// Since when a transaction has been under way.
    busy_since: Option<Instant>,
}

impl DatabaseStatus {
    /// A database that was opened and not yet written.
    pub fn new(path: &Path) -> Self {
        let health = DatabaseHealth {
            path: path.display().to_string(),
            size_bytes: None,
            wal_bytes: None,
            writable: true,
            last_write_at: None,
            last_error: None,
        };
        Self(Arc::new(Mutex::new(State {
            health,
            busy_since: None,
        })))
    }

    /// The state now.
    pub fn get(&self) -> DatabaseHealth {
        let state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut health = state.health.clone();
        let waited = state
            .busy_since
            .map(|since| since.elapsed())
            .unwrap_or_default();
        if waited >= PATIENCE {
            health.writable = false;
            health.last_error = Some(format!(
                "the database has not answered for {} s",
                waited.as_secs()
            ));
        }
        health
    }

    /// A transaction has begun.
    pub fn writing(&self) {
        self.update(|state| state.busy_since = Some(Instant::now()));
    }

    /// A transaction was committed; `at` is none when each of its batches was refused.
    pub fn written(&self, at: Option<Timestamp>) {
        self.update(|state| {
            state.busy_since = None;
            state.health.writable = true;
            state.health.last_write_at = at.or(state.health.last_write_at);
            state.health.last_error = None;
        });
    }

    /// Nothing can be stored at present.
    pub fn refused(&self, reason: &str) {
        self.update(|state| {
            state.busy_since = None;
            state.health.writable = false;
            state.health.last_error = Some(reason.to_owned());
        });
    }

    /// Reads the sizes of the database's files; for a thread that may block, as it may hang.
    pub fn measure(&self, path: &Path) {
        let size = |path: &Path| std::fs::metadata(path).ok().map(|meta| meta.len());
        let mut wal = path.as_os_str().to_owned();
        wal.push("-wal");
        let (size_bytes, wal_bytes) = (size(path), size(&PathBuf::from(wal)));
        self.update(|state| {
            state.health.size_bytes = size_bytes;
            state.health.wal_bytes = wal_bytes;
        });
    }

    fn update(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }
}
