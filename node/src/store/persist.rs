//! What a collector hands to the writer, and whether it may still be stored.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rusqlite::Connection;

/// Why a batch was not stored.
#[derive(Debug, thiserror::Error)]
pub enum PersistError {
    /// A statement failed.
    #[error(transparent)]
    Sql(#[from] rusqlite::Error),
    /// The batch was made from rows that have changed since.
    #[error("the rows that it was made from have changed")]
    Outdated,
}

/// Rows that are stored together or not at all.
pub trait Persist: Send + 'static {
    /// Writes the rows. The connection is inside the writer's transaction; on an error all that
    /// this batch has written is rolled back.
    ///
    /// # Errors
    /// What SQLite says, or that the batch is of no use any more.
    fn persist(&self, connection: &Connection) -> Result<(), PersistError>;

    /// It is committed: for whoever is to hear of it at once. It must not block.
    fn stored(&self) {}

    /// About how many rows there are; the writer lets a few wait for others.
    fn row_count(&self) -> usize {
        1
    }

    /// Whether there is nothing to write, so that the writer need not be asked.
    fn is_empty(&self) -> bool {
        false
    }
}

impl Persist for Arc<dyn Persist + Sync> {
    fn persist(&self, connection: &Connection) -> Result<(), PersistError> {
        self.as_ref().persist(connection)
    }

    fn stored(&self) {
        self.as_ref().stored();
    }

    fn row_count(&self) -> usize {
        self.as_ref().row_count()
    }

    fn is_empty(&self) -> bool {
        self.as_ref().is_empty()
    }
}

/// The generation that a batch belongs to: once it is given up, the writer refuses the batch.
///
/// One is shared by a collector actor, the cycles that it runs and the batches that they send.
#[derive(Clone, Debug, Default)]
pub struct Lease(Arc<AtomicBool>);

impl Lease {
    /// Ends the generation, for all clones.
    pub fn give_up(&self) {
        self.0.store(true, Ordering::Release);
    }

    /// Whether the generation has ended.
    pub fn is_given_up(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }

    /// The flag itself, for loops that know nothing of leases.
    pub fn flag(&self) -> &AtomicBool {
        &self.0
    }
}
