//! The processes: what each uses, which ones are kept, and how to end the right one.

mod cmdline;
mod collect;
mod cpu;
mod details;
mod identity;
pub mod kill;
mod limit;
mod proc_dir;
mod routes;
mod row;
mod rules;
mod sample;
mod select;
mod stat;
mod stopped;
mod table;
mod top;
mod units;
mod users;

use std::path::PathBuf;
use std::time::Duration;

use utoipa::OpenApi;

use super::{Kind, Means};
use crate::collector::Lane;
use crate::config::Config;
use crate::supervisor::{Spec, Timing};
use collect::{ProcessCollector, Wanted};
pub use identity::{BootId, Identity, Pid, PidError};
pub use proc_dir::{ProcDir, ProcError};
pub use row::{Row, Status};
pub use rules::RuleCount;
pub use sample::{Moment, Process, Sample, Sampler};
pub use select::{Selector, Snapshot};
pub use stat::State;
pub use users::Users;

/// The kind; it has one collector.
pub const KIND: Kind = Kind {
    name: "processes",
    sections: &["process", "process_watch"],
    specs,
    tidy: |_| None,
    retention: |_| Vec::new(),
    routes: routes::configure,
    openapi: routes::Api::openapi,
};

/// A look takes milliseconds. What it may wait for is the memory of a process that hangs.
const TIMEOUT: Duration = Duration::from_secs(5);

fn specs(config: &Config, means: &Means) -> Vec<Spec> {
    let timing = Timing {
        interval: config.refresh.process,
        timeout: TIMEOUT,
        lane: Lane::Quick,
    };
    let wanted = Wanted::new(&config.process_watch, &config.process, &config.secrets);
    let make = {
        let (wanted, reads) = (wanted.clone(), means.reads.clone());
        move || ProcessCollector::new(wanted.clone(), PathBuf::from("/proc"), reads.clone())
    };
    vec![Spec::new(KIND.name, None, timing, &wanted, make)]
}
