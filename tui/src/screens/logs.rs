//! The followed log files of a node, by name.

use etlmon_shared::log::{LogFile, LogStatus};

use super::{Context, age, count, rising, size};
use crate::frame::Role;
use crate::model::{Node, float};
use crate::table::{Cell, Column, Row, Table};

const COLUMNS: &[Column] = &[
    Column {
        title: "LOG",
        priority: 0,
        right: false,
        least: 12,
    },
    Column {
        title: "STATUS",
        priority: 1,
        right: false,
        least: 6,
    },
    Column {
        title: "LINES/S",
        priority: 2,
        right: true,
        least: 5,
    },
    Column {
        title: "LAG",
        priority: 3,
        right: true,
        least: 4,
    },
    Column {
        title: "SIZE",
        priority: 5,
        right: true,
        least: 5,
    },
    Column {
        title: "LINES",
        priority: 6,
        right: true,
        least: 5,
    },
    Column {
        title: "LAST",
        priority: 4,
        right: true,
        least: 4,
    },
    Column {
        title: "LOST",
        priority: 7,
        right: true,
        least: 4,
    },
    Column {
        title: "PATH",
        priority: 0,
        right: false,
        least: 20,
    },
];

/// The table.
pub fn table(node: &Node, context: Context<'_>) -> Table {
    let rows = node.logs.rows.iter().flatten();
    Table {
        columns: COLUMNS,
        rows: rows.map(|row| line(node, row, context)).collect(),
    }
}

/// What tells a file from the others: two logs may follow the same one.
pub fn id(row: &LogFile) -> String {
    format!("{}\0{}", row.name, row.path)
}

fn line(node: &Node, row: &LogFile, Context { thresholds, now }: Context<'_>) -> Row {
    let (status, role) = match row.status {
        LogStatus::Tailing => ("TAILING", Role::Good),
        LogStatus::Paused => ("PAUSED", Role::Warn),
        LogStatus::Waiting => ("WAITING", Role::Dim),
        LogStatus::Error => ("ERROR", Role::Bad),
    };
    let rate = node.rates.get(&row.path).copied();
    let lost = if row.gap_count > 0 {
        Role::Bad
    } else {
        Role::Dim
    };
    Row {
        id: id(row),
        cells: vec![
            Cell::text(&row.name),
            Cell::text(status).role(role),
            Cell::number(rate, |rate| format!("{rate:.1}")),
            size(row.lag_bytes).role(rising(row.lag_bytes.map(float), thresholds.lag_bytes)),
            size(row.size_bytes),
            count(Some(row.lines_stored)),
            age(row.last_line_at, now),
            size(Some(row.gap_bytes)).role(lost),
            Cell::text(&row.path),
        ],
    }
}
