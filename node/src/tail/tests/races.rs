//! Writing and rotating at full speed while the follower reads, and starts anew in the middle.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use super::*;

const LINES: usize = 60_000;
const ROTATIONS: usize = 24;

/// Moves every older file one number up.
fn shift(log: &Path) {
    let numbered = |number: usize| log.with_extension(format!("log.{number}"));
    for number in (1..ROTATIONS).rev() {
        let _ = fs::rename(numbered(number), numbered(number + 1));
    }
}

/// Writes all lines, and rotates again and again in between.
fn write_all(log: &Path, rotate: impl Fn(&Path)) {
    for part in 0..ROTATIONS {
        let mut file = OpenOptions::new()
            .append(true)
            .create(true)
            .open(log)
            .unwrap();
        for line in 0..LINES / ROTATIONS {
            let number = part * (LINES / ROTATIONS) + line;
            // In two writes, so that unfinished lines are seen.
            write!(file, "{number} ").unwrap();
            file.write_all(b"of the lines that are written\n").unwrap();
        }
        shift(log);
        rotate(log);
    }
}

fn race(glob: bool, rotate: impl Fn(&Path) + Send) {
    let mut world = World::new(if glob { "app.log*" } else { "app.log" });
    world.read();
    let log = world.path("app.log");
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            write_all(&log, rotate);
            done.store(true, Ordering::Release);
        });
        let mut round = 0;
        loop {
            let ended = done.load(Ordering::Acquire);
            let more = world.read_some(Budget {
                lines: 700,
                bytes: 1 << 20,
            });
            round += 1;
            if round % 10 == 0 {
                world.follower.read(Budget::default(), world.now);
                world.restart();
            }
            if ended && !more {
                break;
            }
        }
    });
    world.append("app.log", "the end\n");
    world.read();
    let mut numbers: Vec<usize> = world
        .lines()
        .iter()
        .filter(|line| **line != "the end")
        .map(|line| {
            let number = line.strip_suffix(" of the lines that are written");
            number
                .unwrap_or_else(|| panic!("mangled: {line}"))
                .parse()
                .unwrap()
        })
        .collect();
    numbers.sort_unstable();
    let missing = (0..LINES).find(|number| numbers.binary_search(number).is_err());
    assert_eq!(missing, None, "{:?}", world.stored.gaps);
    assert_eq!(numbers.len(), LINES, "none twice");
}

#[test]
fn nothing_is_lost_or_doubled_when_the_log_is_renamed_at_full_speed() {
    for glob in [false, true] {
        race(glob, |log| {
            fs::rename(log, log.with_extension("log.1")).unwrap()
        });
    }
}

#[test]
fn nothing_is_lost_or_doubled_when_the_log_is_cut_at_full_speed() {
    for glob in [false, true] {
        race(glob, |log| {
            fs::copy(log, log.with_extension("log.1")).unwrap();
            File::options()
                .write(true)
                .truncate(true)
                .open(log)
                .unwrap();
        });
    }
}
