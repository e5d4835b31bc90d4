//! Verdicts of Debian's own crontab(1), and what real crons made of files in `/etc/cron.d`.

use super::super::super::{Run, logged};
use super::*;

/// Bytes from a Python literal without its `b`: `'a\n\x00'`.
fn literal(text: &str) -> Vec<u8> {
    let mut chars = text[1..text.len() - 1].chars();
    let mut bytes = Vec::new();
    while let Some(char) = chars.next() {
        let byte = match (char, char == '\\') {
            (_, true) => match chars.next().unwrap() {
                'n' => b'\n',
                't' => b'\t',
                'r' => b'\r',
                'x' => {
                    let digits: String = chars.by_ref().take(2).collect();
                    u8::from_str_radix(&digits, 16).unwrap()
                }
                other => u8::try_from(other).unwrap(),
            },
            (char, false) => u8::try_from(char).unwrap(),
        };
        bytes.push(byte);
    }
    bytes
}

#[test]
fn lines_are_accepted_and_refused_exactly_where_debian_does() {
    let table = include_str!("../../testdata/debian_verdicts.csv");
    let rows: Vec<_> = table.lines().skip(1).collect();
    assert!(rows.len() > 3_000);
    let mut wrong = Vec::new();
    for row in rows {
        let (text, verdict) = row.rsplit_once(',').unwrap();
        let crontab = read(&literal(text), Dialect::Debian, USER);
        let found = said_of(&crontab);
        if found != verdict {
            wrong.push(format!("{text}: {verdict}, not {found}"));
        }
    }
    assert_none(&wrong);
}

/// What Debian's cron says of a file.
fn said_of(crontab: &Crontab) -> String {
    let bad = crontab.ignored_for(Dialect::Debian);
    let fault = bad.map_or("ok".to_owned(), |bad| bad.fault.to_string());
    fault.split(':').next().unwrap().to_owned()
}

#[track_caller]
fn assert_none(wrong: &[String]) {
    let first = &wrong[..wrong.len().min(20)];
    assert!(wrong.is_empty(), "{}: {first:#?}", wrong.len());
}

/// What a cron makes of a file in `/etc/cron.d`: its faults, and what it runs when it begins and each
/// minute.
fn told_and_run(bytes: &[u8], dialect: Dialect) -> Vec<String> {
    let source = Source {
        dialect,
        owner: Owner::System,
        is_user: &|name| ["root", "nobody", "daemon"].contains(&name),
    };
    let crontab = parse(bytes, &source);
    let faults = crontab.bad_lines.iter().map(|bad| bad.fault.to_string());
    let mut faults: Vec<_> = faults
        .map(|fault| fault.split(':').next().unwrap().replace(" before EOF", ""))
        .collect();
    match dialect {
        Dialect::Debian => faults.truncate(1),
        // Of a user it says nothing until the job is due.
        Dialect::Cronie => faults.retain(|fault| fault != "bad username"),
    }
    faults.sort();
    let has_run = |job: &&Job| match job.when {
        When::At(schedule) => schedule.minutes.count_ones() == 60,
        When::Reboot | When::Random => true,
    };
    let jobs = crontab.jobs.iter().filter(|job| !job.quiet);
    let mut runs: Vec<_> = jobs
        .filter(has_run)
        .map(|job| {
            let shell = Run::of(&job.command, dialect).shell;
            format!("({}) CMD ({})", job.user.as_ref().unwrap(), logged(&shell))
        })
        .collect();
    runs.sort();
    if crontab.ignored_for(dialect).is_some() {
        runs.clear();
    }
    let faults = match faults.is_empty() {
        true => "ok".to_owned(),
        false => faults.join(","),
    };
    [faults].into_iter().chain(runs).collect()
}

#[test]
fn files_of_cron_d_are_read_run_and_logged_exactly_as_real_crons_do() {
    for (dialect, table) in [
        (
            Dialect::Debian,
            include_str!("../../testdata/debian_system.tsv"),
        ),
        (
            Dialect::Cronie,
            include_str!("../../testdata/cronie_system.tsv"),
        ),
    ] {
        let rows: Vec<_> = table.lines().skip(1).collect();
        assert!(rows.len() >= 1_500);
        let wrong = rows.iter().filter_map(|row| {
            let (text, expected) = row.split_once('\t').unwrap();
            let found = told_and_run(&literal(text), dialect).join("\t");
            (found != expected).then(|| format!("{text}: {expected}, not {found}"))
        });
        assert_none(&wrong.collect::<Vec<_>>());
    }
}
