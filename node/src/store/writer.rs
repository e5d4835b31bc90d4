//! The actor with the only write connection: groups what is waiting into one transaction.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use actix::prelude::*;
use etlmon_shared::Timestamp;
use rusqlite::Connection;
use tokio::sync::oneshot;

use super::persist::{Lease, Persist};
use super::purge::{LOOK_INTERVAL, Purge};
use super::retention::RetentionRule;
use super::wal::WalBound;
use super::{DatabaseStatus, ReadPool, StoreError, open, transaction};
use crate::supervisor::ExitNotice;

/// Messages that wait before a sender has to.
const MAILBOX: usize = 64;
/// So many rows, or batches, are committed without waiting for more.
const GROUP: usize = 64;
/// From one commit to the next, unless there is much to commit: where many collectors have a little
/// each, most of the cost is a commit's own. What comes after a quiet time is committed at once.
const SPACING: Duration = Duration::from_millis(10);
/// How long the last checkpoint waits for other programs that read; it is not needed.
const LAST_CHECKPOINT_PATIENCE: Duration = Duration::from_millis(200);
/// From one look at the files' sizes to the next.
const MEASURE_INTERVAL: Duration = Duration::from_secs(1);

/// Where the answer to a batch goes when it is committed, or is not.
pub type Answer = oneshot::Sender<Result<(), StoreError>>;
/// Where it comes from; no answer means that the writer is gone.
pub type Stored = oneshot::Receiver<Result<(), StoreError>>;

/// Stores a batch.
#[derive(Message)]
#[rtype(result = "()")]
pub struct Store {
    /// The rows.
    pub batch: Box<dyn Persist>,
    /// The generation that they belong to.
    pub lease: Lease,
    /// Who waits for it.
    pub answer: Answer,
}

/// Stores a batch when the writer has room for it, and waits until it is committed.
///
/// # Errors
/// As the writer answers, or that it is gone.
pub async fn store(
    writer: &Addr<DbWriter>,
    batch: Box<dyn Persist>,
    lease: Lease,
) -> Result<(), StoreError> {
    let (answer, stored) = oneshot::channel();
    let store = Store {
        batch,
        lease,
        answer,
    };
    // Should it be gone, so is the answer.
    let _ = writer.send(store).await;
    stored.await.unwrap_or(Err(StoreError::WriterGone))
}

/// Commits what is waiting, moves the write-ahead log into the database, and ends the writer.
#[derive(Message)]
#[rtype(result = "()")]
pub struct Drain;

/// Purges by other rules from now on.
#[derive(Message)]
#[rtype(result = "()")]
pub struct Retain(pub Arc<[RetentionRule]>);

/// Commits what has come since the last transaction.
#[derive(Message)]
#[rtype(result = "()")]
struct Commit;

/// Does one step of the purge.
#[derive(Message)]
#[rtype(result = "()")]
struct PurgeStep;

/// What the writer needs to start, and to start again.
#[derive(Clone)]
pub struct WriterSettings {
    /// The database.
    pub path: PathBuf,
    /// Where the state is told.
    pub status: DatabaseStatus,
    /// The readers, whose connections end with the file that they opened.
    pub reads: ReadPool,
    /// What to purge.
    pub retention: Arc<[RetentionRule]>,
}

/// The writer.
pub struct DbWriter {
    connection: Connection,
    waiting: Vec<Store>,
    /// How many rows wait.
    weight: usize,
    committed: Option<Instant>,
    settings: WriterSettings,
    purge: Purge,
    wal: WalBound,
    /// Which file was opened: another one may come in its place.
    file: Option<FileId>,
    measured: Instant,
    exit: ExitNotice,
}

/// Device and inode.
type FileId = (u64, u64);

impl DbWriter {
    /// Opens the database for writing.
    ///
    /// # Errors
    /// As [`open::writer`].
    pub fn open(settings: &WriterSettings) -> Result<Connection, StoreError> {
        let connection = open::writer(&settings.path)?;
        settings.status.measure(&settings.path);
        settings.reads.renew();
        Ok(connection)
    }

    /// Starts the actor on a thread of its own, where alone it may block.
    pub fn start(
        connection: Connection,
        settings: WriterSettings,
        exit: ExitNotice,
    ) -> (Addr<Self>, Arbiter) {
        let arbiter = Arbiter::new();
        let file = file_id(&settings.path);
        let writer = Self::start_in_arbiter(&arbiter.handle(), move |ctx| {
            ctx.set_mailbox_capacity(MAILBOX);
            Self {
                connection,
                waiting: Vec::new(),
                weight: 0,
                committed: None,
                purge: Purge::new(&settings.retention),
                wal: WalBound::new(&settings.path),
                settings,
                file,
                measured: Instant::now(),
                exit,
            }
        });
        (writer, arbiter)
    }

    /// One transaction for all that waits. A batch that fails takes no other with it.
    fn commit(&mut self, ctx: &mut Context<Self>) {
        if self.waiting.is_empty() {
            return;
        }
        if self.measured.elapsed() >= MEASURE_INTERVAL {
            self.measured = Instant::now();
            self.settings.status.measure(&self.settings.path);
            if file_id(&self.settings.path) != self.file {
                // What is written now would be lost with the last handle.
                self.exit
                    .set_cause("its file was removed or replaced".to_owned());
                self.waiting.clear();
                return ctx.stop();
            }
            let wal_bytes = self.settings.status.get().wal_bytes.unwrap_or(0);
            if let Err(error) = self.wal.keep(&self.connection, wal_bytes) {
                // The batches that wait will find the same, and it is told of them.
                log::warn!("the write-ahead log could not be cut: {error}");
            }
        }
        let waiting = std::mem::take(&mut self.waiting);
        self.weight = 0;
        let mut results = Vec::with_capacity(waiting.len());
        self.settings.status.writing();
        match transaction::run(&self.connection, &waiting, &mut results) {
            Ok(()) => {
                let stored = results.iter().any(Result::is_ok);
                self.settings.status.written(stored.then(Timestamp::now));
            }
            Err(error) => {
                self.settings.status.refused(&error.to_string());
                let lost = || {
                    Err(StoreError::Sql {
                        operation: "a commit",
                        source: transaction::again(&error),
                    })
                };
                results.clear();
                results.resize_with(waiting.len(), lost);
            }
        }
        self.committed = Some(Instant::now());
        for (store, result) in waiting.into_iter().zip(results) {
            // A sender that no longer waits has been given up.
            let _ = store.answer.send(result);
        }
    }
}

/// Which file a path leads to; none when there is none.
fn file_id(path: &Path) -> Option<FileId> {
    std::fs::metadata(path)
        .ok()
        .map(|file| (file.dev(), file.ino()))
}

impl Actor for DbWriter {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.notify_later(PurgeStep, LOOK_INTERVAL);
    }
}

impl Handler<Store> for DbWriter {
    type Result = ();

    fn handle(&mut self, store: Store, ctx: &mut Self::Context) {
        self.weight += store.batch.row_count().max(1);
        self.waiting.push(store);
        if self.weight >= GROUP {
            self.commit(ctx);
        } else if self.waiting.len() == 1 {
            let passed = self.committed.map_or(SPACING, |at| at.elapsed());
            match SPACING.saturating_sub(passed) {
                // Handled when the mailbox is empty: whatever is in it joins this transaction.
                Duration::ZERO => ctx.notify(Commit),
                left => drop(ctx.notify_later(Commit, left)),
            }
        }
    }
}

impl Handler<Commit> for DbWriter {
    type Result = ();

    fn handle(&mut self, _: Commit, ctx: &mut Self::Context) {
        self.commit(ctx);
    }
}

impl Handler<PurgeStep> for DbWriter {
    type Result = ();

    fn handle(&mut self, _: PurgeStep, ctx: &mut Self::Context) {
        let pause = self.purge.step(&mut self.connection);
        ctx.notify_later(PurgeStep, pause);
    }
}

impl Handler<Retain> for DbWriter {
    type Result = ();

    fn handle(&mut self, Retain(rules): Retain, _: &mut Self::Context) {
        self.purge = Purge::new(&rules);
    }
}

impl Handler<Drain> for DbWriter {
    type Result = ();

    fn handle(&mut self, _: Drain, ctx: &mut Self::Context) {
        self.commit(ctx);
        let checkpoint = self
            .connection
            .busy_timeout(LAST_CHECKPOINT_PATIENCE)
            .and_then(|()| {
                self.connection
                    .execute_batch("PRAGMA optimize; PRAGMA wal_checkpoint(TRUNCATE)")
            });
        if let Err(error) = checkpoint {
            // What is committed is safe in the log, which the next start reads.
            log::warn!("the last checkpoint failed: {error}");
        }
        ctx.stop();
    }
}
