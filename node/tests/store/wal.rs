//! The write-ahead log under readers that leave no gap between them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use etlmon_node::store::{Persist, PersistError};
use rusqlite::Connection;

use super::database::{Database, wal_bytes};

const MIB: u64 = 1 << 20;

/// So many bytes in a row that is always the same one.
struct Bulk(u64);

impl Persist for Bulk {
    fn persist(&self, connection: &Connection) -> Result<(), PersistError> {
        let bytes = i64::try_from(self.0).unwrap();
        let sql =
            "INSERT OR REPLACE INTO meta (key, value) VALUES ('bulk', hex(randomblob(?1 / 2)))";
        connection.execute(sql, [bytes])?;
        Ok(())
    }

    /// As many as lines of a log would be.
    fn row_count(&self) -> usize {
        usize::try_from(self.0 / 100).unwrap()
    }
}

/// How many pages are in the log, and how many of them in the database too.
fn pages(looking: &Connection) -> (i64, i64) {
    let noop = "PRAGMA wal_checkpoint(NOOP)";
    let both = looking.query_row(noop, [], |row| Ok((row.get(1)?, row.get(2)?)));
    both.unwrap()
}

#[actix_rt::test]
async fn the_log_is_moved_into_the_database_before_the_writer_would_have_to() {
    let database = Database::start();
    let looking = Connection::open(&database.path).unwrap();
    let pages_in_log = || pages(&looking).0;
    database.send(Bulk(8 * MIB)).await.unwrap();
    let written = pages_in_log();
    assert!((2048..4096).contains(&written), "{written}");
    let deadline = Instant::now() + Duration::from_secs(20);
    // The first commit after that goes to the beginning of the log.
    while pages_in_log() >= written {
        assert!(Instant::now() < deadline, "{}", pages_in_log());
        database.send(Bulk(1000)).await.unwrap();
        actix_rt::time::sleep(Duration::from_millis(10)).await;
    }
}

#[actix_rt::test]
async fn what_a_backlog_writes_is_moved_while_it_goes_on() {
    let database = Database::start();
    let looking = Connection::open(&database.path).unwrap();
    // Far less than a second after the files were looked at.
    database.send(Bulk(8 * MIB)).await.unwrap();
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        let (written, moved) = pages(&looking);
        if moved == written {
            break;
        }
        assert!(Instant::now() < deadline, "{moved} of {written}");
        actix_rt::time::sleep(Duration::from_millis(10)).await;
    }
}

#[actix_rt::test]
async fn readers_without_a_gap_between_them_do_not_make_the_log_grow_for_ever() {
    let database = Database::start();
    let stop = Arc::new(AtomicBool::new(false));
    let readers: Vec<_> = (1..=3)
        .map(|number| {
            let (reads, stop) = (database.reads.clone(), Arc::clone(&stop));
            std::thread::spawn(move || {
                while !stop.load(Ordering::Acquire) {
                    let read = reads.read_here(|snapshot| {
                        snapshot.query_row("SELECT count(*) FROM meta", [], |_| Ok(()))?;
                        // A query that takes its time.
                        std::thread::sleep(Duration::from_millis(100 + 37 * number));
                        Ok(())
                    });
                    read.unwrap();
                }
            })
        })
        .collect();
    while wal_bytes(&database.path) <= 64 * MIB {
        database.send(Bulk(4 * MIB)).await.unwrap();
    }
    let deadline = Instant::now() + Duration::from_mins(1);
    while wal_bytes(&database.path) > 16 * MIB {
        assert!(Instant::now() < deadline, "{}", wal_bytes(&database.path));
        database.send(Bulk(1000)).await.unwrap();
        actix_rt::time::sleep(Duration::from_millis(10)).await;
    }
    stop.store(true, Ordering::Release);
    for reader in readers {
        reader.join().unwrap();
    }
}
