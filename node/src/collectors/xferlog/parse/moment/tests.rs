use std::process::Command;

use chrono::{FixedOffset, Local, Utc};

use super::super::entry::{Damage, ParseError};
use super::*;

fn read(line: &str) -> Result<String, ParseError> {
    let (local, rest) = split(line.as_bytes())?;
    assert_eq!(rest, b"rest");
    Ok(in_utc(local, &Utc)?.to_string())
}

#[test]
fn a_date_is_read_however_its_day_is_padded_and_whatever_its_weekday() {
    for line in [
        "Mon Jan  5 12:00:09 2026 rest",
        "Mon Jan 05 12:00:09 2026 rest",
        "Mon Jan 5 12:00:09 2026 rest",
        "Sun Jan  5 12:00:09 2026 rest",
    ] {
        assert_eq!(read(line).unwrap(), "2026-01-05T12:00:09.000Z", "{line}");
    }
    assert_eq!(
        read("Thu Feb 29 00:00:00 2024 rest").unwrap(),
        "2024-02-29T00:00:00.000Z"
    );
}

#[test]
fn a_leap_second_is_the_second_after_it() {
    let line = "Sat Dec 31 23:59:60 2016 rest";
    assert_eq!(read(line).unwrap(), "2017-01-01T00:00:00.000Z");
}

#[test]
fn a_day_or_time_that_no_calendar_or_clock_shows_is_out_of_range() {
    for line in [
        "Sat Feb 29 00:00:00 2026 rest",
        "Sat Feb  0 00:00:00 2026 rest",
        "Sat Nov 31 00:00:00 2026 rest",
        "Sat Nov 21 24:00:00 2026 rest",
        "Sat Nov 21 00:60:00 2026 rest",
        "Sat Nov 21 00:00:61 2026 rest",
        "Sat Nov 21 00:00:00 1969 rest",
        "Sat Nov 21 00:00:00 0000 rest",
    ] {
        let ParseError::Part { damage, .. } = read(line).unwrap_err() else {
            panic!("{line}");
        };
        assert_eq!(damage, Damage::OutOfRange, "{line}");
    }
}

#[test]
fn what_is_no_date_is_malformed() {
    for line in [
        "",
        "Mon",
        "Mon Jan",
        "Mon Jan  5 12:00:00 2026",
        "Monday Jan  5 12:00:00 2026 rest",
        "Mon jan  5 12:00:00 2026 rest",
        "Mon  Jan  5 12:00:00 2026 rest",
        "Mon Jan   5 12:00:00 2026 rest",
        "Mon Jan +5 12:00:00 2026 rest",
        "Mon Jan 005 12:00:00 2026 rest",
        "Mon Jan  5 2:00:00 2026 rest",
        "Mon Jan  5 12:00 2026 rest",
        "Mon Jan  5 12-00-00 2026 rest",
        "Mon Jan  5 12:00:00 26 rest",
        "Mon Jan  5 12:00:00 12026 rest",
        "Mon Jan  5 12:00:00\u{a0}2026 rest",
        "2026-01-05T12:00:00Z rest",
    ] {
        let ParseError::Part { damage, .. } = read(line).unwrap_err() else {
            panic!("{line}");
        };
        assert_eq!(damage, Damage::Malformed, "{line}");
    }
}

#[test]
fn the_first_and_the_last_moment_are_in_range_in_every_zone() {
    for hours in [-23, 0, 23] {
        let zone = FixedOffset::east_opt(hours * 3600).unwrap();
        for year in [1970, 9999] {
            let day = NaiveDate::from_ymd_opt(year, 1, 1).unwrap();
            assert!(in_utc(day.and_hms_opt(0, 0, 0).unwrap(), &zone).is_ok());
        }
    }
}

/// In the process's own zone, which only another process can have set otherwise.
#[test]
fn an_hour_that_exists_twice_or_not_at_all_is_read_off_a_clock_not_yet_changed() {
    const VARIABLE: &str = "ETLMON_TEST_LOCAL_TIME";
    if let Ok(line) = std::env::var(VARIABLE) {
        let (local, _) = split(line.as_bytes()).unwrap();
        println!("in utc: {}", in_utc(local, &Local).unwrap());
        return;
    }
    let name = std::thread::current().name().unwrap().to_owned();
    // As TZ: rules that need no zone files, of New York, Berlin and Seoul.
    let (new_york, berlin) = ("EST5EDT,M3.2.0,M11.1.0", "CET-1CEST,M3.5.0,M10.5.0/3");
    let cases = [
        (
            "KST-9",
            "Sat Nov 21 20:50:15 2026 ",
            "2026-11-21T11:50:15.000Z",
        ),
        (
            new_york,
            "Sun Mar  8 01:59:59 2026 ",
            "2026-03-08T06:59:59.000Z",
        ),
        (
            new_york,
            "Sun Mar  8 02:30:00 2026 ",
            "2026-03-08T07:30:00.000Z",
        ),
        (
            new_york,
            "Sun Mar  8 03:00:00 2026 ",
            "2026-03-08T07:00:00.000Z",
        ),
        (
            new_york,
            "Sun Nov  1 00:59:59 2026 ",
            "2026-11-01T04:59:59.000Z",
        ),
        (
            new_york,
            "Sun Nov  1 01:30:00 2026 ",
            "2026-11-01T05:30:00.000Z",
        ),
        (
            new_york,
            "Sun Nov  1 02:00:00 2026 ",
            "2026-11-01T07:00:00.000Z",
        ),
        (
            berlin,
            "Sun Mar 29 02:30:00 2026 ",
            "2026-03-29T01:30:00.000Z",
        ),
        (
            berlin,
            "Sun Oct 25 02:30:00 2026 ",
            "2026-10-25T00:30:00.000Z",
        ),
        (
            berlin,
            "Sun Oct 25 03:00:00 2026 ",
            "2026-10-25T02:00:00.000Z",
        ),
    ];
    for (zone, line, expected) in cases {
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", &name, "--nocapture"])
            .env("TZ", zone)
            .env(VARIABLE, line)
            .output()
            .unwrap();
        let said = String::from_utf8(child.stdout).unwrap();
        assert!(
            said.contains(&format!("in utc: {expected}\n")),
            "{zone} {line}: {said}"
        );
    }
}

/// Samoa at the end of 2011: 30 December was left out.
#[derive(Clone)]
struct Samoa;

impl TimeZone for Samoa {
    type Offset = FixedOffset;

    fn from_offset(_: &FixedOffset) -> Self {
        Self
    }

    fn offset_from_local_date(&self, _: &NaiveDate) -> chrono::LocalResult<FixedOffset> {
        chrono::LocalResult::None
    }

    fn offset_from_local_datetime(
        &self,
        local: &NaiveDateTime,
    ) -> chrono::LocalResult<FixedOffset> {
        let day = |day| NaiveDate::from_ymd_opt(2011, 12, day).unwrap();
        match local.date() {
            date if date < day(30) => chrono::LocalResult::Single(Self::east(-10)),
            date if date > day(30) => chrono::LocalResult::Single(Self::east(14)),
            _ => chrono::LocalResult::None,
        }
    }

    fn offset_from_utc_date(&self, _: &NaiveDate) -> FixedOffset {
        Self::east(14)
    }

    fn offset_from_utc_datetime(&self, _: &NaiveDateTime) -> FixedOffset {
        Self::east(14)
    }
}

impl Samoa {
    fn east(hours: i32) -> FixedOffset {
        FixedOffset::east_opt(hours * 3600).unwrap()
    }
}

#[test]
fn a_day_that_was_left_out_is_counted_on_from_the_day_before() {
    let (local, _) = split(b"Fri Dec 30 12:00:00 2011 ").unwrap();
    assert_eq!(
        in_utc(local, &Samoa).unwrap().to_string(),
        "2011-12-30T22:00:00.000Z"
    );
}
