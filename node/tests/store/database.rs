//! A writer and its readers on a real file.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use actix::prelude::*;
use etlmon_node::store::{
    DatabaseStatus, DbWriter, Lease, Persist, PersistError, ReadPool, StoreError, WriterSettings,
    store,
};
use etlmon_node::supervisor::{ChildExited, ChildId, ExitNotice};
use rusqlite::Connection;

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
struct Above;

impl Actor for Above {
    type Context = Context<Self>;
}

impl Handler<ChildExited> for Above {
    type Result = ();

    fn handle(&mut self, _: ChildExited, _: &mut Self::Context) {}
}

/// A database in a folder of its own, and what a node has of it.
pub struct Database {
    _folder: tempfile::TempDir,
    /// Its file.
    pub path: PathBuf,
    /// What health would say of it.
    pub status: DatabaseStatus,
    /// Its readers.
    pub reads: ReadPool,
    /// Its writer.
    pub writer: Addr<DbWriter>,
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
        let exit = ExitNotice::new(
            ChildId::Writer { incarnation: 1 },
            Above.start().recipient(),
        );
        let (writer, _) = DbWriter::start(connection, settings, exit);
        Self {
            _folder: folder,
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
        store(&self.writer, Box::new(batch), Lease::default()).await
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
