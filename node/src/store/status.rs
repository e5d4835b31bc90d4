//! What is known of the database without touching it, for an answer that must not wait.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use etlmon_shared::Timestamp;
use etlmon_shared::health::DatabaseHealth;

/// The database's state, kept by the writer and read by root. The lock is held for copies only.
#[derive(Clone, Debug)]
pub struct DatabaseStatus(Arc<Mutex<DatabaseHealth>>);

impl DatabaseStatus {
    /// A database that was opened and not yet written.
    pub fn new(path: &Path) -> Self {
        let status = Self(Arc::new(Mutex::new(DatabaseHealth {
            path: path.display().to_string(),
            size_bytes: None,
            wal_bytes: None,
            writable: true,
            last_write_at: None,
            last_error: None,
        })));
        status.measure(path);
        status
    }

    /// The state now.
    pub fn get(&self) -> DatabaseHealth {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// A transaction was committed.
    pub fn written(&self, at: Timestamp) {
        self.update(|db| {
            db.writable = true;
            db.last_write_at = Some(at);
            db.last_error = None;
        });
    }

    /// Nothing can be stored at present.
    pub fn refused(&self, reason: &str) {
        self.update(|db| {
            db.writable = false;
            db.last_error = Some(reason.to_owned());
        });
    }

    /// Reads the sizes of the database's files; for the writer's own thread, as it may hang.
    pub fn measure(&self, path: &Path) {
        let size = |path: &Path| std::fs::metadata(path).ok().map(|meta| meta.len());
        let mut wal = path.as_os_str().to_owned();
        wal.push("-wal");
        let (size_bytes, wal_bytes) = (size(path), size(&PathBuf::from(wal)));
        self.update(|db| {
            db.size_bytes = size_bytes;
            db.wal_bytes = wal_bytes;
        });
    }

    fn update(&self, change: impl FnOnce(&mut DatabaseHealth)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }
}
