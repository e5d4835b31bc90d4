//! All nodes, sorted by what breaks next.

use etlmon_shared::Timestamp;
use etlmon_shared::health::{CollectorStatus, HealthStatus};

use super::{Context, age, duration, falling, problems, rising};
use crate::frame::Role;
use crate::model::{Link, Node};
use crate::table::{Cell, Column, Row, SortKey, Table};

const COLUMNS: &[Column] = &[
    Column::left("NODE", 0, 14),
    Column::left("STATE", 0, 6),
    Column::right("SEEN", 3, 3),
    Column::right("COLL", 5, 3),
    Column::left("FULLEST", 2, 14),
    Column::right("FULL IN", 4, 5),
    Column::left("PROBLEMS", 1, 26),
];

/// The table.
pub fn table(nodes: &[Node], context: Context<'_>) -> Table {
    let mut rows: Vec<_> = nodes.iter().map(|node| line(node, context)).collect();
    rows.sort_by(|(a, _), (b, _)| b.total_cmp(a));
    Table {
        columns: COLUMNS,
        rows: rows.into_iter().map(|(_, row)| row).collect(),
    }
}

/// The row, and how soon it needs a look.
fn line(node: &Node, context: Context<'_>) -> (f64, Row) {
    let problems = problems::of(node, context);
    let weight = problems.first().map_or(0.0, |problem| problem.weight);
    let (state, role) = state(node, context.now);
    let told = match problems.as_slice() {
        [] => Cell::text(""),
        [one] => Cell::text(&one.text).role(one.role),
        [first, others @ ..] => {
            Cell::text(format!("{} (+{} more)", first.text, others.len())).role(first.role)
        }
    };
    let (fullest, soonest) = disks(node);
    let share = fullest.as_ref().map(|(share, _)| *share);
    let full = Cell::number(share, |share| {
        let mount = fullest.as_ref().map_or("", |(_, mount)| mount);
        format!("{:.0}% {mount}", share.ceil())
    });
    let thresholds = context.thresholds;
    let cells = vec![
        Cell::text(&node.name),
        Cell::text(state).role(role),
        age(node.seen_at, context.now),
        collectors(node),
        full.role(rising(share, thresholds.disk_percent)),
        duration(soonest).role(falling(soonest, thresholds.full_in)),
        told,
    ];
    let id = node.name.clone();
    (weight, Row { id, cells })
}

/// A node's state in a word.
pub fn state(node: &Node, now: Timestamp) -> (&'static str, Role) {
    match (&node.link, &node.health.rows) {
        (Link::Down { .. }, _) => ("DOWN", Role::Bad),
        (Link::Up, _) if node.slow_since(now).is_some() => ("SLOW", Role::Warn),
        (Link::Up, _) if node.health.refused.is_some() => ("REFUSES", Role::Bad),
        (Link::Asking, _) | (Link::Up, None) => ("ASKING", Role::Dim),
        (Link::Up, Some(health)) => match health.status {
            HealthStatus::Ok => ("OK", Role::Good),
            HealthStatus::Degraded => ("DEGRADED", Role::Warn),
            HealthStatus::Failed => ("FAILED", Role::Bad),
        },
    }
}

fn collectors(node: &Node) -> Cell {
    let Some(health) = &node.health.rows else {
        return Cell::number(None, |_| String::new());
    };
    let all = health.collectors.len();
    let is_running = |status: CollectorStatus| status == CollectorStatus::Running;
    let running = health
        .collectors
        .iter()
        .filter(|collector| is_running(collector.status))
        .count();
    let lame = u64::try_from(all - running).unwrap_or(u64::MAX);
    Cell {
        text: format!("{running}/{all}"),
        role: if lame > 0 { Role::Warn } else { Role::Plain },
        key: SortKey::Number(crate::model::float(lame)),
    }
}

/// The fullest mount, and when the first one will be full.
fn disks(node: &Node) -> (Option<(f64, String)>, Option<u64>) {
    let rows = || node.filesystems.rows.iter().flatten();
    let shares = rows().filter_map(|row| Some((row.used_percent?, row.mount_point.clone())));
    let fullest = shares.max_by(|(a, _), (b, _)| a.total_cmp(b));
    (fullest, rows().filter_map(|row| row.full_in_sec).min())
}
