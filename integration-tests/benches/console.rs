//! The console: from a key to the new screen with the node's answer in it.
//!
//! `cargo bench -p integration-tests --bench console`

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a benchmark prints and may panic"
)]

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use integration_tests::log::app_log;
use integration_tests::{Console, NodeBuilder};

const LINES: usize = 100_000;
const PATHS: usize = 500;
const ROUNDS: usize = 50;

/// A key, and what only its screen shows once the node has answered.
const SCREENS: [(&str, &str); 9] = [
    ("1", "etlmon  Nodes"),
    ("2", "Fullest mounts"),
    ("3", "Filesystems  1"),
    ("4", "Paths  500 rows"),
    ("5", "Logs  1 rows"),
    ("6", "Processes  "),
    ("7", "Cron  "),
    ("8", "Transfers  "),
    ("9", "Audit  "),
];

fn main() {
    let folder = tempfile::tempdir().unwrap();
    let (log, mut config) = app_log(folder.path(), "app.log", "from_beginning: true");
    let mut text = String::new();
    for line in 0..LINES {
        writeln!(
            text,
            "2026-01-15T10:23:45Z INFO loader: order {line} stored in 12 ms"
        )
        .unwrap();
    }
    std::fs::write(&log, text).unwrap();
    config.push_str("\npaths:\n");
    for path in 0..PATHS {
        let path = folder.path().join(format!("path{path}"));
        std::fs::create_dir(&path).unwrap();
        writeln!(config, "  - path: {}", path.display()).unwrap();
    }
    let node = NodeBuilder::new(folder.path()).config(&config).start();
    node.await_caught_up(&log);
    let console = Console::start(folder.path(), &format!("--node {}", node.url), (120, 40));
    console.await_text(&["Overview"]);
    println!("\nkey to screen, {ROUNDS} times each, in tmux: median, worst");
    for (at, (key, text)) in SCREENS.into_iter().enumerate() {
        let (away, there) = SCREENS[(at + 1) % SCREENS.len()];
        let mut times: Vec<Duration> = (0..ROUNDS)
            .map(|_| {
                console.press(&[away]);
                console.await_text(&[there]);
                let began = Instant::now();
                console.press(&[key]);
                console.await_text(&[text]);
                began.elapsed()
            })
            .collect();
        report(text, &mut times);
    }
    console.press(&["5"]);
    console.await_text(&["Logs  1 rows", "TAILING"]);
    let mut times: Vec<Duration> = (0..ROUNDS)
        .map(|_| {
            console.press(&["Escape", "5"]);
            console.await_text(&["TAILING"]);
            let began = Instant::now();
            console.press(&["f"]);
            console.await_text(&["following", "order 99999"]);
            began.elapsed()
        })
        .collect();
    report("the last lines of a log", &mut times);
}

fn report(what: &str, times: &mut [Duration]) {
    times.sort();
    let (median, worst) = (times[times.len() / 2], times[times.len() - 1]);
    println!("  {what:<24} {median:>9.1?} {worst:>9.1?}");
}
