//! Moves the write-ahead log into the database beside the writer, and bounds it.
//!
//! What a checkpoint waits for is the disk, three times, and a disk can take its time. So a thread
//! with a connection of its own does it while the writer goes on; of the three only one is left to
//! the writer, with the first page of a log that begins anew. In a backlog the thread moves pages all
//! the while, and SQLite what is left of a full log within the writer's commit (`WAL_PAGES`).
//!
//! SQLite begins the log anew in a moment in which nobody reads in it. Under queries that overlap
//! there is no such moment, and the log would grow for as long as they go on.

use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rusqlite::Connection;

use super::StoreError;
use super::open::{self, BUSY_TIMEOUT};

/// A log beyond this is not left to chance.
const LONGEST_BYTES: u64 = 64 << 20;
/// How long the readers are waited for that are there; later ones are not in the way. A search
/// takes 2 s, and health counts a writer as hung after 3 s.
const PATIENCE: Duration = Duration::from_millis(2500);
/// From one wait to the next, in which batches must wait too.
const INTERVAL: Duration = Duration::from_secs(10);
/// Pages in the log that are worth a checkpoint: what changes often is then moved once.
const WORTH_PAGES: i64 = 1000;
/// Checkpoints one after the other, each of what was written during the last one. The log begins
/// anew only when all of it was moved before the next commit.
const PASSES: u32 = 4;

/// When the log was last seen to, and the thread that does it.
pub(super) struct WalBound {
    cut: Option<Instant>,
    /// None when the thread could not be started.
    checkpoints: Option<SyncSender<()>>,
    /// SQLite refuses one checkpoint during another instead of waiting for it.
    turn: Arc<Mutex<()>>,
}

impl WalBound {
    /// Starts the thread, which ends with this.
    pub(super) fn new(path: &Path) -> Self {
        // A wish that waits is as good as two.
        let (sender, wishes) = sync_channel(1);
        let (path, turn) = (path.to_owned(), Arc::default());
        let others = Arc::clone(&turn);
        let thread = std::thread::Builder::new().name("checkpoint".to_owned());
        let started = thread.spawn(move || serve(&path, &wishes, &others));
        if let Err(error) = &started {
            log::warn!("checkpoints hold the writer up: no thread for them: {error}");
        }
        Self {
            cut: None,
            checkpoints: started.is_ok().then_some(sender),
            turn,
        }
    }

    /// Has the log moved into the database if that is worth while; one that is too long is also cut
    /// off, once its readers have gone.
    ///
    /// # Errors
    /// What SQLite says; that the readers have not gone in time is no error.
    pub(super) fn keep(&mut self, connection: &Connection, bytes: u64) -> rusqlite::Result<()> {
        if bytes <= LONGEST_BYTES || self.cut.is_some_and(|at| at.elapsed() < INTERVAL) {
            return self.have_moved(connection);
        }
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        connection.busy_timeout(PATIENCE)?;
        let cut = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
        self.cut = Some(Instant::now());
        connection.busy_timeout(BUSY_TIMEOUT)?;
        cut
    }

    /// Has the thread move the log if there is enough in it.
    ///
    /// # Errors
    /// What SQLite says.
    pub(super) fn have_moved(&self, connection: &Connection) -> rusqlite::Result<()> {
        if let Some(checkpoints) = &self.checkpoints
            && unmoved_pages(connection)? >= WORTH_PAGES
        {
            // Refused when one waits already.
            let _ = checkpoints.try_send(());
        }
        Ok(())
    }
}

/// The thread: checkpoints whenever that is wished for, until nobody can wish any more.
fn serve(path: &Path, wishes: &Receiver<()>, turn: &Mutex<()>) {
    let mut connection = None;
    let mut failure = None;
    while wishes.recv().is_ok() {
        let done = checkpoint(path, &mut connection, turn);
        let reason = done.err().map(|error| error.to_string());
        if let Some(reason) = reason.as_ref().filter(|_| failure != reason) {
            // The writer does it, and says what hinders it too.
            log::warn!("the write-ahead log could not be moved into the database: {reason}");
        }
        failure = reason;
    }
}

fn checkpoint(
    path: &Path,
    connection: &mut Option<Connection>,
    turn: &Mutex<()>,
) -> Result<(), StoreError> {
    let connection = match connection {
        Some(connection) => connection,
        None => connection.insert(open::checkpointer(path)?),
    };
    let sql = |source| StoreError::Sql {
        operation: "a checkpoint",
        source,
    };
    // A wish that came during the last pass may have been granted by it.
    if unmoved_pages(connection).map_err(sql)? < WORTH_PAGES {
        return Ok(());
    }
    for _ in 0..PASSES {
        let _turn = turn.lock().unwrap_or_else(PoisonError::into_inner);
        let passive = "PRAGMA wal_checkpoint(PASSIVE)";
        connection.query_row(passive, [], |_| Ok(())).map_err(sql)?;
        // It answers of the log as it was when it began.
        if unmoved_pages(connection).map_err(sql)? == 0 {
            break;
        }
    }
    Ok(())
}

/// Pages of the log that are not in the database yet.
fn unmoved_pages(connection: &Connection) -> rusqlite::Result<i64> {
    connection
        .prepare_cached("PRAGMA wal_checkpoint(NOOP)")?
        .query_row([], |row| Ok(row.get::<_, i64>(1)? - row.get::<_, i64>(2)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_connection_for_checkpoints_can_do_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("etlmon.db");
        let writer = open::writer(&path).unwrap();
        let insert = "INSERT INTO meta (key, value) VALUES ('a', 'b')";
        writer.execute(insert, []).unwrap();
        let connection = open::checkpointer(&path).unwrap();
        let refused = connection.execute(insert, []).unwrap_err();
        let code = refused.sqlite_error_code();
        assert_eq!(code, Some(rusqlite::ErrorCode::ReadOnly));
        let checkpoint = "PRAGMA wal_checkpoint(PASSIVE)";
        let (written, moved): (i64, i64) = connection
            .query_row(checkpoint, [], |row| Ok((row.get(1)?, row.get(2)?)))
            .unwrap();
        assert!(written > 0 && moved == written, "{moved} of {written}");
    }
}
