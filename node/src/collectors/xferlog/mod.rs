//! Transfers of files, from the logs of FTP servers: each entry stored once.

pub mod lines;
pub mod parse;
mod routes;
pub mod seek;
mod settings;
pub mod table;

use std::sync::Arc;
use std::time::Duration;

use encoding_rs::Encoding;
use etlmon_shared::Timestamp;
use rusqlite::Connection;
use utoipa::OpenApi;

use super::{Kind, Means};
use crate::collector::Lane;
use crate::config::Config;
use crate::store::{Persist, PersistError, RetentionRule};
use crate::supervisor::{Spec, Timing};
use crate::tail::followers::Configured;
use crate::tail::{
    Budget, Chunk, Elsewhere, Lines, TailCollector, TailSettings, TailSetup, path_text,
};
use lines::TransferRows;

/// The kind; each transfer log is a collector of its own.
pub const KIND: Kind = Kind {
    name: "xferlog",
    sections: &["xferlog"],
    specs,
    tidy,
    retention,
    routes: routes::configure,
    openapi: routes::Api::openapi,
};

/// A cycle reads what is there, up to a batch. What it waits for is a file server.
const TIMEOUT: Duration = Duration::from_mins(1);
/// From one look to the next while nothing tells of changes.
const INTERVAL: Duration = Duration::from_secs(5);

fn specs(config: &Config, means: &Means) -> Vec<Spec> {
    let paths = config.xferlog.effective_paths().iter();
    let settings = paths.filter_map(|path| {
        settings::settings(&config.xferlog, path)
            .inspect_err(|error| {
                log::error!(
                    "the transfer log {} cannot be followed: {error}",
                    path_text(path)
                );
            })
            .ok()
    });
    let mut settings: Vec<_> = settings.collect();
    // A link and its target, or a glob and a file of it, are one log, which the first one reads.
    Elsewhere::divide(&mut settings, true);
    settings
        .into_iter()
        .map(|settings| spec(config, settings, means))
        .collect()
}

fn spec(config: &Config, settings: TailSettings, means: &Means) -> Spec {
    let name = path_text(&settings.path);
    let timing = Timing {
        interval: INTERVAL,
        timeout: TIMEOUT,
        lane: Lane::Follow,
    };
    let parse_start = config.xferlog.parse_start;
    let setup = TailSetup {
        kind: KIND.name,
        name: name.clone(),
        budget: Budget::default(),
        follow: true,
        lines: Arc::new(TransferLines {
            encoding: settings.encoding,
            parse_start: parse_start.map(|at| Timestamp::from_millis(at.timestamp_millis())),
        }),
        settings,
        reads: means.reads.clone(),
        watcher: means.watcher.clone(),
        crowd: means.crowd.clone(),
    };
    let make = move || TailCollector::new(setup.clone());
    Spec::new(KIND.name, Some(name), timing, &config.xferlog, make)
}

fn tidy(config: &Config) -> Option<Arc<dyn Persist + Sync>> {
    let paths = config.xferlog.effective_paths().iter();
    Some(Arc::new(Configured {
        kind: KIND.name,
        names: paths.map(|path| path_text(path)).collect(),
    }))
}

/// The age of an entry counts from when it was stored: an old log that is read for the first time
/// is of use.
fn retention(config: &Config) -> Vec<RetentionRule> {
    let rule = |table, time_column, row_bytes| RetentionRule {
        table,
        time_column,
        row_bytes,
        limit: config.retention.xferlog_entries.clone(),
        dependants: &[],
    };
    vec![
        rule("xferlog_entries", "stored_at", "octet_length(filename)"),
        rule("xferlog_damaged_lines", "detected_at", "octet_length(line)"),
    ]
}

/// Where the lines of one transfer log go.
struct TransferLines {
    encoding: &'static Encoding,
    parse_start: Option<Timestamp>,
}

impl Lines for TransferLines {
    type Rows = TransferRows;

    fn rows(&self, chunk: &Chunk, _: Timestamp) -> TransferRows {
        TransferRows::new(chunk, self.encoding, self.parse_start)
    }

    fn persist(
        &self,
        rows: &TransferRows,
        _: &Chunk,
        read_at: Timestamp,
        connection: &Connection,
    ) -> Result<(), PersistError> {
        rows.persist(read_at, connection)
    }

    fn damaged(rows: &TransferRows) -> impl Iterator<Item = &str> {
        rows.damaged.iter().map(|line| line.log_path.as_str())
    }
}
