//! The screens: each turns what is known of a node into a table.

pub mod audit;
pub mod cron;
pub mod detail;
pub mod filesystems;
pub mod logs;
pub mod nodes;
pub mod overview;
pub mod paths;
pub mod problems;
pub mod processes;
pub mod transfers;

use std::collections::BTreeSet;

use etlmon_shared::Timestamp;
use etlmon_shared::human;

use crate::config::Thresholds;
use crate::frame::Role;
use crate::model::Node;
use crate::query::Query;
use crate::table::{Cell, SortKey, Table};

/// A screen of the console.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Screen {
    /// All nodes.
    #[default]
    Nodes,
    /// One node at a glance.
    Overview,
    /// Its file systems.
    Filesystems,
    /// Its configured paths.
    Paths,
    /// Its logs.
    Logs,
    /// Its processes.
    Processes,
    /// Its cron jobs.
    Cron,
    /// Its newest transfers.
    Transfers,
    /// The newest commands.
    Audit,
}

/// All screens in the order of their number keys.
pub const ALL: [Screen; 9] = [
    Screen::Nodes,
    Screen::Overview,
    Screen::Filesystems,
    Screen::Paths,
    Screen::Logs,
    Screen::Processes,
    Screen::Cron,
    Screen::Transfers,
    Screen::Audit,
];

/// What screens are drawn from beside a node.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// When a value needs a look.
    pub thresholds: &'a Thresholds,
    /// The moment that ages are counted from.
    pub now: Timestamp,
}

impl Screen {
    /// Its name on the screen.
    pub fn title(self) -> &'static str {
        match self {
            Self::Nodes => "Nodes",
            Self::Overview => "Overview",
            Self::Filesystems => "Filesystems",
            Self::Paths => "Paths",
            Self::Logs => "Logs",
            Self::Processes => "Processes",
            Self::Cron => "Cron",
            Self::Transfers => "Transfers",
            Self::Audit => "Audit",
        }
    }

    /// Its name as an argument or command.
    pub fn name(self) -> String {
        self.title().to_lowercase()
    }

    /// The screen of this name, or the only one that begins so.
    pub fn named(name: &str) -> Option<Self> {
        let name = name.to_lowercase();
        let mut found = ALL
            .into_iter()
            .filter(|screen| screen.name().starts_with(&name));
        let first = found.next().filter(|_| !name.is_empty())?;
        match found.next() {
            None => Some(first),
            Some(_) => None,
        }
    }

    /// Its place among all.
    pub fn index(self) -> usize {
        ALL.iter().position(|screen| *screen == self).unwrap_or(0)
    }

    /// What it asks of the chosen node, beside what `overview_queries` asks of every node.
    pub fn queries(self) -> Vec<Query> {
        match self {
            Self::Nodes | Self::Filesystems => Vec::new(),
            Self::Overview => vec![
                Query::Paths,
                Query::Logs,
                Query::Processes,
                Query::Cron,
                Query::Transfers(Vec::new()),
            ],
            Self::Paths => vec![Query::Paths],
            Self::Logs => vec![Query::Logs],
            Self::Processes => vec![Query::Processes],
            Self::Cron => vec![Query::Cron],
            Self::Transfers => Vec::new(),
            Self::Audit => vec![Query::Audit],
        }
    }

    /// Its table; none for the overview, which has several.
    pub fn table(self, nodes: &[Node], node: &Node, context: Context<'_>) -> Option<Table> {
        Some(match self {
            Self::Nodes => nodes::table(nodes, context),
            Self::Overview => return None,
            Self::Filesystems => filesystems::table(node, context),
            Self::Paths => paths::table(node, context),
            Self::Logs => logs::table(node, context),
            Self::Processes => processes::table(node, context),
            Self::Cron => cron::table(node, context),
            Self::Transfers => transfers::table(node, context),
            Self::Audit => audit::table(node, context),
        })
    }

    /// Why it may show nothing, or nothing new: the node's refusal, and when its rows came.
    pub fn standing(self, node: &Node) -> (Option<&str>, Option<Timestamp>) {
        match self {
            Self::Nodes | Self::Overview => (None, node.seen_at),
            Self::Filesystems => (node.filesystems.refused.as_deref(), node.filesystems.at),
            Self::Paths => (node.paths.refused.as_deref(), node.paths.at),
            Self::Logs => (node.logs.refused.as_deref(), node.logs.at),
            Self::Processes => (node.processes.refused.as_deref(), node.processes.at),
            Self::Cron => (node.cron.refused.as_deref(), node.cron.at),
            Self::Transfers => (node.transfers.refused.as_deref(), node.transfers.at),
            Self::Audit => (node.audit.refused.as_deref(), node.audit.at),
        }
    }
}

/// What is asked of every node, whatever is on the screen.
pub fn overview_queries() -> BTreeSet<Query> {
    BTreeSet::from([Query::Health, Query::Filesystems])
}

/// What is asked of every node now and then, since it may hold problems.
pub fn list_queries() -> BTreeSet<Query> {
    BTreeSet::from([Query::Paths, Query::Logs, Query::Processes, Query::Cron])
}

fn size(bytes: Option<u64>) -> Cell {
    Cell::number(bytes.map(crate::model::float), |_| {
        bytes.map_or_else(String::new, human::size)
    })
}

fn count(number: Option<u64>) -> Cell {
    Cell::number(number.map(crate::model::float), |_| {
        number.unwrap_or(0).to_string()
    })
}

fn percent(share: Option<f64>) -> Cell {
    // Rounded up, as df does: 100 % free for nobody is no 99 %.
    Cell::number(share, |share| format!("{:.0}%", share.ceil()))
}

/// How long ago; the older, the later in the order.
fn age(moment: Option<Timestamp>, now: Timestamp) -> Cell {
    let Some(moment) = moment else {
        return Cell::number(None, |_| String::new());
    };
    let ms = now.as_millis().saturating_sub(moment.as_millis());
    let seconds = u64::try_from(ms).unwrap_or(0) / 1000;
    Cell {
        text: human::age(moment, now),
        role: Role::Plain,
        key: SortKey::Number(crate::model::float(seconds)),
    }
}

/// How long until then; what is overdue says so.
fn countdown(moment: Option<Timestamp>, now: Timestamp) -> Cell {
    let Some(moment) = moment else {
        return Cell::number(None, |_| String::new());
    };
    let left = moment.as_millis().saturating_sub(now.as_millis());
    let key = match u64::try_from(left) {
        Ok(left) => SortKey::Number(crate::model::float(left)),
        Err(_) => SortKey::Number(-crate::model::float(left.unsigned_abs())),
    };
    let text = match u64::try_from(left) {
        Ok(left) => human::duration(left.div_ceil(1000)),
        Err(_) => format!("-{}", human::age(moment, now)),
    };
    let role = Role::Plain;
    Cell { text, role, key }
}

fn duration(seconds: Option<u64>) -> Cell {
    Cell::number(seconds.map(crate::model::float), |_| {
        human::duration(seconds.unwrap_or(0))
    })
}

/// When, in UTC, to the second.
pub fn moment(moment: Timestamp) -> String {
    let text = moment.to_string();
    let shown = text.get(..19).unwrap_or(&text);
    shown.replace('T', " ")
}

/// Of a value that is worse the higher it is.
fn rising(value: Option<f64>, [warn, bad]: [f64; 2]) -> Role {
    match value {
        Some(value) if value >= bad => Role::Bad,
        Some(value) if value >= warn => Role::Warn,
        Some(_) => Role::Plain,
        None => Role::Dim,
    }
}

/// Of a time that is worse the shorter it is.
fn falling(seconds: Option<u64>, [warn, bad]: [std::time::Duration; 2]) -> Role {
    match seconds {
        Some(seconds) if seconds <= bad.as_secs() => Role::Bad,
        Some(seconds) if seconds <= warn.as_secs() => Role::Warn,
        Some(_) => Role::Plain,
        None => Role::Dim,
    }
}
