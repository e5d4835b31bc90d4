//! Standard output and standard error: the only place that writes to them.

use std::io::{self, Write};

use etlmon_shared::text::for_terminal;

use crate::exit::Exit;

/// Writes `text` to standard output and gives `exit`.
///
/// A reader that has gone away (`| head`) is no failure; a full disk is.
pub(crate) fn print(text: &str, exit: Exit) -> Exit {
    let mut stdout = io::stdout().lock();
    let written = stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush());
    match written {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            complain(&format!("cannot write to standard output: {error}"));
            Exit::NotOk
        }
        _ => exit,
    }
}

/// Writes each line of `message` to standard error, as this command's.
pub(crate) fn complain(message: &str) {
    let text: String = message
        .lines()
        .map(|line| format!("etlmon: {}\n", for_terminal(line)))
        .collect();
    // Who closed standard error does not want to know.
    let _ = io::stderr().lock().write_all(text.as_bytes());
}
