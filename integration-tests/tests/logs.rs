//! Followed logs, as those see them who ask the node.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "functions that tests share are test code too"
)]

use std::fs;
use std::path::Path;
use std::time::Duration;

use integration_tests::log::{LogWriter, app_log, append, number};
use integration_tests::{Node, NodeBuilder, eventually};
use rustix::process::Signal;
use serde_json::{Value, json};

const LIMIT: Duration = Duration::from_secs(20);

fn start(folder: &Path, config: &str) -> Node {
    NodeBuilder::new(folder).config(config).start()
}

fn app(node: &Node) -> Value {
    node.await_row(("/api/v1/logs", "name", "app"), |_| true)
}

#[test]
fn lines_are_stored_with_where_they_came_from() {
    let folder = tempfile::tempdir().unwrap();
    let (path, config) = app_log(folder.path(), "app.log", "from_beginning: true");
    append(&path, "one\r\ntwo\n");
    let node = start(folder.path(), &config);
    node.await_lines("app", &["one", "two"]);
    append(&path, "three\nhalf a line");
    node.await_lines("app", &["one", "two", "three"]);
    let rows = node.log_rows("app");
    let inode = std::os::unix::fs::MetadataExt::ino(&path.metadata().unwrap());
    for (row, (id, line)) in rows.iter().zip([(1, "one"), (2, "two"), (3, "three")]) {
        let expected = json!({
            "id": id, "log_name": "app", "log_path": path, "line": line, "truncated": false,
            "created_at": row["created_at"], "source_inode": inode
        });
        assert_eq!(*row, expected);
    }
    let row = node.await_row(("/api/v1/logs", "name", "app"), |row| {
        row["offset_bytes"] == 15
    });
    assert_eq!(row["status"], "TAILING");
    assert_eq!(row["lag_bytes"], 11, "{row}");
    assert_eq!(row["lines_stored"], 3, "{row}");
    assert_eq!(row["inode"], inode);
    assert_eq!(row["last_line_at"], rows[2]["created_at"]);
}

#[test]
fn a_busy_log_skips_no_ticks() {
    let folder = tempfile::tempdir().unwrap();
    let (path, config) = app_log(folder.path(), "app.log", "from_beginning: true");
    let node = start(folder.path(), &config);
    let writer = LogWriter::start(&path, 500);
    // Its ticks are 5 s apart. One of two may really come in the few milliseconds of a cycle.
    eventually("two ticks", LIMIT, || {
        (writer.written() > 5500).then_some(())
    });
    let health = &node.collectors("logs")[0];
    assert!(health["skipped_ticks"].as_u64() <= Some(1), "{health}");
    assert_eq!(health["status"], "running", "{health}");
}

#[test]
fn a_file_that_was_there_before_is_followed_from_its_end() {
    let folder = tempfile::tempdir().unwrap();
    let (path, config) = app_log(folder.path(), "app.log", "");
    append(&path, "old\n");
    let node = start(folder.path(), &config);
    node.await_caught_up(&path);
    append(&path, "new\n");
    node.await_lines("app", &["new"]);
}

#[test]
fn a_log_that_does_not_exist_yet_waits_and_is_read_whole() {
    let folder = tempfile::tempdir().unwrap();
    let (path, config) = app_log(folder.path(), "later/app.log", "");
    let node = start(folder.path(), &config);
    let row = node.await_row(("/api/v1/logs", "name", "app"), |row| {
        row["status"] == "WAITING"
    });
    assert_eq!(row["inode"], Value::Null);
    assert_eq!(row["size_bytes"], Value::Null);
    assert_eq!(row["error_message"], Value::Null);
    fs::create_dir(path.parent().unwrap()).unwrap();
    append(&path, "first\n");
    node.await_lines("app", &["first"]);
}

#[test]
fn a_glob_follows_files_that_come_and_go() {
    let folder = tempfile::tempdir().unwrap();
    let logs = folder.path().join("logs");
    fs::create_dir(&logs).unwrap();
    let (glob, config) = app_log(folder.path(), "logs/*.log", "from_beginning: true");
    let node = start(folder.path(), &config);
    let glob = glob.display().to_string();
    node.await_row(("/api/v1/logs", "path", &glob), |row| {
        row["status"] == "WAITING"
    });
    append(&logs.join("a.log"), "from a\n");
    node.await_lines("app", &["from a"]);
    assert_eq!(node.row("/api/v1/logs", "path", &glob), None);
    append(&logs.join("b.log"), "from b\n");
    node.await_lines("app", &["from a", "from b"]);
    fs::remove_file(logs.join("a.log")).unwrap();
    let gone = logs.join("a.log").display().to_string();
    eventually("the removed file to leave the list", LIMIT, || {
        node.row("/api/v1/logs", "path", &gone)
            .is_none()
            .then_some(())
    });
    assert_eq!(node.gaps("app"), Vec::<Value>::new());
}

#[test]
fn any_bytes_become_lines() {
    let folder = tempfile::tempdir().unwrap();
    let (path, config) = app_log(
        folder.path(),
        "app.log",
        "from_beginning: true, max_line_bytes: 1024",
    );
    append(&path, b"bad \xff utf-8\nnul \0 and \x1b[31mred\n");
    append(&path, format!("{}\nafter\n", "x".repeat(5000)));
    let node = start(folder.path(), &config);
    let long = "x".repeat(1024);
    let expected = [
        "bad \u{fffd} utf-8",
        "nul \0 and \u{1b}[31mred",
        &long,
        "after",
    ];
    node.await_lines("app", &expected);
    let truncated: Vec<bool> = node
        .log_rows("app")
        .iter()
        .map(|row| row["truncated"].as_bool().unwrap())
        .collect();
    assert_eq!(truncated, [false, false, true, false]);
    assert_eq!(app(&node)["truncated_bytes"], 5000 - 1024);
}

#[test]
fn korean_in_its_old_encoding_is_text() {
    let folder = tempfile::tempdir().unwrap();
    let settings = "from_beginning: true, encoding: euc-kr";
    let (path, config) = app_log(folder.path(), "app.log", settings);
    append(&path, b"\xc0\xfb\xc0\xe7 \xbf\xcf\xb7\xe1\n");
    let node = start(folder.path(), &config);
    node.await_lines("app", &["적재 완료"]);
}

#[test]
fn an_unterminated_line_is_stored_once_after_a_quiet_time() {
    let folder = tempfile::tempdir().unwrap();
    let settings = "from_beginning: true, partial_after: 200ms";
    let (path, config) = app_log(folder.path(), "app.log", settings);
    append(&path, "no end");
    let node = start(folder.path(), &config);
    node.await_lines("app", &["no end"]);
    append(&path, "\nnext\n");
    node.await_lines("app", &["no end", "next"]);
}

#[test]
fn lines_that_belong_together_are_one() {
    let folder = tempfile::tempdir().unwrap();
    let settings = "from_beginning: true, multiline: { start: '^[^ ]', timeout: 300ms }";
    let (path, config) = app_log(folder.path(), "app.log", settings);
    append(&path, "Exception\n  at one\n  at two\nnext\n");
    let node = start(folder.path(), &config);
    node.await_lines("app", &["Exception\n  at one\n  at two", "next"]);
}

#[test]
fn a_paused_log_keeps_its_place_over_rotation_and_restart() {
    let folder = tempfile::tempdir().unwrap();
    let (path, config) = app_log(folder.path(), "app.log", "from_beginning: true");
    append(&path, "one\n");
    let mut node = start(folder.path(), &config);
    node.await_lines("app", &["one"]);
    let paused = node.post("/api/v1/logs/app/pause", "{}");
    assert_eq!(paused.status, 200, "{}", paused.body);
    assert_eq!(paused.json()["status"], "PAUSED");
    append(&path, "two\n");
    fs::rename(&path, folder.path().join("app.log.1")).unwrap();
    append(&path, "three\n");
    // A second pause changes nothing, and what was written is seen to wait.
    assert_eq!(node.post("/api/v1/logs/app/pause", "{}").status, 200);
    node.await_row(("/api/v1/logs", "name", "app"), |row| {
        row["lag_bytes"] == 10
    });
    assert_eq!(node.log_lines("app"), ["one"]);
    assert!(node.end_by(Signal::KILL).0.code().is_none());
    let node = start(folder.path(), &config);
    assert_eq!(app(&node)["status"], "PAUSED");
    append(&path, "four\n");
    let resumed = node.post("/api/v1/logs/app/resume", "{}");
    assert_eq!(resumed.status, 200, "{}", resumed.body);
    assert_ne!(resumed.json()["status"], "PAUSED");
    node.await_lines("app", &["one", "two", "three", "four"]);
    assert_eq!(node.gaps("app"), Vec::<Value>::new());
}

#[test]
fn nothing_is_stored_after_a_pause_was_answered() {
    let folder = tempfile::tempdir().unwrap();
    let (path, config) = app_log(folder.path(), "app.log", "from_beginning: true");
    let mut writer = LogWriter::start(&path, 5000);
    let node = start(folder.path(), &config);
    let caught = |count: usize| {
        eventually("some lines", LIMIT, || {
            (node.log_lines("app").len() > count).then_some(())
        });
    };
    caught(0);
    for _ in 0..5 {
        assert_eq!(node.post("/api/v1/logs/app/pause", "{}").status, 200);
        let before = node.log_lines("app").len();
        let written = writer.written();
        eventually("more to be written", LIMIT, || {
            (writer.written() > written + 500).then_some(())
        });
        assert_eq!(node.log_lines("app").len(), before);
        assert_eq!(node.post("/api/v1/logs/app/resume", "{}").status, 200);
        caught(before);
    }
    let written = writer.stop();
    eventually("all lines", LIMIT, || {
        (node.log_lines("app").len() as u64 == written).then_some(())
    });
    let numbers: Vec<_> = node
        .log_lines("app")
        .iter()
        .map(|line| number(line))
        .collect();
    assert!(numbers.into_iter().eq((1..=written).map(Some)));
    let health = node.get("/api/v1/health").json();
    assert_eq!(health["status"], "ok", "{health}");
}

#[test]
fn a_log_that_comes_back_into_the_configuration_goes_on_where_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let (path, config) = app_log(folder.path(), "app.log", "");
    append(&path, "old\n");
    let node = start(folder.path(), &config);
    node.await_caught_up(&path);
    node.reconfigure("logs: []");
    eventually("the log to leave", LIMIT, || {
        node.list("/api/v1/logs").is_empty().then_some(())
    });
    assert_eq!(node.get("/api/v1/logs/app").status, 404);
    append(&path, "meanwhile\n");
    node.reconfigure(&config);
    eventually("the log to come back", LIMIT, || {
        (!node.list("/api/v1/logs").is_empty()).then_some(())
    });
    node.await_lines("app", &["meanwhile"]);
}

#[test]
fn a_file_that_was_cut_and_lost_is_in_the_ledger() {
    let folder = tempfile::tempdir().unwrap();
    let (path, config) = app_log(folder.path(), "app.log", "from_beginning: true");
    append(&path, "one\ntwo\n");
    let mut node = start(folder.path(), &config);
    node.await_lines("app", &["one", "two"]);
    assert!(node.end_by(Signal::TERM).0.success());
    append(&path, "lost\n");
    fs::remove_file(&path).unwrap();
    append(&path, "a new file\n");
    let node = start(folder.path(), &config);
    node.await_lines("app", &["one", "two", "a new file"]);
    let gaps = node.gaps("app");
    assert_eq!(gaps.len(), 1, "{gaps:?}");
    assert_eq!(gaps[0]["from_offset"], 8);
    assert_eq!(
        gaps[0]["to_offset"],
        Value::Null,
        "nobody saw how much there was"
    );
    let row = app(&node);
    assert_eq!(
        (&row["gap_count"], &row["unmeasured_gap_count"]),
        (&json!(1), &json!(1))
    );
    assert_eq!(row["gap_bytes"], 0);
}

#[test]
fn wrong_questions_get_an_answer_that_says_what_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let (_, config) = app_log(folder.path(), "app.log", "");
    let node = start(folder.path(), &config);
    node.await_row(("/api/v1/logs", "name", "app"), |_| true);
    for (path, status, code) in [
        ("/api/v1/logs/none", 404, "no_such_log"),
        ("/api/v1/logs/none/gaps", 404, "no_such_log"),
        ("/api/v1/logs/none?follow=true", 404, "no_such_log"),
        ("/api/v1/logs/app?regex=(", 400, "bad_query"),
        ("/api/v1/logs/app?limit=0", 400, "bad_query"),
        ("/api/v1/logs/app?lines=5&limit=5", 400, "bad_query"),
        ("/api/v1/logs/app?after=1&before=2", 400, "bad_query"),
        ("/api/v1/logs/app?from=yesterday", 400, "bad_query"),
        ("/api/v1/logs/app?what=ever", 400, "bad_query"),
        ("/api/v1/logs?what=ever", 400, "bad_query"),
    ] {
        let answer = node.get(path);
        assert_eq!(answer.status, status, "{path}: {}", answer.body);
        assert_eq!(answer.json()["code"], code, "{path}");
    }
    for command in ["pause", "resume"] {
        let answer = node.post(&format!("/api/v1/logs/none/{command}"), "{}");
        assert_eq!(
            (answer.status, &answer.json()["code"]),
            (404, &json!("no_such_log"))
        );
        assert_eq!(node.get(&format!("/api/v1/logs/app/{command}")).status, 405);
    }
}
