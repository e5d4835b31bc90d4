//! What others have of the writer: a batch, and where to hand it in.

use actix::prelude::*;
use tokio::sync::oneshot;

use super::StoreError;
use super::desk::{Claim, SharedDesk};
use super::persist::{Lease, Persist};
use super::writer::{DbWriter, PANICKED};
use crate::supervisor::last_panic;

/// Is given the answer to a batch when it is committed, or is not; dropped when the writer is gone.
/// Called on a thread that stores, so it must not block.
pub type Answer = Box<dyn FnOnce(Result<(), StoreError>) + Send>;

/// A batch on its way into the database.
pub struct Store {
    /// The rows.
    pub batch: Box<dyn Persist>,
    /// The generation that they belong to.
    pub lease: Lease,
}

impl Store {
    pub(super) fn weight(&self) -> usize {
        self.batch.row_count().max(1)
    }
}

/// Stores a batch.
#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct Queued {
    pub(super) store: Store,
    /// Who waits for it.
    pub(super) answer: Answer,
    /// What comes after it does not overtake it.
    pub(super) claim: Claim,
}

/// Where batches are handed in. A clone is the same writer.
#[derive(Clone)]
pub struct Writer {
    actor: Addr<DbWriter>,
    desk: SharedDesk,
}

impl Writer {
    pub(super) fn new(actor: Addr<DbWriter>, desk: SharedDesk) -> Self {
        Self { actor, desk }
    }

    /// The actor, for what is no batch.
    pub fn actor(&self) -> &Addr<DbWriter> {
        &self.actor
    }

    /// Stores a batch when the writer has room for it, and waits until it is committed.
    ///
    /// # Errors
    /// As the writer answers, or that it is gone.
    pub async fn store(&self, batch: Box<dyn Persist>, lease: Lease) -> Result<(), StoreError> {
        let (told, stored) = oneshot::channel();
        let answer = Box::new(move |stored| {
            // A sender that no longer waits has been given up.
            let _ = told.send(stored);
        });
        // Should it be gone, so is the answer.
        let queued = self.queued(Store { batch, lease }, answer);
        let _ = self.actor.send(queued).await;
        stored.await.unwrap_or(Err(StoreError::WriterGone))
    }

    /// Stores a batch on this thread, which may block, if the writer has nothing else to do; else
    /// gives it back, to be left to the writer.
    ///
    /// # Errors
    /// The batch itself; what became of one that is not given back is within.
    pub fn store_here(&self, store: Store) -> Result<Result<(), StoreError>, Store> {
        let _told = TellOfPanic(&self.actor);
        self.desk.store(store)
    }

    /// Leaves a batch to the writer, which answers. Of each collector there is one at most, which
    /// bounds the mailbox.
    pub fn leave(&self, store: Store, answer: Answer) {
        self.actor.do_send(self.queued(store, answer));
    }

    fn queued(&self, store: Store, answer: Answer) -> Queued {
        let claim = self.desk.claim();
        Queued {
            store,
            answer,
            claim,
        }
    }
}

/// Tells the writer of a batch that panics in the hands of a job, in the middle of a transaction.
struct TellOfPanic<'a>(&'a Addr<DbWriter>);

impl Drop for TellOfPanic<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let cause = last_panic().unwrap_or_else(|| PANICKED.to_owned());
            self.0.do_send(Broken(cause));
        }
    }
}

/// The connection can't be used any more.
#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct Broken(pub(super) String);
