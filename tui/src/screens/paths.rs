//! The configured paths of a node: errors first, then those whose figures are oldest.

use std::collections::VecDeque;

use etlmon_shared::Timestamp;
use etlmon_shared::human;
use etlmon_shared::path::{PathEntryKind, PathStats, PathStatus};

use super::{Context, age, count, countdown, size};
use crate::frame::{Line, Role};
use crate::model::{Node, float};
use crate::table::{Cell, Column, Row, SortKey, Table};

const COLUMNS: &[Column] = &[
    Column::left("STATUS", 1, 5),
    Column::right("FILES", 0, 5),
    Column::right("DIRS", 6, 4),
    Column::right("SIZE", 4, 5),
    Column::right("NEWEST", 3, 5),
    Column::left("TREND", 5, 6),
    Column::right("AGE", 2, 3),
    Column::right("NEXT", 7, 3),
    Column::right("TOOK", 8, 4),
    Column::left("PATH", 0, 28),
];

/// Moments of a trend that a cell shows.
const CELL: usize = 12;

/// The table.
pub fn table(node: &Node, context: Context<'_>) -> Table {
    let mut rows: Vec<&PathStats> = node.paths.rows.iter().flatten().collect();
    rows.sort_by_key(|row| (row.status != PathStatus::Error, row.collected_at));
    let line = |row: &PathStats| line(node, row, context);
    Table {
        columns: COLUMNS,
        rows: rows.into_iter().map(line).collect(),
    }
}

fn line(node: &Node, row: &PathStats, Context { now, .. }: Context<'_>) -> Row {
    let (status, role) = match row.status {
        PathStatus::Ok if row.unreadable_count.is_some_and(|count| count > 0) => {
            ("PARTLY", Role::Warn)
        }
        PathStatus::Ok => ("OK", Role::Good),
        PathStatus::Scanning => ("SCAN", Role::Plain),
        PathStatus::Error => ("ERROR", Role::Bad),
    };
    // A figure older than three scans means that scans don't end.
    let late = row.collected_at.is_some_and(|at| {
        let ms = now.as_millis().saturating_sub(at.as_millis());
        u64::try_from(ms).is_ok_and(|ms| ms / 1000 > row.scan_interval_sec.saturating_mul(3))
    });
    let age_role = if late { Role::Warn } else { Role::Plain };
    let took = row.scan_duration_ms;
    Row {
        id: row.path.clone(),
        cells: vec![
            Cell::text(status).role(role),
            count(row.file_count),
            count(row.dir_count),
            size(row.total_bytes),
            age(row.newest_mtime, now),
            trend(node.trends.get(&row.path)),
            age(row.collected_at, now).role(age_role),
            countdown(row.next_scan_at, now),
            Cell::number(took.map(float), |_| human::duration_ms(took.unwrap_or(0))),
            Cell::text(&row.path),
        ],
    }
}

fn trend(past: Option<&VecDeque<(Timestamp, u64)>>) -> Cell {
    let counts: Vec<u64> = past
        .into_iter()
        .flatten()
        .map(|(_, files)| *files)
        .collect();
    let (first, last) = (counts.first(), counts.last());
    let Some((first, last)) = first.zip(last).filter(|_| counts.len() > 1) else {
        return Cell::number(None, |_| String::new());
    };
    let change = float(*last) - float(*first);
    let newest = counts
        .get(counts.len().saturating_sub(CELL)..)
        .unwrap_or_default();
    Cell {
        text: format!("{} {change:+}", sparkline(newest)),
        role: Role::Plain,
        key: SortKey::Number(change),
    }
}

/// Numbers as bars between the lowest and the highest of them.
pub fn sparkline(numbers: &[u64]) -> String {
    const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let lowest = numbers.iter().min().copied().unwrap_or(0);
    let span = numbers.iter().max().map_or(0, |highest| highest - lowest);
    let bar = |number: &u64| {
        let step = u128::from(number - lowest) * 7 / u128::from(span.max(1));
        BARS.get(usize::try_from(step).unwrap_or(0))
            .copied()
            .unwrap_or(' ')
    };
    numbers.iter().map(bar).collect()
}

/// The trend and the biggest entries of a path, below its fields.
pub fn more(node: &Node, path: &str, now: Timestamp) -> Vec<Line> {
    let mut lines = Vec::new();
    let past = node.trends.get(path);
    let counts: Vec<u64> = past
        .into_iter()
        .flatten()
        .map(|(_, files)| *files)
        .collect();
    if let Some((since, _)) = past.and_then(VecDeque::front).filter(|_| counts.len() > 1) {
        lines.push(Line::default());
        let since = human::age(*since, now);
        lines.push(Line::new(
            Role::Title,
            &format!("Files over the last {since}"),
        ));
        lines.push(Line::new(Role::Plain, &sparkline(&counts)));
    }
    lines.push(Line::default());
    lines.push(Line::new(Role::Title, "Biggest entries"));
    match (&node.top.rows, &node.top.refused) {
        (Some((of, entries)), _) if of == path && !entries.is_empty() => {
            for entry in entries {
                let mark = if entry.kind == PathEntryKind::Dir {
                    "/"
                } else {
                    ""
                };
                let text = format!(
                    "{:>7}  {:>9} files  {}{mark}",
                    human::size(entry.bytes),
                    entry.file_count,
                    entry.name
                );
                lines.push(Line::new(Role::Plain, &text));
            }
        }
        (_, Some(reason)) => lines.push(Line::new(Role::Warn, reason)),
        (Some((of, _)), None) if of == path => {
            let text = "none: empty, or measure_sizes is off for this path";
            lines.push(Line::new(Role::Dim, text));
        }
        _ => lines.push(Line::new(Role::Dim, "asking")),
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_reach_from_the_lowest_to_the_highest() {
        assert_eq!(sparkline(&[5, 12, 19]), "▁▄█");
        assert_eq!(sparkline(&[7, 7]), "▁▁");
        assert_eq!(sparkline(&[0, u64::MAX]), "▁█");
        assert_eq!(sparkline(&[]), "");
    }
}
