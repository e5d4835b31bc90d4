//! The node's own state.

use etlmon_shared::Timestamp;
use etlmon_shared::health::{CollectorHealth, CollectorStatus, Health, HealthStatus};
use etlmon_shared::text::for_terminal;

use super::{Notes, Style, mark};
use crate::human::{UNKNOWN, age, duration, duration_ms, size};
use crate::table::Align::{Left, Right};
use crate::table::{Cell, Table, Tone};

/// The state of the node and of its collectors.
pub(crate) fn health(health: &Health, style: Style) -> String {
    let Style { now, colours } = style;
    let (word, tone) = match health.status {
        HealthStatus::Ok => ("ok", Tone::Plain),
        HealthStatus::Degraded => ("degraded", Tone::Warning),
        HealthStatus::Failed => ("failed", Tone::Critical),
    };
    let known = |bytes: Option<u64>| bytes.map_or_else(|| UNKNOWN.to_owned(), size);
    let db = &health.db;
    let written = db.last_write_at.map_or_else(
        || "nothing written yet".to_owned(),
        |at| format!("last write {} ago", age(at, now)),
    );
    let mut table = Table::new([
        ("", Left),
        ("EVERY", Right),
        ("LAST OK", Right),
        ("TOOK", Right),
        ("RESTARTS", Right),
        ("SKIPPED", Right),
        ("STATUS", Left),
        ("COLLECTOR", Left),
    ]);
    let mut notes = Notes::default();
    match &db.last_error {
        Some(error) => notes.add(format!("database: {error}")),
        None if !db.writable => notes.add("database: not writable".to_owned()),
        None => {}
    }
    for collector in &health.collectors {
        table.push(collector_row(collector, now));
        if let Some(error) = &collector.last_error {
            let when = collector
                .last_error_at
                .map(|at| format!(", {} ago", age(at, now)));
            notes.add(format!(
                "{}{}: {error}",
                collector.name,
                when.unwrap_or_default()
            ));
        }
        if let Some(note) = &collector.note {
            notes.add_unmarked(format!("{}: {note}", collector.name));
        }
    }
    format!(
        "status   {}\nnode     {}\nversion  {}\nuptime   {}, since {}\n\
         db       {}, {}, log {}, {written}\n\n{}{}",
        tone.paint(word, colours),
        for_terminal(&health.node_name),
        for_terminal(&health.version),
        duration(health.uptime_sec),
        health.started_at,
        for_terminal(&db.path),
        known(db.size_bytes),
        known(db.wal_bytes),
        table.render(colours),
        notes.render(colours),
    )
}

fn collector_row(collector: &CollectorHealth, now: Timestamp) -> [Cell; 8] {
    let (word, tone) = match collector.status {
        CollectorStatus::Running => ("running", Tone::Plain),
        CollectorStatus::Restarting => ("restarting", Tone::Warning),
        CollectorStatus::Stalled => ("stalled", Tone::Critical),
        CollectorStatus::Failed => ("failed", Tone::Critical),
    };
    [
        mark(collector.status != CollectorStatus::Running || collector.last_error.is_some()),
        Cell::new(duration(collector.interval_sec)),
        Cell::maybe(collector.last_success_at, |at| age(at, now)),
        Cell::maybe(collector.last_duration_ms, duration_ms),
        Cell::new(collector.restarts.to_string()),
        Cell::new(collector.skipped_ticks.to_string()),
        Cell::new(word).tone(tone),
        Cell::new(&collector.name),
    ]
}
