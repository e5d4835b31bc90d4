//! From the start to the first answers.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "all of this is test code"
)]

use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use integration_tests::{Node, NodeBuilder, eventually, is_root, peer};

#[test]
fn a_node_without_configuration_watches_this_machine() {
    let node = Node::start("");
    let rows = eventually("a file system", Duration::from_secs(5), || {
        Some(node.list("/api/v1/fs")).filter(|rows| !rows.is_empty())
    });
    assert!(rows.iter().any(|row| row["mount_point"] == "/"), "{rows:?}");
}

#[test]
fn it_serves_without_configuration_and_without_root() {
    if !is_root() || !peer("setpriv") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    std::fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o777)).unwrap();
    let builder = NodeBuilder::new(folder.path())
        .db_path(None)
        .env("HOME", folder.path().to_str().unwrap())
        .env("XDG_STATE_HOME", "")
        .env("STATE_DIRECTORY", "")
        .unprivileged();
    let node = builder.start();
    let health = node.get("/api/v1/health").json();
    let database = folder.path().join(".local/state/etlmon/etlmon.db");
    assert_eq!(health["db"]["path"].as_str(), database.to_str());
    let row = node.await_row(("/api/v1/fs", "mount_point", "/"), |_| true);
    assert_eq!(row["status"], "OK", "{row}");
}
