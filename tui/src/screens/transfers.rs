//! The newest transfers of a node, latest first.

use etlmon_shared::human;
use etlmon_shared::transfer::{Transfer, TransferDirection, TransferStatus};

use super::{Context, age, size};
use crate::frame::Role;
use crate::model::{Node, float};
use crate::table::{Cell, Column, Row, Table};

const COLUMNS: &[Column] = &[
    Column::right("AGO", 1, 4),
    Column::left("WAY", 2, 3),
    Column::left("STATUS", 3, 4),
    Column::right("SIZE", 4, 5),
    Column::right("RATE", 7, 5),
    Column::left("USER", 5, 4),
    Column::left("HOST", 6, 8),
    Column::left("FILE", 0, 26),
];

/// The parameters that a node knows for transfers.
pub const FILTERS: [&str; 5] = ["user", "host", "filename", "direction", "status"];

/// The table.
pub fn table(node: &Node, context: Context<'_>) -> Table {
    let rows = node
        .transfers
        .rows
        .iter()
        .flat_map(|(_, rows)| rows.iter().rev());
    Table {
        columns: COLUMNS,
        rows: rows.map(|row| line(row, context)).collect(),
    }
}

fn line(row: &Transfer, Context { now, .. }: Context<'_>) -> Row {
    let way = match row.direction {
        TransferDirection::Upload => "up",
        TransferDirection::Download => "down",
        TransferDirection::Delete => "del",
    };
    let (status, role) = match row.status {
        TransferStatus::Complete => ("complete", Role::Good),
        TransferStatus::Incomplete => ("incomplete", Role::Bad),
    };
    let seconds = row.transfer_time_sec.filter(|seconds| *seconds > 0.0);
    let rate = row
        .bytes
        .zip(seconds)
        .map(|(bytes, seconds)| float(bytes) / seconds);
    Row {
        id: row.id.to_string(),
        cells: vec![
            age(Some(row.log_time), now),
            Cell::text(way),
            Cell::text(status).role(role),
            size(row.bytes),
            Cell::number(rate, per_second),
            Cell::text(&row.username),
            Cell::text(&row.remote_host),
            Cell::text(&row.filename),
        ],
    }
}

fn per_second(rate: f64) -> String {
    let whole = format!("{rate:.0}");
    whole
        .parse()
        .map_or(whole, |bytes: u64| format!("{}/s", human::size(bytes)))
}
