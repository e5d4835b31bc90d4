//! Crontabs as the installed cron reads them: jobs and bad lines, files it ignores, the next run.
//!
//! The judges are the source of Debian's cron 3.0pl1-162 and the binaries built from it (see
//! `testdata/`), and for cronie its source of 2020 to 2021.

mod command;
mod crontab;
mod environment;
mod fault;
mod fields;
mod file_rules;
mod named_zone;
mod next_run;
mod reader;
mod schedule;
mod when;

pub use command::{Run, logged};
pub use crontab::{Crontab, Job, Owner, Source, parse};
pub use fault::{BadLine, Fault};
pub use file_rules::{Facts, FileKind, Ignored, Place, ignored_for_facts, ignored_for_name};
pub use named_zone::NamedZone;
pub use next_run::{Zone, next_after, next_after_in};
pub use schedule::Schedule;
pub use when::When;

/// Which cron is installed: they read the same files by different rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// Debian's and Ubuntu's `cron` (Vixie cron 3.0pl1 with Debian's patches): one bad line and
    /// the whole file is ignored.
    Debian,
    /// `cronie`, of Red Hat's family, Arch and SUSE: only the bad line is ignored.
    Cronie,
}
