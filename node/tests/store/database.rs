//! A writer and its readers on a real file.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::ThreadId;

use actix::prelude::*;
use etlmon_node::store::{
    DatabaseStatus, DbWriter, Lease, Persist, PersistError, ReadPool, Store, StoreError, Writer,
    WriterSettings,
};
use etlmon_node::supervisor::{ChildExited, ChildId, ExitNotice};
use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

/// So many rows of `meta`, and after them perhaps one that the table refuses.
pub struct Rows {
    /// With what their keys begin.
    pub prefix: String,
    /// How many.
    pub count: usize,
    /// Whether one more is refused.
    pub bad: bool,
}

impl Persist for Rows {
    fn persist(&self, connection: &Connection) -> Result<(), PersistError> {
        for n in 0..self.count {
            connection
                .prepare_cached("INSERT INTO meta (key, value) VALUES (?1, 'x')")?
                .execute([format!("{} {n}", self.prefix)])?;
        }
        if self.bad {
            connection.execute("INSERT INTO meta (key, value) VALUES ('bad', NULL)", [])?;
        }
        Ok(())
    }
}

/// Stands where root stands.
struct Above(mpsc::UnboundedSender<Option<String>>);

impl Actor for Above {
    type Context = Context<Self>;
}

impl Handler<ChildExited> for Above {
    type Result = ();

    fn handle(&mut self, exited: ChildExited, _: &mut Self::Context) {
        let _ = self.0.send(exited.cause);
    }
}

/// A database in a folder of its own, and what a node has of it.
pub struct Database {
    _folder: tempfile::TempDir,
    /// Told when the writer has ended, and why.
    pub ended: mpsc::UnboundedReceiver<Option<String>>,
    /// Its file.
    pub path: PathBuf,
    /// What health would say of it.
    pub status: DatabaseStatus,
    /// Its readers.
    pub reads: ReadPool,
    /// Its writer.
    pub writer: Writer,
}

impl Database {
    /// To be called within an actix system.
    pub fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("etlmon.db");
        let status = DatabaseStatus::new(&path);
        let reads = ReadPool::new(&path);
        let settings = WriterSettings {
            path: path.clone(),
            status: status.clone(),
            reads: reads.clone(),
            retention: Arc::new([]),
        };
        let connection = DbWriter::open(&settings).unwrap();
        let (above, ended) = mpsc::unbounded_channel();
        let exit = ExitNotice::new(
            ChildId::Writer { incarnation: 1 },
            Above(above).start().recipient(),
        );
        let (writer, _) = DbWriter::start(connection, settings, exit);
        Self {
            _folder: folder,
            ended,
            path,
            status,
            reads,
            writer,
        }
    }

    /// Stores rows whose keys begin so, and perhaps one that the table refuses.
    pub async fn store(&self, prefix: &str, count: usize, bad: bool) -> Result<(), StoreError> {
        self.send(Rows {
            prefix: prefix.to_owned(),
            count,
            bad,
        })
        .await
    }

    /// Has the writer store a batch.
    pub async fn send(&self, batch: impl Persist) -> Result<(), StoreError> {
        self.writer.store(Box::new(batch), Lease::default()).await
    }

    /// Stores a batch as a job does, on a thread of its own; the answer, and that thread.
    pub async fn send_from_a_job(
        &self,
        batch: impl Persist,
    ) -> (Result<(), StoreError>, Option<ThreadId>) {
        let (answer, stored) = oneshot::channel();
        let store = Store {
            batch: Box::new(batch),
            lease: Lease::default(),
        };
        let writer = self.writer.clone();
        let job = actix_rt::task::spawn_blocking(move || {
            match writer.store_here(store) {
                Ok(stored) => drop(answer.send(stored)),
                Err(store) => writer.leave(store, Box::new(|stored| drop(answer.send(stored)))),
            }
            std::thread::current().id()
        });
        let thread = job.await.ok();
        (stored.await.unwrap_or(Err(StoreError::WriterGone)), thread)
    }

    /// How many keys are as the pattern (LIKE) says.
    pub fn keys(&self, pattern: &str) -> i64 {
        let connection = Connection::open(&self.path).unwrap();
        let sql = "SELECT count(*) FROM meta WHERE key LIKE ?1";
        connection
            .query_row(sql, [pattern], |row| row.get(0))
            .unwrap()
    }
}

/// The length of the write-ahead log.
pub fn wal_bytes(database: &Path) -> u64 {
    std::fs::metadata(format!("{}-wal", database.display()))
        .unwrap()
        .len()
}
