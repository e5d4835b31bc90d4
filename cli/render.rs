//! What the node answers as text for people: a table, and below it what needs a look.

mod audit;
mod cron;
mod health;
mod log;
mod process;
#[cfg(test)]
mod tests;
mod transfer;

use std::fmt::Write as _;

use etlmon_shared::Timestamp;
use etlmon_shared::filesystem::{Filesystem, FilesystemSample, FilesystemStatus};
use etlmon_shared::path::{PathEntryKind, PathStats, PathStatus, PathTopEntry};
use etlmon_shared::text::for_terminal;

use crate::human::{age, duration, duration_ms, percent, size};
use crate::table::Align::{Left, Right};
use crate::table::{Cell, Table, Tone};

pub(crate) use audit::audit;
pub(crate) use cron::cron;
pub(crate) use health::health;
pub(crate) use log::{gaps, line, logs, transfer_logs};
pub(crate) use process::{process_rules, processes};
pub(crate) use transfer::{damaged, transfers};

/// Marks a row or a line that needs a look.
const MARK: &str = "!";

/// How to render.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Style {
    /// The moment from which ages count.
    pub(crate) now: Timestamp,
    /// Whether the reader is a terminal that shows colours.
    pub(crate) colours: bool,
}

/// The mounted file systems, as `df` shows them.
pub(crate) fn filesystems(rows: &[Filesystem], style: Style) -> String {
    let mut table = Table::new([
        ("", Left),
        ("SIZE", Right),
        ("USED", Right),
        ("AVAIL", Right),
        ("USE%", Right),
        ("IUSE%", Right),
        ("FULL IN", Right),
        ("TYPE", Left),
        ("DEVICE", Left),
        ("MOUNT", Left),
    ]);
    let mut notes = Notes::default();
    for row in rows {
        let read_only = if row.read_only { ",ro" } else { "" };
        let inodes = row.inodes_used.zip(row.inodes_total);
        table.push([
            mark(row.status != FilesystemStatus::Ok),
            Cell::maybe(row.total_bytes, size),
            Cell::maybe(row.used_bytes, size),
            Cell::maybe(row.avail_bytes, size),
            share(used_percent(row.used_bytes, row.avail_bytes)),
            share(inodes.and_then(|(used, total)| percent(used, total.into()))),
            Cell::maybe(row.full_in_sec, duration),
            Cell::new(format!("{}{read_only}", row.fs_type)),
            Cell::new(&row.device),
            Cell::new(&row.mount_point),
        ]);
        let status = match row.status {
            FilesystemStatus::Ok => continue,
            FilesystemStatus::Stale => "STALE",
            FilesystemStatus::Error => "ERROR",
        };
        let figures = figures_of(row.collected_at, style.now);
        notes.add(format!(
            "{}: {status}, {figures}{}",
            row.mount_point,
            tail(&row.error_message)
        ));
    }
    table.render(style.colours) + &notes.render(style.colours)
}

/// The past of one file system.
pub(crate) fn history(rows: &[FilesystemSample], style: Style) -> String {
    let mut table = Table::new([
        ("AT", Left),
        ("SIZE", Right),
        ("USED", Right),
        ("AVAIL", Right),
        ("USE%", Right),
    ]);
    for row in rows {
        table.push([
            Cell::new(row.at.to_string()),
            Cell::new(size(row.total_bytes)),
            Cell::new(size(row.used_bytes)),
            Cell::new(size(row.avail_bytes)),
            share(used_percent(Some(row.used_bytes), Some(row.avail_bytes))),
        ]);
    }
    table.render(style.colours)
}

/// The configured paths.
pub(crate) fn paths(rows: &[PathStats], style: Style) -> String {
    let now = style.now;
    let mut table = Table::new([
        ("", Left),
        ("FILES", Right),
        ("DIRS", Right),
        ("SIZE", Right),
        ("NEWEST", Right),
        ("OLDEST", Right),
        ("TOOK", Right),
        ("AGE", Right),
        ("STATUS", Left),
        ("PATH", Left),
    ]);
    let mut notes = Notes::default();
    for row in rows {
        let (word, tone) = match row.status {
            PathStatus::Ok => ("OK", Tone::Plain),
            PathStatus::Scanning => ("SCANNING", Tone::Plain),
            PathStatus::Error => ("ERROR", Tone::Critical),
        };
        let unreadable = row.unreadable_count.unwrap_or(0);
        let needs_a_look =
            row.status == PathStatus::Error || unreadable > 0 || row.error_message.is_some();
        table.push([
            mark(needs_a_look),
            Cell::maybe(row.file_count, |count| count.to_string()),
            Cell::maybe(row.dir_count, |count| count.to_string()),
            Cell::maybe(row.total_bytes, size),
            Cell::maybe(row.newest_mtime, |at| age(at, now)),
            Cell::maybe(row.oldest_mtime, |at| age(at, now)),
            Cell::maybe(row.scan_duration_ms, duration_ms),
            Cell::maybe(row.collected_at, |at| age(at, now)),
            Cell::new(word).tone(tone),
            Cell::new(&row.path),
        ]);
        if needs_a_look {
            let what = match (row.status, unreadable) {
                (PathStatus::Error, _) => format!("{word}, {}", figures_of(row.collected_at, now)),
                (_, 0) => word.to_owned(),
                (_, count) => format!("{count} unreadable directories are not counted"),
            };
            notes.add(format!("{}: {what}{}", row.path, tail(&row.error_message)));
        }
    }
    table.render(style.colours) + &notes.render(style.colours)
}

/// The biggest entries of a path.
pub(crate) fn top(rows: &[PathTopEntry], style: Style) -> String {
    let mut table = Table::new([
        ("SIZE", Right),
        ("FILES", Right),
        ("CHANGED", Right),
        ("KIND", Left),
        ("NAME", Left),
    ]);
    for row in rows {
        table.push([
            Cell::new(size(row.bytes)),
            Cell::new(row.file_count.to_string()),
            Cell::maybe(row.mtime, |at| age(at, style.now)),
            Cell::new(match row.kind {
                PathEntryKind::File => "file",
                PathEntryKind::Dir => "dir",
            }),
            Cell::new(&row.name),
        ]);
    }
    table.render(style.colours)
}

/// The share that `df` shows: used of what unprivileged users can use at all.
fn used_percent(used: Option<u64>, avail: Option<u64>) -> Option<u64> {
    let (used, avail) = used.zip(avail)?;
    percent(used, u128::from(used) + u128::from(avail))
}

fn share(percent: Option<u64>) -> Cell {
    let tone = match percent {
        Some(90..) => Tone::Critical,
        Some(80..90) => Tone::Warning,
        _ => Tone::Plain,
    };
    Cell::maybe(percent, |percent| format!("{percent}%")).tone(tone)
}

fn mark(needs_a_look: bool) -> Cell {
    Cell::new(if needs_a_look { MARK } else { "" }).tone(Tone::Critical)
}

fn figures_of(collected_at: Option<Timestamp>, now: Timestamp) -> String {
    match collected_at {
        Some(at) => format!("figures are {} old", age(at, now)),
        None => "no figures yet".to_owned(),
    }
}

fn tail(message: &Option<String>) -> String {
    message
        .as_ref()
        .map_or_else(String::new, |message| format!(": {message}"))
}

/// The lines below a table.
#[derive(Default)]
struct Notes(Vec<(&'static str, String)>);

impl Notes {
    /// What needs a look.
    fn add(&mut self, note: String) {
        self.0.push((MARK, note));
    }

    /// What is as it should be, and yet worth knowing.
    fn add_unmarked(&mut self, note: String) {
        self.0.push((" ", note));
    }

    fn render(&self, colours: bool) -> String {
        let mut out = String::new();
        for (index, (mark, note)) in self.0.iter().enumerate() {
            let gap = if index == 0 { "\n" } else { "" };
            let mark = match *mark {
                MARK => Tone::Critical.paint(mark, colours),
                blank => blank.to_owned(),
            };
            // Writing to a String does not fail.
            let _ = writeln!(out, "{gap}{mark} {}", for_terminal(note));
        }
        out
    }
}
