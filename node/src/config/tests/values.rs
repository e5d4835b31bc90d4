//! Wrong values of every type and the exact text that they are answered with.

use super::{config_of, refused};

const DURATION: &str = "a duration from 1s to 1day, such as 15s, 5m or 1h 30m";
const ADDRESS: &str = "an address and port such as 127.0.0.1:8080, [::1]:8080 or localhost:8080, \
                       or unix: and an absolute path of at most 107 bytes";
/// Refuses `key: value` of a section, with the value's place filled in.
#[track_caller]
fn value_refused(section: &str, key: &str, value: &str, expected: &str) {
    let yaml = format!("{section}:\n  {key}: {value}\n");
    let column = key.len() + 5;
    refused(
        &yaml,
        &format!("node.yaml:2:{column}: {section}.{key}: {expected}"),
    );
}

#[test]
fn a_duration_without_unit_out_of_range_or_in_months_is_refused() {
    let with_hint = |found: &str, hint: &str| format!("found {found}; accepted: {DURATION}{hint}");
    let plain = ["0", "-5", "1.5", "true"];
    for value in plain {
        value_refused("refresh", "disk", value, &with_hint(value, ""));
    }
    let quoted = [
        "0s",
        "0",
        "-5s",
        "999ms",
        "24h 1s",
        "5 parsecs",
        "1 30m",
        "s",
        "",
        " ",
        "1.",
        "1.m",
        "m5",
        "5m,",
        "18446744073709551615s 1000ms",
        "99999999999999999999s",
        "0.0000000001s",
    ];
    for value in quoted {
        value_refused(
            "refresh",
            "disk",
            &format!("{value:?}"),
            &with_hint(&format!("{value:?}"), ""),
        );
    }
    value_refused(
        "refresh",
        "disk",
        "15",
        &with_hint("15", "; write 15s for seconds"),
    );
    value_refused(
        "refresh",
        "disk",
        "'15'",
        &with_hint("\"15\"", "; write 15s for seconds"),
    );
    let month = "; 1M is in months: write 1m for minutes, or days such as 30d";
    value_refused("refresh", "disk", "1M", &with_hint("\"1M\"", month));
    value_refused("refresh", "disk", "1h 1M", &with_hint("\"1h 1M\"", month));
    value_refused("refresh", "process", "[5s]", &with_hint("a list", ""));
}

#[test]
fn each_duration_has_its_own_range() {
    let such = "such as 15s, 5m or 1h 30m";
    let timeout = format!("accepted: a duration from 100ms to 1h, {such}");
    value_refused(
        "filesystem",
        "statvfs_timeout",
        "99ms",
        &format!("found \"99ms\"; {timeout}"),
    );
    value_refused(
        "filesystem",
        "statvfs_timeout",
        "61m",
        &format!("found \"61m\"; {timeout}"),
    );
    value_refused(
        "filesystem",
        "history_step",
        "2d",
        &format!("found \"2d\"; accepted: {DURATION}"),
    );
    refused(
        "paths: [{ path: /a, timeout: 2h, scan_interval: 10ms }]",
        &format!(
            "node.yaml:1:30: paths[0].timeout: found \"2h\"; {timeout}\n\
             node.yaml:1:49: paths[0].scan_interval: found \"10ms\"; accepted: {DURATION}"
        ),
    );
    refused(
        "retention: { log_lines: { max_age: 59s, max_rows: 0 } }",
        &format!(
            "node.yaml:1:36: retention.log_lines.max_age: found \"59s\"; accepted: a duration from \
             1m to 10years, {such}\n\
             node.yaml:1:51: retention.log_lines.max_rows: found 0; accepted: a whole number 1 to \
             1000000000000"
        ),
    );
}

#[test]
fn a_listen_address_must_be_one() {
    let long = format!("unix:/{}", "x".repeat(107));
    let cases = [
        "':8080'",
        "localhost",
        "example.org:80",
        "127.0.0.1",
        "127.0.0.1:65536",
        "'::1:80'",
        "'*:80'",
        "unix:run/x",
        "'unix:'",
        "http://127.0.0.1:80",
    ];
    for case in cases {
        let found = format!("{:?}", case.trim_matches('\''));
        let expected = format!("found {found}; accepted: {ADDRESS}");
        value_refused("node", "listen", case, &expected);
    }
    value_refused(
        "node",
        "listen",
        "8080",
        &format!("found 8080; accepted: {ADDRESS}"),
    );
    value_refused(
        "node",
        "listen",
        "{ a: b }",
        &format!("found a mapping; accepted: {ADDRESS}"),
    );
    let cut: String = long.chars().take(60).collect();
    value_refused(
        "node",
        "listen",
        &long,
        &format!("found \"{cut}\"…; accepted: {ADDRESS}"),
    );
    value_refused(
        "node",
        "listen",
        "[]",
        "found an empty list; accepted: one or more",
    );
    refused(
        "node: { listen: [127.0.0.1:1, localhost:1] }",
        "node.yaml:1:31: node.listen[1]: found 127.0.0.1:1, which is also node.listen[0]",
    );
}

#[test]
fn names_and_paths_must_be_usable() {
    let name = "a name of at most 128 bytes without slash, control or outer blanks";
    for (value, found) in [
        ("a/b", "\"a/b\""),
        ("'..'", "\"..\""),
        ("' a'", "\" a\""),
        ("\"a\\nb\"", "\"a\\nb\""),
    ] {
        value_refused(
            "node",
            "node_name",
            value,
            &format!("found {found}; accepted: {name}"),
        );
    }
    value_refused(
        "node",
        "node_name",
        "''",
        "found \"\"; accepted: text that is not empty",
    );
    value_refused(
        "node",
        "node_name",
        "12",
        "found 12; accepted: text; put it in quotes",
    );
    value_refused(
        "node",
        "node_name",
        "[a]",
        "found a list; accepted: text that is not empty",
    );
    value_refused(
        "node",
        "db_path",
        "x.db",
        "found \"x.db\"; accepted: an absolute path",
    );
    value_refused(
        "node",
        "db_path",
        "\"/a\\0\"",
        "found \"/a\\0\"; accepted: an absolute path",
    );
    refused(
        "paths: [{ path: /a }, { path: /a/./ }, { path: /a/../b }]",
        "node.yaml:1:31: paths[1].path: found /a, which is also paths[0].path\n\
         node.yaml:1:48: paths[2].path: found \"/a/../b\"; accepted: an absolute path without `..`",
    );
}

#[test]
fn flags_and_numbers_must_be_flags_and_numbers() {
    for (value, found) in [("yes", "\"yes\""), ("'true'", "\"true\""), ("1", "1")] {
        value_refused(
            "cron",
            "enabled",
            value,
            &format!("found {found}; accepted: true or false"),
        );
    }
    let numbers = [
        ("-1", "-1"),
        ("10001", "10001"),
        ("1.5", "1.5"),
        ("'5'", "\"5\""),
        ("99999999999999999999", "1e20"),
        (".inf", "inf"),
        ("{}", "a mapping"),
    ];
    for (value, found) in numbers {
        let expected = format!("found {found}; accepted: a whole number 0 to 10000");
        value_refused("process", "top_n", value, &expected);
    }
}

#[test]
fn who_may_be_killed_is_a_word_or_a_list_of_users() {
    use super::super::Killable;
    let allow = |value: &str| {
        let yaml = format!("process: {{ kill: {{ allow: {value} }} }}");
        config_of(&yaml).process.kill.allow
    };
    assert_eq!(allow("none"), Killable::None);
    let users = Killable::OfUsers(vec!["etl".to_owned(), "1001".to_owned()]);
    assert_eq!(allow("[etl, '1001']"), users);
    refused(
        "process: { kill: { allow: all, deny: [a, a], per_minute: 0 }, keep_stopped: 8d }",
        "node.yaml:1:27: process.kill.allow: found \"all\"; accepted: watched, none, or a list of users\n\
         node.yaml:1:42: process.kill.deny[1]: found a, which is also process.kill.deny[0]\n\
         node.yaml:1:58: process.kill.per_minute: found 0; accepted: a whole number 1 to 1000\n\
         node.yaml:1:77: process.keep_stopped: found \"8d\"; accepted: a duration from 1s to 7days, such \
         as 15s, 5m or 1h 30m",
    );
    refused(
        "process: { kill: { allow: [] } }",
        "node.yaml:1:27: process.kill.allow: found an empty list; accepted: one or more",
    );
}

#[test]
fn globs_and_regular_expressions_must_compile() {
    refused(
        "paths: [{ path: /a, exclude: ['a{b', '#x', '', ' ', 'a[b', '!/'] }]",
        "node.yaml:1:31: paths[0].exclude[0]: found \"a{b\"; accepted: a glob as in .gitignore, but \
         unclosed alternate group; missing '}' (maybe escape '{' with '[{]'?)\n\
         node.yaml:1:38: paths[0].exclude[1]: found \"#x\"; accepted: a glob as in .gitignore, but it \
         is a comment; write \\# for a name with #\n\
         node.yaml:1:44: paths[0].exclude[2]: found \"\"; accepted: text that is not empty\n\
         node.yaml:1:48: paths[0].exclude[3]: found \" \"; accepted: a glob as in .gitignore, but it is \
         empty\n\
         node.yaml:1:53: paths[0].exclude[4]: found \"a[b\"; accepted: a glob as in .gitignore, but \
         unclosed character class; missing ']'\n\
         node.yaml:1:60: paths[0].exclude[5]: found \"!/\"; accepted: a glob as in .gitignore, but it is \
         empty",
    );
    refused(
        "filesystem: { exclude_mount_points: ['[a'] }",
        "node.yaml:1:38: filesystem.exclude_mount_points[0]: found \"[a\"; accepted: a glob, and this is \
         none: unclosed character class; missing ']'",
    );
    refused(
        "process_watch: [{ name: a, match: '(' }, { name: b, match: '' }]",
        "node.yaml:1:35: process_watch[0].match: found \"(\"; accepted: a regular expression, and this is \
         none: unclosed group\n\
         node.yaml:1:60: process_watch[1].match: found \"\"; accepted: text that is not empty",
    );
    refused(
        "secrets: { patterns: ['(', 'a{1000}{100}'] }",
        "node.yaml:1:23: secrets.patterns[0]: found \"(\"; accepted: a regular expression, and this is \
         none: unclosed group\n\
         node.yaml:1:28: secrets.patterns[1]: found \"a{1000}{100}\"; accepted: a regular expression that \
         compiles to less than 1 MiB",
    );
    refused(
        "process_watch: [{ name: a, match: 'a{1000}{1000}{1000}' }]",
        "node.yaml:1:35: process_watch[0].match: found \"a{1000}{1000}{1000}\"; accepted: a regular \
         expression, and this is none: Compiled regex exceeds size limit of 10485760 bytes.",
    );
}
