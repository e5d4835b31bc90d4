//! What is counted below a path: files and directories as `find` does, and their sizes.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "all of this is test code"
)]

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::Command;

use integration_tests::Node;
use integration_tests::paths::{PATHS, counts, item, scanned};
use serde_json::Value;

/// What `find` counts below a path with these arguments: what is no directory, and directories.
fn find(path: &Path, options: &[&str]) -> (u64, u64) {
    let count = |kind: &[&str]| {
        let mut root = path.as_os_str().to_owned();
        root.push("/");
        let mut command = Command::new("find");
        command
            .arg(root)
            .args(["-mindepth", "1"])
            .args(options)
            .args(kind);
        let output = command.args(["-printf", "x"]).output().unwrap();
        u64::try_from(output.stdout.len()).unwrap()
    };
    (count(&["!", "-type", "d"]), count(&["-type", "d"]))
}

/// Grows a tree of about `size` entries of all kinds; the same for the same seed.
fn grow(root: &Path, seed: u64, size: u32) {
    let mut random = seed;
    let mut next = |below: usize| {
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(seed | 1);
        usize::try_from(random >> 33).unwrap() % below
    };
    let mut dirs = vec![root.to_owned()];
    for n in 0..size {
        let parent = dirs[next(dirs.len())].clone();
        let name: Vec<u8> = match next(6) {
            0 => format!(".hidden{n}").into_bytes(),
            1 => [format!("bytes{n}").as_bytes(), b"\xff\n\x1b[2J\\"].concat(),
            2 => format!("with space {n}").into_bytes(),
            3 => [&vec![b'x'; 200][..], n.to_string().as_bytes()].concat(),
            4 => format!("log{n}.tmp").into_bytes(),
            _ => format!("자료{n}").into_bytes(),
        };
        let path = parent.join(OsStr::from_bytes(&name));
        match next(10) {
            0..3 if path.as_os_str().len() < 3500 => {
                fs::create_dir(&path).unwrap();
                dirs.push(path);
            }
            3 => symlink("..", &path).unwrap(),
            4 => symlink("/no/such", &path).unwrap(),
            5 if path.as_os_str().len() < 108 => drop(UnixListener::bind(&path).unwrap()),
            _ => fs::write(&path, vec![b'x'; next(5000)]).unwrap(),
        }
    }
}

#[test]
fn counts_are_those_of_find() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = String::from("paths:\n");
    let mut expected = Vec::new();
    for seed in 1..=6 {
        let root = folder.path().join(format!("tree{seed}"));
        fs::create_dir(&root).unwrap();
        grow(&root, seed, 50 * u32::try_from(seed * seed).unwrap());
        let (more, options): (&str, &[&str]) = match seed {
            1 => (", max_depth: 1", &["-maxdepth", "1"]),
            2 => (", max_depth: 3", &["-maxdepth", "3"]),
            3 => (", exclude: ['*.tmp']", &["-name", "*.tmp", "-prune", "-o"]),
            4 => (", measure_sizes: true", &[]),
            5 => (", max_io_ops_per_sec: 100000", &[]),
            _ => ("", &[]),
        };
        config.push_str(&item(&root, more));
        expected.push((find(&root, options), root));
    }
    // The root itself may be a link; links below it are counted and not followed.
    let link = folder.path().join("link");
    symlink(&expected[5].1, &link).unwrap();
    config.push_str(&item(&link, ""));
    expected.push((find(&link, &[]), link));
    let node = Node::start(&config);
    for (found, root) in &expected {
        let row = scanned(&node, root, "OK");
        assert_eq!(counts(&row), *found, "{row}");
        assert_eq!(row["unreadable_count"], 0);
        assert_eq!(row["error_message"], Value::Null);
        assert!(found.0 + found.1 > 5, "a dull tree: {found:?}");
    }
}

#[test]
fn sizes_and_the_biggest_entries_are_those_of_the_files() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("tree");
    fs::create_dir_all(root.join("dir/deep")).unwrap();
    let write = |name: &[u8], size: usize| {
        let path = root.join(OsStr::from_bytes(name));
        fs::write(&path, vec![0; size]).unwrap();
        path
    };
    write(b"dir/one", 4000);
    write(b"dir/deep/two", 3000);
    write(b"small", 10);
    write(b"odd\xff\n\\", 5000);
    fs::hard_link(root.join("small"), root.join("small too")).unwrap();
    let old = fs::File::options()
        .write(true)
        .open(root.join("dir/one"))
        .unwrap();
    let day = std::time::Duration::from_secs(86_400);
    old.set_modified(std::time::UNIX_EPOCH + day).unwrap();
    let young = fs::File::options()
        .write(true)
        .open(root.join("small"))
        .unwrap();
    young
        .set_modified(std::time::UNIX_EPOCH + day * 365 * 80)
        .unwrap();

    let plain = folder.path().join("plain");
    fs::create_dir(&plain).unwrap();
    let config = format!(
        "paths:\n{}{}",
        item(&root, ", measure_sizes: true"),
        item(&plain, "")
    );
    let node = Node::start(&config);
    let row = scanned(&node, &root, "OK");
    assert_eq!(
        row["total_bytes"], 12_010,
        "a file with two names counts once: {row}"
    );
    assert_eq!(row["oldest_mtime"], "1970-01-02T00:00:00.000Z");
    assert_eq!(row["newest_mtime"], "2049-12-12T00:00:00.000Z");
    let top = node.list(&format!("{PATHS}/top?path={}", root.display()));
    let short: Vec<_> = top
        .iter()
        .map(|entry| {
            (
                entry["name"].as_str().unwrap(),
                entry["kind"].as_str().unwrap(),
                entry["bytes"].as_u64().unwrap(),
                entry["file_count"].as_u64().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        short[..2],
        [("dir", "dir", 7000, 2), ("odd\\xff\n\\\\", "file", 5000, 1)]
    );
    assert_eq!(short.len(), 4, "{short:?}");
    assert_eq!(
        node.list(&format!("{PATHS}/top?path={}&limit=1", root.display())),
        top[..1]
    );

    let row = scanned(&node, &plain, "OK");
    assert_eq!(counts(&row), (0, 0));
    for key in ["total_bytes", "newest_mtime", "oldest_mtime"] {
        assert_eq!(row.get(key), Some(&Value::Null), "{row}");
    }
    assert!(
        node.list(&format!("{PATHS}/top?path={}", plain.display()))
            .is_empty()
    );
}
