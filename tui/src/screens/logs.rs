//! The followed log files of a node, by name.

use etlmon_shared::log::{LogFile, LogStatus};

use super::{Context, age, count, rising, size};
use crate::frame::Role;
use crate::model::{Node, float};
use crate::table::{Cell, Column, Row, Table};

const COLUMNS: &[Column] = &[
    Column::left("LOG", 0, 12),
    Column::left("STATUS", 1, 6),
    Column::right("LINES/S", 2, 5),
    Column::right("LAG", 3, 4),
    Column::right("SIZE", 5, 5),
    Column::right("LINES", 6, 5),
    Column::right("LAST", 4, 4),
    Column::right("LOST", 7, 4),
    Column::left("PATH", 0, 20),
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
