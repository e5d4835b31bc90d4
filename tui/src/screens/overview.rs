//! One node at a glance: the rows of every other screen that matter most.

use etlmon_shared::path::PathStatus;
use etlmon_shared::process::ProcessStatus;

use super::{Context, Screen, problems};
use crate::frame::{Line, Role, Size};
use crate::model::Node;
use crate::table::{Table, TableState};

/// At this width sections stand side by side.
const TWO_COLUMNS: usize = 110;

/// The sections in the order in which they are dropped last to first.
const SECTIONS: [(Screen, &str); 6] = [
    (Screen::Filesystems, "Fullest mounts"),
    (Screen::Processes, "Stopped and busiest processes"),
    (Screen::Paths, "Stalest paths"),
    (Screen::Cron, "Cron: wrong, then next"),
    (Screen::Transfers, "Recent transfers"),
    (Screen::Logs, "Logs"),
];

/// All sections, as far as there is room.
pub fn lines(node: &Node, size: Size, context: Context<'_>) -> Vec<Line> {
    let mut lines = headline(node, context);
    let room = size.height.saturating_sub(lines.len());
    let columns = if size.width >= TWO_COLUMNS { 2 } else { 1 };
    // A section has a title, a heading and at least one row; what does not fit is left out.
    let rows = SECTIONS.len().div_ceil(columns);
    let fitting = (room / 3).clamp(1, rows);
    let height = room / fitting;
    let width = (size.width + 1) / columns - 1;
    let sections = |from: usize| {
        let shown = SECTIONS.iter().skip(from).step_by(columns).take(fitting);
        let size = Size { width, height };
        shown.flat_map(|section| section_lines(node, section, size, context)).collect::<Vec<_>>()
    };
    let left = sections(0);
    if columns == 1 {
        lines.extend(left);
        return lines;
    }
    for (mut left, right) in left.into_iter().zip(sections(1)) {
        left = left.cut(width);
        left.pad_to(width + 1);
        left.append(right);
        lines.push(left);
    }
    lines
}

/// What is wrong, in one line.
fn headline(node: &Node, context: Context<'_>) -> Vec<Line> {
    let problems = problems::of(node, context);
    let mut line = Line::default();
    if problems.is_empty() {
        line.push(Role::Good, "no problems known");
    }
    for (at, problem) in problems.iter().enumerate() {
        if at > 0 {
            line.push(Role::Dim, " · ");
        }
        line.push(problem.role, &problem.text);
    }
    vec![line]
}

/// Exactly `height` lines.
fn section_lines(node: &Node, (screen, title): &(Screen, &str), size: Size, context: Context<'_>) -> Vec<Line> {
    let mut lines = vec![Line::new(Role::Title, title)];
    let (refused, at) = screen.standing(node);
    let room = Size { height: size.height.saturating_sub(1), ..size };
    match (refused, screen.table(&[], node, context)) {
        (Some(reason), _) => lines.push(Line::new(Role::Warn, reason)),
        (None, Some(table)) if !table.rows.is_empty() => {
            lines.extend(by_urgency(*screen, node, table).lines(None, room));
        }
        _ if at.is_some() => lines.push(Line::new(Role::Dim, "none")),
        _ => lines.push(Line::new(Role::Dim, "-")),
    }
    lines.resize(size.height, Line::default());
    lines
}

/// Logs by their rate; all others have the right order already.
fn by_urgency(screen: Screen, node: &Node, mut table: Table) -> Table {
    if screen == Screen::Logs && !node.rates.is_empty() {
        let by_rate = TableState { sort: Some(2), inverted: true, ..TableState::default() };
        table.arrange(&by_rate);
    }
    table
}

/// The numbers behind the names of screens: what is wrong in them.
pub fn wrong(node: &Node, screen: Screen) -> usize {
    match screen {
        Screen::Paths => {
            let rows = node.paths.rows.iter().flatten();
            rows.filter(|row| row.status == PathStatus::Error).count()
        }
        Screen::Processes => {
            let rows = node.processes.rows.iter().flatten();
            rows.filter(|row| row.status == ProcessStatus::Stopped).count()
        }
        Screen::Cron => {
            let rows = node.cron.rows.iter().flatten();
            rows.filter(|row| row.error_message.is_some()).count()
        }
        _ => 0,
    }
}
