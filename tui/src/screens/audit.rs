//! The newest commands that a node was sent, latest first.

use etlmon_shared::audit::AuditEntry;

use super::{Context, moment};
use crate::frame::Role;
use crate::model::Node;
use crate::table::{Cell, Column, Row, Table};

const COLUMNS: &[Column] = &[
    Column {
        title: "AT (UTC)",
        priority: 1,
        right: false,
        least: 19,
    },
    Column {
        title: "OUTCOME",
        priority: 0,
        right: false,
        least: 6,
    },
    Column {
        title: "ACTION",
        priority: 0,
        right: false,
        least: 5,
    },
    Column {
        title: "TARGET",
        priority: 0,
        right: false,
        least: 16,
    },
    Column {
        title: "DETAIL",
        priority: 4,
        right: false,
        least: 6,
    },
    Column {
        title: "WHO",
        priority: 2,
        right: false,
        least: 4,
    },
    Column {
        title: "FROM",
        priority: 3,
        right: false,
        least: 6,
    },
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
