//! A real Debian cron with crontabs of its own, and what the node sees of it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "functions that tests share are test code too"
)]

mod machine;

use std::path::Path;
use std::time::Duration;

use etlmon_shared::Timestamp;
use integration_tests::{Node, eventually, peer, skip};
use machine::CronMachine;
use serde_json::Value;

const CRON: &str = "/api/v1/cron";
const JOURNALD: &str = "/usr/lib/systemd/systemd-journald";
const PATIENCE: Duration = Duration::from_secs(15);
/// To the end of a minute, and as long as a loaded machine needs.
const A_MINUTE: Duration = Duration::from_secs(85);

const JOBS: &str = "* * * * * root sleep 3; : each minute\n\
                    0 5 1 1 * root yearly --password=hunter2\n";

fn row(node: &Node, command: &str) -> Option<Value> {
    node.row(CRON, "command", command)
}

fn await_row(node: &Node, command: &str, wanted: impl Fn(&Value) -> bool) -> Value {
    node.await_row((CRON, "command", command), wanted)
}

fn refresh(node: &Node) -> (u64, u64) {
    let answer = node.post("/api/v1/cron/refresh", "{}");
    assert_eq!(answer.status, 200, "{}", answer.body);
    let counts = answer.json();
    let [jobs, errors] = ["jobs", "errors"].map(|key| counts[key].as_u64().unwrap());
    (jobs, errors)
}

/// Waits past the end of a minute.
fn within_a_minute(node: &Node, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
    eventually(what, A_MINUTE, || {
        row(node, "sleep 3; : each minute").filter(|row| wanted(row))
    })
}

#[test]
fn what_a_real_cron_runs_is_seen_and_what_it_would_have_run_is_missed() {
    let (Some(mut alive), Some(dead)) = (CronMachine::new(), CronMachine::new()) else {
        return;
    };
    for machine in [&alive, &dead] {
        machine.write("cron.d/jobs", 0o644, JOBS);
    }
    alive.write(
        "cron.d/bad",
        0o644,
        "1 2 3 4 5 root good\n61 * * * * root bad\n",
    );
    alive.write("cron.d/old.bak", 0o644, "@daily root backup\n");
    alive.write("spool/crontabs/root", 0o600, "@reboot own\n");
    // syslog knows whole seconds.
    let began = Timestamp::now().before(Duration::from_secs(1));
    alive.start_cron();
    let node = alive.machine.node_with("");
    let idle = dead.machine.node_with("");

    let each_minute = await_row(&node, "sleep 3; : each minute", |row| {
        !row["next_run"].is_null()
    });
    assert_eq!(each_minute["source_path"], "/etc/cron.d/jobs");
    assert_eq!(each_minute["user"], "root");
    let yearly = row(&node, "yearly --password=***").unwrap();
    let next = yearly["next_run"].as_str().unwrap();
    assert!(next > each_minute["next_run"].as_str().unwrap(), "{next}");
    let own = row(&node, "own").unwrap();
    assert_eq!(
        (&own["source"], &own["next_run"]),
        (&Value::from("user"), &Value::Null)
    );
    for (command, reason) in [
        ("good", "cron ignores the whole file: line 2: bad minute"),
        (
            "61 * * * * root bad",
            "bad minute: `61` is not a list of 0-59",
        ),
        (
            "backup",
            "cron ignores the file: cron ignores files whose names",
        ),
    ] {
        let row = row(&node, command).unwrap();
        let told = row["error_message"].as_str().unwrap();
        assert!(told.starts_with(reason), "{told}");
        assert!(row["next_run"].is_null());
    }
    assert_eq!(refresh(&node), (3, 3));

    alive.write(
        "cron.d/jobs",
        0o644,
        &format!("# moved\n@weekly root new\n{JOBS}"),
    );
    assert_eq!(refresh(&node), (4, 3));
    let moved = row(&node, "sleep 3; : each minute").unwrap();
    assert_eq!(moved["job_id"], each_minute["job_id"]);
    assert_eq!(
        (&each_minute["line_number"], &moved["line_number"]),
        (&1.into(), &3.into())
    );

    let missed = std::thread::spawn(move || {
        let missed = |row: &Value| row["missed_count"].as_u64() >= Some(1);
        let row = within_a_minute(&idle, "a run without cron to be missed", missed);
        assert_eq!(row["error_message"], "cron is not running");
        assert!(
            row["next_run"].is_null() && row["last_missed_at"].is_string(),
            "{row}"
        );
        assert!(row["last_run_at"].is_null(), "{row}");
    });
    let ran = |row: &Value| !row["last_duration_ms"].is_null();
    let row = within_a_minute(&node, "a run and its end to be seen", ran);
    let took = row["last_duration_ms"].as_u64().unwrap();
    assert!((2_500..10_000).contains(&took), "{row}");
    assert_eq!(
        (&row["missed_count"], &row["has_evidence"]),
        (&0.into(), &true.into())
    );
    assert!(
        row["last_run_at"].as_str() >= Some(&*began.to_string()),
        "{row}"
    );
    assert!(
        row["next_run"].as_str() > row["last_run_at"].as_str(),
        "{row}"
    );
    missed.join().unwrap();

    alive.cron = None;
    assert_eq!(refresh(&node), (0, 7));
    let row = self::row(&node, "sleep 3; : each minute").unwrap();
    assert_eq!(
        (&row["error_message"], &row["next_run"]),
        (&"cron is not running".into(), &Value::Null)
    );
    assert!(!row["last_run_at"].is_null());
}

#[test]
fn a_run_that_only_the_journal_tells_of_is_seen() {
    if !["journalctl", JOURNALD, "setpriv", "logger"]
        .iter()
        .all(|program| peer(program))
    {
        return;
    }
    if !Path::new("/etc/machine-id").exists() {
        return skip("without a machine id a journal has no place");
    }
    let Some(mut cron) = CronMachine::new() else {
        return;
    };
    cron.write("cron.d/jobs", 0o644, &JOBS.replace("root", "nobody"));
    cron.start_journal();
    cron.start_cron();
    let node = cron.machine.node_with("");
    // Any user can log in cron's name.
    let nobody = "setpriv --reuid=65534 --clear-groups logger -t CRON";
    let mut forged: Vec<&str> = nobody.split(' ').collect();
    forged.push("(nobody) CMD (yearly --password=hunter2)");
    cron.machine.namespace.run(&forged);
    let row = within_a_minute(&node, "a run and its end to be seen", |row| {
        !row["last_duration_ms"].is_null() && row["has_evidence"] == true
    });
    let took = row["last_duration_ms"].as_u64().unwrap();
    assert!((2_500..10_000).contains(&took), "{row}");
    let forged = self::row(&node, "yearly --password=***").unwrap();
    assert!(forged["last_run_at"].is_null(), "{forged}");
}

#[test]
fn without_crontabs_to_read_there_is_nothing_to_show_and_nothing_to_refresh() {
    let node = Node::start("cron: { enabled: false }");
    assert_eq!(node.list(CRON).len(), 0);
    let json = ("Content-Type", "application/json");
    for (headers, body, status) in [
        (vec![json], None, 404),
        (vec![json], Some("{\"x\": 1}"), 400),
        (vec![], Some("{}"), 415),
    ] {
        let answer = node.request("POST", "/api/v1/cron/refresh", &headers, body);
        assert_eq!(answer.status, status, "{}", answer.body);
    }
    let answer = node.post("/api/v1/cron/refresh", "{}");
    assert_eq!(
        (answer.status, &answer.json()["code"]),
        (404, &"not_found".into())
    );
}

#[test]
fn a_configured_pattern_hides_secrets_of_crontabs_once_it_is_loaded() {
    let Some(cron) = CronMachine::new() else {
        return;
    };
    cron.write(
        "cron.d/jobs",
        0o644,
        "@daily root send CUST-777 && sleep 1\n",
    );
    let node = cron.machine.node_with("");
    await_row(&node, "send CUST-777 && sleep 1", |_| true);
    node.reconfigure("secrets: { patterns: ['CUST-\\d+'] }");
    await_row(&node, "send *** && sleep 1", |_| true);
    assert_eq!(node.list(CRON).len(), 1, "the other is gone");
}
