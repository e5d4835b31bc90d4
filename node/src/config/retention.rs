//! Section `retention`: how long stored rows are kept, and how many.

use std::ops::RangeInclusive;
use std::time::Duration;

use serde::Serialize;

use super::duration;
use super::item::Item;

const AGE: RangeInclusive<Duration> = Duration::from_mins(1)..=Duration::from_secs(10 * 31_557_600);
const ROWS: RangeInclusive<u64> = 1..=1_000_000_000_000;

/// Section `retention`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Retention {
    /// Lines of followed logs.
    pub log_lines: Limits,
    /// Entries of the transfer log.
    pub xferlog_entries: Limits,
    /// Rows of the file systems' history.
    pub filesystem_history: Limits,
    /// Rows of the record of commands.
    pub audit: Limits,
}

/// Rows beyond either limit are deleted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Limits {
    /// A minute to ten years.
    #[serde(serialize_with = "duration::serialize")]
    pub max_age: Duration,
    /// At least one.
    pub max_rows: u64,
}

impl Default for Retention {
    fn default() -> Self {
        let week = Limits {
            max_age: Duration::from_hours(7 * 24),
            max_rows: 100_000,
        };
        let month = Limits {
            max_age: Duration::from_hours(30 * 24),
            max_rows: 1_000_000,
        };
        Self {
            log_lines: week.clone(),
            xferlog_entries: week,
            filesystem_history: month,
            audit: Limits {
                max_age: Duration::from_hours(365 * 24),
                max_rows: 100_000,
            },
        }
    }
}

impl Retention {
    pub(super) fn read(&mut self, item: &Item<'_>) -> Option<()> {
        item.table(|table| {
            table.section("log_lines", |item| self.log_lines.read(item));
            table.section("xferlog_entries", |item| self.xferlog_entries.read(item));
            table.section("filesystem_history", |item| {
                self.filesystem_history.read(item)
            });
            table.section("audit", |item| self.audit.read(item));
            Some(())
        })
    }
}

impl Limits {
    fn read(&mut self, item: &Item<'_>) -> Option<()> {
        item.table(|table| {
            table.set("max_age", &mut self.max_age, |item| item.duration(AGE));
            table.set("max_rows", &mut self.max_rows, |item| item.whole(ROWS));
            Some(())
        })
    }
}
