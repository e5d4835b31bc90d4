//! Log lines in the database: what an index of their text costs to write, and what it finds.
//!
//! `cargo bench -p integration-tests --bench search [LINES]`

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    reason = "a benchmark prints, rounds and may panic"
)]

mod finds;
mod text;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use etlmon_node::collectors::logs::blocks::OpenBlock;
use etlmon_node::collectors::logs::lines::LogRows;
use etlmon_node::store::{ReadPool, open};
use etlmon_node::tail::{Budget, Chunk, Follower, TailSettings};
use etlmon_shared::Timestamp;
use rusqlite::Connection;

const RUNS: usize = 3;

fn main() {
    let count = std::env::args()
        .find_map(|arg| arg.parse().ok())
        .unwrap_or(1_000_000);
    let folder = tempfile::tempdir().unwrap();
    let chunks = chunks(folder.path(), count);
    println!("{count} lines, {} bytes each", bytes(&chunks) / count);
    println!(
        "\n{:<34} {:>10} {:>8} {:>12} {:>12}",
        "", "lines/s", "ratio", "bytes/line", "index b/line"
    );
    let mut plain = None;
    for way in Way::ALL {
        let stored = store(folder.path(), &chunks, way);
        let (bare_time, bare_bytes) = *plain.get_or_insert((stored.took, stored.bytes));
        println!(
            "{:<34} {:>10.0} {:>8.2} {:>12.1} {:>12.1}",
            way.name(),
            count as f64 / stored.took.as_secs_f64(),
            bare_time.as_secs_f64() / stored.took.as_secs_f64(),
            stored.bytes as f64 / count as f64,
            (stored.bytes - bare_bytes) as f64 / count as f64,
        );
    }
    finds::print(folder.path(), &chunks);
}

/// The lines as the follower hands them out.
fn chunks(folder: &Path, count: usize) -> Vec<Chunk> {
    let path = folder.join("app.log");
    std::fs::write(&path, text::lines(count)).unwrap();
    let mut settings = TailSettings::new(&path).unwrap();
    settings.from_beginning = true;
    let mut follower = Follower::new(settings, Vec::new(), Instant::now());
    let mut chunks = Vec::new();
    loop {
        let chunk = follower.read(Budget::default(), Instant::now());
        follower.commit();
        if chunk.lines().len() == 0 {
            return chunks;
        }
        chunks.push(chunk);
    }
}

fn bytes(chunks: &[Chunk]) -> usize {
    chunks
        .iter()
        .flat_map(Chunk::lines)
        .map(|line| line.text.len())
        .sum()
}

#[derive(Clone, Copy, PartialEq)]
enum Way {
    Bare,
    Blocks,
    BlocksPrepared,
    FtsNoDetail,
    FtsFull,
}

impl Way {
    const ALL: [Self; 5] = [
        Self::Bare,
        Self::BlocksPrepared,
        Self::Blocks,
        Self::FtsNoDetail,
        Self::FtsFull,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Bare => "bare loop, no index",
            Self::Blocks => "blocks, all on one thread",
            Self::BlocksPrepared => "blocks, on the writer's thread",
            Self::FtsNoDetail => "FTS5 trigram, detail=none",
            Self::FtsFull => "FTS5 trigram",
        }
    }

    fn database(self, folder: &Path) -> PathBuf {
        folder.join(format!("{}.db", self as u8))
    }

    fn schema(self) -> &'static str {
        match self {
            Self::FtsNoDetail => {
                "CREATE VIRTUAL TABLE fts USING fts5(line, content='log_lines', \
                 content_rowid='id', detail='none', tokenize='trigram case_sensitive 1')"
            }
            Self::FtsFull => {
                "CREATE VIRTUAL TABLE fts USING fts5(line, content='log_lines', \
                 content_rowid='id', tokenize='trigram case_sensitive 1')"
            }
            _ => "",
        }
    }
}

struct Stored {
    took: Duration,
    bytes: i64,
}

/// Stores all chunks, a transaction each; the best of some runs.
fn store(folder: &Path, chunks: &[Chunk], way: Way) -> Stored {
    let path = way.database(folder);
    let runs = if matches!(way, Way::FtsFull | Way::FtsNoDetail) {
        1
    } else {
        RUNS
    };
    let took = (0..runs).map(|_| {
        for end in ["", "-wal", "-shm"] {
            let _ = std::fs::remove_file(format!("{}{end}", path.display()));
        }
        let connection = open::writer(&path).unwrap();
        connection.execute_batch(way.schema()).unwrap();
        let mut took = Duration::ZERO;
        let mut next_id = 1;
        let mut open = OpenBlock::default();
        for chunk in chunks {
            let prepared = (way == Way::BlocksPrepared).then(|| LogRows::new(chunk));
            let began = Instant::now();
            connection.execute_batch("BEGIN IMMEDIATE").unwrap();
            match (way, prepared) {
                (Way::Blocks | Way::BlocksPrepared, rows) => rows
                    .unwrap_or_else(|| LogRows::new(chunk))
                    .persist(chunk, "app", &mut open, Timestamp::now(), &connection)
                    .unwrap(),
                (way, _) => bare(&connection, chunk, way != Way::Bare, &mut next_id),
            }
            connection.execute_batch("COMMIT").unwrap();
            took += began.elapsed();
        }
        took
    });
    let took = took.min().unwrap();
    let connection = open::writer(&path).unwrap();
    let bytes = connection
        .query_row(
            "SELECT (page_count - freelist_count) * page_size \
             FROM pragma_page_count, pragma_freelist_count, pragma_page_size",
            [],
            |row| row.get(0),
        )
        .unwrap();
    Stored { took, bytes }
}

/// The rows alone, one statement each.
fn bare(connection: &Connection, chunk: &Chunk, fts: bool, next_id: &mut i64) {
    let mut insert = connection
        .prepare_cached(
            "INSERT INTO log_lines (id, source_id, line, truncated, created_at) \
             VALUES (?1, ?2, ?3, ?4, ?5)",
        )
        .unwrap();
    let mut index = fts.then(|| {
        connection
            .prepare_cached("INSERT INTO fts (rowid, line) VALUES (?1, ?2)")
            .unwrap()
    });
    let at = Timestamp::now().as_millis();
    for line in chunk.lines() {
        insert
            .execute((*next_id, 1, line.text, line.truncated, at))
            .unwrap();
        if let Some(index) = &mut index {
            index.execute((*next_id, line.text)).unwrap();
        }
        *next_id += 1;
    }
}

/// A reader as handlers have it.
fn reader(path: &Path) -> ReadPool {
    let pool = ReadPool::new(path);
    pool.renew();
    pool
}
