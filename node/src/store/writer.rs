//! The actor with the only write connection: groups what is waiting into one transaction.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use actix::prelude::*;
use rusqlite::Connection;

use super::desk::{Desk, Replaced, SharedDesk};
use super::handle::{Broken, Queued, Writer};
use super::purge::{LOOK_INTERVAL, Purge};
use super::retention::RetentionRule;
use super::{DatabaseStatus, ReadPool, StoreError, open};
use crate::supervisor::ExitNotice;

/// Messages that wait before a sender has to.
const MAILBOX: usize = 64;
/// So many rows, or batches, are committed without waiting for more.
pub(super) const GROUP: usize = 64;
/// How long the last checkpoint waits for other programs that read; it is not needed.
const LAST_CHECKPOINT_PATIENCE: Duration = Duration::from_millis(200);
/// Why the writer ends when the connection was left in the middle of a transaction.
pub(super) const PANICKED: &str = "a batch panicked while it was stored";

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
    desk: SharedDesk,
    waiting: Vec<Queued>,
    /// How many rows wait.
    weight: usize,
    purge: Purge,
    exit: ExitNotice,
}

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

    /// Starts the actor on a thread of its own, where it may block.
    pub fn start(
        connection: Connection,
        settings: WriterSettings,
        exit: ExitNotice,
    ) -> (Writer, Arbiter) {
        let arbiter = Arbiter::new();
        let purge = Purge::new(&settings.retention);
        let desk = SharedDesk::new(Desk::new(connection, settings));
        let shared = desk.clone();
        let actor = Self::start_in_arbiter(&arbiter.handle(), move |ctx| {
            ctx.set_mailbox_capacity(MAILBOX);
            Self {
                desk: shared,
                waiting: Vec::new(),
                weight: 0,
                purge,
                exit,
            }
        });
        (Writer::new(actor, desk), arbiter)
    }

    /// Commits what waits.
    fn commit(&mut self, ctx: &mut Context<Self>) {
        if self.waiting.is_empty() {
            return;
        }
        let waiting = std::mem::take(&mut self.waiting);
        // The claims end with the commit.
        let (stores, waiting): (Vec<_>, Vec<_>) = waiting
            .into_iter()
            .map(|queued| (queued.store, (queued.answer, queued.claim)))
            .unzip();
        self.weight = 0;
        let committed = self.desk.with(|desk| {
            desk.see_to_files()?;
            Ok(desk.commit(&stores))
        });
        let cause = match committed {
            Some(Ok(results)) => {
                for ((answer, _claim), result) in waiting.into_iter().zip(results) {
                    answer(result);
                }
                return;
            }
            Some(Err(Replaced)) => "its file was removed or replaced",
            None => PANICKED,
        };
        self.end(cause, ctx);
    }

    fn end(&mut self, cause: &str, ctx: &mut Context<Self>) {
        self.exit.set_cause(cause.to_owned());
        ctx.stop();
    }
}

impl Drop for DbWriter {
    fn drop(&mut self) {
        self.desk.close();
    }
}

impl Actor for DbWriter {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.notify_later(PurgeStep, LOOK_INTERVAL);
    }
}

impl Handler<Queued> for DbWriter {
    type Result = ();

    fn handle(&mut self, queued: Queued, ctx: &mut Self::Context) {
        self.weight += queued.store.weight();
        self.waiting.push(queued);
        if self.weight >= GROUP {
            self.commit(ctx);
        } else if self.waiting.len() == 1 {
            match self.desk.with(|desk| desk.spacing()) {
                // Handled when the mailbox is empty: whatever is in it joins this transaction.
                Some(Duration::ZERO) => ctx.notify(Commit),
                Some(left) => drop(ctx.notify_later(Commit, left)),
                None => self.end(PANICKED, ctx),
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

impl Handler<Broken> for DbWriter {
    type Result = ();

    fn handle(&mut self, Broken(cause): Broken, ctx: &mut Self::Context) {
        self.end(&cause, ctx);
    }
}

impl Handler<PurgeStep> for DbWriter {
    type Result = ();

    fn handle(&mut self, _: PurgeStep, ctx: &mut Self::Context) {
        let purge = &mut self.purge;
        match self.desk.with(|desk| purge.step(&mut desk.connection)) {
            Some(pause) => drop(ctx.notify_later(PurgeStep, pause)),
            None => self.end(PANICKED, ctx),
        }
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
        let checkpoint = self.desk.with(|desk| {
            desk.connection.busy_timeout(LAST_CHECKPOINT_PATIENCE)?;
            desk.connection
                .execute_batch("PRAGMA optimize; PRAGMA wal_checkpoint(TRUNCATE)")
        });
        // Nothing is stored after that.
        self.desk.close();
        if let Some(Err(error)) = checkpoint {
            // What is committed is safe in the log, which the next start reads.
            log::warn!("the last checkpoint failed: {error}");
        }
        ctx.stop();
    }
}
