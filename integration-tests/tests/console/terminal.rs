//! The terminal is given back whatever ends the console, or stops it.

use std::path::Path;
use std::time::{Duration, Instant};

use integration_tests::{Console, etlmon, eventually, peer};
use rustix::process::{Pid, Signal, kill_process};

/// A node that nobody answers for.
const NOBODY: &str = "--node 127.0.0.1:1";

fn console(folder: &Path) -> Console {
    let console = Console::start(folder, NOBODY, (80, 24));
    console.await_text(&["DOWN"]);
    console
}

/// Whether a process has ended; one that nobody has waited for has no command line.
fn has_ended(pid: i32) -> bool {
    std::fs::read(format!("/proc/{pid}/cmdline")).map_or(true, |words| words.is_empty())
}

#[track_caller]
fn await_end(pid: i32) {
    let began = Instant::now();
    eventually("the console to end", crate::PATIENCE, || {
        has_ended(pid).then_some(())
    });
    let taken = began.elapsed();
    assert!(taken < Duration::from_secs(2), "{taken:?}");
}

#[test]
fn it_is_given_back_by_a_quit_and_by_signals() {
    if !peer("tmux") {
        return;
    }
    for signal in [None, Some(Signal::TERM), Some(Signal::INT)] {
        let folder = tempfile::tempdir().unwrap();
        let console = console(folder.path());
        match signal {
            Some(signal) => console.signal(signal),
            None => console.press(&["q"]),
        }
        console.await_text(&["ENDED 0"]);
        console.await_given_back();
    }
}

#[test]
fn it_is_the_shells_while_the_console_is_stopped() {
    if !peer("tmux") {
        return;
    }
    // By the key, by the signal, and by the one that can't be caught.
    for stop in [None, Some(Signal::TSTP), Some(Signal::STOP)] {
        let folder = tempfile::tempdir().unwrap();
        // An interactive shell, which alone has jobs.
        let console = Console::run(folder.path(), "PS1=ready: sh", (80, 24));
        console.await_text(&["ready:"]);
        console.write(&format!("{} ui {NOBODY}\n", etlmon().display()));
        console.await_text(&["Overview", "DOWN"]);
        match stop {
            Some(signal) => {
                let children = format!("/proc/{0}/task/{0}/children", console.pid());
                let etlmon = std::fs::read_to_string(children).unwrap();
                let etlmon = Pid::from_raw(etlmon.trim().parse().unwrap());
                kill_process(etlmon.unwrap(), signal).unwrap();
            }
            None => console.press(&["C-z"]),
        }
        if stop == Some(Signal::STOP) {
            // The shell wrote on the console's screen, which is drawn anew.
            console.await_text(&["[1] "]);
        } else {
            console.await_text(&["[1] ", "ready:"]);
            console.await_given_back();
        }
        console.write("fg\n");
        console.await_text(&["Overview", "DOWN", "? help"]);
        console.await_gone("ready:");
        console.await_gone("[1] ");
        console.press(&["?"]);
        console.await_text(&["quit"]);
        console.press(&["q"]);
        console.await_given_back();
    }
}

#[test]
fn a_console_whose_terminal_goes_away_ends() {
    if !peer("tmux") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let running = console(folder.path());
    let pid = running.pid();
    running.hang_up();
    await_end(pid);
}

#[test]
fn a_console_whose_terminal_goes_away_while_it_is_stopped_ends() {
    if !peer("tmux") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let stopped = console(folder.path());
    let pid = stopped.pid();
    stopped.signal(Signal::STOP);
    stopped.hang_up();
    await_end(pid);
}

#[test]
fn a_storm_of_resizes_leaves_a_screen_that_is_right() {
    if !peer("tmux") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let console = console(folder.path());
    for round in 0..40 {
        console.resize(1 + round * 7 % 160, 1 + round * 3 % 50);
    }
    console.resize(20, 5);
    console.await_screen("the smallest screen", |screen| {
        screen.lines().count() == 5 && screen.contains("DOWN") && screen.contains("? help")
    });
    console.resize(120, 40);
    console.await_screen("the largest screen", |screen| {
        screen.contains("1 Nodes  2 Overview")
            && screen.lines().count() == 40
            && screen.lines().last().unwrap().starts_with("? help")
    });
}

#[test]
fn a_key_and_a_resize_in_the_same_moment_are_both_heeded() {
    if !peer("tmux") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let console = console(folder.path());
    let pid = Pid::from_raw(console.pid()).unwrap();
    let resize = || kill_process(pid, Signal::WINCH).unwrap();
    console.press(&[":"]);
    let mut typed = ":".to_owned();
    for key in ('a'..='z').chain('A'..='Z') {
        typed.push(key);
        console.garble("GARBLED");
        if key.is_ascii_lowercase() {
            resize();
            console.write(&key.to_string());
        } else {
            console.write(&key.to_string());
            resize();
        }
        console.await_screen(&typed, |screen| {
            screen.contains(&format!("{typed}▏")) && !screen.contains("GARBLED")
        });
    }
}
