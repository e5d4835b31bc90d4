//! What the node says of itself: little, unless asked; to people and to the journal.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "all of this is test code"
)]

use std::fs::File;
use std::os::unix::fs::MetadataExt;
use std::time::Duration;

use integration_tests::{NodeBuilder, eventually};
use rustix::process::Signal;

const PATIENCE: Duration = Duration::from_secs(10);

#[test]
fn it_is_quiet_by_default() {
    let folder = tempfile::tempdir().unwrap();
    let mut node = NodeBuilder::new(folder.path())
        .config("refresh: {disk: 1s}")
        .start();
    node.await_row(("/api/v1/fs", "mount_point", "/"), |_| true);
    for path in ["/api/v1/fs", "/nope", "/api/v1/fs?x=1"] {
        node.get(path);
    }
    node.end_by(Signal::TERM);
    let said = node.stderr();
    assert_eq!(said.lines().count(), 2, "{said}");
    for line in said.lines() {
        let (time, rest) = line.split_once(' ').unwrap();
        assert!(time.ends_with('Z') && time.len() == 24, "{line}");
        assert!(rest.starts_with("INFO  etlmon_node::run: "), "{line}");
    }
}

#[test]
fn rust_log_says_how_much() {
    let folder = tempfile::tempdir().unwrap();
    let builder = NodeBuilder::new(folder.path());
    let mut node = builder
        .env("RUST_LOG", "info,etlmon_node::http=debug")
        .start();
    let headers = [("X-Request-Id", "my-own-id")];
    node.request("GET", "/nope?x=%0a", &headers, None);
    node.end_by(Signal::TERM);
    let said = node.stderr();
    let line = said
        .lines()
        .find(|line| line.contains("my-own-id"))
        .expect(&said);
    assert!(
        line.contains("DEBUG") && line.contains("GET /nope") && line.contains("status=404"),
        "{line}"
    );

    let socket = folder.path().join("socket");
    let address = format!("unix:{}", socket.display());
    let mut silent = NodeBuilder::new(folder.path())
        .env("RUST_LOG", "off")
        .listen(Some(&address))
        .spawn();
    eventually("the node to start", PATIENCE, || {
        std::os::unix::net::UnixStream::connect(&socket).ok()
    });
    silent.end_by(Signal::TERM);
    assert_eq!(silent.stderr(), "");
}

#[test]
fn the_journal_gets_priorities_instead_of_times() {
    let folder = tempfile::tempdir().unwrap();
    let log = File::create(folder.path().join("log")).unwrap();
    let meta = log.metadata().unwrap();
    let stream = format!("{}:{}", meta.dev(), meta.ino());
    let missing = format!("paths: [{{path: {}/missing}}]", folder.path().display());
    let run = |stream: &str| {
        log.set_len(0).unwrap();
        let stderr = File::options()
            .append(true)
            .open(folder.path().join("log"))
            .unwrap();
        let builder = NodeBuilder::new(folder.path())
            .config(&missing)
            .env("JOURNAL_STREAM", stream);
        let mut child = builder.command().stderr(stderr).spawn().unwrap();
        let read = || std::fs::read_to_string(folder.path().join("log")).unwrap();
        eventually("a warning", PATIENCE, || {
            read().contains("No such file").then_some(())
        });
        rustix::process::kill_process(rustix::process::Pid::from_child(&child), Signal::TERM)
            .unwrap();
        child.wait().unwrap();
        read()
    };
    let said = run(&stream);
    assert!(
        said.lines()
            .all(|line| line.starts_with("<6>") || line.starts_with("<4>")),
        "{said}"
    );
    assert!(said.contains("<4>etlmon_node::supervisor"), "{said}");
    // The variable may be that of a parent whose standard error was another.
    let said = run("1:1");
    assert!(said.lines().all(|line| line.starts_with("20")), "{said}");
}

#[test]
fn the_same_error_again_and_again_is_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("missing");
    let config = format!(
        "paths: [{{path: {}, scan_interval: 1s}}]",
        missing.display()
    );
    let node = NodeBuilder::new(folder.path())
        .config(&config)
        .env("RUST_LOG", "info")
        .start();
    let failed_at = || node.collectors("paths")[0]["last_error_at"].clone();
    for _ in 0..2 {
        let before = failed_at();
        eventually("another failure", PATIENCE, || {
            (failed_at() != before).then_some(())
        });
    }
    assert_eq!(
        node.stderr().matches("No such file").count(),
        1,
        "{}",
        node.stderr()
    );
    std::fs::create_dir(&missing).unwrap();
    eventually("its end", PATIENCE, || {
        node.stderr().contains("collects again").then_some(())
    });
}
