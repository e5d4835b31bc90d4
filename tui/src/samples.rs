//! Rows of every kind as a node answers them, for tests.

use std::time::Duration;

use etlmon_shared::Timestamp;
use etlmon_shared::audit::AuditEntry;
use etlmon_shared::cron::CronJob;
use etlmon_shared::filesystem::Filesystem;
use etlmon_shared::health::Health;
use etlmon_shared::log::{LogFile, LogLine};
use etlmon_shared::path::PathStats;
use etlmon_shared::process::Process;
use etlmon_shared::transfer::Transfer;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::app::{App, Settings};
use crate::model::{Node, Report};
use crate::query::Answer;

/// The moment at which all samples are looked at.
pub fn now() -> Timestamp {
    Timestamp::from_millis(1_768_472_625_000)
}

fn ago(seconds: u64) -> String {
    now().before(Duration::from_secs(seconds)).to_string()
}

fn ahead(seconds: u64) -> String {
    now().after(Duration::from_secs(seconds)).to_string()
}

fn read<T: DeserializeOwned>(rows: Value) -> T {
    serde_json::from_value(rows).unwrap()
}

pub fn health() -> Health {
    read(json!({
        "status": "degraded", "node_name": "etl-01", "version": "0.1.0", "started_at": ago(9000), "uptime_sec": 9000,
        "db": {"path": "/var/lib/etlmon/etlmon.db", "size_bytes": 4096000, "wal_bytes": 4096, "writable": true,
               "last_write_at": ago(1), "last_error": null},
        "collectors": [
            {"name": "filesystem", "status": "running", "interval_sec": 15, "last_success_at": ago(5),
             "last_duration_ms": 3, "last_error": null, "last_error_at": null, "note": null, "restarts": 0, "skipped_ticks": 0},
            {"name": "paths:/data/in", "status": "stalled", "interval_sec": 60, "last_success_at": ago(900),
             "last_duration_ms": 250, "last_error": "deadline of 60s passed", "last_error_at": ago(60), "note": null,
             "restarts": 1, "skipped_ticks": 4}
        ]
    }))
}

pub fn filesystems() -> Vec<Filesystem> {
    let gib = 1_u64 << 30;
    let row = |mount: &str, used: u64, status: &str, full: Option<u64>| {
        json!({
            "mount_point": mount, "device": "/dev/sda1", "fs_type": "ext4", "total_bytes": 100 * gib,
            "used_bytes": used * gib, "avail_bytes": (100 - used) * gib, "used_percent": used as f64,
            "inodes_total": 1000, "inodes_used": 100, "inodes_used_percent": 10.0, "read_only": false,
            "status": status, "error_message": null, "full_in_sec": full, "collected_at": ago(5)
        })
    };
    read(json!([
        row("/", 41, "OK", None),
        row("/data/자료실", 93, "OK", Some(7_200)),
        row("/mnt/\u{1b}[31mevil\nname", 85, "STALE", None),
    ]))
}

pub fn paths() -> Vec<PathStats> {
    let row = |path: &str, files: Option<u64>, status: &str, error: Option<&str>, age: u64| {
        json!({
            "path": path, "file_count": files, "dir_count": 3, "total_bytes": 123_456_789, "newest_mtime": ago(12),
            "oldest_mtime": ago(90_000), "scan_duration_ms": 1200, "status": status, "error_message": error,
            "unreadable_count": 0, "scan_interval_sec": 60, "next_scan_at": ahead(30), "collected_at": ago(age)
        })
    };
    read(json!([
        row("/data/in", Some(72), "OK", None, 30),
        row(
            "/data/missing",
            None,
            "ERROR",
            Some("No such file or directory"),
            4000
        ),
    ]))
}

pub fn logs() -> Vec<LogFile> {
    let row = |name: &str, status: &str, lag: u64| {
        json!({
            "name": name, "path": format!("/var/log/{name}.log"), "status": status, "error_message": null, "inode": 7,
            "size_bytes": 1_000_000, "offset_bytes": 1_000_000 - lag, "lag_bytes": lag, "lines_stored": 12_345,
            "last_line_at": ago(2), "gap_bytes": 0, "gap_count": 0, "unmeasured_gap_count": 0, "truncated_bytes": 0
        })
    };
    read(json!([
        row("app", "TAILING", 0),
        row("loader", "PAUSED", 500_000)
    ]))
}

pub fn processes() -> Vec<Process> {
    let row = |pid: u32, name: &str, cpu: f64, status: &str, watch: Option<&str>| {
        json!({
            "pid": pid, "process_name": name, "cmdline": format!("/usr/bin/{name} --job 운영"), "user": "etl",
            "start_time": ago(3600), "runtime_sec": 3600, "cpu_percent": cpu, "mem_rss_bytes": 52_428_800,
            "threads": 4, "state": "S", "status": status, "watch": watch, "collected_at": ago(3)
        })
    };
    read(json!([
        row(4711, "etl_worker", 97.5, "RUNNING", Some("worker")),
        row(815, "loader", 0.0, "STOPPED", Some("loader")),
        row(99, "postgres", 12.0, "RUNNING", None),
    ]))
}

pub fn cron() -> Vec<CronJob> {
    let row = |id: i64, command: &str, missed: Option<u64>, error: Option<&str>| {
        json!({
            "job_id": id, "schedule": "*/5 * * * *", "command": command, "user": "root", "source": "system",
            "source_path": "/etc/crontab", "line_number": id, "time_zone": "Asia/Seoul",
            "next_run": if error.is_none() { Some(ahead(125)) } else { None }, "last_run_at": ago(175),
            "last_duration_ms": 900, "last_missed_at": null, "missed_count": missed, "has_evidence": missed.is_some(),
            "last_checked": ago(10), "error_message": error
        })
    };
    read(json!([
        row(1, "/opt/etl/run.sh", Some(2), None),
        row(2, "bad line", None, Some("minute 61 is out of range")),
    ]))
}

pub fn transfers() -> Vec<Transfer> {
    let row = |id: i64, direction: &str, status: &str| {
        json!({
            "id": id, "log_time": ago(100 - u64::try_from(id).unwrap()), "remote_host": "10.0.0.5", "username": "alice",
            "filename": format!("/in/daily-{id}.csv"), "bytes": 1_048_576, "transfer_time_sec": 2.0,
            "direction": direction, "status": status, "access_mode": "real", "service": "ftp"
        })
    };
    read(json!([
        row(1, "upload", "complete"),
        row(2, "download", "incomplete")
    ]))
}

pub fn audit() -> Vec<AuditEntry> {
    read(json!([
        {"id": 1, "at": ago(60), "who": "ops", "remote": "10.0.0.9:5000", "action": "kill", "target": "4711 etl_worker",
         "detail": "SIGTERM", "outcome": "done"},
        {"id": 2, "at": ago(30), "who": null, "remote": "unix", "action": "scan", "target": "/data/in",
         "detail": null, "outcome": "forbidden"}
    ]))
}

/// A line of a log.
pub fn line(id: i64, text: &str) -> LogLine {
    read(json!({
        "id": id, "log_name": "app", "log_path": "/var/log/app.log", "line": text, "truncated": false,
        "created_at": ago(1), "source_inode": 7
    }))
}

/// A console with a node that has answered everything, and one that is down.
pub fn app() -> App {
    let mut app = App::new(
        vec![
            Node::new("etl-01", "http://etl-01:8080"),
            Node::new("etl-02", "http://etl-02:8080"),
        ],
        0,
        Settings::default(),
    );
    let answers = [
        Answer::Health(health()),
        Answer::Filesystems(filesystems()),
        Answer::Paths(paths()),
        Answer::Logs(logs()),
        Answer::Processes(processes()),
        Answer::Cron(cron()),
        Answer::Transfers(Vec::new(), transfers()),
        Answer::Audit(audit()),
    ];
    for answer in answers {
        app.take(0, Report::Answered(Box::new(answer)), now());
    }
    let reason = "Connection refused".to_owned();
    app.take(
        1,
        Report::Unreachable {
            reason,
            retry_in: Duration::from_secs(4),
        },
        now(),
    );
    app
}
