//! Real files, what is told of bad ones, and properties over any bytes.

use super::super::Fault;
use super::parser::lossy;
use super::*;
use proptest::prelude::*;

mod cronie;
mod recorded;

const USER: Owner = Owner::User { root: false };

fn read(bytes: &[u8], dialect: Dialect, owner: Owner) -> Crontab {
    let source = Source {
        dialect,
        owner,
        is_user: &|name| matches!(name, "root" | "etl"),
    };
    parse(bytes, &source)
}

fn debian(text: &str) -> Crontab {
    read(text.as_bytes(), Dialect::Debian, USER)
}

fn cronie(text: &str, owner: Owner) -> Crontab {
    read(text.as_bytes(), Dialect::Cronie, owner)
}

fn commands(crontab: &Crontab) -> Vec<String> {
    crontab.jobs.iter().map(|job| lossy(&job.command)).collect()
}

#[test]
fn a_system_crontab_has_a_user_column_and_keeps_the_blanks_of_the_command() {
    let text = "SHELL=/bin/sh\n# m h dom mon dow user command\n17 *\t* * *\troot\t  cd / && run-parts /etc/cron.hourly\n";
    let crontab = read(text.as_bytes(), Dialect::Debian, Owner::System);
    let [job] = crontab.jobs.as_slice() else {
        panic!("{crontab:?}")
    };
    assert_eq!((job.line_number, job.schedule.as_str()), (3, "17 * * * *"));
    assert_eq!(job.user.as_deref(), Some("root"));
    // as cron logs it: (root) CMD (  cd / && …)
    assert_eq!(job.command, b"  cd / && run-parts /etc/cron.hourly");
}

#[test]
fn one_bad_line_makes_debian_ignore_the_file_and_all_bad_lines_are_told() {
    let crontab = debian("* * * * * a\nbad\n\n5/15 * * * * b\n* * * * * c\n");
    let ignored = crontab.ignored_for(Dialect::Debian).unwrap();
    assert_eq!(
        ignored.to_string(),
        "line 2: bad minute: `bad` is not a list of 0-59"
    );
    let lines: Vec<_> = crontab
        .bad_lines
        .iter()
        .map(|bad| bad.line_number)
        .collect();
    assert_eq!(lines, [2, 4]);
    assert_eq!(commands(&crontab), ["a", "c"]);
    assert_eq!(cronie("bad\n", USER).ignored_for(Dialect::Cronie), None);
}

#[test]
fn every_fault_is_told_in_plain_english() {
    let fault = |text: &str| debian(text).bad_lines.remove(0).fault.to_string();
    assert_eq!(
        fault("1 24 * * * c\n"),
        "bad hour: `24` is not a list of 0-23"
    );
    assert_eq!(
        fault("1 1 0 * * c\n"),
        "bad day-of-month: `0` is not a list of 1-31"
    );
    assert_eq!(
        fault("1 1 1 13 * c\n"),
        "bad month: `13` is not a list of 1-12 or jan-dec"
    );
    assert_eq!(
        fault("1 1 1 1 sunday c\n"),
        "bad day-of-week: `sunday` is not a list of 0-7 or sun-sat"
    );
    assert_eq!(
        fault("@Daily c\n"),
        "bad time specifier: `@Daily` is not known to cron"
    );
    assert_eq!(
        fault("\r\n"),
        "bad minute: `\r` is not a list of 0-59; the line is empty but for the carriage return of CRLF line ends"
    );
    assert!(
        fault("\u{feff}* * * * * c\n").ends_with("the file begins with a UTF-8 byte order mark")
    );
    assert!(fault("MAILTO=\n").ends_with("an empty value must be quoted: NAME=\"\""));
    assert!(fault("A=\"x\n").ends_with("its quotes do not match"));
    assert!(fault("* * * * * c").starts_with("missing newline before EOF"));
}

#[test]
fn an_unknown_user_or_a_missing_command_spoils_a_system_crontab() {
    let fault = |text: &str| {
        let crontab = read(text.as_bytes(), Dialect::Debian, Owner::System);
        crontab.bad_lines.into_iter().next().map(|bad| bad.fault)
    };
    assert_eq!(
        fault("* * * * * ghost c\n"),
        Some(Fault::Username("ghost".into()))
    );
    // seen in the log of a real cron: it reads the name on into the next line
    assert_eq!(
        fault("* * * * * root\n* * * * * root x\n"),
        Some(Fault::Username("root".into()))
    );
    assert_eq!(fault("@reboot\n"), Some(Fault::Command));
    assert_eq!(fault("* * * * * root \n"), None);
}

#[test]
fn debian_reads_ten_thousand_lines_and_as_many_comments_as_there_are() {
    // seen in the log of a real cron: a job at line 10,003 runs, one at 10,004 does not
    let lines = |comments: usize| "#\n".repeat(comments) + "* * * * * c\n";
    assert_eq!(debian(&lines(10_002)).bad_lines, []);
    assert_eq!(
        debian(&lines(10_003)).bad_lines[0].fault,
        Fault::TooManyLines
    );
    assert_eq!(debian(&"#\n".repeat(20_000)).bad_lines, []);
    assert_eq!(cronie(&lines(20_000), USER).jobs.len(), 1);
}

#[test]
fn nicknames_mean_what_the_manual_says() {
    for (nickname, fields) in [
        ("@yearly", "0 0 1 1 *"),
        ("@annually", "0 0 1 1 *"),
        ("@monthly", "0 0 1 * *"),
        ("@weekly", "0 0 * * 0"),
        ("@daily", "0 0 * * *"),
        ("@midnight", "0 0 * * *"),
        ("@hourly", "0 * * * *"),
    ] {
        let when = |time| debian(&format!("{time} c\n")).jobs[0].when;
        assert_eq!(when(nickname), when(fields), "{nickname}");
    }
    assert_eq!(debian("@reboot c\n").jobs[0].when, When::Reboot);
}

/// Lines made of what crontabs are made of.
fn crontab_like() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop::sample::select(vec![
        "*",
        "*/5",
        "1-5",
        "0",
        "59",
        "mon",
        "@daily",
        "@reboot",
        "-",
        "~",
        " ",
        " ",
        "\t",
        "\n",
        "\n",
        "\r\n",
        "root",
        "A=b",
        "CRON_TZ=UTC\n",
        "'",
        "\"",
        "#",
        "%",
        "\\",
        "\0",
        "c",
        ",",
        "/",
        "=",
    ]);
    prop::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat().into_bytes())
}

fn any_reading() -> impl Strategy<Value = (Dialect, Owner)> {
    let dialect = prop_oneof![Just(Dialect::Debian), Just(Dialect::Cronie)];
    let owner = prop_oneof![
        Just(Owner::System),
        Just(USER),
        Just(Owner::User { root: true })
    ];
    (dialect, owner)
}

proptest! {
    #[test]
    fn any_bytes_are_read_to_their_end(
        bytes in prop_oneof![crontab_like(), prop::collection::vec(any::<u8>(), 0..300)],
        (dialect, owner) in any_reading(),
    ) {
        let crontab = read(&bytes, dialect, owner);
        let lines = bytes.split(|byte| *byte == b'\n').count();
        let numbers: Vec<_> = crontab.jobs.iter().map(|job| job.line_number).collect();
        prop_assert!(numbers.is_sorted());
        prop_assert!(numbers.iter().all(|line| (1..=lines).contains(&usize::try_from(*line).unwrap())));
        for bad in &crontab.bad_lines {
            prop_assert!((1..=lines).contains(&usize::try_from(bad.line_number).unwrap()));
        }
        for job in &crontab.jobs {
            prop_assert!(!job.command.contains(&b'\n'));
            prop_assert_eq!(job.user.is_some(), owner == Owner::System);
            if let When::At(schedule) = job.when {
                prop_assert!(schedule.days & 1 == 0 && schedule.months & 1 == 0);
                prop_assert!(schedule.minutes >> 60 == 0 && schedule.hours >> 24 == 0);
            }
        }
    }

    #[test]
    fn a_good_job_is_found_wherever_it_stands(
        before in crontab_like(),
        (dialect, owner) in any_reading(),
    ) {
        // a line of its own behind one that ends, and is no bad range that swallows the next
        let mut bytes = before;
        bytes.extend(b"\n# end\n\n7 7 7 7 7 root found\n");
        let crontab = read(&bytes, dialect, owner);
        let last = crontab.jobs.last().map(|job| job.schedule.as_str());
        prop_assert_eq!(last, Some("7 7 7 7 7"));
    }
}
