//! Odd entries, odd roots, and trees that change or refuse to be read.

use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::fs::{CWD, FileType, Mode};
use rustix::thread::{CapabilitySet, capabilities, set_capabilities};

use super::*;

#[test]
fn whatever_is_no_directory_is_a_file_and_links_are_not_followed() {
    let root = tree(&["dir/file"]);
    let at = |name: &str| root.path().join(name);
    symlink("dir", at("link-to-dir")).unwrap();
    symlink("..", at("dir/loop")).unwrap();
    symlink("nowhere", at("dangling")).unwrap();
    rustix::fs::mknodat(CWD, at("fifo"), FileType::Fifo, Mode::RUSR, 0).unwrap();
    let _socket = UnixListener::bind(at("socket")).unwrap();
    fs::write(named(root.path(), b"\n\xff\x01"), "").unwrap();
    fs::write(at("..."), "").unwrap();
    assert_eq!(counts(root.path(), &WalkOptions::default()), (8, 1));
}

#[test]
fn depth_one_is_the_roots_own_entries() {
    let root = tree(&["1", "a/2", "a/b/3", "a/b/c/4"]);
    for (max_depth, expected) in [
        (0, (0, 0)),
        (1, (1, 1)),
        (2, (2, 2)),
        (3, (3, 3)),
        (4, (4, 3)),
        (u32::MAX, (4, 3)),
    ] {
        let options = WalkOptions {
            max_depth: Some(max_depth),
            ..WalkOptions::default()
        };
        assert_eq!(counts(root.path(), &options), expected, "depth {max_depth}");
    }
}

#[test]
fn two_hundred_levels_are_counted() {
    let path = "d/".repeat(200) + "file";
    let root = tree(&[&path]);
    for threads in 1..=2 {
        assert_eq!(counts(root.path(), &super::threads(threads)), (1, 200));
    }
}

#[test]
fn the_root_may_be_a_link_or_relative_or_empty() {
    let root = tree(&["real/a/b", "empty/"]);
    let link = root.path().join("link");
    symlink("real", &link).unwrap();
    assert_eq!(counts(&link, &WalkOptions::default()), (1, 1));
    assert_eq!(
        counts(
            &root.path().join("./real/../real/"),
            &WalkOptions::default()
        ),
        (1, 1)
    );
    assert_eq!(
        count(&root.path().join("empty"), &WalkOptions::default()),
        Tally::default()
    );
    let sizes = count(&root.path().join("empty"), &measured()).sizes;
    assert_eq!(sizes, Some(Sizes::default()));
}

#[test]
fn a_root_that_is_missing_or_a_file_is_an_error_that_names_it() {
    let root = tree(&["file"]);
    for (name, expected) in [
        (
            "none",
            "cannot read ROOT/none: No such file or directory (os error 2)",
        ),
        ("file", "ROOT/file is not a directory"),
        ("file/below", "ROOT/file/below is not a directory"),
    ] {
        let error = walk(
            &root.path().join(name),
            &WalkOptions::default(),
            &a_minute(),
        );
        let text = error.unwrap_err().to_string();
        assert_eq!(
            text.replace(root.path().to_str().unwrap(), "ROOT"),
            expected
        );
    }
}

#[test]
fn a_directory_without_permission_is_noted_with_its_path() {
    let root = tree(&["a/1", "locked/hidden/2", "z/3"]);
    let locked = root.path().join("locked");
    let mode = |mode| std::os::unix::fs::PermissionsExt::from_mode(mode);
    fs::set_permissions(&locked, mode(0)).unwrap();
    // The rights of root go before the file's mode; they are given up in this thread alone.
    let mut sets = capabilities(None).unwrap();
    sets.effective -= CapabilitySet::DAC_OVERRIDE | CapabilitySet::DAC_READ_SEARCH;
    set_capabilities(None, sets).unwrap();
    for threads in 1..=2 {
        let tally = count(root.path(), &super::threads(threads));
        assert_eq!(
            (tally.file_count, tally.dir_count, tally.unreadable_count),
            (2, 3, 1)
        );
        let reason = format!("{}: Permission denied (os error 13)", locked.display());
        assert_eq!(tally.first_unreadable, Some(reason));
    }
    let error = walk(&locked, &WalkOptions::default(), &a_minute()).unwrap_err();
    assert!(matches!(error, WalkError::Root { .. }), "{error}");

    // A directory that may be listed but not searched: its names are known, its sizes are not.
    fs::set_permissions(&locked, mode(0o400)).unwrap();
    fs::set_permissions(root.path().join("a"), mode(0o400)).unwrap();
    let tally = count(
        root.path(),
        &WalkOptions {
            measure_sizes: true,
            ..threads(1)
        },
    );
    assert_eq!(
        (tally.file_count, tally.dir_count, tally.unreadable_count),
        (2, 4, 2)
    );
    fs::set_permissions(&locked, mode(0o700)).unwrap();
    fs::set_permissions(root.path().join("a"), mode(0o700)).unwrap();
}

#[test]
fn directories_that_come_and_go_are_no_error() {
    let root = tree(&["steady/1"]);
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let coming: Vec<_> = (0..50).map(|n| root.path().join(format!("{n}"))).collect();
            while !done.load(Ordering::Relaxed) {
                for (n, dir) in coming.iter().enumerate() {
                    fs::create_dir_all(dir.join("sub")).unwrap();
                    if n % 2 == 0 {
                        fs::write(dir.join("sub/file"), "").unwrap();
                    }
                }
                for dir in &coming {
                    fs::remove_dir_all(dir).unwrap();
                    symlink("steady", dir).unwrap();
                    fs::remove_file(dir).unwrap();
                }
            }
        });
        for n in 0..300 {
            let options = WalkOptions {
                threads: n % 3 + 1,
                ..measured()
            };
            let tally = walk(root.path(), &options, &a_minute());
            let good = tally.as_ref().is_ok_and(|tally| {
                tally.file_count >= 1 && tally.dir_count >= 1 && tally.unreadable_count == 0
            });
            // Before the assertion, which must not leave the other thread at work.
            done.store(!good || n == 299, Ordering::Relaxed);
            assert!(good, "{tally:?}");
        }
    });
}

#[test]
fn a_file_with_many_names_is_counted_by_name_and_measured_once() {
    let root = tree(&["one/big", "two/"]);
    fs::write(root.path().join("one/big"), vec![0; 5000]).unwrap();
    for n in 0..5 {
        fs::hard_link(
            root.path().join("one/big"),
            root.path().join(format!("two/{n}")),
        )
        .unwrap();
    }
    let tally = count(root.path(), &measured());
    assert_eq!(tally.file_count, 6);
    let sizes = tally.sizes.unwrap();
    assert_eq!(sizes.total_bytes, 5000);
    assert_eq!(sizes.top.iter().map(|entry| entry.bytes).sum::<u64>(), 5000);
}

#[test]
fn the_biggest_entries_have_all_below_them_but_none_that_was_not_entered() {
    let root = tree(&["small", "dir/a/b/c", "dir/d", "shut/x"]);
    fs::write(root.path().join("dir/a/b/c"), vec![0; 900]).unwrap();
    fs::write(root.path().join("small"), vec![0; 7]).unwrap();
    let names = |options: &WalkOptions| {
        let top = count(root.path(), options).sizes.unwrap().top;
        top.into_iter()
            .map(|top| (top.name, top.bytes, top.file_count))
            .collect::<Vec<_>>()
    };
    let all = [
        ("dir".into(), 905, 2),
        ("small".into(), 7, 1),
        ("shut".into(), 6, 1),
    ];
    assert_eq!(names(&measured()), all);
    assert_eq!(
        names(&WalkOptions {
            max_depth: Some(1),
            ..measured()
        }),
        all[1..2]
    );
}
