//! What becomes of a collector whose batches are refused, or stored without its knowing.

mod counts;
mod random;

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::PathBuf;

use actix::prelude::*;
use etlmon_shared::log::{LogFile, LogStatus};
use rusqlite::Connection;
use tempfile::TempDir;

use super::*;
use crate::collector::{Pulse, Schedule, Wake, Waker};
use crate::collectors::logs::blocks::OpenBlock;
use crate::collectors::logs::lines::LogRows;
use crate::store::{Lease, Persist, PersistError, ReadPool, open};
use crate::tail::followers::{self, Configured};
use crate::tail::{Chunk, Crowd, TailSettings};
use crate::watch::Watcher;

const NAME: &str = "app";

/// Stores lines as the collector of logs does.
struct Stored;

impl Lines for Stored {
    type Rows = LogRows;

    fn rows(&self, chunk: &Chunk, _: Timestamp) -> LogRows {
        LogRows::new(chunk)
    }

    fn persist(
        &self,
        rows: &LogRows,
        chunk: &Chunk,
        read_at: Timestamp,
        connection: &Connection,
    ) -> Result<(), PersistError> {
        let mut open = OpenBlock::default();
        rows.persist(chunk, NAME, &mut open, read_at, connection)
    }
}

struct Asleep;

impl Actor for Asleep {
    type Context = Context<Self>;
}

impl Handler<Wake> for Asleep {
    type Result = ();

    fn handle(&mut self, _: Wake, _: &mut Self::Context) {}
}

/// A log, a database, and what a collector's actor would do.
struct Bench {
    folder: TempDir,
    writer: Connection,
    reads: ReadPool,
    tick: Tick,
}

impl Bench {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("etlmon.db");
        let writer = open::writer(&database).unwrap();
        let configured = Configured {
            kind: "logs",
            names: [NAME.to_owned()].into(),
        };
        configured.persist(&writer).unwrap();
        let reads = ReadPool::new(&database);
        reads.renew();
        let now = Instant::now();
        let asleep = System::new().block_on(async { Asleep.start().recipient() });
        Self {
            folder,
            writer,
            reads,
            tick: Tick {
                started_at: Timestamp::now(),
                deadline: now + Duration::from_mins(1),
                schedule: Schedule::new(now, POLL),
                lease: Lease::default(),
                pulse: Pulse::default(),
                waker: Waker::new(asleep),
            },
        }
    }

    fn log(&self) -> PathBuf {
        self.folder.path().join("app.log")
    }

    fn append(&self, text: &str) {
        let mut log = OpenOptions::new();
        let mut log = log.append(true).create(true).open(self.log()).unwrap();
        log.write_all(text.as_bytes()).unwrap();
    }

    fn collector(&self, follow: bool) -> TailCollector<Stored> {
        self.collector_with(follow, |_| {})
    }

    fn collector_with(
        &self,
        follow: bool,
        change: impl FnOnce(&mut TailSettings),
    ) -> TailCollector<Stored> {
        let mut settings = TailSettings::new(self.log()).unwrap();
        settings.from_beginning = true;
        settings.partial_after = Duration::from_millis(20);
        change(&mut settings);
        TailCollector::new(TailSetup {
            kind: "logs",
            name: NAME.to_owned(),
            settings,
            budget: Budget::default(),
            follow,
            lines: Arc::new(Stored),
            reads: self.reads.clone(),
            watcher: Watcher::for_test(),
            crowd: Crowd::default(),
        })
    }

    /// A batch in a transaction of its own.
    fn store(&mut self, batch: &TailBatch<Stored>) -> Result<(), StoreError> {
        if batch.is_empty() {
            return Ok(());
        }
        let transaction = self.writer.transaction().unwrap();
        match batch.persist(&transaction) {
            Ok(()) => {
                transaction.commit().unwrap();
                Ok(())
            }
            Err(PersistError::Outdated) => Err(StoreError::Outdated),
            Err(PersistError::Sql(error)) => panic!("{error}"),
        }
    }

    /// A whole cycle, as it goes when nothing is wrong with the database.
    fn cycle(&mut self, collector: &mut TailCollector<Stored>) {
        let batch = collector.collect(&self.tick).unwrap();
        let stored = self.store(&batch);
        collector.settle(stored.as_ref().copied());
    }

    fn cycles_until(&mut self, collector: &mut TailCollector<Stored>, lines: &[&str]) {
        let deadline = Instant::now() + Duration::from_secs(20);
        while self.lines() != lines {
            assert!(Instant::now() < deadline, "{:?}", self.lines());
            self.cycle(collector);
        }
        // None comes twice.
        for _ in 0..3 {
            self.cycle(collector);
        }
        assert_eq!(self.lines(), lines);
    }

    fn lines(&self) -> Vec<String> {
        let sql = "SELECT line FROM log_lines ORDER BY id";
        let mut lines = self.writer.prepare(sql).unwrap();
        let lines = lines.query_map([], |row| row.get(0)).unwrap();
        lines.map(Result::unwrap).collect()
    }

    /// What people are told.
    fn files(&self) -> Vec<LogFile> {
        followers::files(&self.writer, "logs", Some(NAME)).unwrap()
    }

    fn error_message(&self) -> Option<String> {
        let sql = "SELECT error_message FROM followers";
        self.writer.query_row(sql, [], |row| row.get(0)).unwrap()
    }
}

#[test]
fn a_batch_is_in_doubt_until_the_database_has_been_asked() {
    let mut bench = Bench::new();
    let mut collector = bench.collector(true);
    bench.append("one\n");
    bench.cycle(&mut collector);
    bench.append("two\n");
    let batch = collector.collect(&bench.tick).unwrap();
    bench.store(&batch).unwrap();
    collector.settle(Err(&StoreError::WriterGone));
    // It is stored, which cannot be seen now; and meanwhile there is more to read.
    let database = bench.folder.path().join("etlmon.db");
    let away = bench.folder.path().join("away");
    fs::rename(&database, &away).unwrap();
    bench.reads.renew();
    bench.append("three\n");
    assert!(collector.collect(&bench.tick).is_err());
    fs::rename(&away, &database).unwrap();
    bench.reads.renew();
    bench.cycles_until(&mut collector, &["one", "two", "three"]);
}

#[test]
fn a_batch_of_an_earlier_life_is_not_taken_for_ones_own() {
    let mut bench = Bench::new();
    let (mut before, mut after) = (bench.collector(true), bench.collector(true));
    bench.append("one\n");
    let late = before.collect(&bench.tick).unwrap();
    bench.append("two\n");
    let first = after.collect(&bench.tick).unwrap();
    bench.store(&late).unwrap();
    let refused = bench.store(&first).unwrap_err();
    assert!(matches!(refused, StoreError::Outdated));
    after.settle(Err(&refused));
    bench.cycles_until(&mut after, &["one", "two"]);
}

#[test]
fn a_failure_that_is_over_is_taken_back_by_a_batch_that_is_stored() {
    let mut bench = Bench::new();
    let mut collector = bench.collector(true);
    bench.append("one\n");
    bench.cycle(&mut collector);
    let announce = collector.announcer().unwrap();
    let failed = announce(&Progress::Failed {
        reason: "the file server hangs",
        next_at: Timestamp::now(),
    });
    bench.store(&failed.unwrap()).unwrap();
    assert!(bench.error_message().is_some());
    let _lost = collector.collect(&bench.tick).unwrap();
    collector.settle(Err(&StoreError::WriterGone));
    bench.cycle(&mut collector);
    assert_eq!(bench.error_message(), None);
}

#[test]
fn a_log_that_was_never_looked_at_is_a_row_with_the_reason_until_it_is() {
    let mut bench = Bench::new();
    let glob = bench.folder.path().join("*.log");
    let mut collector = bench.collector_with(true, |settings| {
        let from_beginning = settings.from_beginning;
        *settings = TailSettings::new(&glob).unwrap();
        settings.from_beginning = from_beginning;
    });
    let announce = collector.announcer().unwrap();
    let failed = announce(&Progress::Failed {
        reason: "the file server hangs",
        next_at: Timestamp::now(),
    });
    bench.store(&failed.unwrap()).unwrap();
    let told = |bench: &Bench| {
        let told = bench.files().into_iter();
        told.map(|file| (file.path, file.status, file.error_message))
            .collect::<Vec<_>>()
    };
    let reason = Some("the file server hangs".to_owned());
    let glob = glob.display().to_string();
    assert_eq!(told(&bench), [(glob, LogStatus::Error, reason)]);
    bench.append("one\n");
    bench.cycle(&mut collector);
    let log = bench.log().display().to_string();
    assert_eq!(told(&bench), [(log, LogStatus::Tailing, None)]);
}

#[test]
fn a_log_that_is_read_once_is_read_to_its_very_end_whatever_is_refused() {
    let mut bench = Bench::new();
    let mut collector = bench.collector(false);
    bench.append("one\ntwo");
    let _lost = collector.collect(&bench.tick).unwrap();
    collector.settle(Err(&StoreError::WriterGone));
    bench.cycles_until(&mut collector, &["one", "two"]);
    bench.append("\nlater\n");
    for _ in 0..3 {
        bench.cycle(&mut collector);
    }
    assert_eq!(bench.lines(), ["one", "two"]);
}

#[test]
fn a_log_that_is_written_to_all_the_time_is_waited_for_on_the_thread_that_reads_it() {
    let mut bench = Bench::new();
    let mut collector = bench.collector(true);
    let mut collect = |collector: &mut TailCollector<Stored>| {
        bench.append("line\n");
        let batch = collector.collect(&bench.tick).unwrap();
        let stored = bench.store(&batch);
        collector.settle(stored.as_ref().copied());
        // For the next cycle.
        bench.append("line\n");
    };
    collect(&mut collector);
    assert!(!collector.linger(), "it was quiet before");
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        collect(&mut collector);
        if collector.linger() {
            break;
        }
        assert!(Instant::now() < deadline);
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_look_rests_the_longer_the_dearer_it_was() {
    for (took_ms, rest_ms) in [
        (0, 0),
        (1, 100),
        (20, 1000),
        (50, 1000),
        (100, 2000),
        (1000, 5000),
    ] {
        let rest = super::rest_after(Duration::from_millis(took_ms));
        assert_eq!(rest, Duration::from_millis(rest_ms), "{took_ms} ms");
    }
}
