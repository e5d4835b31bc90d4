//! Section `paths`: directories whose entries are counted.

use std::path::{Component, PathBuf};
use std::time::Duration;

use serde::Serialize;

use crate::collectors::paths::walk::Excludes;

use super::duration::{self, INTERVAL, TIMEOUT};
use super::item::{Item, Seen};

/// An item of `paths`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PathConfig {
    /// Absolute, without `.` and `..` components or a final slash; no two items have the same.
    pub path: PathBuf,
    /// Between two scans; `refresh.default_path_scan` by default.
    #[serde(serialize_with = "duration::serialize")]
    pub scan_interval: Duration,
    /// 1 = the directory's own entries; no limit by default.
    pub max_depth: Option<u32>,
    /// gitignore(5) patterns, each of which compiles.
    pub exclude: Vec<String>,
    /// A scan that meets more entries fails.
    pub max_files_per_scan: u64,
    /// A scan that takes longer fails.
    #[serde(serialize_with = "duration::serialize")]
    pub timeout: Duration,
    /// 0 = unlimited.
    pub max_io_ops_per_sec: u32,
    /// Whether sizes and modification times are read, which costs a stat per file.
    pub measure_sizes: bool,
    /// Whether file systems mounted below are entered.
    pub cross_mounts: bool,
}

pub(super) fn read(item: &Item<'_>, scan_interval: Duration) -> Option<Vec<PathConfig>> {
    let mut seen = Seen::default();
    item.list(|item| PathConfig::read(item, scan_interval, &mut seen))
}

impl PathConfig {
    /// A path with the default settings.
    #[must_use]
    pub fn new(path: PathBuf, scan_interval: Duration) -> Self {
        Self {
            path,
            scan_interval,
            max_depth: None,
            exclude: Vec::new(),
            max_files_per_scan: 5_000_000,
            timeout: Duration::from_mins(1),
            max_io_ops_per_sec: 0,
            measure_sizes: false,
            cross_mounts: false,
        }
    }

    fn read(item: &Item<'_>, scan_interval: Duration, seen: &mut Seen) -> Option<Self> {
        item.table(|table| {
            let path = table.require("path", |item| directory(item, seen));
            // The other keys are read even without a path, so that all problems are told at once.
            let mut this = Self::new(path.clone().unwrap_or_default(), scan_interval);
            table.set("scan_interval", &mut this.scan_interval, |item| {
                item.duration(INTERVAL)
            });
            table.set("max_depth", &mut this.max_depth, |item| {
                item.whole(1..=u32::MAX).map(Some)
            });
            table.set("exclude", &mut this.exclude, |item| item.list(exclude_glob));
            table.set("max_files_per_scan", &mut this.max_files_per_scan, |item| {
                item.whole(1..=1_000_000_000_000)
            });
            table.set("timeout", &mut this.timeout, |item| item.duration(TIMEOUT));
            table.set("max_io_ops_per_sec", &mut this.max_io_ops_per_sec, |item| {
                item.whole(0..=u32::MAX)
            });
            table.set("measure_sizes", &mut this.measure_sizes, Item::flag);
            table.set("cross_mounts", &mut this.cross_mounts, Item::flag);
            path.map(|_| this)
        })
    }
}

/// An absolute path in its plainest spelling, so that equal paths are found to be equal.
pub(super) fn directory(item: &Item<'_>, seen: &mut Seen) -> Option<PathBuf> {
    let path: PathBuf = item.absolute_path()?.components().collect();
    if path
        .components()
        .any(|component| component == Component::ParentDir)
    {
        return item.refuse("an absolute path without `..`");
    }
    let shown = path.to_string_lossy();
    item.once(seen, &shown, &shown).map(|()| path)
}

fn exclude_glob(item: &Item<'_>) -> Option<String> {
    let glob = item.text()?.to_owned();
    match Excludes::new(std::slice::from_ref(&glob)) {
        Ok(_) => Some(glob),
        Err(error) => item.refuse(format!("a glob as in .gitignore, but {}", error.reason)),
    }
}
