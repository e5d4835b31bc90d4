//! A log that is written faster than anybody reads.

use std::time::{Duration, Instant};

use integration_tests::log::LogWriter;
use integration_tests::{Console, peer};

use crate::watched::node;

/// Lines a second.
const RATE: u32 = 5_000;

#[test]
fn a_log_is_followed_at_5000_lines_a_second_and_keys_are_answered() {
    if !peer("tmux") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (node, log) = node(folder.path());
    let mut writer = LogWriter::start(&log, RATE);
    let console = Console::start(folder.path(), &format!("--node {}", node.url), (100, 30));
    console.press(&["5"]);
    console.await_text(&["TAILING"]);
    console.press(&["f"]);
    console.await_text(&["following", "came faster than shown"]);
    // What is shown is what was written just now.
    let (before, written) = (Instant::now(), writer.written());
    console.await_screen("a line that is not written yet", |screen| {
        last_line(screen) > written
    });
    let behind = before.elapsed();
    assert!(behind < Duration::from_secs(3), "{behind:?}");
    let mut worst = Duration::ZERO;
    for _ in 0..10 {
        for (key, text) in [("?", "everywhere"), ("?", "following"), ("w", "following")] {
            console.press(&[key]);
            worst = worst.max(console.await_text(&[text]));
        }
    }
    // Tests run beside others and without optimisation; the benchmark has the figure.
    assert!(worst < Duration::from_secs(2), "{worst:?}");
    console.press(&["p"]);
    console.await_text(&["paused"]);
    console.press(&["g"]);
    console.await_text(&["paused at the first line", "line 1\n", "line 2\n"]);
    let rate = f64::from(RATE) / 2.0;
    let written = writer.stop();
    assert!(
        written as f64 > before.elapsed().as_secs_f64() * rate,
        "{written} lines in {:?}",
        before.elapsed()
    );
}

/// The number of the line at the bottom.
fn last_line(screen: &str) -> u64 {
    let numbers = screen
        .lines()
        .filter_map(|line| line.split("line ").nth(1)?.trim().parse().ok());
    numbers.max().unwrap_or(0)
}

#[test]
fn lines_are_chosen_by_the_node_and_searched_both_ways_as_far_as_any_are_stored() {
    if !peer("tmux") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (node, log) = node(folder.path());
    let text: String = (1..=12_000).map(|line| format!("line {line}\n")).collect();
    integration_tests::log::append(&log, text);
    node.await_caught_up(&log);
    let console = Console::start(folder.path(), &format!("--node {}", node.url), (100, 12));
    // Also what is typed before the console is there.
    console.write(":log app");
    console.press(&["Enter"]);
    console.await_text(&["following", "line 12000\n"]);
    // Nothing of what is found is held: the last page begins behind it.
    console.press(&["/"]);
    console.write("line 7$");
    console.press(&["Enter"]);
    console.await_text(&["paused", "line 7\n"]);
    let screen = console.coloured_screen();
    assert!(screen.contains("38;5;3m\u{1b}[49mline 7"), "{screen:?}");
    console.press(&["n"]);
    console.await_text(&["not found behind this"]);
    console.press(&["/"]);
    console.write("line 9000$");
    console.press(&["Enter"]);
    console.await_text(&["not found before this"]);
    console.press(&["n"]);
    console.await_text(&["line 9000\n", "line 9001\n"]);
    console.press(&["&"]);
    console.write("line [0-9]*99$");
    console.press(&["Enter"]);
    console.await_text(&["following  &line", "line 11999\n", "line 11899\n"]);
    assert!(!console.screen().contains("line 12000"));
    // Back to the first line that is stored, page by page.
    console.press(&["&", "C-u", "Enter"]);
    console.await_text(&["line 12000\n"]);
    let began = Instant::now();
    while !console.screen().contains("line 1\n") {
        console.press(&["PageUp"; 100]);
        assert!(began.elapsed() < crate::PATIENCE, "{}", console.screen());
    }
    console.await_text(&["paused at the first line", "line 2\n"]);
}
