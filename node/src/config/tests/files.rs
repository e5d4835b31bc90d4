//! Files, the environment, and which of them wins.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::super::{Config, ConfigError, Loaded, load};
use super::{read_with, refused_with, variables};

fn load_file(explicit: Option<&Path>, default_file: &Path) -> Result<Loaded, ConfigError> {
    load(explicit, default_file, std::iter::empty())
}

/// The refusal of a file with this content, without the folder's name.
fn refusal_of(content: &[u8]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("node.yaml");
    fs::write(&file, content).unwrap();
    let error = load_file(Some(&file), Path::new("/nonexistent"))
        .unwrap_err()
        .to_string();
    error.replace(&format!("{}/", folder.path().display()), "")
}

#[test]
fn an_explicit_file_must_exist_and_the_default_one_need_not() {
    let folder = tempfile::tempdir().unwrap();
    let absent = folder.path().join("node.yaml");
    let loaded = load_file(None, &absent).unwrap();
    assert_eq!((&loaded.config, &loaded.file), (&Config::default(), &None));
    let error = load_file(Some(&absent), &absent).unwrap_err();
    let expected = "cannot read the configuration: No such file or directory (os error 2)";
    assert_eq!(
        error.to_string(),
        format!("{}: {expected}", absent.display())
    );

    fs::write(&absent, "process: { top_n: 7 }").unwrap();
    let loaded = load_file(None, &absent).unwrap();
    assert_eq!(
        (loaded.config.process.top_n, loaded.file),
        (7, Some(absent.clone()))
    );
    let explicit = folder.path().join("other.yaml");
    fs::write(&explicit, "process: { top_n: 8 }").unwrap();
    let loaded = load_file(Some(&explicit), &absent).unwrap();
    assert_eq!(
        (loaded.config.process.top_n, loaded.file),
        (8, Some(explicit))
    );
    assert_eq!(loaded.sections, ["process"]);
}

#[test]
fn a_default_file_that_cannot_be_read_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let error = load_file(None, folder.path()).unwrap_err().to_string();
    assert!(
        error.ends_with("cannot read the configuration: Is a directory (os error 21)"),
        "{error}"
    );
    let dangling = folder.path().join("dangling");
    std::os::unix::fs::symlink("nowhere", &dangling).unwrap();
    assert!(
        matches!(load_file(None, &dangling), Err(ConfigError::Read { path, .. }) if path == dangling)
    );
    let below_file = folder.path().join("file/node.yaml");
    fs::write(folder.path().join("file"), "").unwrap();
    assert!(matches!(
        load_file(None, &below_file),
        Err(ConfigError::Read { .. })
    ));
}

#[test]
fn a_file_of_more_than_a_mebibyte_is_refused_and_one_of_just_that_read() {
    let mut content = b"# \n".to_vec();
    content.resize(1024 * 1024, b'#');
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(&content).unwrap();
    let loaded = load_file(Some(file.path()), Path::new("/nonexistent")).unwrap();
    assert_eq!(loaded.config, Config::default());
    content.push(b'#');
    let expected = "node.yaml: cannot read the configuration: it is larger than 1 MiB";
    assert_eq!(refusal_of(&content), expected);
    let endless = load_file(Some(Path::new("/dev/zero")), Path::new("/nonexistent"));
    assert!(matches!(endless, Err(ConfigError::Read { .. })));
}

#[test]
fn bytes_that_are_not_utf_8_are_refused_where_they_stand() {
    let cases: [(&[u8], &str); 4] = [
        (b"\xff\xfen\0o\0", "1:1"),
        (b"node:\n  node_name: \xe9\n", "2:14"),
        (b"a\n\n\xc3", "3:1"),
        ("# \u{e9}\u{e9}".as_bytes(), ""),
    ];
    for (content, place) in cases {
        if place.is_empty() {
            let broken = [content, b"\x80"].concat();
            assert_eq!(
                refusal_of(&broken),
                "node.yaml:1:5: the text is not UTF-8 here"
            );
        } else {
            assert_eq!(
                refusal_of(content),
                format!("node.yaml:{place}: the text is not UTF-8 here")
            );
        }
    }
}

#[test]
fn what_is_not_one_plain_yaml_document_is_refused_where_it_goes_wrong() {
    let anchor = "a * begins the name of an anchor, and there is none of this name; put a glob such as \
                  \"*.tmp\" in quotes";
    let cases = [
        (
            "node:\n  listen: a\n  listen: b\n",
            "3:3: the key \"listen\" is given twice in this mapping",
        ),
        (
            "a: 1\n---\nb: 2\n",
            "3:1: a second YAML document begins here; a configuration is a single one",
        ),
        (
            "node:\n\tlisten: x\n",
            "2:2: YAML: tabs disallowed within this context (block indentation)",
        ),
        ("a: [1", "1:4: YAML: unclosed bracket '['"),
        (
            "a: b: c\n",
            "1:5: YAML: mapping values are not allowed in this context",
        ),
        ("x: { exclude: [*.tmp] }", &format!("1:16: {anchor}")),
        (
            "a: &a [*a]",
            "1:8: YAML: recursive references require weak recursion types",
        ),
    ];
    for (yaml, expected) in cases {
        assert_eq!(
            refusal_of(yaml.as_bytes()),
            format!("node.yaml:{expected}"),
            "{yaml:?}"
        );
    }
}

#[test]
fn an_alias_bomb_and_a_bottomless_nesting_are_refused() {
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..12 {
        let aliases = vec![format!("*a{}", level - 1); 10].join(", ");
        bomb.push_str(&format!("a{level}: &a{level} [{aliases}]\n"));
    }
    let nested: String = (0..200)
        .map(|depth| format!("{}a:\n", " ".repeat(depth)))
        .collect();
    for yaml in [bomb, nested] {
        let refusal = refusal_of(yaml.as_bytes());
        let reason = "the YAML is nested too deeply, or too large once its aliases are expanded";
        assert!(refusal.ends_with(reason), "{refusal}");
    }
    assert!(refusal_of("[".repeat(100_000).as_bytes()).lines().count() == 1);
}

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
    assert_eq!(
        config.xferlog.unwrap().paths,
        [Path::new("/var/log/xferlog")]
    );
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

#[test]
fn a_wrong_variable_is_named() {
    let paths = "paths: [{ path: /a }]";
    let cases = [
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
            "2026-01-01T00:00:00Z",
            "xferlog: the key `path` is missing",
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
    for (name, value, expected) in cases {
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
         this is 5",
    );
    refused_with(
        "",
        &[
            ("ETLMON_REFRESH__DISK", "1s"),
            ("ETLMON_REFRESH__DISK__X", "1s"),
        ],
        "environment variable ETLMON_REFRESH__DISK__X: refresh.disk: a variable sets keys of a mapping only, \
         and this is \"1s\"",
    );
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
        (&[("HOME", "/root")], "/root/.local/state/etlmon/etlmon.db"),
        (
            &[("HOME", "/root"), ("XDG_STATE_HOME", "/state")],
            "/state/etlmon/etlmon.db",
        ),
        (
            &[("HOME", "/root"), ("XDG_STATE_HOME", "relative")],
            "/root/.local/state/etlmon/etlmon.db",
        ),
        (
            &[
                ("HOME", "/root"),
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
