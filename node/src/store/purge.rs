//! When old rows are deleted and free pages given back: one small step at a time, and after each a
//! pause as long as the step, so that the writer has half of its time for batches.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use etlmon_shared::Timestamp;
use rusqlite::Connection;

use super::retention::{RetentionRule, Step};
use super::vacuum;

/// From the end of a purge to the next look.
pub(super) const LOOK_INTERVAL: Duration = Duration::from_secs(5);
/// After a step, however short it was.
const MIN_PAUSE: Duration = Duration::from_millis(1);
/// How long a step should hold the writer.
const STEP_TIME: Duration = Duration::from_millis(10);
/// Rows of a step, whatever it takes.
const MIN_ROWS: u32 = 100;
const MAX_ROWS: u32 = 50_000;
/// Pages given back in a step: their commit writes them once more.
const MAX_PAGES: i64 = 512;

/// What is still to be done, and when.
pub(super) struct Purge {
    tables: Vec<Table>,
    /// Pages to give back in this purge: those that nobody has wanted since the last one. What
    /// steady arrivals use again is not cut off to be grown again. None before a purge begins.
    idle_pages: Option<i64>,
    failures: Failures,
}

struct Table {
    rule: RetentionRule,
    /// Rows of the next step.
    rows: u32,
    /// When it is looked at next.
    due: Instant,
}

/// What fails at present, by what was being purged: a reason is told once, not at every try.
#[derive(Default)]
struct Failures(HashMap<&'static str, String>);

impl Purge {
    /// A purge that is due at once.
    pub(super) fn new(rules: &[RetentionRule]) -> Self {
        let due = Instant::now();
        let table = |rule: &RetentionRule| Table {
            rule: rule.clone(),
            rows: MIN_ROWS,
            due,
        };
        Self {
            tables: rules.iter().map(table).collect(),
            idle_pages: None,
            failures: Failures::default(),
        }
    }

    /// Does one step where one is due, and answers after which pause to come again.
    pub(super) fn step(&mut self, connection: &mut Connection) -> Duration {
        let begun = Instant::now();
        if self.delete_rows(connection, begun) || self.give_pages_back(connection) {
            return begun.elapsed().max(MIN_PAUSE);
        }
        // All together, so that pages are counted when all tables have had time to want them.
        self.idle_pages = None;
        let due = Instant::now() + LOOK_INTERVAL;
        for table in &mut self.tables {
            table.due = due;
        }
        LOOK_INTERVAL
    }

    /// One step of the table that has waited longest; false when no table had anything due.
    fn delete_rows(&mut self, connection: &mut Connection, begun: Instant) -> bool {
        if self.idle_pages.is_none() {
            let surplus = vacuum::surplus_pages(connection);
            self.idle_pages = self.failures.hear("count of free pages", surplus);
        }
        while let Some(table) = self
            .tables
            .iter_mut()
            .filter(|table| table.due <= begun)
            .min_by_key(|table| table.due)
        {
            if table.step(connection, &mut self.failures) {
                return true;
            }
        }
        false
    }

    /// One step of giving pages back; false when there is nothing to give.
    fn give_pages_back(&mut self, connection: &mut Connection) -> bool {
        let Some(idle) = self.idle_pages.filter(|idle| *idle > 0) else {
            return false;
        };
        let given = vacuum::surplus_pages(connection).and_then(|surplus| {
            let pages = idle.min(surplus).min(MAX_PAGES);
            vacuum::give_back(connection, pages, STEP_TIME)
        });
        let given = self.failures.hear("free pages", given).unwrap_or(0);
        self.idle_pages = Some(idle - given);
        given > 0
    }
}

impl Table {
    /// True when rows were deleted.
    fn step(&mut self, connection: &mut Connection, failures: &mut Failures) -> bool {
        let begun = Instant::now();
        let step = self.rule.step(connection, Timestamp::now(), self.rows);
        let step = failures.hear(self.rule.table, step);
        self.due = Instant::now();
        if let Some(Step::Full(deleted)) = step {
            self.rows = rows_for(deleted, begun.elapsed());
            return true;
        }
        // Rows that have come due meanwhile wait too: they would be deleted a few at a time.
        self.due += LOOK_INTERVAL;
        matches!(step, Some(Step::Last(_)))
    }
}

/// How many rows the next step may have: as many as fit into its time, but at most twice and at
/// least half of the last one's, whose commit may have had to wait for the disk.
fn rows_for(deleted: usize, took: Duration) -> u32 {
    let deleted = u32::try_from(deleted).unwrap_or(MAX_ROWS).min(MAX_ROWS);
    let fitting = u128::from(deleted) * STEP_TIME.as_micros() / took.as_micros().max(1);
    u32::try_from(fitting)
        .unwrap_or(MAX_ROWS)
        .clamp(deleted / 2, deleted * 2)
        .clamp(MIN_ROWS, MAX_ROWS)
}

impl Failures {
    /// What has succeeded; none, and told in the log if it is new, for what has not.
    fn hear<T>(&mut self, subject: &'static str, result: rusqlite::Result<T>) -> Option<T> {
        match result {
            Ok(value) => {
                self.0.remove(subject);
                Some(value)
            }
            Err(error) => {
                if self.is_news(subject, error.to_string()) {
                    log::warn!("the purge failed at {subject}: {error}");
                }
                None
            }
        }
    }

    fn is_news(&mut self, subject: &'static str, reason: String) -> bool {
        let known = self.0.get(subject) == Some(&reason);
        self.0.insert(subject, reason);
        !known
    }
}

#[cfg(test)]
mod tests;
