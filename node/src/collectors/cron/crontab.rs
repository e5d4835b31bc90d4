//! A crontab file: its jobs and its bad lines.

mod parser;

use super::{BadLine, Dialect, When};

pub use parser::parse;

/// A crontab file that was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Crontab {
    /// Its jobs, in the order of their lines. Where the whole file is ignored they are what it says
    /// and not what cron does.
    pub jobs: Vec<Job>,
    /// Its bad lines, in their order. Debian's cron stops at the first; the others are told too.
    pub bad_lines: Vec<BadLine>,
}

impl Crontab {
    /// The bad line for which cron ignores the whole file: Debian's cron does so for any.
    #[must_use]
    pub fn ignored_for(&self, dialect: Dialect) -> Option<&BadLine> {
        match dialect {
            Dialect::Debian => self.bad_lines.first(),
            Dialect::Cronie => None,
        }
    }
}

/// A line that cron would run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// The line of the file, from 1.
    pub line_number: u32,
    /// The time as it is written, with single blanks: `*/5 * * * *`, `@daily`.
    pub schedule: String,
    /// What the time means.
    pub when: When,
    /// The user column of a system crontab; `None` in a user's own.
    pub user: Option<String>,
    /// The command as cron keeps it, before `%` is looked at (see [`super::Run`]): blanks count, and
    /// so does the carriage return of a file with CRLF, with which most commands fail.
    pub command: Vec<u8>,
    /// `CRON_TZ` as cronie obeys it. It may be no zone at all, and glibc takes such a one for UTC.
    pub time_zone: Option<String>,
    /// Not logged to syslog (`-` before the time, cronie).
    pub quiet: bool,
}

/// Whose crontab it is, which decides whether there is a user column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// `/etc/crontab` and `/etc/cron.d`: the sixth column is the user.
    System,
    /// A user's own in the spool directory.
    User {
        /// Only root's may switch off logging (cronie).
        root: bool,
    },
}

/// How to read a crontab.
pub struct Source<'a> {
    /// The cron that is installed.
    pub dialect: Dialect,
    /// Whose crontab it is.
    pub owner: Owner,
    /// Whether a user is known to the system (passwd(5) and all that nsswitch.conf(5) adds).
    pub is_user: &'a dyn Fn(&str) -> bool,
}

#[cfg(test)]
mod tests;
