//! The command as people and scripts run it.

use std::process::{Command, Stdio};

use crate::etlmon;

/// The command with these arguments, free of what the environment may say to it.
pub fn command(words: &[&str]) -> Command {
    let mut command = Command::new(etlmon());
    command.args(words).stdin(Stdio::null());
    for name in [
        "RUST_LOG",
        "NO_COLOR",
        "ETLMON_NODE",
        "ETLMON_TOKEN",
        "JOURNAL_STREAM",
    ] {
        command.env_remove(name);
    }
    command
}

/// Runs it with this exit status; answers standard output and standard error.
#[track_caller]
pub fn expect(words: &[&str], status: i32) -> (String, String) {
    let output = command(words).output().unwrap();
    let (out, err) = (
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap(),
    );
    assert_eq!(output.status.code(), Some(status), "{words:?}: {out}{err}");
    (out, err)
}
