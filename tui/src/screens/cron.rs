//! The cron jobs of a node, by when they run next; those that cron does not run come first, then
//! those that missed a run.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use etlmon_shared::Timestamp;
use etlmon_shared::cron::CronJob;

use super::{Context, age, count, countdown};
use crate::frame::Role;
use crate::model::Node;
use crate::table::{Cell, Column, Row, SortKey, Table};

const COLUMNS: &[Column] = &[
    Column::right("IN", 0, 4),
    Column::left("NEXT RUN", 3, 18),
    Column::right("LAST", 2, 4),
    Column::right("MISSED", 1, 4),
    Column::left("SCHEDULE", 4, 9),
    Column::left("USER", 5, 4),
    Column::left("COMMAND", 0, 26),
    Column::left("FROM", 6, 8),
];

/// The table.
pub fn table(node: &Node, context: Context<'_>) -> Table {
    let mut rows: Vec<&CronJob> = node.cron.rows.iter().flatten().collect();
    rows.sort_by_key(|job| {
        let never = job.next_run.is_none();
        let missed = job.missed_count.is_some_and(|missed| missed > 0);
        (job.error_message.is_none(), !missed, never, job.next_run)
    });
    Table {
        columns: COLUMNS,
        rows: rows.into_iter().map(|job| line(job, context)).collect(),
    }
}

fn line(job: &CronJob, Context { now, .. }: Context<'_>) -> Row {
    let next = match (&job.error_message, job.next_run) {
        (Some(reason), _) => Cell::text(reason).role(Role::Bad),
        (None, Some(next)) => Cell {
            text: in_zone(next, &job.time_zone),
            role: Role::Plain,
            key: SortKey::Text(next.to_string()),
        },
        (None, None) => Cell::number(None, |_| String::new()),
    };
    let missed = match job.missed_count {
        Some(0) => Role::Good,
        Some(_) => Role::Bad,
        None => Role::Dim,
    };
    let line = job
        .line_number
        .map_or_else(String::new, |line| format!(":{line}"));
    Row {
        id: job.job_id.to_string(),
        cells: vec![
            countdown(job.next_run, now),
            next,
            age(job.last_run_at, now),
            count(job.missed_count).role(missed),
            Cell::text(job.schedule.as_deref().unwrap_or("-")),
            Cell::text(job.user.as_deref().unwrap_or("-")),
            Cell::text(&job.command),
            Cell::text(format!("{}{line}", job.source_path)),
        ],
    }
}

/// A moment in the job's own zone; in UTC, marked `Z`, where the zone is none that is known here.
pub fn in_zone(moment: Timestamp, zone: &str) -> String {
    let utc: DateTime<Utc> =
        DateTime::from_timestamp_millis(moment.as_millis()).unwrap_or_default();
    match zone.parse::<Tz>() {
        Ok(zone) => utc
            .with_timezone(&zone)
            .format("%m-%d %H:%M:%S %Z")
            .to_string(),
        Err(_) => utc.format("%m-%d %H:%M:%SZ").to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_next_run_is_shown_in_the_zone_of_its_job() {
        let moment = "2026-07-01T15:30:00Z".parse().unwrap();
        assert_eq!(in_zone(moment, "Asia/Seoul"), "07-02 00:30:00 KST");
        assert_eq!(in_zone(moment, "Europe/Berlin"), "07-01 17:30:00 CEST");
        assert_eq!(in_zone(moment, "Nowhere/Else"), "07-01 15:30:00Z");
    }
}
