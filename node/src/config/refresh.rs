//! Section `refresh`: how often collectors run.

use std::time::Duration;

use serde::Serialize;

use super::duration::{self, INTERVAL};
use super::item::Item;

/// Section `refresh`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Refresh {
    /// Between two looks at the file systems.
    #[serde(serialize_with = "duration::serialize")]
    pub disk: Duration,
    /// Between two scans of a path that has no interval of its own.
    #[serde(serialize_with = "duration::serialize")]
    pub default_path_scan: Duration,
    /// Between two looks at the processes.
    #[serde(serialize_with = "duration::serialize")]
    pub process: Duration,
}

impl Default for Refresh {
    fn default() -> Self {
        Self {
            disk: Duration::from_secs(15),
            default_path_scan: Duration::from_mins(5),
            process: Duration::from_secs(5),
        }
    }
}

impl Refresh {
    pub(super) fn read(&mut self, item: &Item<'_>) -> Option<()> {
        item.table(|table| {
            table.set("disk", &mut self.disk, |item| item.duration(INTERVAL));
            table.set("default_path_scan", &mut self.default_path_scan, |item| {
                item.duration(INTERVAL)
            });
            table.set("process", &mut self.process, |item| item.duration(INTERVAL));
            Some(())
        })
    }
}
