//! The exact text of every table.

mod cron;
mod log;
mod process;

use serde_json::{Value, json};

use super::*;

/// 2026-01-15T10:23:45Z.
const NOW_MS: i64 = 1_768_472_625_000;

fn style() -> Style {
    Style {
        now: Timestamp::from_millis(NOW_MS),
        colours: false,
    }
}

fn read<T: serde::de::DeserializeOwned>(json: Value) -> T {
    serde_json::from_value(json).unwrap()
}

fn fits_80_columns(text: &str) -> bool {
    text.lines().all(|line| line.chars().count() <= 80)
}

fn some_filesystems() -> Vec<Filesystem> {
    read(json!([
        {"mount_point": "/", "device": "/dev/mapper/vg0-root", "fs_type": "ext4",
         "total_bytes": 105_089_261_568_u64, "used_bytes": 44_023_414_784_u64,
         "avail_bytes": 55_680_000_000_u64, "inodes_total": 6_553_600, "inodes_used": 524_288,
         "read_only": false, "status": "OK", "collected_at": "2026-01-15T10:23:40Z"},
        {"mount_point": "/data", "device": "/dev/sdb1", "fs_type": "xfs",
         "total_bytes": 17_179_869_184_u64, "used_bytes": 15_500_000_000_u64,
         "avail_bytes": 1_679_869_184, "inodes_total": 100, "inodes_used": 85,
         "read_only": true, "full_in_sec": 273_600, "status": "OK",
         "collected_at": "2026-01-15T10:23:40Z"},
        {"mount_point": "/mnt/n\u{1b}fs", "device": "nas:/exp", "fs_type": "nfs4",
         "total_bytes": 1_099_511_627_776_u64, "used_bytes": 0, "avail_bytes": 0,
         "read_only": false, "status": "STALE", "error_message": "no answer within 2s",
         "collected_at": "2026-01-15T10:20:43Z"},
        {"mount_point": "/mnt/x", "device": "x", "fs_type": "cifs", "read_only": false,
         "status": "ERROR", "error_message": "Host is down"},
    ]))
}

#[test]
fn file_systems_look_as_in_df() {
    let text = filesystems(&some_filesystems(), style());
    let expected = concat!(
        "    SIZE  USED  AVAIL  USE%  IUSE%  FULL IN  TYPE    DEVICE                MOUNT\n",
        "    98Gi  41Gi   52Gi   45%     8%        -  ext4    /dev/mapper/vg0-root  /\n",
        "    16Gi  15Gi  1.6Gi   91%    85%    3d 4h  xfs,ro  /dev/sdb1             /data\n",
        "!  1.0Ti    0B     0B     -      -        -  nfs4    nas:/exp              /mnt/n\\u{1b}fs\n",
        "!      -     -      -     -      -        -  cifs    x                     /mnt/x\n",
        "\n",
        "! /mnt/n\\u{1b}fs: STALE, figures are 3m 2s old: no answer within 2s\n",
        "! /mnt/x: ERROR, no figures yet: Host is down\n",
    );
    assert_eq!(text, expected);
}

#[test]
fn a_common_machines_file_systems_fit_80_columns() {
    let rows: Vec<_> = some_filesystems().into_iter().take(2).collect();
    let rows = rows.into_iter().map(|row| Filesystem {
        read_only: false,
        ..row
    });
    let text = filesystems(&rows.collect::<Vec<_>>(), style());
    assert!(fits_80_columns(&text), "{text}");
}

#[test]
fn full_file_systems_are_coloured() {
    let text = filesystems(
        &some_filesystems(),
        Style {
            colours: true,
            ..style()
        },
    );
    assert!(text.contains("  45%"), "{text:?}");
    assert!(
        text.contains("\u{1b}[31m91%\u{1b}[0m    \u{1b}[33m85%\u{1b}[0m"),
        "{text:?}"
    );
    assert!(
        text.contains("\n\u{1b}[31m!\u{1b}[0m /mnt/x: ERROR"),
        "{text:?}"
    );
}

#[test]
fn the_thresholds_are_80_and_90_percent() {
    for (percent, tone) in [
        (79, Tone::Plain),
        (80, Tone::Warning),
        (89, Tone::Warning),
        (90, Tone::Critical),
    ] {
        assert_eq!(
            share(Some(percent)),
            Cell::new(format!("{percent}%")).tone(tone)
        );
    }
}

#[test]
fn no_rows_are_a_header() {
    assert_eq!(history(&[], style()), "AT  SIZE  USED  AVAIL  USE%\n");
}

#[test]
fn history_is_one_line_a_moment() {
    let rows: Vec<FilesystemSample> = read(json!([
        {"at": "2026-01-15T10:23:45Z", "total_bytes": 1000, "used_bytes": 451,
         "avail_bytes": 549, "used_percent": 45.1},
    ]));
    assert_eq!(
        history(&rows, style()),
        "AT                         SIZE  USED  AVAIL  USE%\n\
         2026-01-15T10:23:45.000Z  1000B  451B   549B   46%\n"
    );
}

#[test]
fn paths_tell_counts_and_what_is_missing_from_them() {
    let rows: Vec<PathStats> = read(json!([
        {"path": "/data/in", "file_count": 123_456, "dir_count": 789,
         "total_bytes": 5_368_709_120_u64, "newest_mtime": "2026-01-15T10:23:42Z",
         "oldest_mtime": "2026-01-12T06:00:00Z", "scan_duration_ms": 1_250, "status": "OK",
         "unreadable_count": 0, "scan_interval_sec": 60, "collected_at": "2026-01-15T10:23:00Z"},
        {"path": "/data/out", "file_count": 5, "dir_count": 0, "scan_duration_ms": 2,
         "status": "OK", "unreadable_count": 2, "error_message": "/data/out/a: Permission denied",
         "scan_interval_sec": 60, "collected_at": "2026-01-15T10:23:00Z"},
        {"path": "/data/자료", "status": "ERROR", "error_message": "No such file or directory",
         "scan_interval_sec": 60},
        {"path": "/data/new", "status": "SCANNING", "scan_interval_sec": 60},
    ]));
    let text = paths(&rows, style());
    let expected = concat!(
        "    FILES  DIRS   SIZE  NEWEST  OLDEST  TOOK  AGE  STATUS    PATH\n",
        "   123456   789  5.0Gi      3s   3d 4h  1.2s  45s  OK        /data/in\n",
        "!       5     0      -       -       -   2ms  45s  OK        /data/out\n",
        "!       -     -      -       -       -     -    -  ERROR     /data/자료\n",
        "        -     -      -       -       -     -    -  SCANNING  /data/new\n",
        "\n",
        "! /data/out: 2 unreadable directories are not counted: /data/out/a: Permission denied\n",
        "! /data/자료: ERROR, no figures yet: No such file or directory\n",
    );
    assert_eq!(text, expected);
}

#[test]
fn the_biggest_entries_are_listed() {
    let rows: Vec<PathTopEntry> = read(json!([
        {"name": "old", "kind": "dir", "bytes": 3_221_225_472_u64, "file_count": 1200,
         "mtime": "2026-01-15T08:23:45Z"},
        {"name": "a.csv", "kind": "file", "bytes": 100, "file_count": 1, "mtime": null},
    ]));
    assert_eq!(
        top(&rows, style()),
        " SIZE  FILES  CHANGED  KIND  NAME\n\
         3.0Gi   1200       2h  dir   old\n \
          100B      1        -  file  a.csv\n"
    );
}

fn some_health() -> Value {
    json!({
        "status": "degraded", "node_name": "prod-etl-01", "version": "0.1.0",
        "started_at": "2026-01-12T06:00:00Z", "uptime_sec": 275_025,
        "db": {"path": "/var/lib/etlmon/etlmon.db", "size_bytes": 12_582_912,
               "wal_bytes": null, "writable": true, "last_write_at": "2026-01-15T10:23:42Z"},
        "collectors": [
            {"name": "filesystem", "status": "running", "interval_sec": 15,
             "last_success_at": "2026-01-15T10:23:42Z", "last_duration_ms": 12,
             "note": "polls /data, which is on NFS", "restarts": 0, "skipped_ticks": 0},
            {"name": "paths:/data/in", "status": "stalled", "interval_sec": 60,
             "last_success_at": null, "last_duration_ms": 60_000,
             "last_error": "deadline\nexceeded", "last_error_at": "2026-01-15T10:21:40Z",
             "restarts": 1, "skipped_ticks": 12},
        ],
    })
}

#[test]
fn health_tells_the_node_its_database_and_its_collectors() {
    let text = health(&read(some_health()), style());
    let expected = concat!(
        "status   degraded\n",
        "node     prod-etl-01\n",
        "version  0.1.0\n",
        "uptime   3d 4h, since 2026-01-12T06:00:00.000Z\n",
        "db       /var/lib/etlmon/etlmon.db, 12Mi, log -, last write 3s ago\n",
        "\n",
        "   EVERY  LAST OK  TOOK  RESTARTS  SKIPPED  STATUS   COLLECTOR\n",
        "     15s       3s  12ms         0        0  running  filesystem\n",
        "!     1m        -    1m         1       12  stalled  paths:/data/in\n",
        "\n",
        "  filesystem: polls /data, which is on NFS\n",
        "! paths:/data/in, 2m 5s ago: deadline\\nexceeded\n",
    );
    assert_eq!(text, expected);
    assert!(fits_80_columns(&text));
}

#[test]
fn a_database_that_stores_nothing_is_told() {
    let mut state = some_health();
    state["collectors"] = json!([]);
    state["db"]["writable"] = json!(false);
    state["db"]["last_write_at"] = json!(null);
    let text = health(&read(state.clone()), style());
    assert!(text.contains(", nothing written yet\n"), "{text}");
    assert!(
        text.ends_with("COLLECTOR\n\n! database: not writable\n"),
        "{text}"
    );
    state["db"]["last_error"] = json!("database or disk is full");
    let text = health(&read(state), style());
    assert!(
        text.ends_with("\n! database: database or disk is full\n"),
        "{text}"
    );
}
