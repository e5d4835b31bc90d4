//! Scans on command: answered at once, never two of one path at a time.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "all of this is test code"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use etlmon_shared::Timestamp;
use integration_tests::paths::{PATHS, scanned};
use integration_tests::{Node, eventually};
use serde_json::{Value, json};

const SCAN: &str = "/api/v1/paths/scan";
const PATIENCE: Duration = Duration::from_secs(15);

/// Directories with so many directories in them, and a node that scans them at so many
/// operations a second: an empty directory costs two.
fn node(dirs: &[(&str, u32, u32)]) -> (tempfile::TempDir, Node, Vec<PathBuf>) {
    let folder = tempfile::tempdir().unwrap();
    let mut config = String::from("paths:\n");
    let mut paths = Vec::new();
    for (name, children, rate) in dirs {
        let path = folder.path().join(name);
        for n in 0..*children {
            fs::create_dir_all(path.join(n.to_string())).unwrap();
        }
        let path_text = path.display();
        config.push_str(&format!(
            "  - {{path: {path_text}, max_io_ops_per_sec: {rate}, scan_interval: 1h}}\n"
        ));
        paths.push(path);
    }
    let node = Node::start(&config);
    (folder, node, paths)
}

fn scan(node: &Node, paths: &[&Path]) -> Vec<Value> {
    let answer = node.post(SCAN, &json!({ "paths": paths }).to_string());
    assert_eq!(answer.status, 202, "{}", answer.body);
    answer.json().as_array().unwrap().clone()
}

fn row(node: &Node, path: &Path) -> Value {
    node.row(PATHS, "path", path.to_str().unwrap()).unwrap()
}

#[test]
fn a_scan_on_command_finds_what_is_new() {
    let (_folder, node, paths) = node(&[("a", 1, 0), ("b", 1, 0)]);
    for path in &paths {
        scanned(&node, path, "OK");
    }
    for path in &paths {
        fs::write(path.join("new"), "").unwrap();
    }
    let (before, b) = (row(&node, &paths[0]), row(&node, &paths[1]));
    let answer = scan(&node, &[&paths[0]]);
    assert_eq!(answer, [json!({"path": paths[0], "outcome": "started"})]);
    let a = paths[0].to_str().unwrap();
    let found = node.await_row((PATHS, "path", a), |row| {
        row["file_count"] == 1 && row["status"] == "OK"
    });
    let due = |row: &Value| -> i64 {
        let at: Timestamp = row["next_scan_at"].as_str().unwrap().parse().unwrap();
        at.as_millis()
    };
    let moved = due(&found) - due(&before);
    assert!(moved.abs() < 500, "the schedule moved by {moved} ms");
    assert_eq!(row(&node, &paths[1]), b, "the other was not asked for");

    let answer = node.post(SCAN, "{}");
    let all: Vec<Value> = paths
        .iter()
        .map(|path| json!({"path": path, "outcome": "started"}))
        .collect();
    assert_eq!(answer.json().as_array().unwrap(), &all);
    let b = paths[1].to_str().unwrap();
    node.await_row((PATHS, "path", b), |row| row["file_count"] == 1);
    assert!(scan(&node, &[]).is_empty());
}

#[test]
fn an_unknown_path_is_named_and_nothing_is_scanned() {
    let (_folder, node, paths) = node(&[("a", 1, 0)]);
    let before = scanned(&node, &paths[0], "OK");
    fs::write(paths[0].join("new"), "").unwrap();
    for unknown in ["/no/such", "", "relative", "/", "' OR 1=1 --"] {
        let body = json!({"paths": [paths[0], unknown]}).to_string();
        let answer = node.post(SCAN, &body);
        assert_eq!(
            (answer.status, answer.json()["code"].as_str()),
            (404, Some("no_such_path"))
        );
        assert!(
            answer.json()["detail"]
                .as_str()
                .unwrap()
                .contains(&format!("`{unknown}`"))
        );
    }
    assert_eq!(node.collectors("paths")[0]["skipped_ticks"], 0);
    assert_eq!(row(&node, &paths[0]), before);
}

#[test]
fn a_path_that_is_being_scanned_is_not_scanned_twice() {
    let (_folder, node, paths) = node(&[("slow", 20, 20), ("quick", 1, 0)]);
    scanned(&node, &paths[1], "OK");
    let during = scanned(&node, &paths[0], "SCANNING");
    assert_eq!(during["file_count"], Value::Null);
    let began = Instant::now();
    let answer = scan(&node, &[&paths[0], &paths[1], &paths[1]]);
    assert!(
        began.elapsed() < Duration::from_millis(500),
        "it waited for the scan"
    );
    let outcomes: Vec<_> = answer
        .iter()
        .map(|row| row["outcome"].as_str().unwrap())
        .collect();
    assert_eq!(
        outcomes,
        ["already_scanning", "started", "already_scanning"]
    );
    let first = scanned(&node, &paths[0], "OK");
    assert_eq!(first["dir_count"], 20);
    assert_eq!(scan(&node, &[&paths[0]])[0]["outcome"], "started");
    let again = scanned(&node, &paths[0], "SCANNING");
    for key in [
        "file_count",
        "dir_count",
        "collected_at",
        "scan_duration_ms",
    ] {
        assert_eq!(
            again[key], first[key],
            "the last scan's counts stay: {again}"
        );
    }
}

#[test]
fn the_throttle_holds() {
    let (_folder, node, paths) = node(&[("slow", 20, 40)]);
    let row = scanned(&node, &paths[0], "OK");
    // The root and 20 directories, opened and read twice each, at 40 operations a second.
    let took = row["scan_duration_ms"].as_u64().unwrap();
    assert!((900..3000).contains(&took), "{took} ms");
}

#[test]
fn many_paths_share_few_threads_and_all_get_their_turn() {
    let dirs: Vec<String> = (0..200).map(|n| format!("path{n:03}")).collect();
    let dirs: Vec<(&str, u32, u32)> = dirs.iter().map(|name| (name.as_str(), 2, 0)).collect();
    let (_folder, node, _) = node(&dirs);
    eventually("200 scans", PATIENCE, || {
        let rows = node.list("/api/v1/paths?limit=200");
        let tasks = fs::read_dir(format!("/proc/{}/task", node.pid()))
            .unwrap()
            .count();
        assert!(tasks < 40, "{tasks} threads");
        (rows.len() == 200 && rows.iter().all(|row| row["dir_count"] == 2)).then_some(())
    });
    assert_eq!(node.get("/api/v1/health").json()["status"], "ok");
}

#[test]
fn two_long_scans_do_not_keep_file_systems_from_being_looked_at() {
    let (_folder, node, paths) = node(&[("a", 30, 10), ("b", 30, 10), ("c", 1, 0)]);
    scanned(&node, &paths[0], "SCANNING");
    node.await_row(("/api/v1/fs", "mount_point", "/"), |_| true);
    assert_eq!(row(&node, &paths[0])["status"], "SCANNING");
}
