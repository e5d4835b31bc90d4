//! What tests of the scanned paths share: their configuration, their rows.

use std::path::Path;

use serde_json::Value;

use crate::Node;

/// Where their rows are.
pub const PATHS: &str = "/api/v1/paths";

/// An item of `paths`, with further keys in YAML's flow style.
pub fn item(path: &Path, more: &str) -> String {
    format!("  - {{path: '{}'{more}}}\n", path.display())
}

/// Waits for the scan of `path` to have this status.
pub fn scanned(node: &Node, path: &Path, status: &str) -> Value {
    let path = path.to_str().unwrap();
    node.await_row((PATHS, "path", path), |row| row["status"] == status)
}

/// How many files and directories a row has.
pub fn counts(row: &Value) -> (u64, u64) {
    let number = |key: &str| {
        row[key]
            .as_u64()
            .unwrap_or_else(|| panic!("{key} of {row}"))
    };
    (number("file_count"), number("dir_count"))
}
