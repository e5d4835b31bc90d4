//! Paths that cannot be read, or not all of them: an error is never a zero.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "all of this is test code"
)]

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use integration_tests::paths::{counts, item, scanned};
use integration_tests::{Machine, Node, NodeBuilder, is_root, peer};
use serde_json::Value;

#[test]
fn what_cannot_be_scanned_is_an_error_with_a_reason_and_without_counts() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs::write(path("file"), "").unwrap();
    symlink(path("nowhere"), path("dangling")).unwrap();
    symlink(path("loop"), path("loop")).unwrap();
    fs::create_dir(path("many")).unwrap();
    for n in 0..11 {
        fs::write(path("many").join(n.to_string()), "").unwrap();
    }
    let cases = [
        ("missing", "", "No such file"),
        ("file", "", "not a directory"),
        ("file/below", "", "not a directory"),
        ("dangling", "", "No such file"),
        ("loop", "", "symbolic link"),
        ("many", ", max_files_per_scan: 10", "more than 10 files"),
        (
            "many/",
            ", timeout: 100ms, max_io_ops_per_sec: 1",
            "not done within 100ms",
        ),
    ];
    for batch in [&cases[..6], &cases[6..]] {
        let items: String = batch
            .iter()
            .map(|(name, more, _)| item(&path(name), more))
            .collect();
        let node = Node::start(&format!("paths:\n{items}"));
        for (name, _, reason) in batch {
            let row = scanned(&node, &path(name.trim_end_matches('/')), "ERROR");
            assert!(
                row["error_message"].as_str().unwrap().contains(reason),
                "{row}"
            );
            for key in [
                "file_count",
                "dir_count",
                "unreadable_count",
                "collected_at",
            ] {
                assert_eq!(row[key], Value::Null, "{row}");
            }
            assert!(row["next_scan_at"].is_string(), "{row}");
        }
        assert_eq!(node.get("/api/v1/health").json()["status"], "degraded");
    }
    // At the limit it is no error.
    let node = Node::start(&format!(
        "paths:\n{}",
        item(&path("many"), ", max_files_per_scan: 11")
    ));
    assert_eq!(counts(&scanned(&node, &path("many"), "OK")), (11, 0));
}

#[test]
fn a_root_that_vanishes_keeps_the_counts_of_its_last_scan() {
    let folder = tempfile::tempdir().unwrap();
    let (root, away) = (folder.path().join("root"), folder.path().join("away"));
    fs::create_dir_all(root.join("dir")).unwrap();
    fs::write(root.join("file"), "x").unwrap();
    let config = format!(
        "paths:\n{}",
        item(&root, ", measure_sizes: true, scan_interval: 1s")
    );
    let node = Node::start(&config);
    scanned(&node, &root, "OK");
    fs::rename(&root, &away).unwrap();
    let error = scanned(&node, &root, "ERROR");
    assert_eq!(counts(&error), (1, 1));
    assert_eq!(error["total_bytes"], 1);
    assert!(
        error["error_message"]
            .as_str()
            .unwrap()
            .contains("No such file"),
        "{error}"
    );
    let last = error["collected_at"].as_str().unwrap().to_owned();
    let failed_at = node.collectors("paths")[0]["last_error_at"].clone();
    assert!(failed_at.as_str().unwrap() > last.as_str(), "{error}");
    fs::write(away.join("another"), "xyz").unwrap();
    fs::rename(&away, &root).unwrap();
    let back = scanned(&node, &root, "OK");
    assert_eq!(
        (counts(&back), &back["total_bytes"]),
        ((2, 1), &Value::from(4))
    );
    assert_eq!(back["error_message"], Value::Null);
    assert!(back["collected_at"].as_str().unwrap() > last.as_str());
    assert_eq!(node.get("/api/v1/health").json()["status"], "ok");
}

#[test]
fn what_may_not_be_read_is_counted_as_such() {
    if !is_root() || !peer("setpriv") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let set =
        |path: &Path, mode| fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
    set(folder.path(), 0o777);
    let root = folder.path().join("root");
    for name in ["open", "closed", "shut"] {
        fs::create_dir_all(root.join(name)).unwrap();
        fs::write(root.join(name).join("file"), "").unwrap();
    }
    set(&root.join("closed"), 0o700);
    set(&root.join("shut"), 0o000);
    let secret = folder.path().join("secret");
    fs::create_dir(&secret).unwrap();
    set(&secret, 0o700);
    let config = format!("paths:\n{}{}", item(&root, ""), item(&secret, ""));
    let node = NodeBuilder::new(folder.path())
        .config(&config)
        .unprivileged()
        .start();
    let row = scanned(&node, &root, "OK");
    assert_eq!(
        (counts(&row), &row["unreadable_count"]),
        ((1, 3), &Value::from(2))
    );
    let message = row["error_message"].as_str().unwrap();
    assert!(
        message.contains("2 directories") && message.contains("denied"),
        "{row}"
    );
    let row = scanned(&node, &secret, "ERROR");
    assert!(
        row["error_message"].as_str().unwrap().contains("denied"),
        "{row}"
    );
    assert_eq!(row["file_count"], Value::Null);
}

#[test]
fn what_is_mounted_below_is_entered_only_where_asked() {
    let Some(machine) = Machine::new() else {
        return;
    };
    let root = machine.point("root");
    let (disk, bind) = (root.join("disk"), root.join("bind"));
    for dir in [&disk, &bind, &root.join("plain")] {
        fs::create_dir(dir).unwrap();
    }
    fs::write(root.join("plain/file"), "").unwrap();
    machine.namespace.tmpfs("disk", &disk, "size=1m");
    machine
        .namespace
        .run(&["touch", disk.join("on disk").to_str().unwrap()]);
    let plain = root.join("plain").display().to_string();
    machine
        .namespace
        .run(&["mount", "--bind", &plain, bind.to_str().unwrap()]);
    let again = machine.point("again");
    machine.namespace.run(&[
        "mount",
        "--rbind",
        root.to_str().unwrap(),
        again.to_str().unwrap(),
    ]);
    let config = format!(
        "paths:\n{}{}",
        item(&root, ""),
        item(&again, ", cross_mounts: true")
    );
    let node = machine.node_with(&config);
    assert_eq!(counts(&scanned(&node, &root, "OK")), (1, 3));
    assert_eq!(counts(&scanned(&node, &again, "OK")), (3, 3));
}
