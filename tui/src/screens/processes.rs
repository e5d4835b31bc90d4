//! The watched processes of a node and the busiest: those that stopped first, then by CPU.

use etlmon_shared::process::{Process, ProcessStatus};

use super::{Context, count, duration, rising, size};
use crate::frame::Role;
use crate::model::Node;
use crate::table::{Cell, Column, Row, Table};

const COLUMNS: &[Column] = &[
    Column::right("PID", 0, 5),
    Column::left("STATUS", 1, 7),
    Column::right("CPU%", 0, 4),
    Column::right("RSS", 2, 5),
    Column::left("NAME", 0, 12),
    Column::left("USER", 4, 4),
    Column::right("RUNTIME", 3, 5),
    Column::left("WATCH", 5, 5),
    Column::right("THR", 7, 3),
    Column::left("S", 8, 1),
    Column::left("COMMAND", 6, 20),
];

/// The table.
pub fn table(node: &Node, context: Context<'_>) -> Table {
    let mut rows: Vec<&Process> = node.processes.rows.iter().flatten().collect();
    let cpu = |row: &Process| row.cpu_percent.unwrap_or(-1.0);
    rows.sort_by(|a, b| {
        let stopped = |row: &Process| row.status != ProcessStatus::Stopped;
        stopped(a).cmp(&stopped(b)).then(cpu(b).total_cmp(&cpu(a)))
    });
    Table {
        columns: COLUMNS,
        rows: rows.into_iter().map(|row| line(row, context)).collect(),
    }
}

/// What tells a process from every other, also from a later one with its number.
pub fn id(row: &Process) -> String {
    format!("{} {}", row.pid, row.start_time)
}

fn line(row: &Process, Context { thresholds, .. }: Context<'_>) -> Row {
    let (status, role) = match row.status {
        ProcessStatus::Running => ("RUNNING", Role::Good),
        ProcessStatus::Stopped => ("STOPPED", Role::Bad),
    };
    let cpu = rising(row.cpu_percent, thresholds.cpu_percent);
    Row {
        id: id(row),
        cells: vec![
            count(Some(u64::from(row.pid))),
            Cell::text(status).role(role),
            Cell::number(row.cpu_percent, |share| format!("{share:.1}")).role(cpu),
            size(row.mem_rss_bytes),
            Cell::text(&row.process_name),
            Cell::text(row.user.as_deref().unwrap_or("-")),
            duration(Some(row.runtime_sec)),
            Cell::text(row.watch.as_deref().unwrap_or("-")),
            count(Some(row.threads)),
            Cell::text(&row.state),
            Cell::text(&row.cmdline),
        ],
    }
}
