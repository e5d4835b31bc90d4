//! Processes that tests start, and the nodes that watch them.

use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use integration_tests::{Node, NodeBuilder, eventually};
use serde_json::{Value, json};

pub const PROCESSES: &str = "/api/v1/processes";
pub const AUDIT: &str = "/api/v1/audit";
/// How long a look may be waited for.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// A process that is ended and waited for when this is dropped.
pub struct Started(pub Child);

impl Drop for Started {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Started {
    pub fn new(command: &mut Command) -> Self {
        let command = command.stdin(Stdio::piped()).stdout(Stdio::null());
        Self(command.spawn().unwrap())
    }

    /// One that sleeps, and is called `title`.
    pub fn sleeping(title: &str) -> Self {
        Self::new(Command::new("sleep").arg0(title).arg("600"))
    }

    pub fn pid(&self) -> u32 {
        self.0.id()
    }

    pub fn runs(&mut self) -> bool {
        self.0.try_wait().unwrap().is_none()
    }

    /// Ends it, so that its pid is free.
    pub fn end(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

/// A title that no other process of this machine has.
pub fn title(name: &str) -> String {
    format!("etl-{name}-{}", std::process::id())
}

/// Looks each second, and watches what `title` is found in.
pub fn watching(title: &str, more: &str) -> String {
    format!(
        "refresh: {{ process: 1s }}\nprocess_watch: [{{ name: job, match: {title} }}]\n{more}\n"
    )
}

/// A node that watches what `title` is found in and keeps no other processes.
pub fn node(folder: &Path, title: &str) -> Node {
    let config = watching(title, "process: { top_n: 0 }");
    NodeBuilder::new(folder).config(&config).start()
}

/// The row of a process.
pub fn find(node: &Node, pid: u32) -> Option<Value> {
    node.list(PROCESSES)
        .into_iter()
        .find(|row| row["pid"] == pid)
}

/// Waits for the row of a process to be as wanted.
#[track_caller]
pub fn await_process(node: &Node, pid: u32, wanted: impl Fn(&Value) -> bool) -> Value {
    eventually("a process to be listed as wanted", PATIENCE, || {
        find(node, pid).filter(|row| wanted(row))
    })
}

/// Asks the node to send a signal to a process as it was listed.
pub fn kill(node: &Node, row: &Value, signal: &str) -> (u16, Value) {
    let body = json!({"signal": signal, "confirm": true, "start_time": row["start_time"]});
    kill_with(node, &row["pid"].to_string(), &body.to_string())
}

pub fn kill_with(node: &Node, pid: &str, body: &str) -> (u16, Value) {
    let answer = node.post(&format!("{PROCESSES}/{pid}/kill"), body);
    (answer.status, answer.json())
}

/// The newest row of the record: target, detail and outcome.
pub fn last_record(node: &Node) -> (String, Option<String>, String) {
    let row = node.list(&format!("{AUDIT}?limit=1")).pop().unwrap();
    assert_eq!(row["action"], "kill", "{row}");
    let text = |key: &str| row[key].as_str().map(str::to_owned);
    (
        text("target").unwrap(),
        text("detail"),
        text("outcome").unwrap(),
    )
}

/// Status and problem code of an answer.
pub fn code((status, answer): (u16, Value)) -> (u16, String) {
    (
        status,
        answer["code"].as_str().unwrap_or_default().to_owned(),
    )
}

/// The same of a refusal.
pub fn refused(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}
