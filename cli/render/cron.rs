//! The cron jobs: what will run, what ran, and what does not and why.

use chrono::{DateTime, Local, Utc};
use etlmon_shared::Timestamp;
use etlmon_shared::cron::CronJob;

use super::{Notes, Style, mark};
use crate::human::{age, duration_ms};
use crate::table::Align::{Left, Right};
use crate::table::{Cell, Table, Tone};

/// So many places are told of one reason.
const PLACES: usize = 3;

/// The cron jobs, by crontab and line.
pub(crate) fn cron(rows: &[CronJob], style: Style) -> String {
    let mut table = Table::new([
        ("", Left),
        ("IN", Right),
        ("NEXT RUN", Left),
        ("LAST", Right),
        ("TOOK", Right),
        ("MISSED", Right),
        ("USER", Left),
        ("SCHEDULE", Left),
        ("COMMAND", Left),
    ]);
    let mut notes = Notes::default();
    // When cron does not run, all jobs have the same reason.
    let mut reasons: Vec<(&str, Vec<String>)> = Vec::new();
    for row in rows {
        let missed = row.missed_count.unwrap_or(0);
        let tone = if missed > 0 {
            Tone::Warning
        } else {
            Tone::Plain
        };
        table.push([
            mark(row.error_message.is_some() || missed > 0),
            Cell::maybe(row.next_run, |at| age(style.now, at)),
            Cell::maybe(row.next_run, local),
            Cell::maybe(row.last_run_at, |at| age(at, style.now)),
            Cell::maybe(row.last_duration_ms, duration_ms),
            Cell::maybe(row.missed_count, |count| count.to_string()).tone(tone),
            Cell::maybe(row.user.as_ref(), |user| user.as_str()),
            Cell::maybe(row.schedule.as_ref(), |schedule| schedule.as_str()),
            Cell::new(&row.command),
        ]);
        if let Some(reason) = &row.error_message {
            match reasons.iter_mut().find(|(known, _)| known == reason) {
                Some((_, places)) => places.push(place(row)),
                None => reasons.push((reason, vec![place(row)])),
            }
        }
        if let Some(at) = row.last_missed_at
            && missed > 0
        {
            let last = format!("last {} ago, at {}", age(at, style.now), local(at));
            notes.add(format!("{}: {missed} missed, {last}", place(row)));
        }
    }
    for (reason, places) in reasons {
        notes.add(format!("{}: {reason}", listed(&places)));
    }
    if rows.iter().any(|row| !row.has_evidence) {
        let reason = "neither syslog nor the journal shows lines of cron to the node";
        notes.add_unmarked(format!("runs that were missed are not known: {reason}"));
    }
    table.render(style.colours) + &notes.render(style.colours)
}

fn place(row: &CronJob) -> String {
    match row.line_number {
        Some(line) => format!("{}:{line}", row.source_path),
        None => row.source_path.clone(),
    }
}

fn listed(places: &[String]) -> String {
    match places.split_at_checked(PLACES) {
        Some((first, rest)) if !rest.is_empty() => {
            format!("{} and {} more", first.join(", "), rest.len())
        }
        _ => places.join(", "),
    }
}

/// A moment by the clock of whoever reads it, to the minute: cron knows no seconds.
fn local(at: Timestamp) -> String {
    let utc = DateTime::<Utc>::from_timestamp_millis(at.as_millis()).unwrap_or_default();
    utc.with_timezone(&Local)
        .format("%Y-%m-%d %H:%M")
        .to_string()
}
