//! Readers beside the writer: never half a batch, never a wait for it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "all of this is test code"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use integration_tests::database::{intruder, reader};
use integration_tests::{Machine, Node, NodeBuilder};
use serde_json::Value;

/// How long readers and writers work against each other.
const CONTEST: Duration = Duration::from_secs(3);

/// A node on a tree that measures sizes, and the tree.
fn node() -> (tempfile::TempDir, Node, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let tree = folder.path().join("tree");
    fs::create_dir(&tree).unwrap();
    let config = format!(
        "refresh: {{disk: 1s}}\npaths: [{{path: {}, measure_sizes: true}}]",
        tree.display()
    );
    let node = NodeBuilder::new(folder.path()).config(&config).start();
    let path = tree.to_str().unwrap();
    node.await_row(("/api/v1/paths", "path", path), |row| row["status"] == "OK");
    node.await_row(("/api/v1/fs", "mount_point", "/"), |_| true);
    (folder, node, tree)
}

/// Has the tree scanned, and waits until that is stored: the tree must not change meanwhile.
fn scan(node: &Node, tree: &Path) {
    let key = ("/api/v1/paths", "path", tree.to_str().unwrap());
    let before = node.await_row(key, |_| true)["collected_at"].clone();
    // The last scan is over some moments after it was stored.
    while node.post("/api/v1/paths/scan", "{}").json()[0]["outcome"] != "started" {}
    node.await_row(key, |row| row["collected_at"] != before);
}

/// Runs `readers` again and again beside a thread that makes the tree bigger or smaller by a file
/// and has it scanned; answers how many scans were stored.
fn contest(node: &Node, tree: &Path, readers: &[&(dyn Fn() + Sync)]) -> u64 {
    let over = AtomicBool::new(false);
    let scans = AtomicU64::new(0);
    std::thread::scope(|scope| {
        for read in readers {
            scope.spawn(|| {
                while !over.load(Ordering::Relaxed) {
                    read();
                }
            });
        }
        let end = Instant::now() + CONTEST;
        let mut n = 0_usize;
        while Instant::now() < end {
            // Each scan finds another number of files, all of the same size.
            let file = tree.join((n % 90).to_string());
            if file.exists() {
                fs::remove_file(file).unwrap();
            } else {
                fs::write(file, [0; 100]).unwrap();
            }
            n += 7;
            scan(node, tree);
            scans.fetch_add(1, Ordering::Relaxed);
        }
        over.store(true, Ordering::Relaxed);
    });
    scans.into_inner()
}

#[test]
fn no_reader_sees_half_a_scan() {
    let (_folder, node, tree) = node();
    let database = node.database();
    let seen = AtomicU64::new(0);
    let by_api = || {
        for row in node.list("/api/v1/paths") {
            let files = row["file_count"].as_u64().unwrap();
            assert_eq!(row["total_bytes"], files * 100, "{row}");
            assert_eq!(row["newest_mtime"].is_null(), files == 0, "{row}");
            assert_ne!(row["status"], "ERROR", "{row}");
        }
    };
    let by_top = || {
        let top = node.list(&format!("/api/v1/paths/top?path={}", tree.display()));
        assert!(top.iter().all(|entry| entry["bytes"] == 100), "{top:?}");
    };
    // One statement a table, as the node stores them: they agree only within one snapshot.
    let by_sql = || {
        let connection = reader(&database);
        for _ in 0..200 {
            let snapshot = connection.unchecked_transaction().unwrap();
            let one = |sql: &str| -> i64 { snapshot.query_row(sql, [], |row| row.get(0)).unwrap() };
            let files = one("SELECT file_count FROM path_stats");
            let bytes = one("SELECT total_bytes FROM path_stats");
            let entries = one("SELECT count(*) FROM path_top_entries");
            let sum = one("SELECT coalesce(sum(bytes), 0) FROM path_top_entries");
            assert_eq!((bytes, entries, sum), (files * 100, files, files * 100));
            seen.fetch_add(1, Ordering::Relaxed);
        }
    };
    let scans = contest(&node, &tree, &[&by_api, &by_top, &by_sql]);
    let seen = seen.into_inner();
    assert!(
        scans > 10 && seen > 200,
        "a dull contest: {scans} scans, {seen} looks"
    );
}

#[test]
fn file_systems_of_one_cycle_appear_together() {
    let Some(machine) = Machine::new() else {
        return;
    };
    for n in 0..20 {
        machine
            .namespace
            .tmpfs("part", &machine.point(n.to_string()), "size=1m");
    }
    let node = machine.node("include_types: [tmpfs], history_step: 1s");
    node.await_row(("/api/v1/fs", "device", "part"), |_| true);
    let connection = reader(&node.database());
    let mut cycles = std::collections::BTreeSet::new();
    let end = Instant::now() + CONTEST;
    while Instant::now() < end {
        let snapshot = connection.unchecked_transaction().unwrap();
        // A cycle has one moment, and each of its file systems a row of that moment.
        let (moments, fewest, most): (i64, i64, i64) = snapshot
            .query_row(
                "SELECT count(*), min(n), max(n) FROM (SELECT count(*) AS n FROM filesystem_history \
                 WHERE mount_point IN (SELECT mount_point FROM filesystem_usage WHERE device = 'part') \
                 GROUP BY at)",
                [],
                |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
            )
            .unwrap();
        assert_eq!(
            (fewest, most),
            (20, 20),
            "of {moments} cycles one is half there"
        );
        cycles.insert(moments);
    }
    assert!(cycles.len() >= 3, "{cycles:?}");
}

#[test]
fn the_pragmas_that_this_rests_on_hold() {
    let (_folder, node, _) = node();
    let connection = reader(&node.database());
    let mode: String = connection
        .query_row("PRAGMA journal_mode", [], |row| row.get(0))
        .unwrap();
    assert_eq!(mode, "wal");
    let vacuum: i64 = connection
        .query_row("PRAGMA auto_vacuum", [], |row| row.get(0))
        .unwrap();
    assert_eq!(vacuum, 2);
}

#[test]
fn answers_come_while_the_writer_waits_for_a_lock() {
    let (_folder, node, _) = node();
    let operator = intruder(&node.database());
    operator.execute_batch("BEGIN IMMEDIATE").unwrap();
    node.post("/api/v1/paths/scan", "{}");
    let slowest = std::thread::scope(|scope| {
        let clients: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    let mut slowest = Duration::ZERO;
                    for path in [
                        "/api/v1/fs",
                        "/api/v1/paths",
                        "/api/v1/health",
                        "/api/v1/fs/history?mount_point=/",
                    ]
                    .repeat(10)
                    {
                        let began = Instant::now();
                        // Health says so when the lock has been held for long on a busy machine.
                        let status = node.get(path).status;
                        let told = status == 503 && path.ends_with("/health");
                        assert!(status == 200 || told, "{path}: {status}");
                        slowest = slowest.max(began.elapsed());
                    }
                    slowest
                })
            })
            .collect();
        clients
            .into_iter()
            .map(|client| client.join().unwrap())
            .max()
            .unwrap()
    });
    assert!(slowest < Duration::from_secs(1), "{slowest:?}");
    let waiting = node.get("/api/v1/health").json()["db"]["last_write_at"].clone();
    assert_ne!(waiting, Value::Null);
    drop(operator);
}
