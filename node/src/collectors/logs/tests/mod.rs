//! Lines stored and found again in a real database.

mod random;

use std::collections::HashMap;
use std::path::PathBuf;
use std::time::Duration;

use etlmon_shared::Timestamp;
use etlmon_shared::log::LogLine;
use rusqlite::Connection;

use super::blocks;
use super::blocks::OpenBlock;
use super::lines::LogRows;
use super::missed::{missed, position};
use super::page::{Page, Search, page, page_within};
use crate::http::Cursor;
use crate::store::{PersistError, open};
use crate::tail::{Chunk, FileRef, Span};

/// A database, and every line that was ever stored in it.
struct Lines {
    _folder: tempfile::TempDir,
    connection: Connection,
    ever: Vec<LogLine>,
    kept_from: i64,
    open: HashMap<String, OpenBlock>,
}

impl Lines {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let connection = open::writer(&folder.path().join("etlmon.db")).unwrap();
        Self {
            _folder: folder,
            connection,
            ever: Vec::new(),
            kept_from: 1,
            open: HashMap::new(),
        }
    }

    fn store<T: AsRef<str>>(&mut self, log_name: &str, at: i64, texts: &[T]) {
        let chunk = chunk(log_name, texts);
        let first_id = i64::try_from(self.ever.len()).unwrap() + 1;
        let lines = (first_id..).zip(chunk.lines());
        self.ever.extend(lines.map(|(id, line)| LogLine {
            id,
            log_name: log_name.to_owned(),
            log_path: format!("/var/log/{log_name}.log"),
            line: line.text.to_owned(),
            truncated: line.truncated,
            created_at: Timestamp::from_millis(at),
            source_inode: chunk.files[line.file].inode,
        }));
        self.try_store(log_name, at, &chunk).unwrap();
    }

    fn try_store(&mut self, log_name: &str, at: i64, chunk: &Chunk) -> Result<(), PersistError> {
        let transaction = self.connection.transaction()?;
        LogRows::new(chunk).persist(
            chunk,
            log_name,
            self.open.entry(log_name.to_owned()).or_default(),
            Timestamp::from_millis(at),
            &transaction,
        )?;
        Ok(transaction.commit()?)
    }

    /// Deletes the lines below an id, as retention does.
    fn purge(&mut self, kept_from: i64) {
        self.kept_from = self.kept_from.max(kept_from);
        let transaction = self.connection.transaction().unwrap();
        transaction
            .execute("DELETE FROM log_lines WHERE id < ?1", [kept_from])
            .unwrap();
        for statement in blocks::PURGE {
            transaction.execute(statement, []).unwrap();
        }
        transaction.commit().unwrap();
    }

    fn page(&self, log_name: &str, search: &Search, cursor: Cursor, limit: u32) -> Page {
        page(&self.connection, log_name, search, cursor, limit).unwrap()
    }

    fn count_of(&self, log: &str, ids: impl Fn(i64) -> bool) -> u64 {
        let lines = self.ever.iter();
        u64::try_from(
            lines
                .filter(|line| line.log_name == log && ids(line.id))
                .count(),
        )
        .unwrap()
    }

    fn ints(&self, sql: &str) -> Vec<i64> {
        let mut statement = self.connection.prepare(sql).unwrap();
        let rows = statement.query_map([], |row| row.get(0)).unwrap();
        rows.collect::<Result<_, _>>().unwrap()
    }
}

/// A chunk in which two files take turns.
fn chunk<T: AsRef<str>>(log_name: &str, texts: &[T]) -> Chunk {
    let file = |inode| FileRef {
        sequence: inode,
        path: PathBuf::from(format!("/var/log/{log_name}.log")),
        inode: u64::MAX - inode,
        skipped_bytes: 0,
    };
    let mut chunk = Chunk {
        files: (1..=2).map(file).collect(),
        ..Chunk::default()
    };
    for (n, text) in texts.iter().enumerate() {
        let start = chunk.text.len();
        chunk.text.push_str(text.as_ref());
        chunk.spans.push(Span {
            start,
            end: chunk.text.len(),
            file: n % 3 / 2,
            end_offset: 0,
            truncated: n % 7 == 0,
        });
    }
    chunk
}

fn containing(text: &str) -> Search {
    Search {
        contains: Some(text.to_owned()),
        ..Search::default()
    }
}

fn numbered(count: usize) -> Vec<String> {
    (0..count).map(|n| format!("line number {n}")).collect()
}

fn ids(page: &Page) -> Vec<i64> {
    page.lines.iter().map(|line| line.id).collect()
}

#[test]
fn a_large_chunk_makes_blocks_and_small_ones_join_the_last() {
    let mut lines = Lines::new();
    lines.store("app", 1, &numbered(2500));
    let counts = "SELECT line_count FROM log_blocks ORDER BY id";
    assert_eq!(lines.ints(counts), [1000, 1000, 500]);
    for at in 0..700 {
        lines.store("app", at, &["one"]);
    }
    assert_eq!(lines.ints(counts), [1000, 1000, 1111, 89]);
    let before = lines.ints("SELECT lines_before FROM log_blocks ORDER BY id");
    assert_eq!(before, [0, 1000, 2000, 3111]);
}

#[test]
fn a_block_is_no_wider_than_the_lines_of_others_allow() {
    let mut lines = Lines::new();
    let others = numbered(3000);
    for _ in 0..6 {
        lines.store("slow", 1, &["rare event"]);
        lines.store("busy", 1, &others);
    }
    let widths = "SELECT last_line_id - first_line_id + 1 FROM log_blocks \
                  WHERE log_name = 'slow' ORDER BY id";
    assert_eq!(lines.ints(widths), [6003, 6003]);
    let found = lines.page("slow", &containing("rare"), Cursor::Newest, 100);
    assert_eq!(ids(&found), [1, 3002, 6003, 9004, 12005, 15006]);
    assert!(!found.more);
}

#[test]
fn lines_that_have_all_trigrams_end_a_block_early() {
    let mut lines = Lines::new();
    let mut seed = 1_u64;
    let texts: Vec<String> = (0..400)
        .map(|_| {
            (0..500)
                .map(|_| {
                    seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                    char::from(u8::try_from(33 + (seed >> 33) % 94).unwrap())
                })
                .collect()
        })
        .collect();
    lines.store("app", 1, &texts);
    let counts = lines.ints("SELECT line_count FROM log_blocks ORDER BY id");
    assert!(counts.len() > 2, "{counts:?}");
    assert_eq!(counts.iter().sum::<i64>(), 400);
    let found = lines.page("app", &containing(&texts[77][100..120]), Cursor::Newest, 5);
    assert_eq!(ids(&found), [78]);
}

#[test]
fn a_block_that_was_open_when_the_node_ended_is_searched_and_not_joined() {
    let mut lines = Lines::new();
    lines.store("app", 1, &["before the end"]);
    lines.open.clear();
    lines.store("app", 2, &["after the start"]);
    let blocks = "SELECT line_count FROM log_blocks ORDER BY id";
    assert_eq!(lines.ints(blocks), [1, 1]);
    for (text, id) in [("before", 1), ("after", 2), ("the", 2)] {
        let found = lines.page("app", &containing(text), Cursor::Newest, 5);
        assert!(ids(&found).contains(&id), "{text}: {:?}", ids(&found));
    }
    let found = lines.page("app", &containing("between"), Cursor::Newest, 5);
    assert_eq!(ids(&found), [0; 0]);
}

#[test]
fn a_block_whose_last_lines_were_rolled_back_is_searched_and_not_joined() {
    let mut lines = Lines::new();
    lines.store("app", 1, &["first"]);
    lines
        .connection
        .execute_batch(
            "CREATE TEMP TRIGGER full BEFORE UPDATE ON log_blocks \
             BEGIN SELECT raise(ROLLBACK, 'the disk is full'); END",
        )
        .unwrap();
    assert!(lines.try_store("app", 2, &chunk("app", &["lost"])).is_err());
    lines.connection.execute_batch("DROP TRIGGER full").unwrap();
    // Others take the ids.
    lines.store("other", 3, &["x"; 10]);
    for n in 4..100 {
        lines.store("app", n, &[format!("number {n} of app")]);
    }
    let blocks = "SELECT line_count FROM log_blocks WHERE log_name = 'app' ORDER BY id";
    assert_eq!(lines.ints(blocks), [1, 96]);
    lines.store("app", 100, &numbered(1024));
    for (text, count) in [("first", 1), ("lost", 0), ("of app", 96), ("number 7", 122)] {
        let found = lines.page("app", &containing(text), Cursor::Newest, 500);
        assert_eq!(found.lines.len(), count, "{text}");
    }
}

#[test]
fn a_chunk_without_lines_writes_nothing() {
    let mut lines = Lines::new();
    lines.store::<&str>("app", 1, &[]);
    assert!(lines.ints("SELECT id FROM log_lines").is_empty());
    assert!(lines.ints("SELECT id FROM log_sources").is_empty());
}

#[test]
fn a_search_without_time_goes_on_where_it_stopped_and_leaves_nothing_out() {
    let mut lines = Lines::new();
    lines.store("app", 1, &numbered(3000));
    let search = containing("number 7");
    for mut cursor in [Cursor::Newest, Cursor::After(0)] {
        let whole = lines.page("app", &search, cursor, 10_000);
        let (mut found, mut pages) = (Vec::new(), 0);
        loop {
            let page = page_within(
                &lines.connection,
                "app",
                &search,
                cursor,
                100,
                Duration::ZERO,
            )
            .unwrap();
            found.extend(ids(&page));
            pages += 1;
            if !page.more {
                break;
            }
            cursor = cursor.onward(page.scanned_to, page.scanned_to);
        }
        found.sort_unstable();
        assert_eq!(found, ids(&whole));
        assert!(pages > 10, "{pages}");
    }
}

#[test]
fn who_follows_goes_on_behind_lines_that_do_not_match() {
    let mut lines = Lines::new();
    lines.store("app", 1, &["match", "other", "other"]);
    let page = lines.page("app", &containing("match"), Cursor::After(0), 10);
    assert_eq!(
        (ids(&page), page.more, page.scanned_to),
        (vec![1], false, 3)
    );
    let page = lines.page("app", &containing("match"), Cursor::After(3), 10);
    assert_eq!((ids(&page), page.more, page.scanned_to), (vec![], false, 3));
}

#[test]
fn a_log_that_lost_every_line_still_counts_what_it_had() {
    let mut lines = Lines::new();
    lines.store("app", 1, &numbered(1500));
    lines.store("other", 1, &["x"]);
    let reached = position(&lines.connection, "app", 100).unwrap();
    assert_eq!(reached, Some(100));
    lines.purge(1502);
    assert_eq!(lines.ints("SELECT id FROM log_lines"), [0; 0]);
    assert_eq!(
        missed(&lines.connection, "app", 100, reached).unwrap(),
        Some(1400)
    );
    assert_eq!(missed(&lines.connection, "app", 100, None).unwrap(), None);
    assert_eq!(
        missed(&lines.connection, "app", 0, None).unwrap(),
        Some(1500)
    );
    lines.store("app", 2, &["new"]);
    assert_eq!(
        position(&lines.connection, "app", 1502).unwrap(),
        Some(1501)
    );
    assert_eq!(
        missed(&lines.connection, "app", 100, reached).unwrap(),
        Some(1400)
    );
}

#[test]
fn a_page_of_long_lines_ends_early_and_leads_on() {
    let mut lines = Lines::new();
    lines.store("app", 1, &vec!["x".repeat(1 << 20); 20]);
    let ids = |page: &Page| page.lines.iter().map(|line| line.id).collect::<Vec<_>>();
    let mut cursor = Cursor::Newest;
    for (expected, more) in [(13..=20, true), (5..=12, true), (1..=4, false)] {
        let page = lines.page("app", &Search::default(), cursor, 1000);
        assert_eq!((ids(&page), page.more), (expected.collect(), more));
        cursor = Cursor::Before(page.scanned_to);
    }
    let page = lines.page("app", &Search::default(), Cursor::After(3), 1000);
    assert_eq!((ids(&page), page.more), ((4..=11).collect(), true));
    assert_eq!(page.scanned_to, 11);
}
