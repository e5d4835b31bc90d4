//! Logs, transfers, and what of them is missing.

use super::*;

fn some_logs() -> Value {
    json!([
        {"name": "app", "path": "/var/log/app.log", "status": "TAILING", "inode": 12,
         "size_bytes": 1_288_490, "offset_bytes": 1_288_490, "lag_bytes": 0,
         "lines_stored": 10_737, "last_line_at": "2026-01-15T10:23:42Z", "gap_bytes": 0,
         "gap_count": 0, "unmeasured_gap_count": 0, "truncated_bytes": 5000, "damaged_count": 1},
        {"name": "etl", "path": "/data/e\u{1b}tl.log", "status": "PAUSED", "inode": 13,
         "size_bytes": 4096, "offset_bytes": 1024, "lag_bytes": 3072, "lines_stored": 9,
         "last_line_at": "2026-01-15T10:13:45Z", "gap_bytes": 512, "gap_count": 3,
         "unmeasured_gap_count": 1, "truncated_bytes": 0},
        {"name": "new", "path": "/var/log/new.log", "status": "WAITING", "inode": null,
         "size_bytes": null, "offset_bytes": null, "lag_bytes": null, "lines_stored": 0,
         "last_line_at": null, "gap_bytes": 0, "gap_count": 1, "unmeasured_gap_count": 1,
         "truncated_bytes": 0},
        {"name": "auth", "path": "/var/log/auth.log", "status": "ERROR",
         "error_message": "Permission denied", "lines_stored": 0, "gap_bytes": 0, "gap_count": 0,
         "unmeasured_gap_count": 0, "truncated_bytes": 0},
    ])
}

#[test]
fn logs_tell_how_far_they_are_read_and_what_is_missing() {
    let text = logs(&read::<Vec<_>>(some_logs()), style());
    let expected = concat!(
        "    SIZE    LAG  LINES  LAST   GAPS  STATUS   NAME  PATH\n",
        "   1.3Mi     0B  10737    3s     0B  TAILING  app   /var/log/app.log\n",
        "!  4.0Ki  3.0Ki      9   10m  512B+  PAUSED   etl   /data/e\\u{1b}tl.log\n",
        "!      -      -      0     -    0B+  WAITING  new   /var/log/new.log\n",
        "!      -      -      0     -     0B  ERROR    auth  /var/log/auth.log\n",
        "\n",
        "! /var/log/app.log: 1 damaged line, see `etlmon get xferlog-damaged`\n",
        "  /var/log/app.log: 4.9Ki of too long lines left out\n",
        "! /data/e\\u{1b}tl.log: never read: 512B in 2 gaps, 1 gap of unknown size\n",
        "! /var/log/new.log: never read: 1 gap of unknown size\n",
        "! /var/log/auth.log: ERROR: Permission denied\n",
    );
    assert_eq!(text, expected);
    assert!(fits_80_columns(&text));
}

#[test]
fn files_of_transfer_logs_are_shown_by_path_alone() {
    let rows: Vec<_> = read(some_logs());
    assert_eq!(
        transfer_logs(&rows[..1], style()),
        concat!(
            "   SIZE  LAG  LINES  LAST  GAPS  STATUS   PATH\n",
            "  1.3Mi   0B  10737    3s    0B  TAILING  /var/log/app.log\n",
            "\n",
            "! /var/log/app.log: 1 damaged line, see `etlmon get xferlog-damaged`\n",
            "  /var/log/app.log: 4.9Ki of too long lines left out\n",
        )
    );
}

#[test]
fn a_line_is_printed_as_it_stands_but_steers_no_terminal() {
    let row = read(json!({
        "id": 1, "log_name": "app", "log_path": "/a", "line": "ERROR 오류\n\tat a\u{1b}[2J\r\u{9b}",
        "truncated": false, "created_at": "2026-01-15T10:23:42Z", "source_inode": 1,
    }));
    assert_eq!(line(&row), "ERROR 오류\n\tat a\\u{1b}[2J\\r\\u{9b}\n");
}

#[test]
fn gaps_tell_where_they_are() {
    let rows: Vec<_> = read(json!([
        {"id": 1, "log_path": "/a.log", "source_inode": 12, "from_offset": 100,
         "to_offset": 1636, "reason": "copy_truncated", "detected_at": "2026-01-15T10:23:42Z"},
        {"id": 2, "log_path": "/a.log", "source_inode": 13, "from_offset": 0,
         "to_offset": null, "reason": "vanished", "detected_at": "2026-01-15T10:23:42Z"},
        {"id": 3, "log_path": "/a.log", "place": "/a.log.2.bz2", "source_inode": 14,
         "from_offset": 0, "to_offset": null, "reason": "unreadable",
         "detected_at": "2026-01-15T10:23:42Z"},
    ]));
    let expected = concat!(
        "NOTICED                   FROM    TO   SIZE  INODE  REASON          PATH\n",
        "2026-01-15T10:23:42.000Z   100  1636  1.5Ki     12  copy_truncated  /a.log\n",
        "2026-01-15T10:23:42.000Z     0     -      -     13  vanished        /a.log\n",
        "2026-01-15T10:23:42.000Z     0     -      -     14  unreadable      /a.log.2.bz2\n",
    );
    assert_eq!(gaps(&rows, style()), expected);
}

#[test]
fn transfers_tell_who_moved_what() {
    let rows: Vec<_> = read(json!([
        {"id": 1, "log_time": "2026-01-15T10:23:42Z", "remote_host": "10.0.0.5",
         "username": "alice", "filename": "/in/보고서 1.csv", "bytes": 5000,
         "transfer_time_sec": 1.25, "direction": "upload", "status": "complete",
         "access_mode": "real", "service": "ftp"},
        {"id": 2, "log_time": "2026-01-15T10:23:43Z", "remote_host": "2001:db8::5",
         "username": "b\u{1b}", "filename": "/in/x", "bytes": null, "transfer_time_sec": null,
         "direction": "delete", "status": "incomplete", "access_mode": null, "service": null},
        {"id": 3, "log_time": "2026-01-15T10:23:44Z", "remote_host": "h", "username": "c",
         "filename": "/x", "bytes": 0, "transfer_time_sec": -1.0, "direction": "download",
         "status": "complete", "access_mode": "guest", "service": "ftp"},
    ]));
    let expected = concat!(
        "ENDED                      SIZE  TOOK  DIRECTION  STATUS      USER     HOST         FILE\n",
        "2026-01-15T10:23:42.000Z  4.9Ki  1.2s  upload     complete    alice    10.0.0.5     /in/보고서 1.csv\n",
        "2026-01-15T10:23:43.000Z      -     -  delete     incomplete  b\\u{1b}  2001:db8::5  /in/x\n",
        "2026-01-15T10:23:44.000Z     0B     -  download   complete    c        h            /x\n",
    );
    assert_eq!(transfers(&rows, style()), expected);
    let colours = Style {
        colours: true,
        ..style()
    };
    assert!(transfers(&rows, colours).contains("\u{1b}[33mincomplete\u{1b}[0m"));
}

#[test]
fn damaged_lines_are_shown_with_what_is_wrong() {
    let rows: Vec<_> = read(json!([
        {"id": 1, "log_path": "/var/log/xferlog", "source_inode": 12, "line": "x\u{7}",
         "reason": "no date", "detected_at": "2026-01-15T10:23:42Z"},
    ]));
    assert_eq!(
        damaged(&rows, style()),
        "READ                      LOG               REASON   LINE\n\
         2026-01-15T10:23:42.000Z  /var/log/xferlog  no date  x\\u{7}\n"
    );
}
