//! The search against reading all of a log.

use std::io::Write as _;

use chrono::{DateTime, Utc};
use proptest::prelude::*;

use super::super::parse::{Parsed, parse};
use super::*;

const SEC_PER_HOUR: i64 = 3600;
/// 2026-01-01.
const BEGINNING: i64 = 1_767_225_600;

fn line(second: i64, name: &str) -> Vec<u8> {
    let date = DateTime::<Utc>::from_timestamp(second, 0).unwrap();
    let date = date.format("%a %b %e %H:%M:%S %Y");
    format!("{date} 1 192.0.2.1 5 /{name} b _ i r alice ftp 0 * c").into_bytes()
}

fn file(log: &[u8]) -> File {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(log).unwrap();
    file
}

fn found(log: &[u8], wanted: Timestamp, block: usize) -> usize {
    let search = Search {
        file: &file(log),
        old_before: wanted.before(DISORDER),
        block,
        zone: &Utc,
    };
    let start = usize::try_from(search.run(log.len() as u64).unwrap()).unwrap();
    assert!(start == 0 || log[start - 1] == b'\n', "inside a line");
    start
}

fn time_of(line: &[u8]) -> Option<Timestamp> {
    match parse(line, &Utc) {
        Ok(Parsed::Transfer(entry)) => Some(entry.log_time),
        _ => None,
    }
}

/// Every entry that is wanted, by the end of its line, counted from the log's end.
fn wanted_from(log: &[u8], start: usize, wanted: Timestamp) -> Vec<usize> {
    let mut left = log.len() - start;
    let mut entries = Vec::new();
    for line in log[start..].split_inclusive(|&byte| byte == b'\n') {
        left -= line.len();
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        entries.extend(time_of(line).filter(|time| *time >= wanted).map(|_| left));
    }
    entries
}

/// By how much a line moves the log's clock on and how much it is off, in seconds; or damage.
fn any_line() -> impl Strategy<Value = (i64, i64, Option<Vec<u8>>)> {
    let damage = prop_oneof![
        3 => proptest::collection::vec(any::<u8>(), 0..40),
        1 => (0_usize..3000).prop_map(|length| vec![0; length]),
    ];
    let damage = damage.prop_map(|mut bytes| {
        bytes.retain(|&byte| byte != b'\n');
        bytes
    });
    (
        0..12 * SEC_PER_HOUR,
        // Two lines are off by 26 hours at most, from each other.
        -13 * SEC_PER_HOUR..=13 * SEC_PER_HOUR,
        prop_oneof![4 => Just(None), 1 => damage.prop_map(Some)],
    )
}

fn disordered() -> impl Strategy<Value = (Vec<u8>, i64)> {
    let lines = proptest::collection::vec(any_line(), 0..80);
    (lines, any::<bool>(), any::<bool>()).prop_map(|(lines, returns, ended)| {
        let end: &[u8] = if returns { b"\r\n" } else { b"\n" };
        let mut clock = BEGINNING;
        let mut log = Vec::new();
        for (step, off, damage) in lines {
            clock += step;
            log.extend(damage.unwrap_or_else(|| line(clock + off, "a")));
            log.extend(end);
        }
        if !ended {
            log.truncate(log.len().saturating_sub(end.len()));
        }
        (log, clock)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn nothing_that_is_wanted_is_skipped(
        (log, last) in disordered(),
        percent in -10_i64..110,
        block in 80_usize..600,
    ) {
        let wanted = BEGINNING + (last - BEGINNING) * percent / 100;
        let wanted = Timestamp::from_millis(wanted * 1000);
        let start = found(&log, wanted, block);
        prop_assert_eq!(
            wanted_from(&log, start, wanted),
            wanted_from(&log, 0, wanted)
        );
    }

    #[test]
    fn of_an_orderly_log_hardly_more_is_read_than_is_wanted(
        steps in proptest::collection::vec(0..12 * SEC_PER_HOUR, 1..400),
        place in any::<prop::sample::Index>(),
        block in 200_usize..600,
    ) {
        let mut clock = BEGINNING;
        let times: Vec<i64> = steps.iter().map(|step| { clock += step; clock }).collect();
        let wanted = Timestamp::from_millis(times[place.index(times.len())] * 1000);
        let lines: Vec<_> = times.iter().map(|time| [&line(*time, "a")[..], b"\n"].concat()).collect();
        let old = |line: &&Vec<u8>| time_of(&line[..line.len() - 1]).unwrap() < wanted.before(DISORDER);
        let skippable: usize = lines.iter().take_while(old).map(Vec::len).sum();
        let start = found(&lines.concat(), wanted, block);
        prop_assert!(start <= skippable);
        prop_assert!(skippable - start <= 2 * block, "{} bytes too early", skippable - start);
    }
}

#[test]
fn logs_without_anything_old_are_read_from_their_beginning() {
    let long_ago = Timestamp::from_millis(0);
    let log: Vec<u8> = (0..500)
        .flat_map(|at| line(BEGINNING + at, "a\n"))
        .collect();
    assert_eq!(found(&log, long_ago, 256), 0);
    for log in [
        b"".to_vec(),
        b"no newline".to_vec(),
        vec![0; 10_000],
        vec![b'\n'; 10_000],
    ] {
        assert_eq!(found(&log, Timestamp::now(), 256), 0);
    }
}

#[test]
fn a_hole_is_crossed_to_what_stands_behind_it() {
    let hole = vec![0; 1 << 20];
    let lines =
        |from: i64| (0..500).flat_map(move |at| [line(from + at, "a"), vec![b'\n']].concat());
    let old: Vec<u8> = lines(BEGINNING).collect();
    let new: Vec<u8> = lines(BEGINNING + 100 * SEC_PER_HOUR).collect();
    let wanted = Timestamp::from_millis((BEGINNING + 90 * SEC_PER_HOUR) * 1000);
    let log = [&hole[..], b"\n", &old, &hole, b"\n", &new].concat();
    let start = found(&log, wanted, 1024);
    assert!(start > hole.len() + old.len() - 1024, "{start}");
    assert_eq!(wanted_from(&log, start, wanted).len(), 500);
}

#[test]
fn a_few_lines_of_another_time_do_not_hide_what_stands_before_them() {
    // A machine without a battery starts in 1970, until it has asked for the time.
    let second = |at: i64| {
        if (400..420).contains(&at) {
            at
        } else {
            BEGINNING + at
        }
    };
    let log: Vec<u8> = (0..800)
        .flat_map(|at| [line(second(at), "a"), vec![b'\n']].concat())
        .collect();
    let wanted = Timestamp::from_millis(BEGINNING * 1000);
    assert_eq!(found(&log, wanted, 4096), 0);
}

#[test]
fn sessions_of_zones_as_far_apart_as_can_be_hide_nothing() {
    let log: Vec<u8> = [13, -13]
        .into_iter()
        .flat_map(|hours| (0..200).map(move |at| line(BEGINNING + hours * SEC_PER_HOUR + at, "a")))
        .flat_map(|line| [line, vec![b'\n']].concat())
        .collect();
    let wanted = Timestamp::from_millis((BEGINNING + 13 * SEC_PER_HOUR) * 1000);
    let start = found(&log, wanted, 256);
    assert_eq!(wanted_from(&log, start, wanted).len(), 200);
}
