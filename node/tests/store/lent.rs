//! The write connection in the hands of jobs.

use std::sync::mpsc;
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};

use etlmon_node::store::{Drain, Lease, Persist, PersistError, Store, StoreError};
use rusqlite::Connection;

use crate::database::{Database, Rows};

/// One row, and word of the thread that stores it.
struct Witness {
    key: String,
    /// What it says that it has.
    rows: usize,
    seen: mpsc::Sender<ThreadId>,
    /// Waited for in the middle of the transaction.
    until: Option<mpsc::Receiver<()>>,
}

impl Persist for Witness {
    fn persist(&self, connection: &Connection) -> Result<(), PersistError> {
        let insert = "INSERT INTO meta (key, value) VALUES (?1, 'x')";
        connection.execute(insert, [&self.key])?;
        self.seen.send(thread::current().id()).unwrap();
        if let Some(until) = &self.until {
            until.recv_timeout(Duration::from_secs(20)).unwrap();
        }
        Ok(())
    }

    fn row_count(&self) -> usize {
        self.rows
    }
}

fn witness(seen: &mpsc::Sender<ThreadId>, key: String) -> Witness {
    Witness {
        key,
        rows: 1,
        seen: seen.clone(),
        until: None,
    }
}

struct Panics;

impl Persist for Panics {
    fn persist(&self, connection: &Connection) -> Result<(), PersistError> {
        let insert = "INSERT INTO meta (key, value) VALUES ('half', 'x')";
        assert_eq!(connection.execute(insert, [])?, 0, "this batch panics");
        Ok(())
    }
}

fn rows(prefix: &str, count: usize) -> Rows {
    Rows {
        prefix: prefix.to_owned(),
        count,
        bad: false,
    }
}

/// Longer than the writer lets pass between two small commits.
fn let_it_rest() {
    thread::sleep(Duration::from_millis(30));
}

#[actix_rt::test]
async fn a_job_stores_its_batch_itself_while_the_writer_has_nothing_to_do() {
    let database = Database::start();
    let (seen, threads) = mpsc::channel();
    let batch = witness(&seen, "mine".to_owned());
    let (stored, job) = database.send_from_a_job(batch).await;
    stored.unwrap();
    assert_eq!(threads.recv().ok(), job);
    assert_eq!(database.keys("mine"), 1);
    assert!(database.status.get().last_write_at.is_some());
}

#[actix_rt::test]
async fn a_little_that_comes_too_soon_is_left_to_the_writer_and_much_is_not() {
    let database = Database::start();
    let (seen, threads) = mpsc::channel();
    // Between the two is less time than between two commits, but on a machine that is very busy; and
    // the writer answers a moment before it is done.
    let (mut was_left, mut was_not) = (false, false);
    for n in 0..5 {
        let_it_rest();
        let (stored, job) = database
            .send_from_a_job(witness(&seen, format!("a{n}")))
            .await;
        stored.unwrap();
        assert_eq!(threads.recv().ok(), job);
        let (stored, job) = database
            .send_from_a_job(witness(&seen, format!("b{n}")))
            .await;
        stored.unwrap();
        was_left |= threads.recv().ok() != job;
        let much = Witness {
            rows: 1000,
            ..witness(&seen, format!("c{n}"))
        };
        let (stored, job) = database.send_from_a_job(much).await;
        stored.unwrap();
        was_not |= threads.recv().ok() == job;
    }
    assert!(was_left && was_not);
}

#[actix_rt::test]
async fn a_batch_that_waits_is_not_overtaken() {
    let database = Database::start();
    let (seen, threads) = mpsc::channel();
    // The first waits for the time of the next commit, unless this machine is very busy.
    let mut has_waited = false;
    for n in 0..5 {
        database
            .store(&format!("before{n}"), 1, false)
            .await
            .unwrap();
        let first = database.send(witness(&seen, format!("first{n}")));
        let second = async {
            actix_rt::task::yield_now().await;
            let much = Witness {
                rows: 1000,
                ..witness(&seen, format!("second{n}"))
            };
            database.send_from_a_job(much).await
        };
        let (first, (second, job)) = futures_util::future::join(first, second).await;
        first.unwrap();
        second.unwrap();
        let (first, second) = (threads.recv().ok(), threads.recv().ok());
        assert_ne!(first, job);
        has_waited |= second == first;
    }
    assert!(has_waited);
}

#[actix_rt::test]
async fn during_a_transaction_of_a_job_others_go_to_the_writer_and_need_not_wait() {
    let database = Database::start();
    let (seen, threads) = mpsc::channel();
    let (go_on, until) = mpsc::channel();
    let slow = Witness {
        until: Some(until),
        ..witness(&seen, "slow".to_owned())
    };
    let other = witness(&seen, "other".to_owned());
    let (answer, other_stored) = tokio::sync::oneshot::channel();
    let other = Store {
        batch: Box::new(other),
        lease: Lease::default(),
    };
    let writer = database.writer.clone();
    let beside = thread::spawn(move || {
        let slow_is_on = threads.recv().unwrap();
        // It returns although the transaction goes on.
        let Err(other) = writer.store_here(other) else {
            panic!("stored beside the slow one");
        };
        writer.leave(other, Box::new(move |stored| drop(answer.send(stored))));
        go_on.send(()).unwrap();
        (slow_is_on, threads.recv().unwrap(), thread::current().id())
    });
    let (stored, job) = database.send_from_a_job(slow).await;
    stored.unwrap();
    other_stored.await.unwrap().unwrap();
    let (slow_is_on, other_is_on, beside) = beside.join().unwrap();
    assert_eq!(Some(slow_is_on), job);
    assert!(other_is_on != beside && other_is_on != slow_is_on);
    assert_eq!(database.keys("slow") + database.keys("other"), 2);
}

#[actix_rt::test]
async fn nothing_is_stored_after_the_last_checkpoint() {
    let database = Database::start();
    database.store("before", 1, false).await.unwrap();
    database.writer.actor().send(Drain).await.unwrap();
    let_it_rest();
    let (stored, _) = database.send_from_a_job(rows("after", 1)).await;
    assert!(matches!(stored, Err(StoreError::WriterGone)), "{stored:?}");
    assert_eq!(database.keys("after%"), 0);
    // All of it is in the database itself, whoever still has the writer.
    let wal = format!("{}-wal", database.path.display());
    let left = std::fs::metadata(wal).map_or(0, |wal| wal.len());
    assert_eq!(left, 0);
}

#[actix_rt::test]
async fn a_batch_that_panics_in_a_job_ends_the_writer_and_leaves_nothing() {
    let mut database = Database::start();
    let (stored, job) = database.send_from_a_job(Panics).await;
    assert!(stored.is_err() && job.is_none());
    let cause = database.ended.recv().await.flatten().unwrap();
    assert!(cause.contains("panic"), "{cause}");
    let refused = database.store("next", 1, false).await;
    assert!(
        matches!(refused, Err(StoreError::WriterGone)),
        "{refused:?}"
    );
    assert_eq!(database.keys("half") + database.keys("next%"), 0);
}

#[actix_rt::test]
async fn a_job_finds_that_the_file_was_removed_and_stores_nothing_in_it() {
    let mut database = Database::start();
    database.send_from_a_job(rows("before", 1)).await.0.unwrap();
    std::fs::remove_file(&database.path).unwrap();
    // It is looked for once a second.
    let deadline = Instant::now() + Duration::from_secs(20);
    while database.send_from_a_job(rows("", 0)).await.0.is_ok() {
        assert!(Instant::now() < deadline);
        let_it_rest();
    }
    let cause = database.ended.recv().await.flatten().unwrap();
    assert!(cause.contains("removed or replaced"), "{cause}");
}
