//! Standard output and standard error: the only place that writes to them.

use std::io::{self, Write};

use etlmon_shared::text::for_terminal;

use crate::exit::Exit;

/// Something to say at once.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Said {
    /// A part of the answer.
    Answer(String),
    /// What the user should know beside it.
    Remark(String),
}

/// Says it; `Err` is the exit when there is no use in going on.
pub(crate) fn say(said: Said) -> Result<(), Exit> {
    match said {
        Said::Answer(text) => write(&text),
        Said::Remark(text) => {
            complain(&text);
            Ok(())
        }
    }
}

/// Writes `text` to standard output and gives `exit`.
///
/// A reader that has gone away (`| head`) is no failure; a full disk is.
pub(crate) fn print(text: &str, exit: Exit) -> Exit {
    match write(text) {
        Err(Exit::NotOk) => Exit::NotOk,
        _ => exit,
    }
}

fn write(text: &str) -> Result<(), Exit> {
    let mut stdout = io::stdout().lock();
    let written = stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush());
    match written {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Err(Exit::Ok),
        Err(error) => {
            complain(&format!("cannot write to standard output: {error}"));
            Err(Exit::NotOk)
        }
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
