//! Followed logs as a stream of events: nothing lost, nothing doubled, and no reader in the way of
//! another.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "functions that tests share are test code too"
)]

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use integration_tests::events::{Events, News};
use integration_tests::log::{LogWriter, app_log, append, number};
use integration_tests::{Node, NodeBuilder, ReservedPort, command, eventually};
use rustix::process::Signal;
use serde_json::{Value, json};

const LIMIT: Duration = Duration::from_secs(40);

fn start(folder: &Path, config: &str) -> Node {
    NodeBuilder::new(folder).config(config).start()
}

/// Numbered lines of about a KiB each.
fn long_lines(numbers: std::ops::RangeInclusive<u32>) -> String {
    let filling = "x".repeat(1000);
    numbers.map(|n| format!("{n} {filling}\n")).collect()
}

fn long_number(row: &Value) -> u32 {
    let line = row["line"].as_str().unwrap();
    line.split_once(' ').unwrap().0.parse().unwrap()
}

#[test]
fn a_stream_begins_where_it_is_asked_to() {
    let folder = tempfile::tempdir().unwrap();
    let (path, config) = app_log(folder.path(), "app.log", "from_beginning: true");
    append(&path, "one\ntwo\nthree\n");
    let node = start(folder.path(), &config);
    node.await_lines("app", &["one", "two", "three"]);
    let mut now = node.follow("app", "", None);
    let mut after = node.follow("app", "&after=1", None);
    let mut newest = node.follow("app", "&limit=1", None);
    let mut again = node.follow("app", "&after=1", Some(0));
    append(&path, "four\n");
    assert_eq!(now.lines(1), ["four"]);
    assert_eq!(after.lines(3), ["two", "three", "four"]);
    assert_eq!(newest.lines(2), ["three", "four"]);
    assert_eq!(again.lines(4), ["one", "two", "three", "four"]);
    for header in ["content-type: text/event-stream", "cache-control: no-store"] {
        assert!(now.head.contains(header), "{}", now.head);
    }
    append(&path, "five\n");
    assert_eq!(vec![now.line()], node.list("/api/v1/logs/app?limit=1"));
    assert_eq!(now.last_id, 5);
}

#[test]
fn one_who_comes_again_misses_and_doubles_nothing_however_the_node_ends() {
    let folder = tempfile::tempdir().unwrap();
    let (path, config) = app_log(folder.path(), "app.log", "from_beginning: true");
    let mut writer = LogWriter::start(&path, 2000);
    let builder = NodeBuilder::new(folder.path()).config(&config);
    let mut node = builder.start();
    let mut events = node.follow("app", "&after=0", None);
    let mut seen = Vec::new();
    for signal in [Signal::KILL, Signal::TERM, Signal::KILL, Signal::KILL] {
        seen.extend(events.lines(1500));
        node.signal(signal);
        // What was sent before the end still counts.
        seen.extend(events.lines(usize::MAX));
        node.wait();
        node = builder.start();
        events = node.follow("app", "", Some(events.last_id));
    }
    let written = writer.stop();
    seen.extend(events.lines(usize::try_from(written).unwrap() - seen.len()));
    let numbers = seen.iter().map(|line| number(line));
    assert!(
        numbers.eq((1..=written).map(Some)),
        "{} of {written}",
        seen.len()
    );
}

#[test]
fn lines_deleted_before_a_slow_reader_had_them_are_counted() {
    // More than the buffers of a connection hold.
    const LINES: u32 = 24_000;
    let folder = tempfile::tempdir().unwrap();
    let [path, other] = ["app.log", "other.log"].map(|name| folder.path().join(name));
    let config = format!(
        "logs: [{{ name: app, path: {}, from_beginning: true }}, {{ name: other, path: {} }}]\n\
         retention: {{ log_lines: {{ max_rows: 1000 }} }}",
        path.display(),
        other.display()
    );
    let node = start(folder.path(), &config);
    let mut slow = node.follow("app", "&after=0", None);
    for first in (1..LINES).step_by(1000) {
        append(&path, long_lines(first..=first + 999));
        // Ids of another log lie in between; nobody who follows this one misses them.
        append(&other, "elsewhere\n");
    }
    let oldest = eventually("old lines to be deleted", LIMIT, || {
        let [first, .., last] = &node.list("/api/v1/logs/app?limit=1500")[..] else {
            return None;
        };
        let (first, last) = (long_number(first), long_number(last));
        (last == LINES && first > LINES - 1000).then_some(first)
    });
    let (mut last, mut missed_lines) = (0, 0);
    while last < LINES {
        match slow.news().unwrap() {
            News::Line(row) => {
                assert_eq!(long_number(&row), last + 1);
                last += 1;
            }
            News::Missed(missed) => {
                let missed = u32::try_from(missed.as_u64().unwrap()).unwrap();
                (last, missed_lines) = (last + missed, missed_lines + missed);
            }
        }
    }
    assert!(missed_lines > 0, "the buffers hold all");
    // One who comes after the purge is told as well, and goes on with the oldest that is left.
    let mut late = node.follow("app", "", Some(0));
    assert_eq!(late.news(), Some(News::Missed(json!(oldest - 1))));
    assert_eq!(long_number(&late.line()), oldest);
}

#[test]
fn filters_leave_lines_out_and_a_heartbeat_says_how_far_they_were_searched() {
    let folder = tempfile::tempdir().unwrap();
    let (path, config) = app_log(folder.path(), "app.log", "from_beginning: true");
    let node = start(folder.path(), &config);
    let mut errors = node.follow("app", "&contains=ERROR", None);
    let mut orders = node.follow("app", "&after=0&regex=%5EERROR%20%5Cd%7B4%7D$", None);
    let mut both = node.follow("app", "&contains=47&regex=%5EINFO", None);
    let mut none = node.follow("app", "&contains=nowhere", None);
    append(
        &path,
        "INFO 4711\nERROR 4711\nerror 4712\nERROR 47\nINFO 48\nERROR 4713\n",
    );
    assert_eq!(errors.lines(3), ["ERROR 4711", "ERROR 47", "ERROR 4713"]);
    assert_eq!(orders.lines(2), ["ERROR 4711", "ERROR 4713"]);
    assert_eq!(both.lines(1), ["INFO 4711"]);
    // The first comes at once, so that a reader knows that it is heard.
    for _ in 0..2 {
        let began = Instant::now();
        assert_eq!(none.block(), Some(None));
        assert!(
            began.elapsed() < Duration::from_secs(16),
            "{:?}",
            began.elapsed()
        );
    }
    assert_eq!(none.last_id, 6);
}

#[test]
fn readers_who_never_read_hurt_neither_others_nor_the_node() {
    const LINES: u32 = 50_000;
    let folder = tempfile::tempdir().unwrap();
    let (path, config) = app_log(folder.path(), "app.log", "from_beginning: true");
    let mut node = start(folder.path(), &config);
    let deaf: Vec<Events> = (0..20)
        .map(|_| node.follow("app", "&after=0", None))
        .collect();
    let mut readers = [0, 1].map(|_| node.follow("app", "&after=0", None));
    for first in (1..LINES).step_by(1000) {
        append(&path, long_lines(first..=first + 999));
    }
    std::thread::scope(|scope| {
        for reader in &mut readers {
            scope.spawn(|| {
                for number in 1..=LINES {
                    let line = reader.lines(1);
                    assert!(
                        line[0].starts_with(&format!("{number} ")),
                        "{number}: {line:?}"
                    );
                }
            });
        }
    });
    let status = std::fs::read_to_string(format!("/proc/{}/status", node.pid())).unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let peak: u64 = peak
        .unwrap()
        .trim()
        .trim_end_matches(" kB")
        .parse()
        .unwrap();
    assert!(peak < 128 << 10, "{peak} KiB with 20 deaf readers of 50 MB");
    let (status, took) = node.end_by(Signal::TERM);
    assert!(status.success(), "{}", node.stderr());
    assert!(took < Duration::from_secs(5), "{took:?}");
    drop(deaf);
}

#[test]
fn an_empty_last_event_id_is_none() {
    let folder = tempfile::tempdir().unwrap();
    let (log, config) = app_log(folder.path(), "app.log", "from_beginning: true");
    append(&log, "one\n");
    let node = start(folder.path(), &config);
    node.await_lines("app", &["one"]);
    let mut events = node.follow_with("app", "&limit=5", "Last-Event-ID:\r\n");
    assert_eq!(events.lines(1), ["one"]);
}

#[test]
fn a_log_that_leaves_the_configuration_and_a_search_that_is_wrong_have_no_stream() {
    let folder = tempfile::tempdir().unwrap();
    let (_, config) = app_log(folder.path(), "app.log", "");
    let node = start(folder.path(), &config);
    let get = |query: &str, headers: &[(&str, &str)]| {
        let path = format!("/api/v1/logs/app?follow=true{query}");
        let answer = node.request("GET", &path, headers, None);
        (answer.status, answer.json()["code"].clone())
    };
    let refused = (400, json!("bad_query"));
    assert_eq!(get("&regex=(", &[]), refused);
    assert_eq!(get("&before=5", &[]), refused);
    assert_eq!(get("", &[("Last-Event-ID", "x")]), refused);
    assert_eq!(get("", &[("Last-Event-ID", "-1")]), refused);
    assert_eq!(get("&limit=0", &[]), refused);
}

/// `etlmon get log app --follow`, ended when this is dropped.
struct Console(Child);

impl Drop for Console {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn the_command_prints_every_line_once_while_the_node_comes_and_goes() {
    let folder = tempfile::tempdir().unwrap();
    let (path, config) = app_log(folder.path(), "app.log", "from_beginning: true");
    let port = ReservedPort::any();
    let address = port.address.to_string();
    let builder = NodeBuilder::new(folder.path())
        .config(&config)
        .listen(Some(&address));
    let mut writer = LogWriter::start(&path, 1000);
    let mut node = builder.start();
    eventually("some lines", LIMIT, || {
        (node.log_lines("app").len() > 100).then_some(())
    });
    let words = [
        "get",
        "log",
        "app",
        "--follow",
        "--after",
        "0",
        "--timeout",
        "30s",
    ];
    let mut console = command(&words)
        .args(["--node", &address])
        .stdout(Stdio::piped())
        .spawn()
        .map(Console)
        .unwrap();
    let mut said = BufReader::new(console.0.stdout.take().unwrap()).lines();
    let mut next = || number(&said.next().unwrap().unwrap());
    let mut count = 0;
    for _ in 0..3 {
        for _ in 0..500 {
            count += 1;
            assert_eq!(next(), Some(count));
        }
        node.end_by(Signal::KILL);
        node = builder.start();
    }
    for number in count + 1..=writer.stop() {
        assert_eq!(next(), Some(number));
    }
}
