//! The table of cron jobs.

use etlmon_shared::cron::CronJob;
use serde_json::{Value, json};

use super::{NOW_MS, Timestamp, read, style};
use crate::render::cron;

fn job(fields: Value) -> CronJob {
    let mut job = json!({
        "job_id": 1, "schedule": "0 2 * * *", "command": "backup", "user": "root",
        "source": "system", "source_path": "/etc/crontab", "line_number": 7, "time_zone": "UTC",
        "has_evidence": true, "missed_count": 0, "last_checked": "2026-01-15T10:23:45Z",
    });
    let job_fields = job.as_object_mut().unwrap();
    job_fields.extend(fields.as_object().unwrap().clone());
    read(job)
}

/// A moment as the table shows it, in the zone of whoever runs the test.
fn local(at: Timestamp) -> String {
    let at = chrono::DateTime::from_timestamp_millis(at.as_millis()).unwrap();
    let at = at.with_timezone(&chrono::Local);
    at.format("%Y-%m-%d %H:%M").to_string()
}

#[test]
fn jobs_are_shown_with_the_time_to_their_next_run_and_why_others_do_not_run() {
    let now = Timestamp::from_millis(NOW_MS);
    let next = now.after(std::time::Duration::from_secs(3_660));
    let missed_at = now.before(std::time::Duration::from_secs(7_200));
    let rows = [
        job(
            json!({"next_run": next, "last_run_at": "2026-01-15T10:23:05Z", "last_duration_ms": 1_250}),
        ),
        job(
            json!({"next_run": next, "missed_count": 2, "last_missed_at": missed_at, "line_number": 8}),
        ),
        job(
            json!({"schedule": null, "user": null, "line_number": null, "command": "",
                   "source_path": "/etc/cron.d/a.b", "error_message": "cron ignores the file"}),
        ),
    ];
    let (next, missed_at) = (local(next), local(missed_at));
    let expected = format!(
        "      IN  NEXT RUN          LAST  TOOK  MISSED  USER  SCHEDULE   COMMAND\n\
         \x20  1h 1m  {next}   40s  1.2s       0  root  0 2 * * *  backup\n\
         !  1h 1m  {next}     -     -       2  root  0 2 * * *  backup\n\
         !      -  -                    -     -       0  -     -\n\
         \n\
         ! /etc/crontab:8: 2 missed, last 2h ago, at {missed_at}\n\
         ! /etc/cron.d/a.b: cron ignores the file\n"
    );
    assert_eq!(cron(&rows, style()), expected);
}

#[test]
fn one_reason_for_many_jobs_is_told_once() {
    let down = |line| job(json!({"line_number": line, "error_message": "cron is not running"}));
    let text = cron(&[1, 2, 3, 4, 5].map(down), style());
    let notes =
        "\n! /etc/crontab:1, /etc/crontab:2, /etc/crontab:3 and 2 more: cron is not running\n";
    assert!(text.ends_with(notes), "{text}");
}

#[test]
fn what_nobody_can_see_is_said_once() {
    let blind = json!({"has_evidence": false, "missed_count": null});
    let text = cron(&[job(blind.clone()), job(blind)], style());
    assert_eq!(
        text.matches("runs that were missed are not known").count(),
        1
    );
}
