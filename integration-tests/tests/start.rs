//! From the start to the first answers.

use std::time::Duration;

use integration_tests::{Node, eventually};

#[test]
fn a_node_without_configuration_watches_this_machine() {
    let node = Node::start("");
    let rows = eventually("a file system", Duration::from_secs(5), || {
        Some(node.list("/api/v1/fs")).filter(|rows| !rows.is_empty())
    });
    assert!(rows.iter().any(|row| row["mount_point"] == "/"), "{rows:?}");
}
