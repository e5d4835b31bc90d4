//! The write connection in the hands of jobs.

use std::sync::mpsc;
use std::thread::{self, ThreadId};
use std::time::Duration;

use etlmon_node::store::{Drain, Persist, PersistError, StoreError};
use rusqlite::Connection;

use crate::database::{Database, Rows};

/// One row, and word of the thread that stores it.
struct Witness {
    key: &'static str,
    seen: mpsc::Sender<ThreadId>,
    /// Waited for in the middle of the transaction.
    until: Option<mpsc::Receiver<()>>,
}

impl Persist for Witness {
    fn persist(&self, connection: &Connection) -> Result<(), PersistError> {
        let insert = "INSERT INTO meta (key, value) VALUES (?1, 'x')";
        connection.execute(insert, [self.key])?;
        self.seen.send(thread::current().id()).unwrap();
        if let Some(until) = &self.until {
            until.recv_timeout(Duration::from_secs(20)).unwrap();
        }
        Ok(())
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
    let batch = Witness {
        key: "mine",
        seen,
        until: None,
    };
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
    let witness = |key| Witness {
        key,
        seen: seen.clone(),
        until: None,
    };
    // Between the two is less time than between two commits, but on a machine that is very busy.
    let mut was_left = false;
    for (first, second) in [("a", "b"), ("c", "d"), ("e", "f"), ("g", "h"), ("i", "j")] {
        let_it_rest();
        let (stored, job) = database.send_from_a_job(witness(first)).await;
        stored.unwrap();
        assert_eq!(threads.recv().ok(), job);
        let (stored, job) = database.send_from_a_job(witness(second)).await;
        stored.unwrap();
        was_left |= threads.recv().ok() != job;
    }
    assert!(was_left);
    database
        .send_from_a_job(rows("many", 1000))
        .await
        .0
        .unwrap();
    assert_eq!(database.keys("many%"), 1000);
}

#[actix_rt::test]
async fn during_a_transaction_of_a_job_others_go_to_the_writer_and_lose_nothing() {
    let database = Database::start();
    let (seen, threads) = mpsc::channel();
    let (go_on, until) = mpsc::channel();
    let slow = Witness {
        key: "slow",
        seen: seen.clone(),
        until: Some(until),
    };
    let other = Witness {
        key: "other",
        seen,
        until: None,
    };
    let both = async {
        let first = database.send_from_a_job(slow);
        let second = async {
            let begun = actix_rt::task::spawn_blocking(move || (threads.recv().unwrap(), threads));
            let (_, threads) = begun.await.unwrap();
            let waiting = database.send_from_a_job(other);
            let release = async {
                actix_rt::task::yield_now().await;
                go_on.send(()).unwrap();
            };
            let ((stored, job), ()) = futures_util::future::join(waiting, release).await;
            stored.unwrap();
            (threads.recv().ok(), job)
        };
        futures_util::future::join(first, second).await
    };
    let ((stored, _), (stored_by, _)) = both.await;
    stored.unwrap();
    assert!(stored_by.is_some());
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
    // Whoever comes next finds it.
    let refused = database.store("next", 1, false).await;
    assert!(
        matches!(refused, Err(StoreError::WriterGone)),
        "{refused:?}"
    );
    let cause = database.ended.recv().await.flatten().unwrap();
    assert!(cause.contains("panicked"), "{cause}");
    assert_eq!(database.keys("half") + database.keys("next%"), 0);
}
