//! The walk on real trees, with the real `find` as the judge.

mod excludes;
mod limits;
mod mounts;
mod odd;
mod oracle;
mod random;

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::*;

/// A rate at which directories take so long that other threads are called in.
const SLOW_ENOUGH_FOR_HELPERS: u32 = 20_000;

fn a_minute() -> Stop<'static> {
    Stop::at(Instant::now() + Duration::from_secs(60))
}

fn count(root: &Path, options: &WalkOptions) -> Tally {
    walk(root, options, &a_minute()).unwrap()
}

/// Files and directories.
fn counts(root: &Path, options: &WalkOptions) -> (u64, u64) {
    let tally = count(root, options);
    assert_eq!(tally.first_unreadable, None);
    (tally.file_count, tally.dir_count)
}

fn threads(threads: usize) -> WalkOptions {
    let max_io_ops_per_sec = if threads > 1 {
        SLOW_ENOUGH_FOR_HELPERS
    } else {
        0
    };
    WalkOptions {
        threads,
        max_io_ops_per_sec,
        ..WalkOptions::default()
    }
}

fn measured() -> WalkOptions {
    WalkOptions {
        measure_sizes: true,
        top_entries: 10,
        ..WalkOptions::default()
    }
}

/// What a walk finds without openat2, which is refused as by an old kernel and as by an old filter.
fn counts_without_openat2(root: &Path, options: &WalkOptions, has_mount_id: bool) -> (u64, u64) {
    let refused = |opener: Opener| {
        let tally = walk_with(opener, root, options, &a_minute()).unwrap();
        assert_eq!(tally.first_unreadable, None);
        (tally.file_count, tally.dir_count)
    };
    let opener = || Opener::new(root, options.cross_mounts).unwrap();
    let old_kernel = opener().without_openat2(|_, _, _| Err(Errno::NOSYS), has_mount_id);
    let old_filter = opener().without_openat2(|_, _, _| Err(Errno::PERM), has_mount_id);
    let found = refused(old_kernel);
    assert_eq!(refused(old_filter), found);
    found
}

/// Makes files, or directories for names that end in a slash, with the directories above them.
fn tree(paths: &[&str]) -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    for path in paths {
        let full = root.path().join(path);
        if path.ends_with('/') {
            fs::create_dir_all(full).unwrap();
        } else {
            fs::create_dir_all(full.parent().unwrap()).unwrap();
            fs::write(full, path).unwrap();
        }
    }
    root
}

fn named(root: &Path, name: &[u8]) -> PathBuf {
    root.join(OsStr::from_bytes(name))
}

/// Says that a test did not run; where everything has to run, that is a failure.
fn skip(reason: &str) {
    assert!(
        std::env::var_os("ETLMON_REQUIRE_PEERS").is_none_or(|value| value != "1"),
        "cannot test: {reason}"
    );
    println!("skipped: {reason}");
}
