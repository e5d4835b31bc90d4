//! The real console in a real terminal with real nodes.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test"
)]

use std::path::Path;
use std::time::{Duration, Instant};

use integration_tests::log::{LogWriter, app_log};
use integration_tests::{Console, Node, NodeBuilder, expect, peer};
use rustix::process::{Pid, Signal, kill_process};

/// A node that watches a path and a log in its folder.
fn node(folder: &Path) -> (Node, std::path::PathBuf) {
    let (log, config) = app_log(folder, "app.log", "from_beginning: true");
    let data = folder.join("data");
    std::fs::create_dir_all(data.join("big\u{1b}[31mname")).unwrap();
    let config = format!(
        "{config}\npaths: [{{ path: {}, measure_sizes: true }}]\n",
        data.display()
    );
    (NodeBuilder::new(folder).config(&config).start(), log)
}

fn signal(console: &Console, signal: Signal) {
    kill_process(Pid::from_raw(console.pid()).unwrap(), signal).unwrap();
}

#[test]
fn every_screen_is_reached_by_its_key_and_the_terminal_is_left_clean() {
    if !peer("tmux") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (node, _) = node(folder.path());
    let console = Console::start(
        folder.path(),
        &format!("--node {} --node 127.0.0.1:1", node.url),
        (100, 30),
    );
    console.await_text(&["etlmon  Nodes", "DOWN", "Connection refused"]);
    for (key, texts) in [
        ("2", ["Overview", "Fullest mounts"]),
        ("3", ["Filesystems  ", "USE%"]),
        ("4", ["Paths  ", "/data"]),
        ("5", ["Logs  ", "WAITING"]),
        ("6", ["Processes  ", "CPU%"]),
        ("7", ["Cron  ", "SCHEDULE"]),
        ("8", ["Transfers  ", "RATE"]),
        ("9", ["Audit  ", "OUTCOME"]),
        ("?", ["sort: by the next column", "everywhere"]),
    ] {
        console.press(&[key]);
        console.await_text(&texts);
    }
    console.press(&["1", "Enter", "4", "Enter"]);
    console.await_text(&["Biggest entries"]);
    console.press(&["Escape", "e"]);
    console.await_text(&["scans started"]);
    for (width, height) in [(20, 5), (200, 50), (3, 2), (80, 24)] {
        console.resize(width, height);
    }
    // The first key takes away what was told.
    console.press(&["3"]);
    console.await_text(&["Filesystems  ", "USE%", "? help"]);
    console.press(&["q"]);
    console.await_text(&["ENDED 0"]);
    console.write("stty -a\n");
    console.await_text(&[" icanon", " echo "]);
}

#[test]
fn a_log_is_followed_at_5000_lines_a_second_and_keys_still_work() {
    if !peer("tmux") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (node, log) = node(folder.path());
    let mut writer = LogWriter::start(&log, 5_000);
    let console = Console::start(folder.path(), &format!("--node {}", node.url), (100, 30));
    console.press(&["5"]);
    console.await_text(&["TAILING"]);
    console.press(&["f"]);
    console.await_text(&["following", "came faster than shown"]);
    console.press(&["p"]);
    let paused = console.await_text(&["paused"]);
    assert!(paused < Duration::from_secs(2), "{paused:?}");
    console.press(&["g"]);
    console.await_text(&["paused at the first line", "line 1\n", "line 2\n"]);
    console.press(&["&"]);
    console.write("line [0-9]*77$");
    console.press(&["Enter"]);
    console.await_text(&["following", "77\n"]);
    console.press(&["/"]);
    console.write("line 77$");
    console.press(&["Enter"]);
    console.await_text(&["line 77\n"]);
    let written = writer.stop();
    assert!(written > 1_000, "{written}");
    console.press(&["Escape"]);
    console.await_text(&["TAILING", "LINES/S"]);
    console.press(&["p"]);
    console.await_text(&["PAUSED"]);
    console.press(&["p"]);
    console.await_text(&["TAILING"]);
}

#[test]
fn a_node_that_dies_and_returns_is_seen_to_and_its_data_stays() {
    if !peer("tmux") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (mut running, _) = node(folder.path());
    let url = running.url.clone();
    let console = Console::start(folder.path(), &format!("--node {url}"), (100, 30));
    console.press(&["4"]);
    console.await_text(&["OK  Paths", "/data"]);
    running.end_by(Signal::KILL);
    console.await_text(&["DOWN  Paths", "next try in", "refused", "/data"]);
    let listen = url.strip_prefix("http://").unwrap();
    let again = NodeBuilder::new(folder.path()).listen(Some(listen)).start();
    console.press(&["r"]);
    console.await_gone("DOWN");
    assert_eq!(again.url, url);
}

#[test]
fn the_terminal_is_given_back_when_the_console_is_ended_or_stopped() {
    if !peer("tmux") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let console = Console::start(folder.path(), "--node 127.0.0.1:1", (80, 24));
    console.await_text(&["DOWN"]);
    signal(&console, Signal::TERM);
    console.await_text(&["ENDED 0"]);
    console.write("stty -a\n");
    console.await_text(&[" icanon", " echo "]);
    // From an interactive shell, which alone has jobs.
    let etlmon = integration_tests::etlmon();
    console.write(&format!(
        "clear; set -m; {} ui --node 127.0.0.1:1\n",
        etlmon.display()
    ));
    console.await_text(&["Overview", "DOWN"]);
    console.press(&["C-z"]);
    console.await_text(&["topped"]);
    console.write("stty -a\n");
    console.await_text(&[" icanon", " echo "]);
    console.write("fg\n");
    console.await_text(&["Overview", "DOWN", "? help"]);
    console.press(&["q"]);
    console.await_gone("? help");
}

#[test]
fn one_frame_is_printed_without_a_terminal() {
    let folder = tempfile::tempdir().unwrap();
    let (node, _) = node(folder.path());
    let (text, _) = expect(&["ui", "--once", "paths", "--node", &node.url], 0);
    assert_eq!(text.lines().count(), 24);
    assert!(text.contains("/data"), "{text}");
    let (text, _) = expect(&["ui", "--once", "nodes", "--node", "127.0.0.1:1"], 3);
    assert!(text.contains("DOWN"), "{text}");
    let (_, errors) = expect(&["ui", "--once", "colours"], 2);
    assert!(errors.contains("filesystems"), "{errors}");
    let file = folder.path().join("ui.yaml");
    std::fs::write(&file, "ui:\n  colour: red\n").unwrap();
    let (_, errors) = expect(&["ui", "-c", file.to_str().unwrap(), "--once", "nodes"], 1);
    assert!(errors.contains("ui.yaml:2:"), "{errors}");
    let began = Instant::now();
    expect(&["ui", "--once", "overview", "--node", &node.url], 0);
    assert!(began.elapsed() < Duration::from_secs(10));
}
