//! The configured paths: how many files and directories lie below each, and how big they are.

mod collect;
mod routes;
mod table;
pub mod walk;

use std::sync::Arc;

use utoipa::OpenApi;

use super::{Kind, Means};
use crate::collector::Lane;
use crate::config::Config;
use crate::store::Persist;
use crate::supervisor::{Spec, Timing};
use collect::PathScanner;

/// The kind; each configured path is a collector of its own.
pub const KIND: Kind = Kind {
    name: "paths",
    sections: &["paths"],
    specs,
    tidy,
    retention: |_| Vec::new(),
    routes: routes::configure,
    openapi: routes::Api::openapi,
};

fn specs(config: &Config, _: &Means) -> Vec<Spec> {
    config
        .paths
        .iter()
        .map(|path| {
            let timing = Timing {
                interval: path.scan_interval,
                timeout: path.timeout,
                lane: Lane::Bulk,
            };
            let subject = collect::subject(path);
            let scanned = path.clone();
            let make = move || PathScanner::new(scanned.clone());
            Spec::new(KIND.name, Some(subject), timing, path, make)
        })
        .collect()
}

fn tidy(config: &Config) -> Option<Arc<dyn Persist + Sync>> {
    let paths = config
        .paths
        .iter()
        .map(|path| (collect::subject(path), path.scan_interval));
    Some(Arc::new(table::ConfiguredPaths {
        paths: paths.collect(),
    }))
}
