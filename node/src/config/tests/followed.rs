//! Sections `logs` and `xferlog`: what is accepted, what the follower makes of it, what is refused.

use std::path::{Path, PathBuf};
use std::time::Duration;

use proptest::prelude::*;

use super::super::{Config, LogConfig, XferlogConfig};
use super::{config_of, read_with, refused};
use crate::tail::TailSettings;

const TIMEOUT: &str = "a duration from 100ms to 1h, such as 15s, 5m or 1h 30m";

/// A log at `path`, or how it is refused.
fn log_at(path: &str) -> Result<LogConfig, String> {
    let path = serde_json::to_string(path).unwrap();
    let loaded = read_with(&format!("logs: [{{ name: a, path: {path} }}]"), &[])?;
    Ok(loaded.config.logs[0].clone())
}

#[track_caller]
fn path_refused(path: &str, expected: &str) {
    let problems = log_at(path).unwrap_err();
    let expected = format!("node.yaml:1:25: logs[0].path: found {path:?}; accepted: {expected}");
    assert_eq!(problems, expected);
    let problems = read_with(&format!("xferlog: {{ path: {path:?} }}"), &[]).unwrap_err();
    let expected = expected.replace("1:25: logs[0]", "1:18: xferlog");
    assert_eq!(problems, expected);
}

#[test]
fn a_path_or_glob_is_kept_in_its_plainest_spelling() {
    for (given, kept) in [
        ("/var/log/app.log", "/var/log/app.log"),
        ("//var/./log//app.log", "/var/log/app.log"),
        (
            "/var/log/{a,b}*/**/[a-c]?.log",
            "/var/log/{a,b}*/**/[a-c]?.log",
        ),
        ("/var/log/**/*", "/var/log/**/*"),
        ("/var/log/..a", "/var/log/..a"),
        ("/로그/앱.log", "/로그/앱.log"),
    ] {
        assert_eq!(log_at(given).unwrap().path.as_os_str(), kept);
    }
}

#[test]
fn a_path_that_names_no_file_is_refused() {
    let slash = "an absolute path of a file, or a glob, without a final slash";
    for path in ["/", "/.", "/var/log/", "/var/log/.", "/var/*/"] {
        path_refused(path, slash);
    }
    for path in [
        "/..",
        "/var/../log/app.log",
        "/var/*/../app.log",
        "/var/log/..",
    ] {
        path_refused(path, "an absolute path or glob without `..`");
    }
    for path in ["/**", "/var/log/**"] {
        path_refused(
            path,
            "a glob of files: `**` is for directories, so end with `**/*`",
        );
    }
    path_refused("app.log", "an absolute path");
    path_refused("**/app.log", "an absolute path");
}

#[test]
fn a_glob_that_is_none_is_refused_with_the_part_that_is_wrong() {
    let none = |part: &str, reason: &str| {
        format!("an absolute path or glob, and {part:?} is none: {reason}")
    };
    let class = "unclosed character class; missing ']'";
    let group = "unclosed alternate group; missing '}' (maybe escape '{' with '[{]'?)";
    path_refused("/y[", &none("y[", class));
    path_refused("/a*/b[/c", &none("b[", class));
    path_refused("/{a/b,c}.log", &none("{a", group));
    path_refused("/[z-a]*", &none("[z-a]*", "invalid range; 'z' > 'a'"));
}

#[test]
fn a_glob_too_deep_or_too_long_for_its_matcher_is_refused_without_a_panic() {
    let deep = |levels: usize| format!("/{}a{}", "{".repeat(levels), "}".repeat(levels));
    assert!(log_at(&deep(50)).is_ok());
    for levels in [400, 2046, 100_000] {
        let problems = log_at(&deep(levels)).unwrap_err();
        assert!(
            problems.contains("; accepted: an absolute path or glob"),
            "{problems}"
        );
    }
    for wide in ["?", "*a", "[!가-힣]", "{[!a],?}"] {
        let longest = format!("/{}", wide.repeat(4094 / wide.len()));
        assert!(log_at(&longest).is_ok(), "{wide}");
        assert!(log_at(&longest.repeat(2)).is_err(), "{wide}");
    }
}

proptest! {
    #[test]
    fn what_is_accepted_can_be_followed_and_what_is_refused_has_a_reason(
        path in "/([a-c.*?{},!^\\[\\]\\\\-]{0,6}/){0,2}[a-c.*?{},!^\\[\\]\\\\-]{0,8}",
    ) {
        let followed = TailSettings::new(&path);
        match log_at(&path) {
            Ok(log) => {
                prop_assert!(followed.is_ok(), "{:?}", followed);
                let again = TailSettings::new(&log.path).unwrap();
                prop_assert_eq!(again.path, PathBuf::from(&path));
            }
            Err(problems) => prop_assert!(
                followed.is_err()
                    || path.ends_with('/')
                    || path.split('/').any(|part| part == "..")
                    || [".", "**"].contains(&path.rsplit('/').next().unwrap()),
                "{}", problems
            ),
        }
    }
}

#[test]
fn every_key_of_a_log_is_read() {
    let config = config_of(
        "logs:\n- name: a\n  path: /a\n  follow: false\n  from_beginning: true\n  buffer_lines: 7\n  \
         encoding: CP949\n  partial_after: 100ms\n  max_line_bytes: 1024\n  \
         rotated_to: [/old/, //new]\n  multiline: { start: '^\\[', timeout: 1h }\n",
    );
    let log = &config.logs[0];
    assert!(!log.follow && log.from_beginning);
    assert_eq!((log.buffer_lines, log.max_line_bytes), (7, 1024));
    assert_eq!(log.encoding, encoding_rs::EUC_KR);
    assert_eq!(log.partial_after, Duration::from_millis(100));
    assert_eq!(log.rotated_to, [Path::new("/old"), Path::new("/new")]);
    let multiline = log.multiline.as_ref().unwrap();
    assert!(multiline.start.regex().is_match("[12:00] begins"));
    assert_eq!(multiline.timeout, Duration::from_hours(1));
}

#[test]
fn a_log_has_the_documented_defaults() {
    let config = config_of("logs: [{ name: a, path: /a, multiline: { start: x } }]");
    let log = &config.logs[0];
    assert!(log.follow && !log.from_beginning);
    assert_eq!((log.buffer_lines, log.max_line_bytes), (4096, 1_048_576));
    assert_eq!(log.encoding, encoding_rs::UTF_8);
    assert_eq!(log.partial_after, Duration::from_secs(5));
    assert!(log.rotated_to.is_empty());
    let timeout = log.multiline.as_ref().map(|multiline| multiline.timeout);
    assert_eq!(timeout, Some(Duration::from_secs(1)));
    let plain = config_of("logs: [{ name: a, path: /a, multiline: ~ }]");
    assert_eq!(plain.logs[0].multiline, None);
}

#[test]
fn a_log_needs_a_name_of_its_own_and_a_path() {
    refused(
        "logs:\n- { name: a, path: /x }\n- { name: a, path: '/y[', buffer_lines: 0, encoding: '' }\n- {}\n",
        "node.yaml:3:11: logs[1].name: found \"a\", which is also logs[0].name\n\
         node.yaml:3:20: logs[1].path: found \"/y[\"; accepted: an absolute path or glob, and \"y[\" is \
         none: unclosed character class; missing ']'\n\
         node.yaml:3:41: logs[1].buffer_lines: found 0; accepted: a whole number 1 to 100000\n\
         node.yaml:3:54: logs[1].encoding: found \"\"; accepted: text that is not empty\n\
         node.yaml:4:3: logs[2]: the key `name` is missing\n\
         node.yaml:4:3: logs[2]: the key `path` is missing",
    );
}

#[test]
fn the_limits_of_a_log_are_told() {
    let long = "accepted: a whole number 1024 to 16777216";
    refused(
        "logs:\n- name: a\n  path: /a\n  partial_after: 99ms\n  max_line_bytes: 1023\n  rotated_to: /old\n",
        &format!(
            "node.yaml:4:18: logs[0].partial_after: found \"99ms\"; accepted: {TIMEOUT}\n\
             node.yaml:5:19: logs[0].max_line_bytes: found 1023; {long}\n\
             node.yaml:6:15: logs[0].rotated_to: found \"/old\"; accepted: a list"
        ),
    );
    refused(
        "logs:\n- name: a\n  path: /a\n  partial_after: 5\n  max_line_bytes: 1 MiB\n  rotated_to: [old, /a/.., /b, /b/]\n",
        &format!(
            "node.yaml:4:18: logs[0].partial_after: found 5; accepted: {TIMEOUT}; write 5s for seconds\n\
             node.yaml:5:19: logs[0].max_line_bytes: found \"1 MiB\"; {long}\n\
             node.yaml:6:16: logs[0].rotated_to[0]: found \"old\"; accepted: an absolute path\n\
             node.yaml:6:21: logs[0].rotated_to[1]: found \"/a/..\"; accepted: an absolute path without `..`\n\
             node.yaml:6:32: logs[0].rotated_to[3]: found /b, which is also logs[0].rotated_to[2]"
        ),
    );
}

#[test]
fn logs_of_one_file_name_move_their_rotated_files_to_different_directories() {
    refused(
        "logs:\n- { name: a, path: /a/app.log, rotated_to: [/old, /a/old] }\n\
         - { name: b, path: /b/app.log, rotated_to: [/b/old, /old/] }\n",
        "node.yaml:3:53: logs[1].rotated_to[1]: found /old, where logs[0].rotated_to[0] has the rotated \
         files of another \"app.log\"; give each log a directory of its own",
    );
    let twice = "logs:\n- { name: a, path: /a/app.log, rotated_to: [/old] }\n\
                 - { name: again, path: /a/app.log, rotated_to: [/old] }\n\
                 - { name: other, path: /b/web.log, rotated_to: [/old] }\n\
                 - { name: all, path: /b/*.log, rotated_to: [/old] }\n\
                 - { name: more, path: /c/*.log, rotated_to: [/old] }\n";
    assert_eq!(config_of(twice).logs.len(), 5);
}

#[test]
fn entries_of_several_lines_need_an_expression_for_their_start() {
    let of = |multiline: &str| format!("logs: [{{ name: a, path: /a, multiline: {multiline} }}]");
    let missing = "node.yaml:1:40: logs[0].multiline: the key `start` is missing";
    refused(&of("{}"), missing);
    refused(&of("{ timeout: 1s }"), missing);
    refused(
        &of("{ start: '(', timeout: 2h }"),
        &format!(
            "node.yaml:1:49: logs[0].multiline.start: found \"(\"; accepted: a regular expression, and \
             this is none: unclosed group\n\
             node.yaml:1:63: logs[0].multiline.timeout: found \"2h\"; accepted: {TIMEOUT}"
        ),
    );
    refused(
        &of("'^[0-9]'"),
        "node.yaml:1:40: logs[0].multiline: found \"^[0-9]\"; accepted: a mapping of keys",
    );
    refused(
        &of("{ start: a, end: b }"),
        "node.yaml:1:52: logs[0].multiline.end: unknown key; accepted: start, timeout",
    );
}

#[test]
fn an_encoding_that_nobody_knows_is_refused_with_the_nearest() {
    let accepted =
        "accepted: a label of the WHATWG Encoding Standard, such as utf-8, euc-kr or windows-1252";
    for (label, hint) in [
        ("klingon", ""),
        ("euckr", "; did you mean euc-kr?"),
        ("UTF_8", "; did you mean utf-8?"),
        ("latin-1", ""),
        ("windows949", "; did you mean windows-949?"),
    ] {
        refused(
            &format!("xferlog: {{ encoding: {label} }}"),
            &format!("node.yaml:1:22: xferlog.encoding: found \"{label}\"; {accepted}{hint}"),
        );
    }
    refused(
        "logs: [{ name: a, path: /a, encoding: 949 }]",
        "node.yaml:1:39: logs[0].encoding: found 949; accepted: text; put it in quotes",
    );
}

#[test]
fn the_usual_transfer_logs_are_read_unless_told_otherwise() {
    let usual = ["/var/log/vsftpd.log", "/var/log/xferlog"].map(PathBuf::from);
    for yaml in [
        "",
        "xferlog:",
        "xferlog: {}",
        "xferlog: { enabled: true, path: ~ }",
    ] {
        let xferlog = config_of(yaml).xferlog;
        assert_eq!(xferlog, XferlogConfig::default(), "{yaml}");
        assert_eq!(xferlog.effective_paths(), usual, "{yaml}");
    }
    assert_eq!(Config::default().xferlog.effective_paths(), usual);
    let own = config_of("xferlog: { path: /srv/*/xferlog, encoding: uhc }").xferlog;
    assert_eq!(own.effective_paths(), [Path::new("/srv/*/xferlog")]);
    assert_eq!(own.encoding, Some(encoding_rs::EUC_KR));
    for yaml in ["{ enabled: false }", "{ enabled: false, path: /a }"] {
        let off = config_of(&format!("xferlog: {yaml}")).xferlog;
        assert!(off.effective_paths().is_empty(), "{yaml}");
    }
    let off = read_with("", &[("ETLMON_XFERLOG__ENABLED", "false")]).unwrap();
    assert!(off.config.xferlog.effective_paths().is_empty());
}

#[test]
fn transfer_logs_are_given_once_and_start_at_a_whole_time() {
    refused(
        "xferlog: { path: [/a, //a], parse_start: 2026-01-01 }",
        "node.yaml:1:23: xferlog.path[1]: found /a, which is also xferlog.path[0]\n\
         node.yaml:1:42: xferlog.parse_start: found \"2026-01-01\"; accepted: an RFC 3339 time with its \
         zone, such as 2026-01-01T00:00:00Z",
    );
    refused(
        "xferlog: { path: [] }",
        "node.yaml:1:18: xferlog.path: found an empty list; accepted: one or more",
    );
}
