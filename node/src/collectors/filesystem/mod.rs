//! The file systems that are mounted: size, use, inodes, and when each will be full.

mod collect;
mod forecast;
mod history;
mod mountinfo;
mod probe;
mod routes;
mod select;
mod table;

use std::path::PathBuf;

use utoipa::OpenApi;

use super::{Kind, Means};
use crate::collector::Lane;
use crate::config::Config;
use crate::store::RetentionRule;
use crate::supervisor::{Spec, Timing};
use collect::FilesystemCollector;
use probe::Prober;

/// The kind; it has one collector.
pub const KIND: Kind = Kind {
    name: "filesystem",
    sections: &["filesystem"],
    specs,
    tidy: |_| None,
    retention,
    routes: routes::configure,
    openapi: routes::Api::openapi,
};

fn specs(config: &Config, _: &Means) -> Vec<Spec> {
    let filesystem = config.filesystem.clone();
    // A round waits for mounts that do not answer; it is no reason to call the collector hung.
    let timing = Timing {
        interval: config.refresh.disk,
        timeout: filesystem.statvfs_timeout * 3,
        lane: Lane::Quick,
    };
    let make = {
        let (filesystem, prober) = (filesystem.clone(), Prober::default());
        move || {
            let mountinfo = PathBuf::from("/proc/self/mountinfo");
            FilesystemCollector::new(filesystem.clone(), mountinfo, prober.clone())
        }
    };
    vec![Spec::new(KIND.name, None, timing, &filesystem, make)]
}

fn retention(config: &Config) -> Vec<RetentionRule> {
    vec![RetentionRule {
        table: "filesystem_history",
        time_column: "at",
        row_bytes: "octet_length(mount_point)",
        limit: config.retention.filesystem_history.clone(),
        dependants: &[],
    }]
}
