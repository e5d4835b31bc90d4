//! Sections `process_watch` and `process`: which processes are kept.

use std::fmt;
use std::ops::RangeInclusive;
use std::time::Duration;

use regex::Regex;
use serde::{Serialize, Serializer};

use super::duration;
use super::item::{Item, Seen, Table};
use super::kill::KillPolicy;

/// The greatest pid on 64-bit Linux: `PID_MAX_LIMIT` of proc(5), 2^22.
const GREATEST_PID: u32 = 1 << 22;
/// For how long a process can be shown after its end.
const KEEP_STOPPED: RangeInclusive<Duration> =
    Duration::from_secs(1)..=Duration::from_hours(7 * 24);

/// An item of `process_watch`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum ProcessRule {
    /// Processes whose name or command line matches.
    Match {
        /// No two rules have the same.
        name: String,
        /// Searched in the process's name and in its whole command line.
        #[serde(rename = "match")]
        pattern: Pattern,
    },
    /// One process.
    Pid {
        /// 1 to 4 194 304.
        pid: u32,
    },
}

/// A regular expression that compiles, compared by its text.
#[derive(Clone)]
pub struct Pattern(Regex);

impl Pattern {
    /// Compiles an expression.
    ///
    /// # Errors
    /// What keeps it from compiling, in one line.
    pub fn new(expression: &str) -> Result<Self, String> {
        Regex::new(expression).map(Self).map_err(|error| {
            // The crate's own text draws the expression over several lines; the last has the reason.
            let text = error.to_string();
            let reason = text.lines().last().unwrap_or_default();
            reason.trim_start_matches("error: ").to_owned()
        })
    }

    /// The compiled expression.
    #[must_use]
    pub fn regex(&self) -> &Regex {
        &self.0
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_str() == other.0.as_str()
    }
}

impl fmt::Debug for Pattern {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.as_str().fmt(out)
    }
}

impl Serialize for Pattern {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.serialize_str(self.0.as_str())
    }
}

pub(super) fn read_rules(item: &Item<'_>) -> Option<Vec<ProcessRule>> {
    let mut seen = Seen::default();
    item.list(|item| item.table(|table| read_rule(table, &mut seen)))
}

fn read_rule(table: &mut Table<'_>, seen: &mut Seen) -> Option<ProcessRule> {
    match (table.get("name"), table.get("match"), table.get("pid")) {
        (Some(name), Some(pattern), None) => {
            let (name, pattern) = (name.unique_name(seen), read_pattern(&pattern));
            Some(ProcessRule::Match {
                name: name?,
                pattern: pattern?,
            })
        }
        (None, None, Some(pid)) => pid
            .whole(1..=GREATEST_PID)
            .map(|pid| ProcessRule::Pid { pid }),
        _ => {
            let (_, given) = table.keys();
            let found = if given.is_empty() {
                "nothing".to_owned()
            } else {
                given.join(" and ")
            };
            table.reject(&format!(
                "found {found}; accepted: both name and match, or pid alone"
            ))
        }
    }
}

/// Reads a regular expression.
pub(super) fn read_pattern(item: &Item<'_>) -> Option<Pattern> {
    match Pattern::new(item.text()?) {
        Ok(pattern) => Some(pattern),
        Err(reason) => item.refuse(format!("a regular expression, and this is none: {reason}")),
    }
}

/// Section `process`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ProcessConfig {
    /// How many of the busiest by CPU and by memory are kept beside the watched; 0 = none.
    pub top_n: u32,
    /// For how long a watched process that has ended is shown.
    #[serde(serialize_with = "duration::serialize")]
    pub keep_stopped: Duration,
    /// Which processes may be sent signals.
    pub kill: KillPolicy,
}

impl Default for ProcessConfig {
    fn default() -> Self {
        Self {
            top_n: 20,
            keep_stopped: Duration::from_hours(1),
            kill: KillPolicy::default(),
        }
    }
}

impl ProcessConfig {
    pub(super) fn read(&mut self, item: &Item<'_>) -> Option<()> {
        item.table(|table| {
            table.set("top_n", &mut self.top_n, |item| item.whole(0..=10_000));
            table.set("keep_stopped", &mut self.keep_stopped, |item| {
                item.duration(KEEP_STOPPED)
            });
            table.section("kill", |item| self.kill.read(item));
            Some(())
        })
    }
}
