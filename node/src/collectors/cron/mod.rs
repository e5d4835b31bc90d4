//! Crontabs as the installed cron reads them: jobs and bad lines, files it ignores, the next run.
//!
//! The judges are Debian's cron 3.0pl1-162 and cronie 1.7.2, whose binaries wrote the tables in
//! `testdata/`. cronie before 1.7 took text behind a `*` (`*x`) and empty commands, which here are
//! bad lines.

mod accounts;
mod children;
mod collect;
mod command;
mod crontab;
mod due;
mod environment;
mod evidence;
mod fault;
mod fields;
mod file_rules;
mod files;
mod installed;
mod journal;
mod ledger;
mod listing;
mod log_line;
mod named_zone;
mod next_run;
mod reader;
mod refusals;
mod routes;
mod schedule;
mod table;
mod tracked;
mod when;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use utoipa::OpenApi;

pub use command::{Run, logged};
pub use crontab::{Crontab, Job, Owner, Source, parse};
pub use fault::{BadLine, Fault};
pub use file_rules::{Facts, FileKind, Ignored, Place, ignored_for_facts, ignored_for_name};
pub use named_zone::NamedZone;
pub use next_run::{Zone, next_after, next_after_in};
pub use schedule::Schedule;
pub use when::When;

use super::{Kind, Means};
use crate::collector::Lane;
use crate::config::Config;
use crate::store::Persist;
use crate::supervisor::{Spec, Timing};
use collect::CronCollector;
use table::NoCron;

/// The kind; it has one collector.
pub const KIND: Kind = Kind {
    name: "cron",
    sections: &["cron"],
    specs,
    tidy,
    retention: |_| Vec::new(),
    routes: routes::configure,
    openapi: routes::Api::openapi,
};

/// From one look to the next, at what cron runs and at the crontabs.
const INTERVAL: Duration = Duration::from_secs(5);
/// A look takes milliseconds, unless a file server has the crontabs.
const TIMEOUT: Duration = Duration::from_secs(30);

fn specs(config: &Config, means: &Means) -> Vec<Spec> {
    if !config.cron.enabled {
        return Vec::new();
    }
    let timing = Timing {
        interval: INTERVAL,
        timeout: TIMEOUT,
        lane: Lane::Quick,
    };
    let means = means.clone();
    let secrets = config.secrets.clone();
    // So that the collector begins anew when either changes.
    let configuration = (config.cron.clone(), secrets.clone());
    let make = move || CronCollector::new(Path::new("/"), secrets.clone(), means.clone());
    vec![Spec::new(KIND.name, None, timing, &configuration, make)]
}

fn tidy(config: &Config) -> Option<Arc<dyn Persist + Sync>> {
    let none: Arc<dyn Persist + Sync> = Arc::new(NoCron);
    (!config.cron.enabled).then_some(none)
}

/// Which cron is installed: they read the same files by different rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// Debian's and Ubuntu's `cron` (Vixie cron 3.0pl1 with Debian's patches): one bad line and
    /// the whole file is ignored.
    Debian,
    /// `cronie`, of Red Hat's family, Arch and SUSE: only the bad line is ignored.
    Cronie,
}
