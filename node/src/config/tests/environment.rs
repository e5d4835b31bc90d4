//! Variables: which are configuration, what they win over, and how a wrong one is named.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::super::{Config, ConfigError, load};
use super::{read_with, refused_with, variables};

#[test]
fn variables_win_over_the_file_and_the_file_over_the_defaults() {
    let yaml = "refresh: { disk: 20s, process: 6s }\nnode: { listen: 10.0.0.1:1 }";
    let loaded = read_with(
        yaml,
        &[
            ("ETLMON_REFRESH__DISK", "30s"),
            ("ETLMON_NODE__LISTEN", "[::1]:8080"),
            ("ETLMON_NODE__NODE_NAME", "123"),
            ("ETLMON_CRON__ENABLED", "false"),
            ("ETLMON_PROCESS__TOP_N", "3"),
            ("ETLMON_RETENTION__LOG_LINES__MAX_ROWS", "9"),
            ("ETLMON_FILESYSTEM__INCLUDE_TYPES", "[tmpfs, overlay]"),
            ("ETLMON_XFERLOG__PATH", "/var/log/xferlog"),
        ],
    );
    let loaded = loaded.unwrap();
    let config = loaded.config;
    assert_eq!(config.refresh.disk, Duration::from_secs(30));
    assert_eq!(config.refresh.process, Duration::from_secs(6));
    assert_eq!(config.refresh.default_path_scan, Duration::from_secs(300));
    assert_eq!(config.node.listen[0].to_string(), "[::1]:8080");
    assert_eq!(config.node.node_name, "123");
    assert!(!config.cron.enabled);
    assert_eq!(config.process.top_n, 3);
    assert_eq!(config.retention.log_lines.max_rows, 9);
    assert_eq!(config.retention.xferlog_entries.max_rows, 100_000);
    assert_eq!(config.filesystem.include_types, ["tmpfs", "overlay"]);
    assert_eq!(config.xferlog.paths, [Path::new("/var/log/xferlog")]);
    let sections = [
        "node",
        "refresh",
        "filesystem",
        "process",
        "cron",
        "xferlog",
        "retention",
    ];
    assert_eq!(loaded.sections, sections);
    let tokens = format!("[{{ name: ops, sha256: \"{}\" }}]", "0".repeat(64));
    let loaded = read_with(
        "",
        &[
            ("ETLMON_AUTH__TOKENS", &tokens),
            ("ETLMON_AUTH__READS", "token"),
        ],
    );
    assert_eq!(loaded.unwrap().config.auth.tokens[0].name, "ops");
    let both = read_with("", &[("ETLMON_NODE__LISTEN", "['[::1]:1', unix:/a]")]).unwrap();
    assert_eq!(both.config.node.listen.len(), 2);
}

#[test]
fn a_variable_without_two_underscores_is_not_configuration() {
    let strays = [
        ("ETLMON_FOO", "x"),
        ("ETLMON_PORT_8080_TCP", "x"),
        ("ETLMON_", ""),
        ("OTHER__X", "1"),
    ];
    let loaded = read_with("", &strays).unwrap();
    assert_eq!(
        (loaded.config, loaded.warnings, loaded.sections),
        (Config::default(), vec![], vec![])
    );
    let expected = "ETLMON_PATHS is not read: a variable sets a key within a section, such as \
                    ETLMON_REFRESH__DISK";
    assert_eq!(
        read_with("", &[("ETLMON_PATHS", "[]")]).unwrap().warnings,
        [expected]
    );
}

/// A variable, its value, and the text after its name.
const WRONG: [(&str, &str, &str); 15] = [
    (
        "ETLMON_NODE__LISEN",
        "x",
        "node.lisen: unknown key; did you mean `listen`?",
    ),
    (
        "ETLMON__NODE__LISTEN",
        "x",
        "_node: unknown key; did you mean `node`?",
    ),
    (
        "ETLMON_NODE__",
        "x",
        "node.: unknown key; accepted: listen, node_name, db_path",
    ),
    (
        "ETLMON_node__listen",
        "x",
        "unknown variable; its name is written in capitals",
    ),
    (
        "ETLMON_CRON__ENABLED",
        "yes",
        "cron.enabled: found \"yes\"; accepted: true or false",
    ),
    (
        "ETLMON_PROCESS__TOP_N",
        "0x",
        "process.top_n: found \"0x\"; accepted: a whole number 0 to 10000",
    ),
    (
        "ETLMON_RETENTION__LOG_LINES",
        "5",
        "retention.log_lines: found \"5\"; accepted: a mapping of keys",
    ),
    (
        "ETLMON_NODE__DB_PATH",
        "",
        "node.db_path: found \"\"; accepted: text that is not empty",
    ),
    (
        "ETLMON_XFERLOG__PARSE_START",
        "2026-01-01",
        "xferlog.parse_start: found \"2026-01-01\"; accepted: an RFC 3339 time with its zone, such as 2026-01-01T00:00:00Z",
    ),
    (
        "ETLMON_AUTH__TOKENS",
        "secret",
        "auth.tokens: found a value that is not shown; accepted: a list",
    ),
    (
        "ETLMON_PATHS__0__PATH",
        "/b",
        "paths: a variable sets keys of a mapping only, and this is a list",
    ),
    (
        "ETLMON_LOGS__0",
        "/b",
        "logs: found a mapping; accepted: a list",
    ),
    (
        "ETLMON_REFRESH__DISK__X",
        "1",
        "refresh.disk: found a mapping; accepted: a duration from 1s to 1day, such as 15s, 5m or 1h 30m",
    ),
    (
        "ETLMON_FILESYSTEM__EXCLUDE_MOUNT_POINTS",
        "[a, '[']",
        "filesystem.exclude_mount_points[1]: found \"[\"; accepted: a glob, and this is none: unclosed character class; missing ']'",
    ),
    (
        "ETLMON_RETENTION__LOG_LINES",
        "{ rows: 1 }",
        "retention.log_lines.rows: unknown key; accepted: max_age, max_rows",
    ),
];

#[test]
fn a_wrong_variable_is_named() {
    let paths = "paths: [{ path: /a }]";
    for (name, value, expected) in WRONG {
        refused_with(
            paths,
            &[(name, value)],
            &format!("environment variable {name}: {expected}"),
        );
    }
    refused_with(
        "refresh: 5",
        &[("ETLMON_REFRESH__DISK", "1s")],
        "node.yaml:1:10: refresh: found 5; accepted: a mapping of keys\n\
         environment variable ETLMON_REFRESH__DISK: refresh: a variable sets keys of a mapping only, and \
         this is a single value",
    );
    refused_with(
        "",
        &[
            ("ETLMON_REFRESH__DISK", "1s"),
            ("ETLMON_REFRESH__DISK__X", "1s"),
        ],
        "environment variable ETLMON_REFRESH__DISK__X: refresh.disk: a variable sets keys of a mapping only, \
         and this is a single value",
    );
}

#[test]
fn a_variable_of_thousands_of_levels_is_refused() {
    let name = format!("ETLMON_NODE{}", "__X".repeat(40_000));
    let expected = format!("environment variable {name}: unknown variable; no key lies this deep");
    refused_with("", &[(&name, "1")], &expected);
}

#[test]
fn a_variable_that_is_not_utf_8_is_refused_by_name() {
    let bad = |name: &[u8], value: &[u8]| {
        let pair = (
            OsStr::from_bytes(name).to_owned(),
            OsStr::from_bytes(value).to_owned(),
        );
        let result = load(None, Path::new("/nonexistent"), std::iter::once(pair));
        result
            .map(|loaded| loaded.sections)
            .map_err(|error| error.to_string())
    };
    let expected = "environment variable ETLMON_NODE__NODE_NAME: the value is not UTF-8";
    assert_eq!(
        bad(b"ETLMON_NODE__NODE_NAME", b"\xff").unwrap_err(),
        expected
    );
    assert!(
        bad(b"ETLMON_NODE__\xff", b"x")
            .unwrap_err()
            .contains("unknown key")
    );
    assert_eq!(bad(b"PATH\xff", b"\xff"), Ok(vec![]));
}

#[test]
fn the_database_lies_where_the_environment_keeps_state() {
    let cases: [(&[(&str, &str)], &str); 7] = [
        (&[], "/var/lib/etlmon/etlmon.db"),
        (
            &[("HOME", "/home/op")],
            "/home/op/.local/state/etlmon/etlmon.db",
        ),
        (
            &[("HOME", "/home/op"), ("XDG_STATE_HOME", "/state")],
            "/state/etlmon/etlmon.db",
        ),
        (
            &[("HOME", "/home/op"), ("XDG_STATE_HOME", "relative")],
            "/home/op/.local/state/etlmon/etlmon.db",
        ),
        (
            &[
                ("HOME", "/home/op"),
                ("STATE_DIRECTORY", "/var/lib/a:/var/lib/b"),
            ],
            "/var/lib/a/etlmon.db",
        ),
        (
            &[("STATE_DIRECTORY", ""), ("HOME", "")],
            "/var/lib/etlmon/etlmon.db",
        ),
        (
            &[("STATE_DIRECTORY", "/a"), ("ETLMON_NODE__DB_PATH", "/b.db")],
            "/b.db",
        ),
    ];
    for (pairs, expected) in cases {
        let loaded = super::super::read(None, &variables(pairs)).unwrap();
        assert_eq!(
            loaded.config.node.db_path,
            PathBuf::from(expected),
            "{pairs:?}"
        );
    }
}

#[test]
fn problems_of_variables_alone_name_no_file() {
    let pair = (OsString::from("ETLMON_CRON__X"), OsString::from("1"));
    let error = load(None, Path::new("/nonexistent"), std::iter::once(pair)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "environment variable ETLMON_CRON__X: cron.x: unknown key; accepted: enabled"
    );
    assert!(matches!(error, ConfigError::Invalid { file: None, .. }));
}
