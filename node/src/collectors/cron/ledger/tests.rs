//! Runs that are seen and missed, by a clock that is set by hand.

use super::*;
use crate::collectors::cron::due::{Due, DueZone};
use crate::collectors::cron::evidence::Coverage;
use crate::collectors::cron::listing::ActiveJob;
use crate::collectors::cron::{Dialect, Owner, Source, When, parse};
use etlmon_shared::cron::CronSource;

/// Six o'clock, and so many seconds.
fn at(seconds: u64) -> Timestamp {
    let start: Timestamp = "2026-11-01T06:00:00Z".parse().unwrap();
    start.after(Duration::from_secs(seconds))
}

fn listed(line: &str, occurrence: u32) -> Listed {
    let source = Source {
        dialect: Dialect::Debian,
        owner: Owner::System,
        is_user: &|_| true,
    };
    let job = parse(format!("{line}\n").as_bytes(), &source)
        .jobs
        .remove(0);
    let command = String::from_utf8(job.command.clone()).unwrap();
    let due = match job.when {
        When::At(schedule) => Some(Due {
            schedule,
            zone: DueZone::Utc,
        }),
        When::Reboot | When::Random => None,
    };
    Listed {
        key: Key {
            source_path: "/etc/crontab".to_owned(),
            schedule: Some(job.schedule),
            command: command.clone(),
            user: job.user.clone(),
            occurrence,
        },
        source: CronSource::System,
        line_number: Some(1),
        time_zone: "UTC".to_owned(),
        error: None,
        job: Some(ActiveJob {
            user: job.user.unwrap(),
            logged: Some(command.clone()),
            shell: command.into_bytes(),
            due,
        }),
    }
}

fn ledger(lines: &[&str]) -> Ledger {
    let mut ledger = Ledger::default();
    let rows = lines.iter().map(|line| listed(line, 0)).collect();
    ledger.replace(rows, &mut HashMap::new(), at(0));
    ledger
}

fn covered(since: u64, until: u64) -> Option<Coverage> {
    Some(Coverage {
        since: at(since),
        until: at(until),
    })
}

fn judge(ledger: &mut Ledger, now: u64, coverage: Option<Coverage>, down_since: Option<u64>) {
    ledger.judge(&Witnesses {
        now: at(now),
        coverage,
        down_since: down_since.map(at),
    });
}

fn missed(ledger: &Ledger) -> Vec<u64> {
    let rows = ledger.rows().iter();
    rows.map(|row| row.history.missed_count).collect()
}

#[test]
fn a_run_that_is_logged_is_seen_and_one_that_is_not_is_missed_after_its_grace() {
    let mut ledger = ledger(&["* * * * * root a"]);
    ledger.began(at(61), None, "root", "a");
    ledger.began(at(121), None, "root", "a");
    judge(&mut ledger, 269, covered(0, 269), None);
    assert_eq!(missed(&ledger), [0]);
    judge(&mut ledger, 270, covered(0, 270), None);
    let history = &ledger.rows()[0].history;
    assert_eq!(
        (history.missed_count, history.last_missed_at),
        (1, Some(at(180)))
    );
    assert_eq!(history.last_run_at, Some(at(121)));
    // The run of the minute after does not stand for the one that was missed.
    ledger.began(at(241), None, "root", "a");
    judge(&mut ledger, 331, covered(0, 331), None);
    assert_eq!(missed(&ledger), [1]);
}

#[test]
fn blanks_before_a_command_that_some_crons_log_make_it_no_other() {
    let mut ledger = ledger(&["* * * * * root a"]);
    ledger.began(at(61), None, "root", "  a");
    assert_eq!(ledger.rows()[0].history.last_run_at, Some(at(61)));
}

#[test]
fn what_nobody_could_have_seen_is_not_missed() {
    // The log began after that, or again; there is none; it is another user's run.
    for coverage in [covered(121, 600), None] {
        let mut ledger = ledger(&["2 6 * * * root a"]);
        judge(&mut ledger, 600, coverage, None);
        assert_eq!(missed(&ledger), [0], "{coverage:?}");
        judge(&mut ledger, 700, covered(0, 700), None);
        assert_eq!(missed(&ledger), [0], "{coverage:?}");
    }
    let mut ledger = ledger(&["2 6 * * * root a"]);
    ledger.began(at(121), None, "etl", "a");
    judge(&mut ledger, 600, covered(0, 600), None);
    assert_eq!(missed(&ledger), [1]);
}

#[test]
fn while_the_log_is_silent_nothing_is_decided() {
    let mut ledger = ledger(&["2 6 * * * root a"]);
    judge(&mut ledger, 209, covered(0, 119), None);
    assert!(!ledger.lacks_witness(at(209)));
    judge(&mut ledger, 3_000, covered(0, 119), None);
    assert!(ledger.lacks_witness(at(3_000)));
    assert_eq!(missed(&ledger), [0]);
    ledger.began(at(122), None, "root", "a");
    judge(&mut ledger, 3_000, covered(0, 3_000), None);
    assert!(!ledger.lacks_witness(at(3_000)));
    assert_eq!(missed(&ledger), [0]);
    assert_eq!(ledger.rows()[0].history.last_run_at, Some(at(122)));
}

#[test]
fn a_job_that_cron_can_not_have_noticed_yet_is_not_missed() {
    let mut ledger = ledger(&["1 6 * * * root in-time", "0-59 6 * * * root a"]);
    ledger.replace(
        vec![listed("1 6 * * * root new", 0)],
        &mut HashMap::new(),
        at(30),
    );
    judge(&mut ledger, 600, covered(0, 600), None);
    assert_eq!(missed(&ledger), [0]);
}

#[test]
fn without_a_cron_what_is_due_is_missed_at_once_whatever_the_log() {
    let mut ledger = ledger(&["* * * * * root a"]);
    judge(&mut ledger, 62, None, Some(59));
    assert_eq!(missed(&ledger), [0]);
    judge(&mut ledger, 63, None, Some(59));
    assert_eq!(missed(&ledger), [1]);
    // It went only after the minute had begun, and came back.
    judge(&mut ledger, 125, None, Some(121));
    judge(&mut ledger, 300, None, None);
    assert_eq!(missed(&ledger), [1]);
}

#[test]
fn of_jobs_that_are_logged_alike_the_one_that_was_due_has_run() {
    let mut ledger = ledger(&["5 6 * * * root a", "10 6 * * * root a", "@reboot root a"]);
    ledger.began(at(2), None, "root", "a");
    ledger.began(at(301), None, "root", "a");
    ledger.began(at(601), None, "root", "a");
    let runs: Vec<_> = ledger
        .rows()
        .iter()
        .map(|row| row.history.last_run_at)
        .collect();
    assert_eq!(runs, [Some(at(301)), Some(at(601)), Some(at(2))]);
    judge(&mut ledger, 900, covered(0, 900), None);
    assert_eq!(missed(&ledger), [0, 0, 0]);

    let mut twice = Ledger::default();
    let rows = (0..2).map(|nth| listed("5 6 * * * root a", nth)).collect();
    twice.replace(rows, &mut HashMap::new(), at(0));
    twice.began(at(301), None, "root", "a");
    twice.began(at(301), None, "root", "a");
    judge(&mut twice, 900, covered(0, 900), None);
    assert_eq!(missed(&twice), [0, 0]);
}

#[test]
fn an_end_that_is_logged_gives_the_last_run_its_duration() {
    let mut ledger = ledger(&["* * * * * root a"]);
    ledger.began(at(61), None, "root", "a");
    ledger.ended(at(75), "root", "a");
    assert_eq!(ledger.rows()[0].history.last_duration_ms, Some(14_000));
    ledger.began(at(121), None, "root", "a");
    assert_eq!(ledger.rows()[0].history.last_duration_ms, None);
    // What is read again after a rotation or a restart changes nothing.
    ledger.ended(at(130), "root", "a");
    ledger.began(at(61), None, "root", "a");
    ledger.began(at(121), None, "root", "a");
    assert_eq!(ledger.rows()[0].history.last_duration_ms, Some(9_000));
    assert_eq!(ledger.rows()[0].history.last_run_at, Some(at(121)));
}

#[test]
fn the_end_of_a_shell_that_is_a_job_is_seen_and_that_of_another_process_is_not() {
    let mut processes = [0, 1].map(|_| {
        std::process::Command::new("sleep")
            .arg("60")
            .spawn()
            .unwrap()
    });
    let [job, other] = [processes[0].id(), processes[1].id()];
    let mut ledger = ledger(&["* * * * * root a", "* * * * * root b"]);
    ledger.began(at(61), Some(job), "root", "a");
    ledger.began(at(61), Some(other), "root", "b");
    let shell = Shell {
        pid: job,
        user_id: 0,
        command: None,
    };
    ledger.see(&[shell], true, &Accounts::default(), at(62));
    ledger.close_ended(at(62));
    assert_eq!(ledger.youngest_open(), Some(at(61)));
    for process in &mut processes {
        process.kill().unwrap();
        process.wait().unwrap();
    }
    ledger.close_ended(at(71));
    let took: Vec<_> = ledger
        .rows()
        .iter()
        .map(|row| row.history.last_duration_ms)
        .collect();
    assert_eq!(took, [Some(10_000), None]);
    assert_eq!(ledger.youngest_open(), None);
}

#[test]
fn where_no_log_tells_of_runs_a_shell_of_the_right_user_and_command_is_one() {
    let root = tempfile::tempdir().unwrap();
    std::fs::create_dir(root.path().join("etc")).unwrap();
    std::fs::write(
        root.path().join("etc/passwd"),
        "etl:x:1001:1:::\nroot:x:0:0:::\n",
    )
    .unwrap();
    let accounts = Accounts::read(root.path()).unwrap();
    let mut ledger = ledger(&[
        "* * * * * etl a",
        "* * * * * etl b",
        "* * * * * root c",
        "9 9 * * * root d",
    ]);
    let shell = |pid, user_id, command: Option<&str>| Shell {
        pid,
        user_id,
        command: command.map(|command| command.as_bytes().to_vec()),
    };
    // The second has made way for its command and may be either of etl's; the third can be but c.
    let shells = [
        shell(1, 1001, Some("a")),
        shell(3, 0, None),
        shell(4, 7, None),
    ];
    ledger.see(&shells, false, &accounts, at(64));
    let runs = |ledger: &Ledger| -> Vec<bool> {
        ledger
            .rows()
            .iter()
            .map(|row| row.history.last_run_at == Some(at(60)))
            .collect()
    };
    assert_eq!(runs(&ledger), [true, false, true, false]);
    let mut unsure = super::tests::ledger(&["* * * * * etl a", "* * * * * etl b"]);
    unsure.see(&[shell(2, 1001, None)], false, &accounts, at(64));
    assert_eq!(runs(&unsure), [false, false]);
    // A log has told of it.
    unsure.see(&[shell(5, 1001, Some("a"))], true, &accounts, at(64));
    assert_eq!(runs(&unsure), [false, false]);
}

#[test]
fn a_job_that_stays_keeps_its_past_and_one_that_was_stored_gets_it_back() {
    let mut first = ledger(&["* * * * * root a"]);
    first.began(at(61), None, "root", "a");
    first.replace(
        vec![listed("5 5 * * * root z", 0), listed("* * * * * root a", 0)],
        &mut HashMap::new(),
        at(70),
    );
    assert_eq!(first.rows()[1].history.last_run_at, Some(at(61)));
    judge(&mut first, 160, covered(0, 160), None);
    assert_eq!(missed(&first), [0, 0]);

    let mut past = HashMap::from([(
        first.rows()[1].listed.key.clone(),
        first.rows()[1].history.clone(),
    )]);
    let mut later = Ledger::default();
    later.replace(vec![listed("* * * * * root a", 0)], &mut past, at(500));
    assert_eq!(later.rows()[0].history.last_run_at, Some(at(61)));
    // Of the time between the two nothing is known.
    judge(&mut later, 700, covered(500, 649), None);
    assert_eq!(missed(&later), [0]);
}
