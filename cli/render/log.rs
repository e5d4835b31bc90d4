//! Followed files, their lines, and what of them was never read.

use etlmon_shared::Timestamp;
use etlmon_shared::log::{LogFile, LogGap, LogGapReason, LogLine, LogStatus};
use etlmon_shared::text::lines_for_terminal;

use super::{Notes, Style, mark, tail};
use crate::human::{age, size};
use crate::table::Align::{Left, Right};
use crate::table::{Cell, Table, Tone};

/// The files of the followed logs.
pub(crate) fn logs(rows: &[LogFile], style: Style) -> String {
    let mut table = Table::new([
        ("", Left),
        ("SIZE", Right),
        ("LAG", Right),
        ("LINES", Right),
        ("LAST", Right),
        ("GAPS", Right),
        ("STATUS", Left),
        ("NAME", Left),
        ("PATH", Left),
    ]);
    for row in rows {
        let [mark, size, lag, lines, last, gaps, status] = figures(row, style.now);
        let (name, path) = (Cell::new(&row.name), Cell::new(&row.path));
        table.push([mark, size, lag, lines, last, gaps, status, name, path]);
    }
    table.render(style.colours) + &notes(rows).render(style.colours)
}

/// The files of the transfer logs, which have no other name than their path.
pub(crate) fn transfer_logs(rows: &[LogFile], style: Style) -> String {
    let mut table = Table::new([
        ("", Left),
        ("SIZE", Right),
        ("LAG", Right),
        ("LINES", Right),
        ("LAST", Right),
        ("GAPS", Right),
        ("STATUS", Left),
        ("PATH", Left),
    ]);
    for row in rows {
        let [mark, size, lag, lines, last, gaps, status] = figures(row, style.now);
        let path = Cell::new(&row.path);
        table.push([mark, size, lag, lines, last, gaps, status, path]);
    }
    table.render(style.colours) + &notes(rows).render(style.colours)
}

fn figures(row: &LogFile, now: Timestamp) -> [Cell; 7] {
    let (word, tone) = match row.status {
        LogStatus::Tailing => ("TAILING", Tone::Plain),
        LogStatus::Paused => ("PAUSED", Tone::Warning),
        LogStatus::Waiting => ("WAITING", Tone::Plain),
        LogStatus::Error => ("ERROR", Tone::Critical),
    };
    // There is more than is known where nobody saw the end of a gap.
    let more = if row.unmeasured_gap_count > 0 {
        "+"
    } else {
        ""
    };
    let gaps = Cell::new(format!("{}{more}", size(row.gap_bytes)));
    let has_gaps = row.gap_count > 0;
    [
        mark(row.status == LogStatus::Error || has_gaps),
        Cell::maybe(row.size_bytes, size),
        Cell::maybe(row.lag_bytes, size),
        Cell::new(row.lines_stored.to_string()),
        Cell::maybe(row.last_line_at, |at| age(at, now)),
        gaps.tone(if has_gaps { Tone::Warning } else { Tone::Plain }),
        Cell::new(word).tone(tone),
    ]
}

fn notes(rows: &[LogFile]) -> Notes {
    let mut notes = Notes::default();
    for row in rows {
        if row.status == LogStatus::Error {
            notes.add(format!("{}: ERROR{}", row.path, tail(&row.error_message)));
        }
        if row.gap_count > 0 {
            let unmeasured = row.unmeasured_gap_count;
            let mut gaps = Vec::new();
            match row.gap_count.saturating_sub(unmeasured) {
                0 => {}
                measured => gaps.push(format!("{} in {}", size(row.gap_bytes), count(measured))),
            }
            if unmeasured > 0 {
                gaps.push(format!("{} of unknown size", count(unmeasured)));
            }
            notes.add(format!("{}: never read: {}", row.path, gaps.join(", ")));
        }
        if let Some(damaged) = row.damaged_count.filter(|damaged| *damaged > 0) {
            let lines = if damaged == 1 { "line" } else { "lines" };
            notes.add(format!(
                "{}: {damaged} damaged {lines}, see `etlmon get xferlog-damaged`",
                row.path
            ));
        }
        if row.truncated_bytes > 0 {
            let left_out = size(row.truncated_bytes);
            notes.add_unmarked(format!(
                "{}: {left_out} of too long lines left out",
                row.path
            ));
        }
    }
    notes
}

fn count(gaps: u64) -> String {
    match gaps {
        1 => "1 gap".to_owned(),
        gaps => format!("{gaps} gaps"),
    }
}

/// A line as it stands in the file, safe for a terminal.
pub(crate) fn line(row: &LogLine) -> String {
    format!("{}\n", lines_for_terminal(&row.line))
}

/// What of a log was never read.
pub(crate) fn gaps(rows: &[LogGap], style: Style) -> String {
    let mut table = Table::new([
        ("NOTICED", Left),
        ("FROM", Right),
        ("TO", Right),
        ("SIZE", Right),
        ("INODE", Right),
        ("REASON", Left),
        ("PATH", Left),
    ]);
    for row in rows {
        let length = |to: u64| size(to.saturating_sub(row.from_offset));
        table.push([
            Cell::new(row.detected_at.to_string()),
            Cell::new(row.from_offset.to_string()),
            Cell::maybe(row.to_offset, |to| to.to_string()),
            Cell::maybe(row.to_offset, length),
            Cell::new(row.source_inode.to_string()),
            Cell::new(match row.reason {
                LogGapReason::Truncated => "truncated",
                LogGapReason::CopyTruncated => "copy_truncated",
                LogGapReason::Vanished => "vanished",
                LogGapReason::Damaged => "damaged",
                LogGapReason::HandleLimit => "handle_limit",
                LogGapReason::Unreadable => "unreadable",
                LogGapReason::StillWritten => "still_written",
            }),
            Cell::new(row.place.as_ref().unwrap_or(&row.log_path)),
        ]);
    }
    table.render(style.colours)
}
