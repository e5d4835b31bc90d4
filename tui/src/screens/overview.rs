//! One node at a glance: the rows of every other screen that matter most.

use etlmon_shared::path::PathStatus;
use etlmon_shared::process::ProcessStatus;

use super::{Context, Screen, problems};
use crate::frame::{Line, Role, Size};
use crate::model::Node;
use crate::table::{Table, TableState};

/// At this width sections stand side by side.
const TWO_COLUMNS: usize = 110;

/// Lower screens show what is wrong and nothing else.
const SECTIONS_FROM: usize = 6;

/// The sections in the order in which they are dropped last to first.
const SECTIONS: [(Screen, &str); 6] = [
    (Screen::Filesystems, "Fullest mounts"),
    (Screen::Processes, "Stopped and busiest processes"),
    (Screen::Paths, "Stalest paths"),
    (Screen::Cron, "Cron: wrong, missed, next"),
    (Screen::Transfers, "Recent transfers"),
    (Screen::Logs, "Logs"),
];

/// All sections, as far as there is room.
pub fn lines(node: &Node, size: Size, context: Context<'_>) -> Vec<Line> {
    if size.height < SECTIONS_FROM {
        let problems = problems::of(node, context).into_iter();
        return problems
            .map(|problem| Line::new(problem.role, &problem.text))
            .collect();
    }
    let mut lines = headline(node, context);
    let room = size.height.saturating_sub(lines.len());
    let columns = if size.width >= TWO_COLUMNS { 2 } else { 1 };
    let width = (size.width + 1) / columns - 1;
    let sections = |from: usize| {
        let of_column: Vec<_> = SECTIONS.iter().skip(from).step_by(columns).collect();
        let wanted = of_column
            .iter()
            .map(|(screen, _)| wanted(node, *screen, context));
        let heights = share(&wanted.collect::<Vec<_>>(), room);
        let with_height = of_column.into_iter().zip(heights);
        let mut lines: Vec<Line> = with_height
            .flat_map(|(section, height)| {
                section_lines(node, section, Size { width, height }, context)
            })
            .collect();
        lines.resize(room, Line::default());
        lines
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

/// Title and rows, with their heading.
fn wanted(node: &Node, screen: Screen, context: Context<'_>) -> usize {
    let table = screen.table(&[], node, context);
    match table.map_or(0, |table| table.rows.len()) {
        0 => 2,
        rows => rows.saturating_add(2),
    }
}

/// How many lines each section gets: first three, or two, each as long as there are any, then one by
/// one.
fn share(wanted: &[usize], room: usize) -> Vec<usize> {
    let mut left = room;
    let mut heights: Vec<usize> = Vec::with_capacity(wanted.len());
    for wanted in wanted {
        let height = (*wanted).min(3);
        let height = if height <= left { height } else { 0 };
        left -= height;
        heights.push(height);
    }
    while left > 0 {
        let before = left;
        for (height, wanted) in heights.iter_mut().zip(wanted) {
            if *height > 0 && *height < *wanted && left > 0 {
                *height += 1;
                left -= 1;
            }
        }
        if left == before {
            break;
        }
    }
    heights
}

/// Exactly `height` lines.
fn section_lines(
    node: &Node,
    (screen, title): &(Screen, &str),
    size: Size,
    context: Context<'_>,
) -> Vec<Line> {
    let mut lines = vec![Line::new(Role::Title, title)];
    let (refused, at) = screen.standing(node);
    let room = Size {
        height: size.height.saturating_sub(1),
        ..size
    };
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
        let by_rate = TableState {
            sort: Some(2),
            inverted: true,
            ..TableState::default()
        };
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
            rows.filter(|row| row.status == ProcessStatus::Stopped)
                .count()
        }
        Screen::Cron => {
            let rows = node.cron.rows.iter().flatten();
            rows.filter(|row| row.error_message.is_some()).count()
        }
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_share_the_lines_there_are() {
        assert_eq!(share(&[9, 2, 9], 8), [3, 2, 3]);
        assert_eq!(share(&[9, 2, 9], 11), [5, 2, 4]);
        assert_eq!(share(&[4, 2, 3], 50), [4, 2, 3]);
        assert_eq!(share(&[9, 9, 9], 4), [4, 0, 0]);
    }
}
