//! The file systems of a node, the fullest first.

use etlmon_shared::filesystem::{Filesystem, FilesystemStatus};

use super::{Context, age, duration, falling, percent, rising, size};
use crate::frame::Role;
use crate::model::Node;
use crate::table::{Cell, Column, Row, Table};

const COLUMNS: &[Column] = &[
    Column::left("STATUS", 2, 5),
    Column::right("USE%", 0, 4),
    Column::right("FULL IN", 1, 6),
    Column::right("AVAIL", 3, 6),
    Column::right("USED", 5, 6),
    Column::right("SIZE", 4, 6),
    Column::right("IUSE%", 6, 4),
    Column::left("MOUNT", 0, 20),
    Column::left("TYPE", 8, 4),
    Column::right("AGE", 7, 3),
    Column::left("DEVICE", 9, 8),
];

/// The table.
pub fn table(node: &Node, context: Context<'_>) -> Table {
    let mut rows: Vec<&Filesystem> = node.filesystems.rows.iter().flatten().collect();
    rows.sort_by(|a, b| urgency(b).total_cmp(&urgency(a)));
    Table {
        columns: COLUMNS,
        rows: rows.into_iter().map(|row| line(row, context)).collect(),
    }
}

/// How badly a file system needs a look: one that does not answer more than a full one.
fn urgency(row: &Filesystem) -> f64 {
    match row.status {
        FilesystemStatus::Ok => row.used_percent.unwrap_or(-1.0),
        FilesystemStatus::Stale | FilesystemStatus::Error => 200.0,
    }
}

fn line(row: &Filesystem, Context { thresholds, now }: Context<'_>) -> Row {
    let (status, role) = match row.status {
        FilesystemStatus::Ok if row.read_only => ("RO", Role::Plain),
        FilesystemStatus::Ok => ("OK", Role::Good),
        FilesystemStatus::Stale => ("STALE", Role::Bad),
        FilesystemStatus::Error => ("ERROR", Role::Bad),
    };
    let out_of_date = row.status != FilesystemStatus::Ok;
    let figure = |cell: Cell| {
        if out_of_date {
            cell.role(Role::Dim)
        } else {
            cell
        }
    };
    Row {
        id: row.mount_point.clone(),
        cells: vec![
            Cell::text(status).role(role),
            figure(
                percent(row.used_percent).role(rising(row.used_percent, thresholds.disk_percent)),
            ),
            figure(duration(row.full_in_sec).role(falling(row.full_in_sec, thresholds.full_in))),
            figure(size(row.avail_bytes)),
            figure(size(row.used_bytes)),
            figure(size(row.total_bytes)),
            figure(
                percent(row.inodes_used_percent)
                    .role(rising(row.inodes_used_percent, thresholds.inode_percent)),
            ),
            Cell::text(&row.mount_point),
            Cell::text(&row.fs_type),
            age(row.collected_at, now),
            Cell::text(&row.device),
        ],
    }
}
