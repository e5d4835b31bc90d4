//! Nodes that follow transfer logs, and what they have of them.

use std::path::Path;

use serde_json::Value;

use crate::{Node, NodeBuilder};

/// A zone nine hours east, as `TZ`: a name that needs no zone files.
pub const ZONE: &str = "KST-9";

/// A node in that zone which follows `log`, with its own files in a folder `name` beside the log;
/// `settings` are more keys of the section `xferlog`.
pub fn follow(log: &Path, name: &str, settings: &str) -> NodeBuilder {
    let folder = log.parent().unwrap().join(name);
    std::fs::create_dir_all(&folder).unwrap();
    let config = format!("xferlog: {{ path: {}, {settings} }}", log.display());
    NodeBuilder::new(&folder).config(&config).env("TZ", ZONE)
}

impl Node {
    /// All transfers that it has.
    pub fn transfers(&self) -> Vec<Value> {
        self.list("/api/v1/xferlog?limit=10000")
    }

    /// The files of all transfers that it has.
    pub fn transferred(&self) -> Vec<String> {
        let name = |row: Value| row["filename"].as_str().unwrap().to_owned();
        self.transfers().into_iter().map(name).collect()
    }
}
