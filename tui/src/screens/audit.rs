//! The newest commands that a node was sent, latest first.

use etlmon_shared::audit::AuditEntry;

use super::{Context, moment};
use crate::frame::Role;
use crate::model::Node;
use crate::table::{Cell, Column, Row, Table};

const COLUMNS: &[Column] = &[
    Column::left("AT (UTC)", 1, 19),
    Column::left("OUTCOME", 0, 6),
    Column::left("ACTION", 0, 5),
    Column::left("TARGET", 0, 16),
    Column::left("DETAIL", 4, 6),
    Column::left("WHO", 2, 4),
    Column::left("FROM", 3, 6),
];

/// The table.
pub fn table(node: &Node, _: Context<'_>) -> Table {
    let rows = node.audit.rows.iter().flatten().rev();
    Table {
        columns: COLUMNS,
        rows: rows.map(line).collect(),
    }
}

fn line(entry: &AuditEntry) -> Row {
    let role = if entry.outcome == "done" {
        Role::Good
    } else {
        Role::Warn
    };
    Row {
        id: entry.id.to_string(),
        cells: vec![
            Cell::text(moment(entry.at)),
            Cell::text(&entry.outcome).role(role),
            Cell::text(&entry.action),
            Cell::text(&entry.target),
            Cell::text(entry.detail.as_deref().unwrap_or("-")),
            Cell::text(entry.who.as_deref().unwrap_or("-")),
            Cell::text(&entry.remote),
        ],
    }
}
