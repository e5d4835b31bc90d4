//! How a node ends: in order, in time, whatever hangs or talks to it meanwhile.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "all of this is test code"
)]

use std::io::Write;
use std::net::TcpStream;
use std::path::Path;
use std::time::{Duration, Instant};

use integration_tests::database::{assert_sound, intruder, reader};
use integration_tests::{Node, NodeBuilder, eventually};
use rusqlite::Connection;
use rustix::process::Signal;

const IN_TIME: Duration = Duration::from_secs(5);
const SOON: Duration = Duration::from_secs(2);
const OFTEN: &str = "refresh: {disk: 1s}\nfilesystem: {history_step: 1s}";

fn wal_bytes(node: &Node) -> u64 {
    let mut wal = node.database().into_os_string();
    wal.push("-wal");
    std::fs::metadata(wal).map_or(0, |meta| meta.len())
}

/// A node that writes often, once a collector has stored something; before that, it may still begin.
fn node(folder: &Path) -> Node {
    let node = NodeBuilder::new(folder).config(OFTEN).start();
    eventually("a write", IN_TIME, || {
        let disks = &node.collectors("filesystem")[0];
        disks["last_success_at"].is_string().then_some(())
    });
    node
}

/// Locks the database of a node, and waits until its writer hangs in that.
fn lock(node: &Node) -> Connection {
    let operator = intruder(&node.database());
    operator.execute_batch("BEGIN IMMEDIATE").unwrap();
    await_stuck_writer(node);
    operator
}

/// Ends it, which must leave nothing undone and take no longer than this.
#[track_caller]
fn assert_ends_well(node: &mut Node, signal: Signal, within: Duration) {
    let (status, took) = node.end_by(signal);
    assert_eq!(status.code(), Some(0), "{}", node.stderr());
    assert!(took < within, "{took:?}: {}", node.stderr());
}

#[test]
fn sigterm_and_sigint_end_it_well_with_all_in_the_database() {
    for signal in [Signal::TERM, Signal::INT] {
        let folder = tempfile::tempdir().unwrap();
        let mut node = node(folder.path());
        assert!(wal_bytes(&node) > 0);
        assert_ends_well(&mut node, signal, SOON);
        assert_eq!(wal_bytes(&node), 0);
        assert_sound(&node.database());
        let said = node.stderr();
        assert!(said.ends_with("stopping\n"), "{said}");
        assert_eq!(said.lines().count(), 2, "{said}");
    }
}

#[test]
fn open_connections_do_not_hold_the_end_up() {
    let folder = tempfile::tempdir().unwrap();
    let mut node = NodeBuilder::new(folder.path()).start();
    let address = node.url.strip_prefix("http://").unwrap();
    let silent = TcpStream::connect(address).unwrap();
    let mut halfway = TcpStream::connect(address).unwrap();
    halfway.write_all(b"POST /api/v1/paths/scan HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\n{").unwrap();
    assert_ends_well(&mut node, Signal::TERM, IN_TIME);
    drop((silent, halfway));
}

#[test]
fn a_long_scan_does_not_hold_the_end_up() {
    let folder = tempfile::tempdir().unwrap();
    let tree = folder.path().join("tree");
    for n in 0..20 {
        std::fs::create_dir_all(tree.join(n.to_string())).unwrap();
    }
    let config = format!(
        "paths: [{{path: {}, max_io_ops_per_sec: 1}}]",
        tree.display()
    );
    let mut node = NodeBuilder::new(folder.path()).config(&config).start();
    let path = tree.to_str().unwrap();
    node.await_row(("/api/v1/paths", "path", path), |row| {
        row["next_scan_at"].is_string()
    });
    assert_ends_well(&mut node, Signal::TERM, SOON);
}

#[test]
fn a_reader_of_the_database_does_not_hold_the_end_up() {
    let folder = tempfile::tempdir().unwrap();
    let mut node = node(folder.path());
    let operator = reader(&node.database());
    operator
        .execute_batch("BEGIN; SELECT count(*) FROM filesystem_usage")
        .unwrap();
    let last = node.get("/api/v1/health").json()["db"]["last_write_at"].clone();
    eventually("a later write", IN_TIME, || {
        (node.get("/api/v1/health").json()["db"]["last_write_at"] != last).then_some(())
    });
    assert_ends_well(&mut node, Signal::TERM, SOON);
    drop(operator);
    assert_sound(&node.database());
}

#[test]
fn a_locked_database_does_not_keep_it_beyond_five_seconds() {
    let folder = tempfile::tempdir().unwrap();
    let mut node = node(folder.path());
    let operator = lock(&node);
    assert_ends_well(&mut node, Signal::TERM, IN_TIME);
    drop(operator);
    assert_sound(&node.database());
}

#[test]
fn a_second_sigterm_ends_it_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let mut node = node(folder.path());
    let operator = lock(&node);
    node.signal(Signal::TERM);
    eventually("it to begin to stop", IN_TIME, || {
        node.stderr().contains("stopping").then_some(())
    });
    let (status, took) = node.end_by(Signal::TERM);
    assert!(took < Duration::from_millis(500), "{took:?}");
    assert_eq!(status.code(), Some(1));
    drop(operator);
    assert_sound(&node.database());
}

/// Waits until a batch waits for the lock: two history steps pass without a row.
fn await_stuck_writer(node: &Node) {
    let last = |node: &Node| node.collectors("filesystem")[0]["skipped_ticks"].as_u64();
    eventually("a skipped tick", IN_TIME, || {
        (last(node) > Some(0)).then_some(())
    });
}

#[test]
fn signals_right_after_the_start_end_it_as_well() {
    for _ in 0..10 {
        let folder = tempfile::tempdir().unwrap();
        let mut node = NodeBuilder::new(folder.path()).start();
        let began = Instant::now();
        node.signal(Signal::HUP);
        node.signal(Signal::HUP);
        node.signal(Signal::TERM);
        assert_eq!(node.wait().code(), Some(0), "{}", node.stderr());
        assert!(began.elapsed() < SOON);
        assert_sound(&node.database());
    }
}
