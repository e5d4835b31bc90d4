//! One scan of one configured path.

use std::os::unix::ffi::OsStrExt;
use std::sync::Arc;
use std::time::Instant;

use etlmon_shared::path::{PathEntryKind, PathTopEntry};
use etlmon_shared::{Timestamp, text};

use super::table::{PathBatch, PathEvent, PathScan, PathSizes};
use super::walk::{EntryKind, Excludes, Mtime, Sizes, Stop, Tally, WalkError, WalkOptions, walk};
use crate::collector::{Announcer, CollectError, Collector, Progress, Tick};
use crate::config::PathConfig;

/// How many of the biggest entries are kept.
const TOP_ENTRIES: usize = 100;
/// Threads of one scan at most; more gain little on one disk and are noticed.
const MAX_THREADS: usize = 4;

/// Scans one path.
pub struct PathScanner {
    config: PathConfig,
    threads: usize,
}

/// The path's name in health, in the table and in answers.
pub fn subject(config: &PathConfig) -> String {
    text::from_bytes(config.path.as_os_str().as_bytes()).into_owned()
}

impl PathScanner {
    /// A scanner for one configured path.
    pub fn new(config: PathConfig) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            config,
            threads: cores.min(MAX_THREADS),
        }
    }

    fn options(&self) -> Result<WalkOptions, CollectError> {
        let config = &self.config;
        let exclude =
            Excludes::new(&config.exclude).map_err(|error| CollectError::Kind(Box::new(error)))?;
        Ok(WalkOptions {
            max_depth: config.max_depth,
            exclude,
            max_files: Some(config.max_files_per_scan),
            cross_mounts: config.cross_mounts,
            measure_sizes: config.measure_sizes,
            top_entries: TOP_ENTRIES,
            max_io_ops_per_sec: config.max_io_ops_per_sec,
            threads: self.threads,
        })
    }

    fn batch(&self, tick: &Tick, event: PathEvent) -> PathBatch {
        PathBatch {
            path: subject(&self.config),
            scan_interval: self.config.scan_interval,
            next_scan_at: tick.schedule.next_at(),
            event,
        }
    }
}

impl Collector for PathScanner {
    type Batch = PathBatch;

    fn collect(&mut self, tick: &Tick) -> Result<PathBatch, CollectError> {
        let began = Instant::now();
        let stop = Stop {
            deadline: tick.deadline,
            cancelled: Some(tick.lease.flag()),
            pulse: Some(tick.pulse.counter()),
        };
        let tally =
            walk(&self.config.path, &self.options()?, &stop).map_err(|error| match error {
                WalkError::TimedOut => CollectError::TimedOut {
                    timeout: self.config.timeout,
                },
                other => CollectError::Kind(Box::new(other)),
            })?;
        Ok(self.batch(tick, PathEvent::Scanned(scan(tally, began))))
    }

    fn announcer(&self) -> Option<Announcer<PathBatch>> {
        let (path, scan_interval) = (subject(&self.config), self.config.scan_interval);
        Some(Arc::new(move |progress| {
            let (event, next_scan_at) = match *progress {
                Progress::Begun { next_at } => (PathEvent::Begun, next_at),
                Progress::Failed { reason, next_at } => {
                    (PathEvent::Failed(reason.to_owned()), next_at)
                }
            };
            Some(PathBatch {
                path: path.clone(),
                scan_interval,
                next_scan_at,
                event,
            })
        }))
    }
}

fn scan(tally: Tally, began: Instant) -> PathScan {
    let first_unreadable = tally
        .first_unreadable
        .map(|first| match tally.unreadable_count {
            0 | 1 => format!("cannot read {first}"),
            more => format!("{more} directories could not be read, the first: {first}"),
        });
    PathScan {
        file_count: tally.file_count,
        dir_count: tally.dir_count,
        unreadable_count: tally.unreadable_count,
        first_unreadable,
        sizes: tally.sizes.map(sizes),
        took: began.elapsed(),
        at: Timestamp::now(),
    }
}

fn sizes(sizes: Sizes) -> PathSizes {
    let top = sizes.top.into_iter().map(|entry| PathTopEntry {
        name: text::from_bytes(entry.name.as_bytes()).into_owned(),
        kind: match entry.kind {
            EntryKind::File => PathEntryKind::File,
            EntryKind::Dir => PathEntryKind::Dir,
        },
        bytes: entry.bytes,
        file_count: entry.file_count,
        mtime: entry.mtime.map(timestamp),
    });
    PathSizes {
        total_bytes: sizes.total_bytes,
        newest_mtime: sizes.newest_mtime.map(timestamp),
        oldest_mtime: sizes.oldest_mtime.map(timestamp),
        top: top.collect(),
    }
}

fn timestamp(mtime: Mtime) -> Timestamp {
    Timestamp::from_millis(mtime.epoch_ms())
}
