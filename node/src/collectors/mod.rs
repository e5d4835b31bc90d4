//! The kinds of collectors; adding one is a folder here and its line in [`KINDS`].

mod arrivals;
pub mod cron;
pub mod filesystem;
pub mod logs;
mod passwd;
pub mod paths;
pub mod processes;
pub mod xferlog;

use std::sync::Arc;

use actix_web::web::ServiceConfig;

use crate::audit;
use crate::config::Config;
use crate::store::{Persist, ReadPool, RetentionRule};
use crate::supervisor::{Plan, Spec};
use crate::tail::Crowd;
use crate::watch::Watcher;

pub use arrivals::Arrivals;

/// A kind of collector: all that the rest of the node needs to know of it.
#[derive(Clone, Copy)]
pub struct Kind {
    /// Its name in health.
    pub name: &'static str,
    /// The top-level keys of the configuration that are its own.
    pub sections: &'static [&'static str],
    /// The collectors that a configuration asks for.
    pub specs: fn(&Config, &Means) -> Vec<Spec>,
    /// Deletes rows of what a configuration no longer asks for.
    pub tidy: fn(&Config) -> Option<Arc<dyn Persist + Sync>>,
    /// What of its tables is purged.
    pub retention: fn(&Config) -> Vec<RetentionRule>,
    /// Its endpoints.
    pub routes: fn(&mut ServiceConfig),
    /// Their description.
    pub openapi: fn() -> utoipa::openapi::OpenApi,
}

/// What a node gives to collectors beside their configuration.
#[derive(Clone)]
pub struct Means {
    /// Where they read what they have stored in an earlier life.
    pub reads: ReadPool,
    /// Who tells them that files have changed.
    pub watcher: Watcher,
    /// How many of them follow files that get lines.
    pub crowd: Crowd,
    /// Where they tell that rows have come for which somebody may wait.
    pub arrivals: Arrivals,
}

/// Every kind there is.
pub const KINDS: &[Kind] = &[
    filesystem::KIND,
    paths::KIND,
    logs::KIND,
    xferlog::KIND,
    processes::KIND,
    cron::KIND,
];

/// Sections that no single kind owns.
const COMMON_SECTIONS: &[&str] = &["auth", "node", "refresh", "retention", "secrets"];

/// Of the sections that a configuration gives, those that no kind works for.
pub fn idle_sections(kinds: &[Kind], given: &[&'static str]) -> Vec<&'static str> {
    let works = |section: &&'static str| {
        COMMON_SECTIONS.contains(section)
            || kinds.iter().any(|kind| kind.sections.contains(section))
    };
    given
        .iter()
        .filter(|section| !works(section))
        .copied()
        .collect()
}

/// What root is to run for a configuration.
pub fn plan(kinds: &[Kind], config: &Config, means: &Means) -> Plan {
    Plan {
        specs: kinds
            .iter()
            .flat_map(|kind| (kind.specs)(config, means))
            .collect(),
        tidies: kinds
            .iter()
            .filter_map(|kind| (kind.tidy)(config))
            .collect(),
        retention: kinds
            .iter()
            .flat_map(|kind| (kind.retention)(config))
            .chain([audit::retention(config)])
            .collect(),
    }
}
