//! Section `filesystem`: which file systems are shown and how they are asked.

use std::time::Duration;

use globset::Glob;
use serde::Serialize;

use super::duration::{self, INTERVAL, TIMEOUT};
use super::item::Item;

/// Section `filesystem`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FilesystemConfig {
    /// Types such as `tmpfs` to show although they are left out by default.
    pub include_types: Vec<String>,
    /// Types not to show, whatever else says so.
    pub exclude_types: Vec<String>,
    /// Globs, each of which compiles, on mount points not to show.
    pub exclude_mount_points: Vec<String>,
    /// How long one file system may take to answer before it is shown as stale.
    #[serde(serialize_with = "duration::serialize")]
    pub statvfs_timeout: Duration,
    /// Between two rows of a file system's history.
    #[serde(serialize_with = "duration::serialize")]
    pub history_step: Duration,
}

impl Default for FilesystemConfig {
    fn default() -> Self {
        Self {
            include_types: Vec::new(),
            exclude_types: Vec::new(),
            exclude_mount_points: Vec::new(),
            statvfs_timeout: Duration::from_secs(2),
            history_step: Duration::from_mins(1),
        }
    }
}

impl FilesystemConfig {
    pub(super) fn read(&mut self, item: &Item<'_>) -> Option<()> {
        let type_name = |item: &Item<'_>| item.text().map(str::to_owned);
        item.table(|table| {
            table.set("include_types", &mut self.include_types, |item| {
                item.list(type_name)
            });
            table.set("exclude_types", &mut self.exclude_types, |item| {
                item.list(type_name)
            });
            table.set(
                "exclude_mount_points",
                &mut self.exclude_mount_points,
                |item| item.list(mount_point_glob),
            );
            table.set("statvfs_timeout", &mut self.statvfs_timeout, |item| {
                item.duration(TIMEOUT)
            });
            table.set("history_step", &mut self.history_step, |item| {
                item.duration(INTERVAL)
            });
            Some(())
        })
    }
}

fn mount_point_glob(item: &Item<'_>) -> Option<String> {
    let glob = item.text()?;
    match Glob::new(glob) {
        Ok(_) => Some(glob.to_owned()),
        Err(error) => item.refuse(format!("a glob, and this is none: {}", error.kind())),
    }
}
