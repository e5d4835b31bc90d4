//! Transfers of a real vsftpd, as those see them who ask the node.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "functions that tests share are test code too"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use integration_tests::xferlog::{ZONE, follow};
use integration_tests::{
    FtpClient, MountNamespace, Node, NodeBuilder, Vsftpd, VsftpdBuilder, eventually, peer, skip,
};
use rustix::process::Signal;
use serde_json::{Value, json};

const LIMIT: Duration = Duration::from_secs(20);

/// Both logs of one server, each followed by a node of its own.
struct Watched {
    own: Node,
    xferlog: Node,
    seen: (usize, usize),
}

impl Watched {
    /// Waits until each log's transfers are one more, the second's only if it tells of it, and
    /// that within 2 s; what is new.
    fn next(&mut self, in_both: bool) -> (Value, Option<Value>) {
        let began = Instant::now();
        let new = |node: &Node, seen: &mut usize| {
            let rows = eventually("a transfer", LIMIT, || {
                Some(node.transfers()).filter(|rows| rows.len() > *seen)
            });
            *seen += 1;
            assert_eq!(rows.len(), *seen, "{rows:#?}");
            rows.into_iter().next_back().unwrap()
        };
        let own = new(&self.own, &mut self.seen.0);
        let xferlog = in_both.then(|| new(&self.xferlog, &mut self.seen.1));
        assert!(
            began.elapsed() < Duration::from_secs(2),
            "{:?}",
            began.elapsed()
        );
        (own, xferlog)
    }
}

/// Compares all that is the same each time.
fn assert_row(row: &Value, fields: Value) {
    for (field, value) in fields.as_object().unwrap() {
        assert_eq!(row[field], *value, "{field}: {row}");
    }
    assert_eq!(row["remote_host"], "127.0.0.1");
    let at = chrono::DateTime::parse_from_rfc3339(row["log_time"].as_str().unwrap()).unwrap();
    let age_ms = chrono::Utc::now().timestamp_millis() - at.timestamp_millis();
    assert!((0..20_000).contains(&age_ms), "{age_ms} ms: {row}");
    assert_eq!(row.as_object().unwrap().len(), 11, "{row}");
}

#[test]
fn every_transfer_of_a_server_is_there_once_within_two_seconds() {
    let folder = tempfile::tempdir().unwrap();
    let Some(server) = VsftpdBuilder::new(folder.path()).zone(ZONE).start() else {
        return;
    };
    let mut watched = Watched {
        own: follow(&server.own_log(), "own", "").start(),
        xferlog: follow(&server.xferlog(), "wu", "").start(),
        seen: (0, 0),
    };
    let mut alice = server.login("alice");
    let (up, down) = ("upload", "download");

    assert_eq!(alice.upload("STOR", b"plain.csv", b"hello").code, 226);
    let (own, wu) = watched.next(true);
    let upload = json!({
        "direction": up, "status": "complete", "username": "alice", "filename": "/plain.csv",
        "bytes": 5
    });
    assert_row(&own, upload.clone());
    assert_row(&own, json!({"access_mode": null, "service": null}));
    assert_row(&wu.clone().unwrap(), upload);
    assert_row(
        &wu.unwrap(),
        json!({"access_mode": "real", "service": "ftp"}),
    );

    // vsftpd itself writes `?` for each byte that is not ASCII, and `_` for a blank in one layout.
    let korean = "한글 자료.csv".as_bytes();
    assert_eq!(alice.upload("STOR", korean, b"hi").code, 226);
    let (own, wu) = watched.next(true);
    assert_row(&own, json!({"filename": "/?????? ??????.csv", "bytes": 2}));
    assert_row(
        &wu.unwrap(),
        json!({"filename": "/??????_??????.csv", "bytes": 2}),
    );

    assert_eq!(alice.download(korean).0.code, 226);
    let (own, wu) = watched.next(true);
    assert_row(
        &own,
        json!({"direction": down, "filename": "/?????? ??????.csv", "bytes": 2}),
    );
    assert_row(
        &wu.unwrap(),
        json!({"direction": down, "status": "complete", "bytes": 2}),
    );

    assert_eq!(alice.delete(korean).code, 250);
    let (own, _) = watched.next(false);
    let deleted = json!({
        "direction": "delete", "status": "complete", "bytes": null, "transfer_time_sec": null
    });
    assert_row(&own, deleted);

    let large = vec![b'x'; 32 << 20];
    assert_eq!(alice.upload("STOR", b"large", &large).code, 226);
    let (own, wu) = watched.next(true);
    assert_row(&own, json!({"bytes": 32 << 20}));
    assert_row(&wu.unwrap(), json!({"bytes": 32 << 20}));
    assert!(own["transfer_time_sec"].as_f64() > Some(0.0), "{own}");

    assert_eq!(alice.break_download(b"large").code, 426);
    let (own, wu) = watched.next(true);
    for row in [own, wu.unwrap()] {
        assert_row(
            &row,
            json!({"direction": down, "status": "incomplete", "filename": "/large"}),
        );
        assert!(row["bytes"].as_u64().unwrap() < 32 << 20, "{row}");
    }
    assert_eq!(alice.break_upload(b"b roken", b"half").code, 426);
    let (own, wu) = watched.next(true);
    assert_row(
        &own,
        json!({"direction": up, "status": "incomplete", "filename": "/b roken"}),
    );
    assert_row(
        &wu.unwrap(),
        json!({"status": "incomplete", "filename": "/b_roken"}),
    );

    let mut anonymous = server.login("anonymous");
    assert_eq!(anonymous.upload("STOR", b"incoming/a b", b"hi").code, 226);
    let (own, wu) = watched.next(true);
    assert_row(
        &own,
        json!({"username": "ftp", "filename": "/incoming/a b"}),
    );
    let shown = json!({"username": "guest@example.com", "access_mode": "anonymous"});
    assert_row(&wu.unwrap(), shown);

    for node in [&watched.own, &watched.xferlog] {
        assert_eq!(node.list("/api/v1/xferlog/damaged"), Vec::<Value>::new());
    }
}

/// Debian's logrotate at work in a `/var/log` of its own, which holds the server's own log.
struct Debian {
    server: Vsftpd,
    namespace: MountNamespace,
    folder: tempfile::TempDir,
}

impl Debian {
    fn new() -> Option<Self> {
        if !peer("logrotate") {
            return None;
        }
        if !Path::new("/etc/logrotate.d/vsftpd").exists() {
            skip("/etc/logrotate.d/vsftpd does not exist");
            return None;
        }
        let namespace = MountNamespace::new()?;
        let folder = tempfile::tempdir().unwrap();
        let logs = folder.path().join("log");
        fs::create_dir(&logs).unwrap();
        let config = format!("vsftpd_log_file={}/vsftpd.log", logs.display());
        let server = VsftpdBuilder::new(folder.path()).config(&config).zone(ZONE);
        let server = server.start()?;
        let logs = logs.as_os_str();
        let words = ["mount", "--bind"].map(std::ffi::OsStr::new);
        namespace.run(&[words[0], words[1], logs, "/var/log".as_ref()]);
        Some(Self {
            server,
            namespace,
            folder,
        })
    }

    fn rotate(&self) {
        let state = self.folder.path().join("state");
        let state = state.to_str().unwrap();
        let config = "/etc/logrotate.d/vsftpd";
        self.namespace
            .run(&["logrotate", "--force", "--state", state, config]);
    }

    /// A node that is told nothing of transfer logs.
    fn node(&self) -> Node {
        NodeBuilder::new(self.folder.path())
            .wrapper(&self.namespace.wrapper())
            .env("TZ", ZONE)
            .start()
    }

    fn log(&self, name: &str) -> PathBuf {
        self.folder.path().join("log").join(name)
    }
}

fn upload(client: &mut FtpClient, name: &str) {
    assert_eq!(client.upload("STOR", name.as_bytes(), b"x").code, 226);
}

/// Waits until the node has each of these transfers, and no other.
fn assert_all(node: &Node, expected: &[String]) {
    let count = expected.len();
    eventually(&format!("{count} transfers"), LIMIT, || {
        (node.transferred().len() >= count).then_some(())
    });
    let (mut found, mut expected) = (node.transferred(), expected.to_vec());
    found.sort();
    expected.sort();
    assert_eq!(found, expected);
}

#[test]
fn sessions_that_write_into_rotated_files_are_followed_to_their_end() {
    let Some(debian) = Debian::new() else {
        return;
    };
    let mut node = debian.node();
    let waits = ["/var/log/vsftpd.log", "/var/log/xferlog"];
    for path in waits {
        node.await_row(("/api/v1/xferlog/files", "path", path), |row| {
            row["status"]
                == if debian.log("vsftpd.log").exists() && path == waits[0] {
                    "TAILING"
                } else {
                    "WAITING"
                }
        });
    }
    let mut sessions = Vec::new();
    let mut expected = Vec::new();
    for round in 0..3 {
        sessions.push(debian.server.login("alice"));
        for (number, session) in sessions.iter_mut().enumerate() {
            for moment in ["before", "after"] {
                let name = format!("/{round} {number} {moment}");
                upload(session, &name);
                expected.push(name);
                // The first session is long in a rotated file when the others begin.
                if moment == "before" && number == round {
                    debian.rotate();
                }
            }
        }
        assert_all(&node, &expected);
        node.end_by(Signal::KILL);
        for (number, session) in sessions.iter_mut().enumerate() {
            let name = format!("/{round} {number} while the node is down");
            upload(session, &name);
            expected.push(name);
        }
        if round == 1 {
            debian.rotate();
        }
        node = debian.node();
    }
    assert!(debian.log("vsftpd.log.3").exists());
    assert_all(&node, &expected);
    for (number, session) in sessions.iter_mut().enumerate() {
        let name = format!("/{number} at the end");
        upload(session, &name);
        expected.push(name);
    }
    assert_all(&node, &expected);
    for row in node.list("/api/v1/xferlog/files") {
        assert_eq!(
            (&row["gap_count"], &row["error_message"]),
            (&json!(0), &Value::Null)
        );
    }
}
