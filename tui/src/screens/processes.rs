//! The watched processes of a node and the busiest: those that stopped first, then by CPU.

use etlmon_shared::process::{Process, ProcessStatus};

use super::{Context, count, duration, rising, size};
use crate::frame::Role;
use crate::model::Node;
use crate::table::{Cell, Column, Row, Table};

const COLUMNS: &[Column] = &[
    Column {
        title: "PID",
        priority: 0,
        right: true,
        least: 5,
    },
    Column {
        title: "STATUS",
        priority: 1,
        right: false,
        least: 7,
    },
    Column {
        title: "CPU%",
        priority: 0,
        right: true,
        least: 4,
    },
    Column {
        title: "RSS",
        priority: 2,
        right: true,
        least: 5,
    },
    Column {
        title: "NAME",
        priority: 0,
        right: false,
        least: 12,
    },
    Column {
        title: "USER",
        priority: 4,
        right: false,
        least: 4,
    },
    Column {
        title: "RUNTIME",
        priority: 3,
        right: true,
        least: 5,
    },
    Column {
        title: "WATCH",
        priority: 5,
        right: false,
        least: 5,
    },
    Column {
        title: "THR",
        priority: 7,
        right: true,
        least: 3,
    },
    Column {
        title: "S",
        priority: 8,
        right: false,
        least: 1,
    },
    Column {
        title: "COMMAND",
        priority: 6,
        right: false,
        least: 20,
    },
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
