//! What is wrong with a configuration: every problem on a line, with its place, its key and what is accepted.

use std::cell::RefCell;
use std::fmt;
use std::io;
use std::path::PathBuf;

/// Problems shown at most; a file of another kind should not flood the log.
const SHOWN: usize = 50;

/// Why a configuration was refused. The text holds the cause, so that one `{error}` tells all.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file could not be opened or read.
    #[error("{}: cannot read the configuration: {cause}", path.display())]
    Read {
        /// The file as it was given.
        path: PathBuf,
        /// The system's answer.
        cause: io::Error,
    },
    /// What was read is not a configuration: all problems that were found, in reading order.
    #[error("{}", Listing { file, problems })]
    Invalid {
        /// The file as it was given; `None` when only the environment was read.
        file: Option<PathBuf>,
        /// At least one.
        problems: Vec<Problem>,
    },
}

/// One mistake in the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where the offending value stands.
    pub place: Place,
    /// The key's path such as `paths[2].scan_interval`; empty for the file as a whole.
    pub key: String,
    /// What was found and what is accepted.
    pub message: String,
}

/// Where a value was read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// In the file; both count from 1, columns in characters.
    File {
        /// Line number.
        line: u64,
        /// Column number.
        column: u64,
    },
    /// In the environment variable of this name.
    Variable(String),
}

struct Listing<'a> {
    file: &'a Option<PathBuf>,
    problems: &'a [Problem],
}

impl fmt::Display for Listing<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.problems.iter().take(SHOWN).enumerate() {
            let break_line = if index == 0 { "" } else { "\n" };
            out.write_str(break_line)?;
            match (&problem.place, self.file) {
                (Place::File { line, column }, Some(file)) => {
                    write!(out, "{}:{line}:{column}: ", file.display())?;
                }
                (Place::File { line, column }, None) => write!(out, "{line}:{column}: ")?,
                (Place::Variable(name), _) => write!(out, "environment variable {name}: ")?,
            }
            if !problem.key.is_empty() {
                write!(out, "{}: ", problem.key)?;
            }
            out.write_str(&problem.message)?;
        }
        match self.problems.len().saturating_sub(SHOWN) {
            0 => Ok(()),
            more => write!(out, "\nand {more} more"),
        }
    }
}

/// Collects problems while the sections are read, so that one mistake does not hide the next.
#[derive(Debug, Default)]
pub(super) struct Problems(RefCell<Vec<Problem>>);

impl Problems {
    pub(super) fn push(&self, place: &Place, key: &str, message: &str) {
        self.0.borrow_mut().push(Problem {
            place: place.clone(),
            key: one_line(key),
            message: one_line(message),
        });
    }

    /// All problems in the order of the file, then of the variables.
    pub(super) fn into_sorted(self) -> Vec<Problem> {
        let mut problems = self.0.into_inner();
        problems.sort_by(|a, b| a.place.cmp(&b.place));
        problems
    }
}

/// Keys and values come from outside: no line break or terminal control sequence gets through.
pub(super) fn one_line(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control() {
            out.extend(character.escape_default());
        } else {
            out.push(character);
        }
    }
    out
}
