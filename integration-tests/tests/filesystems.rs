//! File systems as the node shows them, beside `df`; mounts that come, go and have odd names.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "all of this is test code"
)]

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use integration_tests::{Machine, Node, eventually, peer, skip};
use serde_json::Value;

const FS: &str = "/api/v1/fs";
const PATIENCE: Duration = Duration::from_secs(15);

fn row(node: &Node, point: &Path) -> Option<Value> {
    node.row(FS, "mount_point", point.to_str().unwrap())
}

fn await_row(node: &Node, point: &Path, wanted: impl Fn(&Value) -> bool) -> Value {
    node.await_row((FS, "mount_point", point.to_str().unwrap()), wanted)
}

fn await_absence(node: &Node, point: &Path) {
    eventually("the row to go", PATIENCE, || {
        row(node, point).is_none().then_some(())
    });
}

/// What `df` shows: size, used, avail, percent, inodes, inodes used; by mount point.
fn df(machine: &Machine, options: &[&str]) -> BTreeMap<String, Vec<String>> {
    let output = machine
        .namespace
        .command("df")
        .args(["-B1", "--output=size,used,avail,pcent,itotal,iused,target"])
        .args(options)
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let lines = text.lines().skip(1).map(|line| {
        let mut rest = line;
        let mut figures = Vec::new();
        for _ in 0..6 {
            let (figure, more) = rest.trim_start().split_once(' ').unwrap();
            figures.push(figure.to_owned());
            rest = more;
        }
        (rest.to_owned(), figures)
    });
    lines.collect()
}

/// A row as [`df`] shows it.
fn figures(row: &Value) -> Vec<String> {
    let number = |key: &str| {
        row[key]
            .as_u64()
            .map_or("-".to_owned(), |value| value.to_string())
    };
    let percent = row["used_percent"].as_f64();
    vec![
        number("total_bytes"),
        number("used_bytes"),
        number("avail_bytes"),
        percent.map_or("-".to_owned(), |percent| format!("{:.0}%", percent.ceil())),
        row["inodes_total"].as_u64().unwrap_or(0).to_string(),
        row["inodes_used"].as_u64().unwrap_or(0).to_string(),
    ]
}

#[test]
fn figures_are_those_of_df_to_the_byte() {
    let Some(machine) = Machine::new() else {
        return;
    };
    let mut points = Vec::new();
    for (name, options) in [
        ("empty", "size=1m"),
        ("odd", "size=7m,nr_inodes=100"),
        ("full", "size=64k"),
        ("no-inodes", "size=1m,nr_inodes=0"),
        ("ro", "size=1m,ro"),
    ] {
        let point = machine.point(name);
        machine.namespace.tmpfs(name, &point, options);
        points.push(point);
    }
    let fill = format!(
        "cat /dev/zero > '{}/f' 2>/dev/null; head -c 54321 /dev/zero > '{}/f'",
        points[2].display(),
        points[1].display()
    );
    machine.namespace.run(&["sh", "-c", &fill]);
    if peer("mkfs.ext4") {
        let (image, point) = (machine.folder.path().join("image"), machine.point("ext4"));
        fs::File::create(&image).unwrap().set_len(16 << 20).unwrap();
        let image = image.to_str().unwrap();
        machine
            .namespace
            .run(&["mkfs.ext4", "-q", "-m", "10", image]);
        let mount = machine
            .namespace
            .command("mount")
            .args(["-o", "loop", image])
            .arg(&point)
            .status();
        if mount.unwrap().success() {
            points.push(point);
        } else {
            skip("no loop device");
        }
    }
    let node = machine.node("include_types: [tmpfs]");
    for point in &points {
        let expected = &df(&machine, &[point.to_str().unwrap()])[point.to_str().unwrap()];
        let row = await_row(&node, point, |_| true);
        assert_eq!(&figures(&row), expected, "{row}");
        assert_eq!(row["full_in_sec"], Value::Null);
        assert_eq!(row["status"], "OK");
        assert_eq!(row["read_only"], point.ends_with("ro"), "{row}");
    }
    let ours: Vec<String> = node
        .list(FS)
        .iter()
        .map(|row| row["mount_point"].as_str().unwrap().to_owned())
        .collect();
    let theirs: Vec<String> = df(&machine, &["-x", "devtmpfs"]).into_keys().collect();
    assert_eq!(ours, theirs);
}

#[test]
fn memory_and_bind_mounts_and_what_is_excluded_are_not_shown() {
    let Some(machine) = Machine::new() else {
        return;
    };
    let (memory, kept, bind, ram) = (
        machine.point("memory"),
        machine.point("kept"),
        machine.point("bind"),
        machine.point("ram"),
    );
    machine.namespace.tmpfs("memory", &memory, "size=1m");
    let words = |words: &[&str], point: &Path| {
        let mut command = machine.namespace.command(words[0]);
        assert!(
            command
                .args(&words[1..])
                .arg(point)
                .status()
                .unwrap()
                .success()
        );
    };
    machine.namespace.tmpfs("kept", &kept, "size=1m");
    words(&["mount", "--bind", kept.to_str().unwrap()], &bind);
    words(&["mount", "-t", "ramfs", "ram"], &ram);

    let points = |node: &Node| -> Vec<PathBuf> {
        let rows = node.list(FS);
        let points = rows
            .iter()
            .map(|row| PathBuf::from(row["mount_point"].as_str().unwrap()));
        points
            .filter(|point| point.starts_with(machine.folder.path()))
            .collect()
    };
    let node = machine.node("");
    await_row(&node, Path::new("/"), |_| true);
    assert!(points(&node).is_empty(), "{:?}", points(&node));
    let excluded = format!(
        "refresh: {{disk: 1s}}\nfilesystem: {{include_types: [tmpfs], exclude_mount_points: ['{}']}}",
        memory.display()
    );
    node.reconfigure(&excluded);
    await_row(&node, &kept, |_| true);
    assert_eq!(points(&node), [kept.as_path()]);
    node.reconfigure("refresh: {disk: 1s}\nfilesystem: {include_types: [tmpfs]}");
    await_row(&node, &memory, |_| true);
    assert_eq!(points(&node), [kept.as_path(), memory.as_path()]);
    node.reconfigure("filesystem: {include_types: [tmpfs], exclude_types: [tmpfs]}");
    await_absence(&node, &memory);
    assert!(points(&node).is_empty());
}

#[test]
fn a_mount_comes_and_goes_while_the_node_runs() {
    let Some(machine) = Machine::new() else {
        return;
    };
    let point = machine.point("usb");
    let node = machine.node("include_types: [tmpfs], history_step: 1s");
    await_row(&node, Path::new("/"), |_| true);
    assert_eq!(row(&node, &point), None);
    machine.namespace.tmpfs("usb", &point, "size=1m");
    assert_eq!(await_row(&node, &point, |_| true)["total_bytes"], 1 << 20);
    // Another file system on the same mount point is not taken for the first one.
    machine.namespace.tmpfs("stick", &point, "size=2m");
    let other = await_row(&node, &point, |row| row["device"] == "stick");
    assert_eq!(other["total_bytes"], 2 << 20);
    for _ in 0..2 {
        machine.namespace.run(&["umount", point.to_str().unwrap()]);
    }
    await_absence(&node, &point);
    let history = format!("{FS}/history?mount_point={}", point.display());
    assert!(!node.list(&history).is_empty(), "the past stays");
}

#[test]
fn names_of_any_bytes_are_shown_and_found_again() {
    let Some(machine) = Machine::new() else {
        return;
    };
    let names: [(&[u8], &str); 7] = [
        (b"with space", "with space"),
        (b"new\nline\ttab", "new\nline\ttab"),
        (b"back\\slash", "back\\slash"),
        (b"\\040", "\\040"),
        (b"bytes\xff\xfe", "bytes\\xff\\xfe"),
        (b"like\\xff", "like\\\\xff"),
        ("자료 #1?a=b&c%2F".as_bytes(), "자료 #1?a=b&c%2F"),
    ];
    for (name, _) in &names {
        let point = machine.point(OsStr::from_bytes(name));
        machine.namespace.tmpfs("odd name", &point, "size=1m");
    }
    let node = machine.node("include_types: [tmpfs]");
    for (_, shown) in names {
        let point = machine.folder.path().join(shown);
        assert_eq!(await_row(&node, &point, |_| true)["device"], "odd name");
        let client = etlmon_shared::Client::new(
            &node.url,
            etlmon_shared::client::ClientOptions {
                timeout: PATIENCE,
                token: None,
            },
        );
        let past: Vec<Value> = client
            .unwrap()
            .get(
                "/api/v1/fs/history",
                &[("mount_point", point.to_str().unwrap())],
            )
            .unwrap();
        assert_eq!(past.len(), 1, "{shown}");
    }
}
