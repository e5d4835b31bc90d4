//! What ends a walk or slows it down, and what it may cost.

use std::os::fd::OwnedFd;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::fs::{CWD, Mode, OFlags};

use super::*;

/// Set for the process in which [`thousands_of_levels_take_few_descriptors`] does its work.
const FEW_DESCRIPTORS: &str = "ETLMON_TEST_FEW_DESCRIPTORS";

#[test]
fn the_limit_of_entries_is_exact_for_any_number_of_threads() {
    let root = tree(&["a/1", "a/2", "b/c/1", "b/c/2", "b/3", "4"]);
    for threads in 1..=4 {
        let options = |limit| WalkOptions {
            max_files: Some(limit),
            ..super::threads(threads)
        };
        assert_eq!(counts(root.path(), &options(9)), (6, 3));
        let error = walk(root.path(), &options(8), &a_minute()).unwrap_err();
        assert!(
            matches!(error, WalkError::TooManyFiles { limit: 8 }),
            "{error}"
        );
    }
}

#[test]
fn a_walk_ends_at_its_deadline_and_when_cancelled() {
    let names: Vec<String> = (0..200).map(|n| format!("{n}/f")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let root = tree(&names);
    for threads in 1..=3 {
        let options = WalkOptions {
            max_io_ops_per_sec: 20,
            threads,
            ..WalkOptions::default()
        };
        let start = Instant::now();
        let stop = Stop::at(start + Duration::from_millis(100));
        assert!(matches!(
            walk(root.path(), &options, &stop),
            Err(WalkError::TimedOut)
        ));

        let cancelled = AtomicBool::new(false);
        let stop = Stop {
            cancelled: Some(&cancelled),
            ..a_minute()
        };
        let error = std::thread::scope(|scope| {
            let walking = scope.spawn(|| walk(root.path(), &options, &stop));
            cancelled.store(true, Ordering::Relaxed);
            walking.join().unwrap().unwrap_err()
        });
        assert!(matches!(error, WalkError::Cancelled), "{error}");
        assert!(
            start.elapsed() < Duration::from_secs(5),
            "a stopped walk must not last"
        );
    }
}

#[test]
fn the_rate_limit_holds_over_all_threads() {
    let root = tree(&["a/1", "b/2", "c/3", "d/4", "e/5"]);
    // Per directory two calls for its entries, for all but the root one to open it, and one for
    // each file.
    let calls = 6 * 2 + 5 + 5;
    for threads in [1, 3] {
        let options = WalkOptions {
            max_io_ops_per_sec: 200,
            threads,
            ..measured()
        };
        let start = Instant::now();
        assert_eq!(counts(root.path(), &options), (5, 5));
        let least = Duration::from_millis(5) * (calls - 1) - Duration::from_millis(10);
        assert!(
            start.elapsed() >= least,
            "{:?} is less than {least:?}",
            start.elapsed()
        );
    }
}

#[test]
fn a_long_walk_calls_in_helpers() {
    let names: Vec<String> = (0..100).map(|n| format!("{n}/f")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let root = tree(&names);
    let options = WalkOptions {
        max_io_ops_per_sec: 100,
        threads: 2,
        ..WalkOptions::default()
    };
    let cancelled = AtomicBool::new(false);
    let stop = Stop {
        cancelled: Some(&cancelled),
        ..a_minute()
    };
    std::thread::scope(|scope| {
        let walking = scope.spawn(|| walk(root.path(), &options, &stop));
        let mut helped = false;
        while !helped && !walking.is_finished() {
            helped = has_helper();
        }
        cancelled.store(true, Ordering::Relaxed);
        assert!(helped, "the walk ended without a helper");
    });
}

fn has_helper() -> bool {
    let tasks = fs::read_dir("/proc/self/task").unwrap();
    let mut names = tasks.map(|task| fs::read(task.unwrap().path().join("comm")));
    names.any(|name| name.is_ok_and(|name| name == b"path-walk\n"))
}

#[test]
fn very_many_directories_in_one_are_entered_in_parts() {
    let root = tempfile::tempdir().unwrap();
    for n in 0..2500 {
        let dir = root.path().join(format!("{n:0250}"));
        fs::create_dir(&dir).unwrap();
        if n % 50 == 0 {
            fs::create_dir(dir.join("sub")).unwrap();
            fs::write(dir.join("sub/file"), "four").unwrap();
        }
    }
    for threads in 1..=3 {
        let options = WalkOptions {
            threads,
            ..measured()
        };
        let tally = count(root.path(), &options);
        assert_eq!((tally.file_count, tally.dir_count), (50, 2550));
        let sizes = tally.sizes.unwrap();
        assert_eq!(sizes.total_bytes, 200);
        assert!(
            sizes
                .top
                .iter()
                .all(|entry| (entry.bytes, entry.file_count) == (4, 1))
        );
        assert_eq!(sizes.top.len(), 10);
    }
}

#[test]
fn thousands_of_levels_take_few_descriptors() {
    if std::env::var_os(FEW_DESCRIPTORS).is_some() {
        return count_thousands_of_levels();
    }
    let test = format!(
        "{}::thousands_of_levels_take_few_descriptors",
        module_path!()
    );
    let (_, test) = test.split_once("::").unwrap();
    let output = Command::new("sh")
        .args(["-c", "ulimit -n 110 && exec \"$0\" \"$@\""])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env(FEW_DESCRIPTORS, "1")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}{complaint}");
    assert!(said.contains("counted all levels"), "{said}{complaint}");
}

/// Each level has a directory beside the one that leads on, so that all levels are under way at
/// once; the path is far longer than `PATH_MAX`.
fn count_thousands_of_levels() {
    const LEVELS: u64 = 1000;
    let root = tempfile::tempdir().unwrap();
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let mut dir: OwnedFd = rustix::fs::openat(CWD, root.path(), flags, Mode::empty()).unwrap();
    for _ in 0..LEVELS {
        for name in [
            "a-directory-at-the-side",
            "this-one-leads-on",
            "z-directory-at-the-side",
        ] {
            rustix::fs::mkdirat(&dir, name, Mode::RWXU).unwrap();
        }
        let file = OFlags::CREATE | OFlags::WRONLY;
        rustix::fs::openat(&dir, "z-directory-at-the-side/f", file, Mode::RUSR).unwrap();
        dir = rustix::fs::openat(&dir, "this-one-leads-on", flags, Mode::empty()).unwrap();
    }
    drop(dir);
    for threads in 1..=3 {
        for measure_sizes in [false, true] {
            let options = WalkOptions {
                measure_sizes,
                ..super::threads(threads)
            };
            assert_eq!(counts(root.path(), &options), (LEVELS, 3 * LEVELS));
        }
    }
    let plain = WalkOptions::default();
    assert_eq!(
        counts_without_openat2(root.path(), &plain, true),
        (LEVELS, 3 * LEVELS)
    );
    println!("counted all levels");
    // The standard library's way of removing a tree holds a descriptor for each level.
    let removed = Command::new("rm")
        .arg("-rf")
        .arg(root.path())
        .status()
        .unwrap();
    assert!(removed.success());
}

#[test]
fn a_walk_shows_that_it_goes_on() {
    let root = tempfile::tempdir().unwrap();
    std::fs::write(root.path().join("file"), "").unwrap();
    let pulse = std::sync::atomic::AtomicU64::new(0);
    let stop = Stop {
        pulse: Some(&pulse),
        ..a_minute()
    };
    walk(root.path(), &WalkOptions::default(), &stop).unwrap();
    assert!(pulse.into_inner() > 1);
}
