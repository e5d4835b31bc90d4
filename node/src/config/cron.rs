//! Section `cron`: the cron table reader.

use serde::Serialize;

use super::item::Item;

/// Section `cron`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CronConfig {
    /// Whether cron tables are read.
    pub enabled: bool,
}

impl Default for CronConfig {
    fn default() -> Self {
        Self { enabled: true }
    }
}

impl CronConfig {
    pub(super) fn read(&mut self, item: &Item<'_>) -> Option<()> {
        item.table(|table| {
            table.set("enabled", &mut self.enabled, Item::flag);
            Some(())
        })
    }
}
