//! A file system whose server is away: it hangs whoever asks it, and nobody else.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "all of this is test code"
)]

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use integration_tests::log::append;
use integration_tests::{Machine, Node, eventually};
use rustix::process::Signal;
use serde_json::Value;

const FS: &str = "/api/v1/fs";
const PATIENCE: Duration = Duration::from_secs(15);

fn await_row(node: &Node, point: &Path, wanted: impl Fn(&Value) -> bool) -> Value {
    node.await_row((FS, "mount_point", point.to_str().unwrap()), wanted)
}

fn row(node: &Node, point: &Path) -> Option<Value> {
    node.row(FS, "mount_point", point.to_str().unwrap())
}

/// Waits until another cycle has been stored.
fn await_cycle(node: &Node) {
    let at = || node.collectors("filesystem")[0]["last_success_at"].clone();
    let before = at();
    eventually("another cycle", PATIENCE, || (at() != before).then_some(()));
}

#[test]
fn a_hung_mount_is_one_stale_row_and_hinders_nothing() {
    let Some(machine) = Machine::new() else {
        return;
    };
    let (well, point) = (machine.point("well"), machine.point("hung"));
    machine.namespace.tmpfs("well", &well, "size=1m");
    let Some(hung) = machine.namespace.hung(&point) else {
        return;
    };
    let mut node = machine.node("include_types: [tmpfs], statvfs_timeout: 300ms");
    let stale = await_row(&node, &point, |_| true);
    assert_eq!(stale["status"], "STALE", "{stale}");
    assert_eq!(stale["total_bytes"], Value::Null);
    assert_eq!(stale["collected_at"], Value::Null);
    assert!(
        stale["error_message"]
            .as_str()
            .unwrap()
            .contains("has not returned"),
        "{stale}"
    );
    for row in node.list(FS) {
        assert_eq!(
            row["status"] == "STALE",
            row["mount_point"] == point.to_str().unwrap(),
            "{row}"
        );
    }
    let at = row(&node, &well).unwrap()["collected_at"].clone();
    await_row(&node, &well, |row| row["collected_at"] != at);
    for _ in 0..20 {
        let began = Instant::now();
        let answer = node.get("/api/v1/health");
        assert!(
            began.elapsed() < Duration::from_secs(1),
            "{:?}",
            began.elapsed()
        );
        assert_eq!(answer.json()["status"], "ok");
    }
    let threads = || {
        fs::read_dir(format!("/proc/{}/task", node.pid()))
            .unwrap()
            .count()
    };
    let before = threads();
    await_cycle(&node);
    await_cycle(&node);
    assert_eq!(threads(), before, "each cycle hung another thread");

    let (status, took) = node.end_by(Signal::TERM);
    assert_eq!(status.code(), Some(0), "{}", node.stderr());
    assert!(took < Duration::from_secs(5), "{took:?}");
    let node = machine.node("statvfs_timeout: 300ms");
    await_row(&node, &point, |row| row["status"] == "STALE");
    drop(hung);
    let dead = await_row(&node, &point, |row| row["status"] == "ERROR");
    assert!(
        dead["error_message"]
            .as_str()
            .unwrap()
            .contains("not connected"),
        "{dead}"
    );
}

#[test]
fn a_path_on_a_hung_mount_is_an_error_and_the_other_paths_go_on() {
    let Some(machine) = Machine::new() else {
        return;
    };
    let points: Vec<_> = (0..3).map(|n| machine.point(format!("hung{n}"))).collect();
    let Some(servers) = points
        .iter()
        .map(|point| machine.namespace.hung(point))
        .collect::<Option<Vec<_>>>()
    else {
        return;
    };
    let well = machine.point("well");
    fs::write(well.join("file"), "").unwrap();
    let mut config = String::from("filesystem: {statvfs_timeout: 200ms}\npaths:\n");
    for point in points.iter().chain([&well]) {
        config.push_str(&format!(
            "  - {{path: {}, scan_interval: 1s, timeout: 100ms}}\n",
            point.display()
        ));
    }
    let mut node = machine.node_with(&config);
    let path_row = |path: &Path, status: &str| {
        let path = path.to_str().unwrap();
        node.await_row(("/api/v1/paths", "path", path), |row| {
            row["status"] == status
        })
    };
    for point in &points {
        let row = path_row(point, "ERROR");
        assert_eq!(row["file_count"], Value::Null);
        assert!(
            row["error_message"].as_str().unwrap().contains("100ms"),
            "{row}"
        );
    }
    let first = path_row(&well, "OK");
    assert_eq!(first["file_count"], 1);
    eventually("another scan of the path that is well", PATIENCE, || {
        (path_row(&well, "OK")["collected_at"] != first["collected_at"]).then_some(())
    });
    let health = node.get("/api/v1/health").json();
    assert_eq!(health["status"], "degraded");
    let status = |path: &Path| {
        let name = format!("paths:{}", path.display());
        let collectors = health["collectors"].as_array().unwrap();
        collectors.iter().find(|row| row["name"] == *name).unwrap()["status"].clone()
    };
    assert_eq!(status(&well), "running");
    for point in &points {
        assert_eq!(status(point), "stalled");
        let body = format!("{{\"paths\":[\"{}\"]}}", point.display());
        assert_eq!(
            node.post("/api/v1/paths/scan", &body).json()[0]["outcome"],
            "already_scanning"
        );
    }
    // The server is back, or given up by the kernel: the next scan says what is the case.
    drop(servers);
    for point in &points {
        let path = point.to_str().unwrap();
        node.await_row(("/api/v1/paths", "path", path), |row| {
            row["error_message"]
                .as_str()
                .is_some_and(|why| why.contains("not connected"))
        });
    }
    let (status, took) = node.end_by(Signal::TERM);
    assert_eq!(status.code(), Some(0), "{}", node.stderr());
    assert!(took < Duration::from_secs(5), "{took:?}");
}

#[test]
fn logs_on_a_hung_mount_hinder_no_other_log() {
    let Some(machine) = Machine::new() else {
        return;
    };
    let point = machine.point("hung");
    let Some(server) = machine.namespace.hung(&point) else {
        return;
    };
    let well = machine.point("well");
    let [log, transfers] = ["app.log", "xferlog"].map(|name| well.join(name));
    let mut config = String::from("filesystem: {statvfs_timeout: 200ms}\nlogs:\n");
    // More of them than threads that nothing else would be left of.
    for number in 0..40 {
        config.push_str(&format!(
            "  - {{name: hung{number}, path: {}}}\n",
            point.join(format!("{number}*.log")).display()
        ));
    }
    config.push_str(&format!(
        "  - {{name: app, path: {}, from_beginning: true}}\n\
         xferlog: {{path: [{}, {}]}}\n",
        log.display(),
        point.join("xferlog").display(),
        transfers.display()
    ));
    let mut node = machine.node_with(&config);
    let mut lines = Vec::new();
    let mut slowest = Duration::ZERO;
    for number in 0..20 {
        let line = number.to_string();
        append(&log, line.clone() + "\n");
        lines.push(line);
        append(
            &transfers,
            format!("Sat Nov 21 20:50:15 2026 1 192.0.2.1 5 /{number} b _ i r alice ftp 0 * c\n"),
        );
        let written = Instant::now();
        let expected: Vec<&str> = lines.iter().map(String::as_str).collect();
        node.await_lines("app", &expected);
        eventually("the transfer", PATIENCE, || {
            (node.transferred().len() == lines.len()).then_some(())
        });
        if number > 0 {
            slowest = slowest.max(written.elapsed());
        }
    }
    assert!(slowest < Duration::from_secs(2), "{slowest:?}");
    // The server is given up by the kernel: what is the case is said.
    drop(server);
    let of = ("/api/v1/logs", "name", "hung7");
    node.await_row(of, |row| {
        let why = row["error_message"].as_str();
        why.is_some_and(|why| why.contains("not connected"))
    });
    let (status, took) = node.end_by(Signal::TERM);
    assert_eq!(status.code(), Some(0), "{}", node.stderr());
    assert!(took < Duration::from_secs(5), "{took:?}");
}
