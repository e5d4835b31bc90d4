//! The writer and its readers on a real file: groups, savepoints, snapshots, refusals.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    reason = "this is test code; it opens the database to look at it"
)]

mod database;
mod lent;
mod purge;
mod wal;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use database::{Database, Rows, wal_bytes};
use etlmon_node::store::{Drain, Effort, Lease, StoreError, open};
use futures_util::future::join_all;
use rusqlite::Connection;

#[test]
fn a_database_is_opened_with_the_pragmas_that_it_promises() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("etlmon.db");
    let writer = open::writer(&path).unwrap();
    let number = |name| -> i64 {
        writer
            .pragma_query_value(None, name, |row| row.get(0))
            .unwrap()
    };
    let mode: String = writer
        .pragma_query_value(None, "journal_mode", |row| row.get(0))
        .unwrap();
    assert_eq!(mode, "wal");
    assert_eq!(
        (
            number("synchronous"),
            number("auto_vacuum"),
            number("foreign_keys")
        ),
        (1, 2, 1)
    );
    let reader = r2d2::Pool::new(open::reader(&path)).unwrap().get().unwrap();
    let refused = reader
        .execute("INSERT INTO meta VALUES ('a', 'b')", [])
        .unwrap_err();
    assert_eq!(
        refused.sqlite_error_code(),
        Some(rusqlite::ErrorCode::ReadOnly)
    );
}

#[actix_rt::test]
async fn a_batch_that_fails_takes_no_other_with_it_and_leaves_nothing_behind() {
    let database = Database::start();
    let stored = join_all([
        database.store("first", 3, false),
        database.store("second", 3, true),
        database.store("third", 3, false),
    ])
    .await;
    assert!(stored[0].is_ok() && stored[2].is_ok(), "{stored:?}");
    assert!(
        matches!(stored[1], Err(StoreError::Sql { .. })),
        "{stored:?}"
    );
    assert_eq!(database.keys("first %") + database.keys("third %"), 6);
    assert_eq!(database.keys("second %"), 0);
    let alone = database.store("alone", 3, true).await;
    assert!(matches!(alone, Err(StoreError::Sql { .. })), "{alone:?}");
    assert_eq!(database.keys("alone %"), 0);
    assert!(
        database.status.get().writable,
        "the batch was at fault, not the database"
    );
}

#[actix_rt::test]
async fn what_waits_together_is_committed_together() {
    let database = Database::start();
    database.store("warm", 1, false).await.unwrap();
    let before = wal_bytes(&database.path);
    let names: Vec<String> = (0..60).map(|n| format!("grouped{n}")).collect();
    let stored = join_all(names.iter().map(|name| database.store(name, 1, false))).await;
    assert!(stored.iter().all(Result::is_ok));
    let grouped = wal_bytes(&database.path) - before;
    for n in 0..60 {
        database
            .store(&format!("alone{n}"), 1, false)
            .await
            .unwrap();
    }
    let alone = wal_bytes(&database.path) - before - grouped;
    assert!(
        grouped * 5 < alone,
        "{grouped} bytes of log for the group, {alone} one by one"
    );
}

#[actix_rt::test]
async fn batches_that_come_shortly_after_each_other_share_a_commit() {
    let database = Database::start();
    let before = wal_bytes(&database.path);
    let senders = (0..8).map(|n| {
        let database = &database;
        async move {
            // All within the time from the first commit to the next.
            actix_rt::time::sleep(Duration::from_millis(n / 2)).await;
            database.store(&format!("spaced{n}"), 1, false).await
        }
    });
    assert!(join_all(senders).await.iter().all(Result::is_ok));
    let spaced = wal_bytes(&database.path) - before;
    for n in 0..8 {
        database
            .store(&format!("alone{n}"), 1, false)
            .await
            .unwrap();
    }
    let alone = wal_bytes(&database.path) - before - spaced;
    assert!(spaced * 2 < alone, "{spaced} {alone}");
}

#[actix_rt::test]
async fn the_batch_of_a_cycle_that_was_given_up_is_refused() {
    let database = Database::start();
    let lease = Lease::default();
    let late = Rows {
        prefix: "late".to_owned(),
        count: 1,
        bad: false,
    };
    lease.give_up();
    let refused = database.writer.store(Box::new(late), lease).await;
    assert!(matches!(refused, Err(StoreError::GivenUp)), "{refused:?}");
    assert_eq!(database.keys("late %"), 0);
}

#[actix_rt::test]
async fn a_read_sees_no_half_of_a_batch_and_waits_for_no_write() {
    const ROWS: usize = 2000;
    let database = Database::start();
    let pool = database.reads.clone();
    let done = Arc::new(AtomicBool::new(false));
    let readers: Vec<_> = (0..3)
        .map(|_| {
            let (pool, done) = (pool.clone(), Arc::clone(&done));
            actix_rt::spawn(async move {
                let (mut reads, mut slowest) = (0, Duration::ZERO);
                while !done.load(Ordering::Relaxed) {
                    let asked = Instant::now();
                    let sql = "SELECT count(*) FROM meta WHERE key LIKE 'batch%'";
                    let rows: i64 = pool
                        .read(move |db| db.query_row(sql, [], |r| r.get(0)))
                        .await
                        .unwrap();
                    slowest = slowest.max(asked.elapsed());
                    assert_eq!(
                        rows % i64::try_from(ROWS).unwrap(),
                        0,
                        "half a batch was seen"
                    );
                    reads += 1;
                }
                (reads, slowest)
            })
        })
        .collect();
    for n in 0..30 {
        database
            .store(&format!("batch{n}"), ROWS, false)
            .await
            .unwrap();
    }
    done.store(true, Ordering::Relaxed);
    for reader in readers {
        let (reads, slowest) = reader.await.unwrap();
        assert!(reads > 5, "{reads} reads");
        // The busy timeout is 5 s: a read that had waited for the writer would show.
        assert!(slowest < Duration::from_secs(2), "{slowest:?}");
    }
}

#[actix_rt::test]
async fn draining_leaves_the_whole_database_in_its_file() {
    let database = Database::start();
    database.store("last", 10, false).await.unwrap();
    assert!(wal_bytes(&database.path) > 0);
    database.writer.actor().send(Drain).await.unwrap();
    let deadline = Instant::now() + Duration::from_secs(5);
    while database.writer.actor().connected() {
        assert!(Instant::now() < deadline, "the writer does not end");
        actix_rt::time::sleep(Duration::from_millis(5)).await;
    }
    let alone = database.path.with_extension("copy");
    std::fs::copy(&database.path, &alone).unwrap();
    let rows: i64 = Connection::open(alone)
        .unwrap()
        .query_row(
            "SELECT count(*) FROM meta WHERE key LIKE 'last %'",
            [],
            |row| row.get(0),
        )
        .unwrap();
    assert_eq!(rows, 10);
}

#[test]
fn what_is_no_database_of_ours_is_named_and_left_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("etlmon.db");
    std::fs::write(
        &path,
        "this is a text file, and somebody's precious one at that\n".repeat(100),
    )
    .unwrap();
    let before = std::fs::read(&path).unwrap();
    let refused = open::writer(&path).unwrap_err().to_string();
    assert!(
        refused.contains("cannot use") && refused.contains("not a database"),
        "{refused}"
    );
    assert_eq!(std::fs::read(&path).unwrap(), before);
}

#[actix_rt::test]
async fn long_queries_leave_connections_to_the_others_until_they_really_end() {
    let database = Database::start();
    let (end, ends) = std::sync::mpsc::channel::<()>();
    let ends = Arc::new(std::sync::Mutex::new(ends));
    let long = || {
        let ends = Arc::clone(&ends);
        database.reads.read_by(Effort::Long, move |_| {
            let _ = ends.lock().unwrap().recv();
            Ok(())
        })
    };
    // Whoever asked has gone, and they go on.
    let gone = join_all((0..2).map(|_| actix_rt::time::timeout(Duration::from_millis(50), long())));
    assert!(gone.await.iter().all(Result::is_err));
    let refused = long().await.unwrap_err();
    assert!(matches!(refused, StoreError::Crowded), "{refused:?}");
    let short = |snapshot: &rusqlite::Transaction<'_>| {
        snapshot.query_row("SELECT 1", [], |row| row.get::<_, i64>(0))
    };
    for _ in 0..4 {
        assert_eq!(database.reads.read(short).await.unwrap(), 1);
    }
    drop(end);
    long().await.unwrap();
}
