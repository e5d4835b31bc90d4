//! Crontabs as rows, for each way in which cron ignores something.

use super::*;
use etlmon_shared::Timestamp;
use std::path::PathBuf;

const FACTS: Facts = Facts {
    kind: FileKind::Regular,
    mode: 0o644,
    uid: 0,
    links: 1,
    link_owner: None,
};

fn file(path: &str, facts: Facts, text: &str) -> CrontabFile {
    let place = match path {
        "/etc/crontab" => Place::EtcCrontab,
        path if path.starts_with("/etc/cron.d/") => Place::CronD,
        _ => Place::Spool,
    };
    CrontabFile {
        path: PathBuf::from(path),
        place,
        content: Content::Known {
            facts,
            modified: None,
            bytes: text.as_bytes().to_vec(),
        },
    }
}

fn rows_as(dialect: Dialect, files: &[CrontabFile], held: Option<&str>) -> Vec<Listed> {
    let root = tempfile::tempdir().unwrap();
    std::fs::create_dir(root.path().join("etc")).unwrap();
    let passwd = "root:x:0:0::/root:/bin/sh\netl:x:1001:1001::/:/bin/sh\n";
    std::fs::write(root.path().join("etc/passwd"), passwd).unwrap();
    let reading = Reading {
        dialect,
        accounts: &Accounts::read(root.path()).unwrap(),
        patterns: &Patterns::new([]).unwrap(),
        zone: "Europe/London",
    };
    reading.rows(files, |_| held.map(str::to_owned))
}

/// Line, schedule, command, user, error.
type Shown<'a> = (
    Option<u32>,
    Option<&'a str>,
    &'a str,
    Option<&'a str>,
    Option<&'a str>,
);

fn shown(row: &Listed) -> Shown<'_> {
    (
        row.line_number,
        row.key.schedule.as_deref(),
        &row.key.command,
        row.key.user.as_deref(),
        row.error.as_deref(),
    )
}

#[test]
fn one_bad_line_takes_all_jobs_of_a_file_from_debians_cron_and_none_from_cronie() {
    let text = "5 4 * * * root a\n61 * * * * root b\n@daily etl c\n";
    let files = [file("/etc/cron.d/jobs", FACTS, text)];
    let fault = "bad minute: `61` is not a list of 0-59";
    let whole = format!("cron ignores the whole file: line 2: {fault}");
    let whole = Some(whole.as_str());
    let rows = rows_as(Dialect::Debian, &files, None);
    let expected = [
        (Some(1), Some("5 4 * * *"), "a", Some("root"), whole),
        (Some(2), None, "61 * * * * root b", None, Some(fault)),
        (Some(3), Some("@daily"), "c", Some("etl"), whole),
    ];
    assert_eq!(rows.iter().map(shown).collect::<Vec<_>>(), expected);
    assert!(rows.iter().all(|row| row.job.is_none()));

    let rows = rows_as(Dialect::Cronie, &files, None);
    let errors: Vec<_> = rows.iter().map(|row| row.error.as_deref()).collect();
    assert_eq!(errors, [None, Some(fault), None]);
    assert_eq!(rows.iter().filter(|row| row.job.is_some()).count(), 2);
}

#[test]
fn a_file_that_is_ignored_for_what_it_is_says_so_on_each_job_and_a_note_says_nothing() {
    let job = "* * * * * root a\nnot a job\n";
    let writable = Facts {
        mode: 0o664,
        ..FACTS
    };
    let directory = Facts {
        kind: FileKind::Other,
        ..FACTS
    };
    let rows = rows_as(
        Dialect::Debian,
        &[
            file("/etc/cron.d/a.bak", FACTS, job),
            file("/etc/cron.d/.placeholder", FACTS, "# nothing\n"),
            file("/etc/cron.d/README.txt", FACTS, "Put jobs here.\n"),
            file("/etc/cron.d/open", writable, job),
            file("/etc/cron.d/folder", directory, ""),
            file("/etc/cron.d/.git", directory, ""),
            file(
                "/var/spool/cron/crontabs/ghost",
                Facts {
                    mode: 0o600,
                    ..FACTS
                },
                "* * * * * b\n",
            ),
        ],
        None,
    );
    let told: Vec<_> = rows
        .iter()
        .map(|row| {
            (
                row.key.source_path.as_str(),
                row.line_number,
                row.error.clone().unwrap(),
            )
        })
        .collect();
    let ignored = |reason: &str| format!("cron ignores the file: {reason}");
    let name =
        ignored("cron ignores files whose names have anything but letters, digits, `_` and `-`");
    assert_eq!(
        told,
        [
            ("/etc/cron.d/a.bak", Some(1), name),
            (
                "/etc/cron.d/open",
                Some(1),
                ignored("its mode 0664 lets group or others write to it")
            ),
            (
                "/etc/cron.d/folder",
                None,
                ignored("it is not a regular file")
            ),
            (
                "/var/spool/cron/crontabs/ghost",
                Some(1),
                ignored("there is no user of this name")
            ),
        ]
    );
}

#[test]
fn a_users_own_job_is_his_and_its_secrets_are_masked() {
    let own = Facts {
        mode: 0o600,
        uid: 1001,
        ..FACTS
    };
    let text = "CRON_TZ=Asia/Seoul\n0 1 * * * mysqldump --password=hunter2 etl\n";
    let files = [file("/var/spool/cron/crontabs/etl", own, text)];
    for (dialect, zone) in [
        (Dialect::Debian, "Europe/London"),
        (Dialect::Cronie, "Asia/Seoul"),
    ] {
        let rows = rows_as(dialect, &files, None);
        let [row] = rows.as_slice() else {
            unreachable!("{rows:?}");
        };
        let command = "mysqldump --password=*** etl";
        assert_eq!(
            shown(row),
            (Some(2), Some("0 1 * * *"), command, Some("etl"), None)
        );
        assert_eq!(
            (row.source, row.time_zone.as_str()),
            (CronSource::User, zone)
        );
        let job = row.job.as_ref().unwrap();
        assert_eq!(
            job.logged.as_deref(),
            Some("mysqldump --password=hunter2 etl")
        );
        // One in the morning in the zone of the job.
        let next = job
            .due
            .as_ref()
            .unwrap()
            .next("2026-01-01T00:00:00Z".parse::<Timestamp>().unwrap());
        if dialect == Dialect::Cronie {
            assert_eq!(next.unwrap().to_string(), "2026-01-01T16:00:00.000Z");
        }
    }
}

#[test]
fn equal_lines_are_told_apart_by_their_order_alone() {
    let text = "* * * * * root a\n# moves the others\n* * * * * root a\n";
    let rows = rows_as(Dialect::Debian, &[file("/etc/crontab", FACTS, text)], None);
    let keys: Vec<_> = rows
        .iter()
        .map(|row| (row.line_number, row.key.occurrence))
        .collect();
    assert_eq!(keys, [(Some(1), 0), (Some(3), 1)]);
}

#[test]
fn what_never_comes_is_told_and_a_file_that_cron_still_ignores_too() {
    let files = [file(
        "/etc/crontab",
        FACTS,
        "0 0 30 2 * root a\n@reboot root b\n",
    )];
    let rows = rows_as(Dialect::Debian, &files, None);
    assert_eq!(
        rows[0].error.as_deref(),
        Some("there is no such date or time: it never runs")
    );
    assert_eq!(rows[1].error, None);
    assert!(rows[1].job.as_ref().unwrap().due.is_none());
    let rows = rows_as(Dialect::Debian, &files, Some("held"));
    assert!(rows.iter().all(|row| row.error.as_deref() == Some("held")));
}
