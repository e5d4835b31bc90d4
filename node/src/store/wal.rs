//! Bounds the write-ahead log where readers never leave it alone.
//!
//! SQLite begins the log anew in a moment in which nobody reads in it. Under queries that overlap
//! there is no such moment, and the log would grow for as long as they go on.

use std::time::{Duration, Instant};

use rusqlite::Connection;

use super::open::BUSY_TIMEOUT;

/// A log beyond this is not left to chance.
const LONGEST_BYTES: u64 = 64 << 20;
/// How long the readers are waited for that are there; later ones are not in the way. A search
/// takes 2 s, and health counts a writer as hung after 3 s.
const PATIENCE: Duration = Duration::from_millis(2500);
/// From one wait to the next, in which batches must wait too.
const INTERVAL: Duration = Duration::from_secs(10);

/// When the log was last seen to.
#[derive(Default)]
pub(super) struct WalBound(Option<Instant>);

impl WalBound {
    /// Moves a log that is too long into the database and cuts it off, once its readers have gone.
    ///
    /// # Errors
    /// What SQLite says; that the readers have not gone in time is no error.
    pub(super) fn keep(&mut self, connection: &Connection, bytes: u64) -> rusqlite::Result<()> {
        if bytes <= LONGEST_BYTES || self.0.is_some_and(|at| at.elapsed() < INTERVAL) {
            return Ok(());
        }
        connection.busy_timeout(PATIENCE)?;
        let cut = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
        self.0 = Some(Instant::now());
        connection.busy_timeout(BUSY_TIMEOUT)?;
        cut
    }
}
