//! Processes, and the rules by which they are watched.

use etlmon_shared::process::{Process, ProcessRuleState, ProcessStatus};

use super::{Style, mark};
use crate::human::{duration, size};
use crate::table::Align::{Left, Right};
use crate::table::{Cell, Table, Tone};

/// The processes, as `top` shows them.
pub(crate) fn processes(rows: &[Process], style: Style) -> String {
    let mut table = Table::new([
        ("PID", Right),
        ("USER", Left),
        ("CPU%", Right),
        ("RSS", Right),
        ("THR", Right),
        ("RUNTIME", Right),
        ("STATE", Left),
        ("WATCH", Left),
        ("NAME", Left),
        ("COMMAND", Left),
    ]);
    for row in rows {
        let state = match row.status {
            ProcessStatus::Running => Cell::new(&row.state),
            ProcessStatus::Stopped => Cell::new("STOPPED").tone(Tone::Warning),
        };
        table.push([
            Cell::new(row.pid.to_string()),
            Cell::maybe(row.user.as_ref(), |user| user),
            Cell::maybe(row.cpu_percent, |percent| format!("{percent:.1}")),
            Cell::maybe(row.mem_rss_bytes, size),
            Cell::new(row.threads.to_string()),
            Cell::new(duration(row.runtime_sec)),
            state,
            Cell::maybe(row.watch.as_ref(), |watch| watch),
            Cell::new(&row.process_name),
            Cell::new(&row.cmdline),
        ]);
    }
    table.render(style.colours)
}

/// The rules; one that matches nothing may be misspelt.
pub(crate) fn process_rules(rows: &[ProcessRuleState], style: Style) -> String {
    let mut table = Table::new([("", Left), ("MATCHES", Right), ("WATCH", Left)]);
    for row in rows {
        table.push([
            mark(row.matched == 0),
            Cell::new(row.matched.to_string()),
            Cell::new(&row.watch),
        ]);
    }
    table.render(style.colours)
}
