//! Runs against four judges: a real Debian cron and a real cronie with a virtual clock, PyPI's
//! cronsim, and cron's own loop copied minute by minute.

use super::super::{Dialect, Owner, Source, When, parse};
use super::*;
use chrono_tz::Tz;
use proptest::prelude::*;

fn schedule(line: &str) -> Schedule {
    let source = Source {
        dialect: Dialect::Debian,
        owner: Owner::User { root: false },
        is_user: &|_| true,
    };
    let crontab = parse(format!("{line} command\n").as_bytes(), &source);
    match crontab.jobs.as_slice() {
        [job] => match job.when {
            When::At(schedule) => schedule,
            other => panic!("{line}: {other:?}"),
        },
        other => panic!("{line}: {other:?}"),
    }
}

fn at(text: &str) -> DateTime<Utc> {
    let naive = chrono::NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%MZ");
    naive
        .unwrap_or_else(|error| panic!("{text}: {error}"))
        .and_utc()
}

fn zone(name: &str) -> Tz {
    name.parse()
        .unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn runs(line: &str, name: &str, after: &str, count: usize) -> Vec<String> {
    let (schedule, zone) = (schedule(line), zone(name));
    let next = |after: &DateTime<Utc>| next_after(&schedule, *after, &zone);
    let runs = std::iter::successors(next(&at(after)), next).take(count);
    runs.map(stamp).collect()
}

fn stamp(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%dT%H:%MZ").to_string()
}

/// Splits a row whose last field but one stands in quotes.
fn row(line: &str) -> (Vec<&str>, &str, Vec<String>) {
    let mut parts = line.split('"');
    let head = parts.next().unwrap().trim_end_matches(',').split(',');
    let schedule = parts.next().unwrap();
    let runs = parts.next().unwrap().trim_start_matches(',');
    let runs = runs.split_whitespace().map(str::to_owned).collect();
    (head.collect(), schedule, runs)
}

#[test]
fn three_runs_in_a_row_are_those_of_cronsim() {
    let table = include_str!("../testdata/next_runs.csv");
    let rows: Vec<_> = table.lines().skip(1).map(row).collect();
    assert!(rows.len() >= 2_000);
    let wrong: Vec<_> = rows
        .iter()
        .map(|(head, line, expected)| (head, line, expected, runs(line, head[0], head[1], 3)))
        .filter(|(_, _, expected, found)| *expected != found)
        .collect();
    assert!(
        wrong.is_empty(),
        "{} of {}: {:#?}",
        wrong.len(),
        rows.len(),
        &wrong[..wrong.len().min(20)]
    );
}

#[test]
fn all_runs_round_a_change_of_the_clock_are_those_of_a_real_debian_cron() {
    let table = include_str!("../testdata/debian_runs.csv");
    let rows: Vec<_> = table.lines().skip(1).map(row).collect();
    assert!(rows.len() > 800);
    let mut wrong = Vec::new();
    for (head, line, expected) in rows {
        let (zone, schedule) = (zone(head[0]), schedule(line));
        let (start, end) = (at(head[1]), at(head[2]));
        let minute = |run: DateTime<Utc>| (run - start).num_minutes();
        let next = |after: i64| next_after(&schedule, start + TimeDelta::minutes(after), &zone);
        let next = |after: i64| next(after).filter(|run| *run < end).map(minute);
        let found: Vec<_> = std::iter::successors(next(0), |run| next(*run)).collect();
        let expected: Vec<i64> = expected.iter().map(|run| run.parse().unwrap()).collect();
        if found != expected {
            wrong.push(format!("{head:?} {line}: {expected:?}, not {found:?}"));
        }
        // from anywhere in between, the same
        for after in (0..96 * 60).step_by(211) {
            let expected = expected.iter().find(|run| **run > after).copied();
            if next(after) != expected {
                wrong.push(format!(
                    "{head:?} {line} after {after}: {expected:?}, not {:?}",
                    next(after)
                ));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{}: {:#?}",
        wrong.len(),
        &wrong[..wrong.len().min(20)]
    );
}

#[test]
fn all_runs_with_and_without_cron_tz_are_those_of_a_real_cronie() {
    let table = include_str!("../testdata/cronie_runs.tsv");
    assert!(table.lines().count() >= 130);
    for row in table.lines() {
        let fields: Vec<_> = row.split('\t').collect();
        let (machine, start, end) = (zone(fields[0]), at(fields[2]), at(fields[3]));
        let schedule = schedule(fields[4]);
        let next = |after: &DateTime<Utc>| match fields[1] {
            "-" => next_after(&schedule, *after, &machine),
            name => next_after_in(&schedule, *after, &zone(name), &machine),
        };
        let runs = std::iter::successors(next(&start), next).take_while(|run| *run < end);
        let found: Vec<_> = runs.map(|run| (run - start).num_minutes()).collect();
        let expected = fields[5].split_whitespace().map(|run| run.parse().unwrap());
        assert_eq!(found, expected.collect::<Vec<i64>>(), "{row}");
    }
}

#[test]
fn a_job_in_the_hour_left_out_runs_after_the_jump_unless_it_follows_the_clock() {
    let new_york = |line| runs(line, "America/New_York", "2026-03-07T12:00Z", 2);
    assert_eq!(
        new_york("30 2 * * *"),
        ["2026-03-08T07:00Z", "2026-03-09T06:30Z"]
    );
    assert_eq!(
        new_york("*/30 2 * * *"),
        ["2026-03-09T06:00Z", "2026-03-09T06:30Z"]
    );
}

#[test]
fn a_job_in_the_hour_repeated_runs_the_first_time_unless_it_follows_the_clock() {
    let london = |line| runs(line, "Europe/London", "2026-10-24T12:00Z", 3);
    assert_eq!(
        london("30 1 * * *"),
        [
            "2026-10-25T00:30Z",
            "2026-10-26T01:30Z",
            "2026-10-27T01:30Z"
        ]
    );
    assert_eq!(
        london("*/30 1 * * *"),
        [
            "2026-10-25T00:00Z",
            "2026-10-25T00:30Z",
            "2026-10-25T01:00Z"
        ]
    );
    // asked during the second time, cronsim names a moment that is over
    let again = runs("45 1 * * *", "Europe/London", "2026-10-25T01:30Z", 1);
    assert_eq!(again, ["2026-10-26T01:45Z"]);
}

#[test]
fn a_day_that_a_zone_left_out_is_lost() {
    // Samoa went from the 29th to the 31st of December 2011: more than three hours
    let apia = runs("0 12 * * *", "Pacific/Apia", "2011-12-29T12:00Z", 2);
    assert_eq!(apia, ["2011-12-29T22:00Z", "2011-12-30T22:00Z"]);
    assert_eq!(
        runs("0 12 30 12 *", "Pacific/Apia", "2011-12-01T00:00Z", 1),
        ["2012-12-29T22:00Z"]
    );
}

#[test]
fn impossible_dates_and_empty_ranges_never_run() {
    for line in [
        "0 0 30 2 *",
        "0 0 31 4,6,9,11 *",
        "0 22-2 * * *",
        "22-2 * * * *",
        "0 0 31 2 */7",
        "0 0 * * fri-sun",
    ] {
        assert!(!schedule(line).can_match(), "{line}");
        assert_eq!(
            runs(line, "Europe/London", "2026-01-01T00:00Z", 1),
            [""; 0],
            "{line}"
        );
    }
    // either of two days is enough
    assert!(schedule("0 0 30 2 mon").can_match());
}

#[test]
fn leap_days_are_found_across_a_century_without_one() {
    let runs = |line, after| runs(line, "UTC", after, 2);
    assert_eq!(
        runs("0 0 29 2 *", "2096-03-01T00:00Z"),
        ["2104-02-29T00:00Z", "2108-02-29T00:00Z"]
    );
    assert_eq!(
        runs("0 0 29 2 */7", "2088-03-01T00:00Z"),
        ["2128-02-29T00:00Z", "2156-02-29T00:00Z"]
    );
}

#[test]
fn the_ends_of_time_have_no_next_run() {
    let hourly = schedule("@hourly");
    assert_eq!(next_after(&hourly, DateTime::<Utc>::MAX_UTC, &Utc), None);
    assert!(next_after(&hourly, DateTime::<Utc>::MIN_UTC, &Utc).is_some());
}

#[test]
fn cron_tz_counts_in_its_own_zone_without_any_care_for_its_daylight_saving() {
    let next = |line: &str, after: &str, job: &str, machine: &str| {
        next_after_in(&schedule(line), at(after), &zone(job), &zone(machine)).map(stamp)
    };
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(
        next("0 9 * * *", "2026-01-01T00:00Z", "Asia/Seoul", "UTC"),
        some("2026-01-02T00:00Z")
    );
    // left out in its own zone, and repeated
    assert_eq!(
        next("30 2 * * *", "2026-03-08T00:00Z", "America/New_York", "UTC"),
        some("2026-03-09T06:30Z")
    );
    assert_eq!(
        next("30 1 * * *", "2026-11-01T05:30Z", "America/New_York", "UTC"),
        some("2026-11-01T06:30Z")
    );
    // New York shows 01:00 to 02:00 again from 06:00 to 07:00 UTC, 15:00 to 16:00 in Seoul
    let seoul = |line| next(line, "2026-11-01T00:00Z", "Asia/Seoul", "America/New_York");
    assert_eq!(seoul("30 15 * * *"), some("2026-11-02T06:30Z"));
    assert_eq!(seoul("*/30 15 * * *"), some("2026-11-01T06:00Z"));
    assert_eq!(seoul("0 16 * * *"), some("2026-11-01T07:00Z"));
}

/// The loop of cron.c from one minute to another, with a clock that never sleeps too long.
fn crons_own_loop(schedule: &Schedule, zone: Tz, start: i64, end: i64) -> Vec<i64> {
    let matches = |wall: i64| schedule.next_on_wall(wall, wall + 1).is_some();
    let mut virtual_time = start + offset_min(&zone, start);
    let mut running = virtual_time;
    let mut runs = Vec::new();
    for now in start + 1..end {
        let clock = now + offset_min(&zone, now);
        if clock == running {
            continue;
        }
        running = clock;
        let due = match running - virtual_time {
            // late by some minutes at most: all jobs of each minute
            1..=5 => (virtual_time + 1..=running).any(matches),
            6..=180 if schedule.wildcard => matches(running),
            6..=180 => (virtual_time + 1..=running).any(matches),
            -179..=0 => schedule.wildcard && matches(running),
            _ => matches(running),
        };
        if !(-179..=0).contains(&(running - virtual_time)) {
            virtual_time = running;
        }
        if due {
            runs.push(now);
        }
    }
    runs
}

/// A list of values, sometimes one that begins with `*`.
fn field(low: u32, high: u32) -> impl Strategy<Value = String> {
    let list = prop::collection::vec(low..=high, 1..4).prop_map(|values| {
        let values: Vec<_> = values.iter().map(u32::to_string).collect();
        values.join(",")
    });
    prop_oneof![6 => list, 1 => (2..40u32).prop_map(|step| format!("*/{step}")), 1 => Just("*".to_owned())]
}

const ZONES: [&str; 16] = [
    "America/New_York",
    "Europe/London",
    "Australia/Lord_Howe",
    "America/St_Johns",
    "Africa/Cairo",
    "Africa/Casablanca",
    "Antarctica/Troll",
    "Antarctica/Casey",
    "Asia/Pyongyang",
    "Asia/Tehran",
    "America/Havana",
    "America/Asuncion",
    "Pacific/Apia",
    "Pacific/Norfolk",
    "Asia/Gaza",
    "America/Caracas",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    #[test]
    fn round_every_change_of_a_zone_the_runs_are_those_of_crons_own_loop(
        name in prop::sample::select(&ZONES[..]),
        year in 1995..2037i32,
        which in any::<prop::sample::Index>(),
        hour_offset in 0..3i64,
        minute in field(0, 59),
        hours in prop_oneof![field(0, 23), field(0, 4)],
        days in prop_oneof![Just("*".to_owned()), field(1, 31)],
    ) {
        let zone = zone(name);
        let january = Utc.with_ymd_and_hms(year, 1, 1, 0, 0, 0).unwrap().timestamp() / 60;
        let found = changes(&zone, january, january + 365 * DAY_MIN);
        let middle = match found.len() {
            0 => january,
            count => found[which.index(count)].at,
        };
        let start = middle - (36 + hour_offset) * 60;
        let end = middle + 36 * 60;
        let line = format!("{minute} {hours} {days} * *");
        let schedule = schedule(&line);
        let next = |after: i64| {
            let run = next_after(&schedule, from_minute(after).unwrap(), &zone)?;
            Some(run.timestamp() / 60).filter(|run| *run < end)
        };
        let found: Vec<_> = std::iter::successors(next(start), |run| next(*run)).collect();
        prop_assert_eq!(found, crons_own_loop(&schedule, zone, start, end), "{} {}", name, line);
    }
}
