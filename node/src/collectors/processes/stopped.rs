//! Keeps watched processes on the list for a while after they have ended.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use super::identity::Identity;
use super::row::{Row, Status};
use super::sample::Moment;

/// How many are kept at most: a rule may match what is started a hundred times a second.
const MOST: usize = 1_000;

/// Where a process is that was watched before and is not among the rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// It is still there.
    There,
    /// It has ended.
    Gone,
    /// It could not be read this time.
    Unknown,
}

/// The watched processes, those that run and those that have ended.
pub struct Stopped {
    keep_for: Duration,
    running: BTreeMap<Identity, Row>,
    ended: VecDeque<(Instant, Row)>,
}

impl Stopped {
    /// Keeps each for so long after its end was noticed.
    pub fn new(keep_for: Duration) -> Self {
        Self {
            keep_for,
            running: BTreeMap::new(),
            ended: VecDeque::new(),
        }
    }

    /// Takes over rows that were kept before, those of ended processes in the order of their ends.
    pub fn resume(&mut self, rows: impl Iterator<Item = Row>, now: &Moment) {
        for row in rows {
            match row.status {
                Status::Running => drop(self.running.insert(row.identity, row)),
                Status::Stopped => {
                    let ago = now
                        .wall
                        .as_millis()
                        .saturating_sub(row.collected_at.as_millis());
                    let ago = Duration::from_millis(u64::try_from(ago).unwrap_or(0));
                    // Before this boot nothing of it ended.
                    let noticed_at = now.monotonic.checked_sub(ago).unwrap_or(now.monotonic);
                    self.ended.push_back((noticed_at, row));
                }
            }
        }
    }

    /// Takes the rows of a sample's watched processes, and where all others are; answers the rows
    /// of those that have ended, as they last were, in the order of their ends.
    pub fn update<'r>(
        &mut self,
        now: Instant,
        watched: impl Iterator<Item = &'r Row>,
        presence: impl Fn(Identity) -> Presence,
    ) -> impl Iterator<Item = &Row> {
        let mut before = std::mem::take(&mut self.running);
        for row in watched {
            before.remove(&row.identity);
            self.running.insert(row.identity, row.clone());
        }
        for (identity, row) in before {
            match presence(identity) {
                Presence::Unknown => {
                    self.running.insert(identity, row);
                }
                Presence::Gone => {
                    let status = Status::Stopped;
                    self.ended.push_back((now, Row { status, ..row }));
                }
                // It runs a program that no rule matches.
                Presence::There => {}
            }
        }
        let surplus = self.ended.len().saturating_sub(MOST);
        self.ended.drain(..surplus);
        self.ended.retain(|(noticed_at, row)| {
            now.saturating_duration_since(*noticed_at) < self.keep_for
                && presence(row.identity) != Presence::There
        });
        self.ended.iter().map(|(_, row)| row)
    }
}

#[cfg(test)]
mod tests;
