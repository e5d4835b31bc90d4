//! SIGHUP: a good configuration is taken and only what changed restarts; a bad one is refused.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "all of this is test code"
)]

use std::path::{Path, PathBuf};
use std::time::Duration;

use integration_tests::{Node, NodeBuilder, eventually};
use serde_json::Value;

const PATIENCE: Duration = Duration::from_secs(10);

/// Three trees with one, two and three files.
struct Trees(tempfile::TempDir);

impl Trees {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (index, name) in ["a", "b", "c"].iter().enumerate() {
            let tree = folder.path().join(name);
            std::fs::create_dir(&tree).unwrap();
            for file in 0..=index {
                std::fs::write(tree.join(file.to_string()), "").unwrap();
            }
        }
        Self(folder)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// A configuration of these trees; after `:` what else it says of one.
    fn config(&self, trees: &[&str]) -> String {
        let items = trees.iter().map(|tree| {
            let (name, more) = tree.split_once(':').unwrap_or((tree, ""));
            format!("  - {{path: {}{more}}}\n", self.path(name).display())
        });
        format!("paths:\n{}", items.collect::<String>())
    }

    fn start(&self, trees: &[&str]) -> Node {
        let config = self.config(trees);
        let node = NodeBuilder::new(self.0.path()).config(&config).start();
        for tree in trees {
            let name = tree.split(':').next().unwrap();
            await_status(&node, &self.path(name), "OK");
        }
        node
    }
}

fn await_status(node: &Node, path: &Path, status: &str) -> Value {
    let path = path.to_str().unwrap();
    node.await_row(("/api/v1/paths", "path", path), |row| {
        row["status"] == status
    })
}

fn collector(node: &Node, path: &Path) -> Value {
    let name = format!("paths:{}", path.display());
    let health = node.get("/api/v1/health").json();
    let mut collectors = health["collectors"].as_array().unwrap().iter();
    collectors.find(|row| row["name"] == *name).unwrap().clone()
}

fn reloaded(node: &Node, times: usize) {
    eventually("the configuration to be read again", PATIENCE, || {
        (node.stderr().matches("was read again").count() == times).then_some(())
    });
}

#[test]
fn only_what_changed_restarts() {
    let trees = Trees::new();
    let node = trees.start(&["a", "b"]);
    let before = node.get("/api/v1/health").json();
    let row = |node: &Node, name| {
        let path = trees.path(name);
        node.row("/api/v1/paths", "path", path.to_str().unwrap())
    };
    let (a, b) = (row(&node, "a").unwrap(), row(&node, "b").unwrap());
    let known = collector(&node, &trees.path("a"));

    node.reconfigure(&trees.config(&["a", "b:, exclude: ['1']", "c"]));
    await_status(&node, &trees.path("c"), "OK");
    let path = trees.path("b").display().to_string();
    node.await_row(("/api/v1/paths", "path", &path), |row| {
        row["file_count"] == 1
    });
    assert_eq!(b["file_count"], 2);
    assert_eq!(row(&node, "a").unwrap(), a, "a was scanned again");
    assert_eq!(collector(&node, &trees.path("a")), known);
    let after = node.get("/api/v1/health").json();
    assert_eq!(after["started_at"], before["started_at"]);
    assert_eq!(after["status"], "ok");
    assert!(
        after["collectors"]
            .as_array()
            .unwrap()
            .iter()
            .all(|row| row["restarts"] == 0)
    );
}

/// How many collectors scan paths.
#[test]
fn a_removed_path_leaves_and_comes_back_without_its_past() {
    let trees = Trees::new();
    let mut node = trees.start(&["a", "b", "c"]);
    node.reconfigure(&trees.config(&["a"]));
    eventually("two paths to leave", PATIENCE, || {
        (node.list("/api/v1/paths").len() == 1).then_some(())
    });
    assert_eq!(node.collectors("paths").len(), 1);
    let gone = format!("{{\"paths\":[\"{}\"]}}", trees.path("b").display());
    assert_eq!(node.post("/api/v1/paths/scan", &gone).status, 404);

    node.end_by(rustix::process::Signal::TERM);
    let config = trees.config(&["c:, scan_interval: 1h"]);
    let node = NodeBuilder::new(trees.0.path()).config(&config).start();
    await_status(&node, &trees.path("c"), "OK");
    let rows = node.list("/api/v1/paths");
    assert_eq!(rows.len(), 1, "{rows:?}");
    assert_eq!(rows[0]["scan_interval_sec"], 3600);
}

#[test]
fn a_bad_configuration_is_refused_and_the_old_one_goes_on() {
    let trees = Trees::new();
    let node = trees.start(&["a"]);
    let before = node.collectors("paths");
    for (times, bad) in [
        "paths: [{path: relative}]",
        "a: b: c",
        "refresh: {disk: 0s}",
    ]
    .iter()
    .enumerate()
    {
        node.reconfigure(bad);
        eventually("the refusal", PATIENCE, || {
            (node
                .stderr()
                .matches("is refused, the old one stays")
                .count()
                == times + 1)
                .then_some(())
        });
    }
    assert!(node.stderr().contains("refresh.disk"), "{}", node.stderr());
    assert_eq!(node.list("/api/v1/paths").len(), 1);
    assert_eq!(node.collectors("paths"), before);

    node.reconfigure(&trees.config(&["a", "b"]));
    await_status(&node, &trees.path("b"), "OK");
}

#[test]
fn a_path_that_changes_while_it_is_scanned_is_scanned_anew_at_once() {
    let trees = Trees::new();
    for n in 0..50 {
        std::fs::create_dir(trees.path("a").join(format!("d{n}"))).unwrap();
    }
    let slow = trees.config(&["a:, max_io_ops_per_sec: 2", "b"]);
    let node = NodeBuilder::new(trees.0.path()).config(&slow).start();
    await_status(&node, &trees.path("b"), "OK");
    await_status(&node, &trees.path("a"), "SCANNING");
    node.reconfigure(&trees.config(&["a", "b"]));
    let row = await_status(&node, &trees.path("a"), "OK");
    assert_eq!(row["dir_count"], 50);
    assert_eq!(node.get("/api/v1/health").json()["status"], "ok");
}

#[test]
fn a_path_that_leaves_while_it_is_scanned_does_not_come_back() {
    let trees = Trees::new();
    for n in 0..50 {
        std::fs::create_dir(trees.path("a").join(format!("d{n}"))).unwrap();
    }
    let slow = trees.config(&["a:, max_io_ops_per_sec: 20", "b"]);
    let node = NodeBuilder::new(trees.0.path()).config(&slow).start();
    await_status(&node, &trees.path("b"), "OK");
    node.reconfigure(&trees.config(&["b"]));
    reloaded(&node, 1);
    eventually("a to leave", PATIENCE, || {
        (node.list("/api/v1/paths").len() == 1).then_some(())
    });
    for times in 2..30 {
        node.reconfigure(&trees.config(&["b"]));
        reloaded(&node, times);
        assert_eq!(node.list("/api/v1/paths").len(), 1);
    }
}

#[test]
fn many_reloads_in_a_row_end_with_the_last() {
    let trees = Trees::new();
    let node = trees.start(&["a"]);
    for round in 0..20 {
        let wanted: &[&str] = if round % 2 == 0 {
            &["b", "c"]
        } else {
            &["a", "b:, max_depth: 3"]
        };
        node.reconfigure(&trees.config(wanted));
    }
    node.reconfigure(&trees.config(&["a:, max_depth: 9", "c:, max_depth: 9"]));
    for name in ["a", "c"] {
        await_status(&node, &trees.path(name), "OK");
    }
    eventually("two paths that work", PATIENCE, || {
        let health = node.get("/api/v1/health").json();
        let count = node.collectors("paths").len();
        (count == 2 && health["status"] == "ok" && node.list("/api/v1/paths").len() == 2)
            .then_some(())
    });
}

#[test]
fn what_needs_a_restart_is_said_and_the_rest_is_taken() {
    let trees = Trees::new();
    let node = trees.start(&["a"]);
    let listen = "node: {node_name: other}\n";
    node.reconfigure(&format!("{listen}{}", trees.config(&["b"])));
    await_status(&node, &trees.path("b"), "OK");
    reloaded(&node, 1);
    assert!(
        node.stderr().contains("node.node_name has changed"),
        "{}",
        node.stderr()
    );
    assert!(
        !node.stderr().contains("node.listen has changed"),
        "{}",
        node.stderr()
    );
}

#[test]
fn tokens_are_exchanged_without_a_restart() {
    let trees = Trees::new();
    let node = trees.start(&["a"]);
    let scan = |node: &Node, token: &str| {
        let header = format!("Bearer {token}");
        let headers = [
            ("Content-Type", "application/json"),
            ("Authorization", header.as_str()),
        ];
        node.request("POST", "/api/v1/paths/scan", &headers, Some("{}"))
            .status
    };
    assert_eq!(scan(&node, "any"), 202);
    // printf %s secret | sha256sum
    let secret = "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b";
    let auth = format!("auth: {{tokens: [{{name: ops, sha256: \"{secret}\"}}]}}\n");
    node.reconfigure(&format!("{auth}{}", trees.config(&["a"])));
    eventually("the token to be needed", PATIENCE, || {
        (scan(&node, "any") == 401).then_some(())
    });
    assert_eq!(scan(&node, "secret"), 202);
    assert_eq!(node.post("/api/v1/paths/scan", "{}").status, 401);
    assert_eq!(node.get("/api/v1/fs").status, 200);
    node.reconfigure(&trees.config(&["a"]));
    eventually("no token to be needed", PATIENCE, || {
        (scan(&node, "any") == 202).then_some(())
    });
}
