//! The followed logs: every line stored once, in order, and found again.

pub mod blocks;
mod commands;
pub mod lines;
mod missed;
pub mod page;
pub mod pattern;
mod routes;
mod settings;
mod stream;
pub mod trigrams;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use etlmon_shared::Timestamp;
use rusqlite::Connection;
use utoipa::OpenApi;

use super::{Arrivals, Kind, Means};
use crate::collector::Lane;
use crate::config::{Config, LogConfig};
use crate::store::{Persist, PersistError, RetentionRule};
use crate::supervisor::{Spec, Timing};
use crate::tail::followers::Configured;
use crate::tail::{Budget, Chunk, Elsewhere, Lines, TailCollector, TailSetup};
use blocks::OpenBlock;
use lines::LogRows;

/// The kind; each configured log is a collector of its own.
pub const KIND: Kind = Kind {
    name: "logs",
    sections: &["logs"],
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
/// Text of a batch at most, which one line may exceed.
const BATCH_BYTES: usize = 1 << 20;

fn specs(config: &Config, means: &Means) -> Vec<Spec> {
    let logs = config.logs.iter().filter_map(|log| {
        let settings = settings::settings(log)
            .inspect_err(|error| log::error!("the log {} cannot be followed: {error}", log.name));
        Some((log, settings.ok()?))
    });
    let (logs, mut settings): (Vec<_>, Vec<_>) = logs.unzip();
    Elsewhere::divide(&mut settings, false);
    let specs = logs.into_iter().zip(settings).map(|(log, settings)| {
        let elsewhere = settings.elsewhere.clone();
        let timing = Timing {
            interval: INTERVAL,
            timeout: TIMEOUT,
            lane: Lane::Follow,
        };
        let setup = TailSetup {
            kind: KIND.name,
            name: log.name.clone(),
            settings,
            budget: budget(log),
            follow: log.follow,
            lines: Arc::new(LogLines {
                name: log.name.clone(),
                arrivals: means.arrivals.clone(),
                open: Mutex::default(),
            }),
            reads: means.reads.clone(),
            watcher: means.watcher.clone(),
            crowd: means.crowd.clone(),
        };
        let make = move || TailCollector::new(setup.clone());
        Spec::new(
            KIND.name,
            Some(log.name.clone()),
            timing,
            // A log beside it may change whose its rotated files are.
            &(log, elsewhere.beside(&log.path)),
            make,
        )
    });
    specs.collect()
}

fn budget(log: &LogConfig) -> Budget {
    Budget {
        lines: usize::try_from(log.buffer_lines).unwrap_or(usize::MAX),
        bytes: BATCH_BYTES,
    }
}

fn tidy(config: &Config) -> Option<Arc<dyn Persist + Sync>> {
    let names = config.logs.iter().map(|log| log.name.clone());
    Some(Arc::new(Configured {
        kind: KIND.name,
        names: names.collect(),
    }))
}

fn retention(config: &Config) -> Vec<RetentionRule> {
    let limit = &config.retention.log_lines;
    vec![
        RetentionRule {
            table: "log_lines",
            time_column: "created_at",
            row_bytes: "octet_length(line)",
            limit: limit.clone(),
            dependants: blocks::PURGE,
        },
        RetentionRule {
            table: "log_gaps",
            time_column: "detected_at",
            row_bytes: "100",
            limit: limit.clone(),
            dependants: &[],
        },
    ]
}

/// Where the lines of one log go.
struct LogLines {
    name: String,
    arrivals: Arrivals,
    /// For the writer's transaction alone.
    open: Mutex<OpenBlock>,
}

impl Lines for LogLines {
    type Rows = LogRows;

    fn rows(&self, chunk: &Chunk, _: Timestamp) -> LogRows {
        LogRows::new(chunk)
    }

    fn persist(
        &self,
        rows: &LogRows,
        chunk: &Chunk,
        read_at: Timestamp,
        connection: &Connection,
    ) -> Result<(), PersistError> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        rows.persist(chunk, &self.name, &mut open, read_at, connection)
    }

    fn stored(&self) {
        self.arrivals.tell(&self.name);
    }
}

#[cfg(test)]
mod tests;
