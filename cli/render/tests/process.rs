//! The exact text of the tables of processes, their rules and commands.

use serde_json::json;

use super::super::*;
use super::{read, style};

#[test]
fn processes_look_as_in_top_and_what_has_ended_says_so() {
    let rows = read::<Vec<_>>(json!([
        {"pid": 4711, "process_name": "java", "cmdline": "java -Ddb.password=*** Load\u{1b}",
         "user": "etl", "start_time": "2026-01-15T10:00:00Z", "runtime_sec": 1425,
         "cpu_percent": 187.26, "mem_rss_bytes": 1_610_612_736_u64, "threads": 42, "state": "S",
         "status": "RUNNING", "watch": "loader", "collected_at": "2026-01-15T10:23:45Z"},
        {"pid": 9, "process_name": "kswapd0", "cmdline": "", "start_time": "2026-01-01T00:00:00Z",
         "runtime_sec": 5, "threads": 1, "state": "D", "status": "RUNNING",
         "collected_at": "2026-01-15T10:23:45Z"},
        {"pid": 812, "process_name": "job", "cmdline": "job", "user": "1001",
         "start_time": "2026-01-15T10:00:00Z", "runtime_sec": 60, "cpu_percent": 0.04,
         "mem_rss_bytes": 512, "threads": 1, "state": "R", "status": "STOPPED", "watch": "job",
         "collected_at": "2026-01-15T10:01:00Z"},
    ]));
    let expected = concat!(
        " PID  USER   CPU%    RSS  THR  RUNTIME  STATE    WATCH   NAME     COMMAND\n",
        "4711  etl   187.3  1.5Gi   42  23m 45s  S        loader  java     java -Ddb.password=*** Load\\u{1b}\n",
        "   9  -         -      -    1       5s  D        -       kswapd0\n",
        " 812  1001    0.0   512B    1       1m  STOPPED  job     job      job\n",
    );
    assert_eq!(processes(&rows, style()), expected);
}

#[test]
fn a_rule_that_matches_nothing_is_marked() {
    let at = "2026-01-15T10:23:45Z";
    let rows = read::<Vec<_>>(json!([
        {"watch": "loader", "matched": 12, "collected_at": at},
        {"watch": "pid 7", "matched": 0, "collected_at": at},
    ]));
    let expected = "   MATCHES  WATCH\n        12  loader\n!        0  pid 7\n";
    assert_eq!(process_rules(&rows, style()), expected);
}

#[test]
fn commands_show_who_wanted_what_and_what_became_of_it() {
    let rows = read::<Vec<_>>(json!([
        {"id": 7, "at": "2026-01-15T10:23:45Z", "who": "ops", "remote": "10.0.0.5:40312",
         "action": "kill", "target": "processes/812", "detail": "SIGTERM to job", "outcome": "done"},
        {"id": 8, "at": "2026-01-15T10:23:46Z", "remote": "unix", "action": "scan",
         "target": "paths", "outcome": "busy"},
    ]));
    let expected = concat!(
        "ID  AT                        WHO  FROM            ACTION  TARGET         OUTCOME  DETAIL\n",
        " 7  2026-01-15T10:23:45.000Z  ops  10.0.0.5:40312  kill    processes/812  done     SIGTERM to job\n",
        " 8  2026-01-15T10:23:46.000Z  -    unix            scan    paths          busy     -\n",
    );
    assert_eq!(audit(&rows, style()), expected);
}
