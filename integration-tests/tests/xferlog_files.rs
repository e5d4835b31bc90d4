//! Transfer logs that real servers wrote, as those see them who ask the node: damage, the start,
//! filters, rights.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "functions that tests share are test code too"
)]

use std::collections::HashSet;
use std::fs;
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::path::Path;
use std::time::Duration;

use integration_tests::log::append;
use integration_tests::xferlog::follow;
use integration_tests::{Node, eventually, is_root, peer};
use rustix::process::Signal;
use serde_json::{Value, json};

const LIMIT: Duration = Duration::from_secs(20);
const CAPTURED: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../node/src/collectors/xferlog/testdata"
);

fn captured(name: &str) -> Vec<u8> {
    fs::read(Path::new(CAPTURED).join(name)).unwrap()
}

#[test]
fn damaged_lines_are_kept_and_stop_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("xferlog");
    let good = captured("proftpd.xferlog");
    let lines: Vec<&[u8]> = good.split_inclusive(|&byte| byte == b'\n').collect();
    // Cut in the middle, as a full disk does; two that stand in each other; no text at all.
    append(&log, [&lines[0][..30], b"\n", lines[1]].concat());
    append(&log, [&lines[2][..40], lines[3]].concat());
    append(&log, b"\0\0\0\0\0\0\n\n\xff\xfe\x1b[31m\n");
    append(&log, [lines[3], lines[4]].concat());
    let node = follow(&log, "node", "").start();
    let expected = [
        "/srv/ftp/alice/two__blanks",
        // EUC-KR, of which two bytes happen to be a letter in UTF-8.
        "/srv/ftp/alice/\\xc7ѱ\\xdb",
        "/srv/ftp/alice/q\"uo\"te",
    ];
    eventually("all transfers", LIMIT, || {
        (node.transferred() == expected).then_some(())
    });
    let damaged = node.list("/api/v1/xferlog/damaged");
    let first = String::from_utf8(lines[0][..30].to_vec()).unwrap();
    assert_eq!(damaged[0]["line"], *first);
    assert_eq!(damaged[0]["log_path"], *log.to_str().unwrap());
    assert!(
        damaged
            .iter()
            .all(|row| row["reason"].as_str().is_some_and(|it| !it.is_empty()))
    );
    assert_eq!(damaged.len(), 4, "{damaged:#?}");
    assert_eq!(damaged[3]["line"], "\\xff\\xfe\u{1b}[31m");
    let row = node.await_row(
        ("/api/v1/xferlog/files", "name", log.to_str().unwrap()),
        |row| row["lag_bytes"] == 0,
    );
    assert_eq!(row["status"], "TAILING");
    assert_eq!(row["size_bytes"], row["offset_bytes"]);
    assert_eq!(row["damaged_count"], 4);
    let page = node.get("/api/v1/xferlog/damaged?limit=1&after=1");
    assert_eq!(page.json(), json!([damaged[1]]));
    assert!(page.header("link").unwrap().contains("after=2"));
}

#[test]
fn what_is_older_than_the_start_is_neither_stored_nor_read() {
    const OLD: usize = 400_000;
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("vsftpd.log");
    let good = String::from_utf8(captured("vsftpd.xferlog")).unwrap();
    let line = good.lines().next().unwrap().to_owned() + "\n";
    let dated = |date: &str| line.replace("Sat Nov 21 20:50:15 2026", date);
    append(&log, dated("Wed Nov 18 20:50:15 2026").repeat(OLD));
    append(&log, dated("Sat Nov 21 20:50:14 2026"));
    append(&log, line.clone() + &dated("Sat Nov 21 20:50:16 2026"));
    // 20:50:15 nine hours east.
    let settings = "parse_start: 2026-11-21T11:50:15Z";
    let node = follow(&log, "node", settings).start();
    eventually("the new transfers", LIMIT, || {
        (node.transferred().len() == 2).then_some(())
    });
    let rows = node.transfers();
    let times = rows.iter().map(|row| row["log_time"].clone());
    assert!(
        times.eq(["2026-11-21T11:50:15.000Z", "2026-11-21T11:50:16.000Z"]),
        "{rows:?}"
    );
    let io = fs::read_to_string(format!("/proc/{}/io", node.pid())).unwrap();
    let read = io
        .lines()
        .find_map(|line| line.strip_prefix("rchar: "))
        .unwrap();
    let size = log.metadata().unwrap().len();
    assert!(
        read.parse::<u64>().unwrap() < size / 4,
        "{read} of {size} bytes are read"
    );
}

#[test]
fn transfers_are_filtered_and_paged() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("xferlog");
    append(&log, captured("proftpd.xferlog"));
    let node = follow(&log, "node", "").start();
    // Two of the 29 lines can be read in more than one way.
    eventually("all transfers", LIMIT, || {
        (node.transferred().len() == 27).then_some(())
    });
    let all = node.transfers();
    let of = |query: &str| node.list(&format!("/api/v1/xferlog?limit=10000&{query}"));
    let kept = |wanted: &dyn Fn(&Value) -> bool| {
        all.iter()
            .filter(|row| wanted(row))
            .cloned()
            .collect::<Vec<_>>()
    };
    assert_eq!(
        of("direction=delete"),
        kept(&|row| row["direction"] == "delete")
    );
    assert_eq!(of("direction=delete").len(), 2);
    assert_eq!(of("status=incomplete").len(), 2);
    assert_eq!(
        of("user=bob%20b"),
        kept(&|row| row["username"] == "bob builder")
    );
    assert_eq!(of("user=bob%20b").len(), 3);
    assert_eq!(of("user=Bob"), Vec::<Value>::new());
    assert_eq!(of("host=LOCAL"), all);
    let korean = of("filename=%ED%95%9C%EA%B8%80");
    assert_eq!(korean.len(), 1);
    assert_eq!(korean[0]["filename"], "/srv/ftp/alice/한글.txt");
    // Neither is a pattern.
    assert_eq!(of("filename=%25"), Vec::<Value>::new());
    assert_eq!(of("filename=two__").len(), 2);
    assert_eq!(
        of("filename=big&direction=download&status=incomplete").len(),
        1
    );
    for wrong in [
        "direction=up",
        "status=ok",
        "limit=0",
        "after=1&before=2",
        "name=x",
    ] {
        let answer = node.get(&format!("/api/v1/xferlog?{wrong}"));
        assert_eq!(
            (answer.status, &answer.json()["code"]),
            (400, &json!("bad_query")),
            "{wrong}"
        );
    }
    let uploads = kept(&|row| row["direction"] == "upload");
    let mut paged: Vec<Value> = Vec::new();
    let mut next = Some("/api/v1/xferlog?limit=4&direction=upload&host=localhost".to_owned());
    while let Some(path) = next {
        let page = node.get(&path);
        let rows = page.json();
        assert!(!rows.as_array().unwrap().is_empty());
        paged.splice(0..0, rows.as_array().unwrap().clone());
        next = page.header("link").map(|link| {
            let (path, rest) = link.trim_start_matches('<').split_once('>').unwrap();
            assert_eq!(rest, "; rel=\"next\"");
            path.to_owned()
        });
    }
    assert_eq!(paged, uploads);
}

#[test]
fn a_link_and_its_target_are_one_log() {
    let folder = tempfile::tempdir().unwrap();
    let [log, link] = ["vsftpd.log", "xferlog"].map(|name| folder.path().join(name));
    symlink("vsftpd.log", &link).unwrap();
    append(&log, captured("vsftpd.xferlog"));
    let paths = format!(
        "xferlog: {{ path: [{}, {}] }}",
        log.display(),
        link.display()
    );
    let node = follow(&log, "node", "").config(&paths).start();
    let row = |path: &Path, status: &str| {
        let of = ("/api/v1/xferlog/files", "name", path.to_str().unwrap());
        node.await_row(of, |row| row["status"] == status)
    };
    eventually("all transfers", LIMIT, || {
        (node.transferred().len() >= 19).then_some(())
    });
    let read = row(&log, "TAILING");
    assert_eq!(read["size_bytes"], read["offset_bytes"]);
    assert_eq!(row(&link, "WAITING")["lines_stored"], 0);
    assert_eq!(node.transferred().len(), 19);
}

#[test]
fn a_log_of_another_user_is_followed_once_it_may_be_read() {
    let folder = tempfile::tempdir().unwrap();
    if !is_root() || !peer("setpriv") {
        return;
    }
    let mode = |path: &Path, mode| fs::set_permissions(path, PermissionsExt::from_mode(mode));
    mode(folder.path(), 0o755).unwrap();
    let log = folder.path().join("xferlog");
    append(&log, captured("vsftpd.xferlog"));
    mode(&log, 0o640).unwrap();
    let builder = follow(&log, "node", "");
    chown(folder.path().join("node"), Some(65534), Some(65534)).unwrap();
    let node = builder.unprivileged().start();
    let row = ("/api/v1/xferlog/files", "name", log.to_str().unwrap());
    let row = node.await_row(row, |row| row["status"] == "ERROR");
    assert!(
        row["error_message"].as_str().unwrap().contains("ermission"),
        "{row}"
    );
    mode(&log, 0o644).unwrap();
    eventually("all transfers", LIMIT, || {
        (node.transferred().len() == 19).then_some(())
    });
}

/// An entry of wu-ftpd's layout.
fn entry(filename: &str) -> String {
    format!("Sat Nov 21 20:50:15 2026 1 192.0.2.1 5 /srv/ftp/{filename} b _ i r alice ftp 0 * c\n")
}

#[test]
fn each_transfer_is_stored_once_however_the_paths_are_spelled_later() {
    let folder = tempfile::tempdir().unwrap();
    let [x, y, link] = ["x.log", "y.log", "link"].map(|name| folder.path().join(name));
    symlink("y.log", &link).unwrap();
    let spelled = |paths: &[&str]| {
        let paths = paths.iter().map(|path| folder.path().join(path));
        let paths: Vec<_> = paths.map(|path| path.display().to_string()).collect();
        format!("xferlog: {{ path: [{}] }}", paths.join(", "))
    };
    let mut builder = follow(&x, "node", "");
    let mut node = builder.start();
    // Nobody is told to read the first ones at first.
    let mut written = vec![
        "/srv/ftp/y-0-before".to_owned(),
        "/srv/ftp/y-0-after".to_owned(),
    ];
    let spellings: [&[&str]; 14] = [
        &["x.log"],
        &["x*.log", "y.log"],
        &["*.log"],
        &["y.log", "*.log"],
        &["*.log", "y.log"],
        &["x.log", "link"],
        &["y.log", "link", "x.log"],
        &["link", "y.log", "x.log"],
        &["link", "*.log"],
        &["[xy].log"],
        &["y.log", "link", "[xy].log"],
        &["*.log"],
        &["y.log", "x.log"],
        &["x.log"],
    ];
    for (round, paths) in spellings.iter().enumerate() {
        // What comes before the change, what comes while nobody reads, and what comes after it.
        let restart = round % 3 == 2;
        if restart {
            node.end_by(Signal::KILL);
        }
        for (log, name) in [(&x, "x"), (&y, "y")] {
            append(log, entry(&format!("{name}-{round}-before")));
        }
        if round % 4 == 3 {
            fs::rename(&y, y.with_extension(format!("log.{round}"))).unwrap();
            append(&y, entry(&format!("y-{round}-new")));
        }
        if restart {
            builder = builder.config(&spelled(paths));
            node = builder.start();
        } else {
            node.reconfigure(&spelled(paths));
        }
        for (log, name) in [(&x, "x"), (&y, "y")] {
            append(log, entry(&format!("{name}-{round}-after")));
        }
        written.extend(["before", "after"].map(|when| format!("/srv/ftp/x-{round}-{when}")));
        if paths != &["x.log"] {
            written.extend(["before", "after"].map(|when| format!("/srv/ftp/y-{round}-{when}")));
            if round % 4 == 3 {
                written.push(format!("/srv/ftp/y-{round}-new"));
            }
        }
        eventually("all transfers of the round", LIMIT, || {
            let stored: HashSet<_> = node.transferred().into_iter().collect();
            let wanted = written.iter().skip(if round == 0 { 2 } else { 0 });
            wanted
                .into_iter()
                .all(|one| stored.contains(one))
                .then_some(())
        });
    }
    let mut stored = node.transferred();
    stored.sort();
    written.sort();
    // They may be read before the node is told not to.
    stored.retain(|one| !one.starts_with("/srv/ftp/y-13-"));
    assert_eq!(stored, written);
    // What was counted goes with them.
    let rows = eventually("what is not followed any more to go", LIMIT, || {
        let rows = node.list("/api/v1/xferlog/files");
        (rows.len() == 1).then_some(rows)
    });
    assert_eq!(rows[0]["path"], *x.to_str().unwrap());
    assert_eq!(rows[0]["lines_stored"], 2 * spellings.len());
}

#[test]
fn each_transfer_is_stored_once_where_a_path_reaches_the_rotated_files_of_another() {
    let spellings: [&[&str]; 6] = [
        &["xferlog", "xferlog*"],
        &["xferlog*", "xferlog"],
        &["xferlog", "xferlog.1"],
        &["xferlog.1", "xferlog"],
        &["xferlog", "xferlog.[0-9]"],
        &["*log", "xferlog{,.1}"],
    ];
    for paths in spellings {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("xferlog");
        let spelled = |paths: &[&str]| {
            let paths = paths.iter().map(|path| folder.path().join(path));
            let paths: Vec<_> = paths
                .map(|path| format!("\"{}\"", path.display()))
                .collect();
            format!("xferlog: {{ path: [{}] }}", paths.join(", "))
        };
        let builder = follow(&log, "node", "").config(&spelled(paths));
        let mut written = Vec::new();
        append(&log, entry("0"));
        written.push("/srv/ftp/0".to_owned());
        let mut node = builder.start();
        let all_are_stored = |node: &Node, written: &[String]| {
            eventually("all transfers", LIMIT, || {
                let stored: HashSet<_> = node.transferred().into_iter().collect();
                written.iter().all(|one| stored.contains(one)).then_some(())
            });
        };
        for round in 1..5 {
            all_are_stored(&node, &written);
            for old in (1..round).rev() {
                let name = |number| folder.path().join(format!("xferlog.{number}"));
                fs::rename(name(old), name(old + 1)).unwrap();
            }
            fs::rename(&log, folder.path().join("xferlog.1")).unwrap();
            append(&log, entry(&round.to_string()));
            written.push(format!("/srv/ftp/{round}"));
            match round {
                2 => {
                    node.end_by(Signal::KILL);
                    node = builder.start();
                }
                3 => {
                    let reversed: Vec<_> = paths.iter().rev().copied().collect();
                    node.reconfigure(&spelled(&reversed));
                }
                _ => {}
            }
        }
        all_are_stored(&node, &written);
        append(&log, entry("last"));
        written.push("/srv/ftp/last".to_owned());
        all_are_stored(&node, &written);
        let mut stored = node.transferred();
        stored.sort();
        written.sort();
        assert_eq!(stored, written, "{paths:?}");
    }
}

#[test]
fn what_was_never_read_of_a_transfer_log_is_listed() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("xferlog");
    append(&log, entry("one"));
    let builder = follow(&log, "node", "");
    let mut node = builder.start();
    eventually("the transfer", LIMIT, || {
        (node.transferred().len() == 1).then_some(())
    });
    assert_eq!(node.list("/api/v1/xferlog/gaps"), Vec::<Value>::new());
    node.end_by(Signal::KILL);
    append(&log, entry("lost"));
    fs::rename(&log, folder.path().join("kept")).unwrap();
    fs::remove_file(folder.path().join("kept")).unwrap();
    append(&log, entry("two"));
    let node = builder.start();
    let gaps = eventually("the gap", LIMIT, || {
        let gaps = node.list("/api/v1/xferlog/gaps?limit=5");
        (!gaps.is_empty()).then_some(gaps)
    });
    assert_eq!(gaps.len(), 1);
    assert_eq!(gaps[0]["log_path"], *log.to_str().unwrap());
    assert_eq!(gaps[0]["reason"], "vanished");
    assert_eq!(gaps[0]["from_offset"], entry("one").len());
    assert_eq!(gaps[0]["to_offset"], Value::Null);
}
