//! Wrong sections, keys and rules across keys, and the exact text that it is answered with.

use super::{read_with, refused, refused_with};

const DURATION: &str = "a duration from 1s to 1day, such as 15s, 5m or 1h 30m";
const SECTIONS: &str = "node, refresh, filesystem, paths, logs, process_watch, process, cron, \
                        xferlog, secrets, auth, retention";

#[test]
fn a_process_rule_is_a_pattern_or_a_pid() {
    let accepted = "accepted: both name and match, or pid alone";
    for (rule, found) in [
        ("{}", "nothing"),
        ("~", "nothing"),
        ("{ name: a }", "name"),
        ("{ match: a }", "match"),
        ("{ name: a, pid: 1 }", "name and pid"),
        ("{ pid: 1, match: a, name: b }", "name and match and pid"),
    ] {
        let expected = format!("node.yaml:1:17: process_watch[0]: found {found}; {accepted}");
        refused(&format!("process_watch: [{rule}]"), &expected);
    }
    refused(
        "process_watch: [{ pid: 0 }, { pid: 4194305 }, { name: a, match: a }, { name: a, match: b }]",
        "node.yaml:1:24: process_watch[0].pid: found 0; accepted: a whole number 1 to 4194304\n\
         node.yaml:1:36: process_watch[1].pid: found 4194305; accepted: a whole number 1 to 4194304\n\
         node.yaml:1:78: process_watch[3].name: found \"a\", which is also process_watch[2].name",
    );
}

#[test]
fn a_token_is_told_by_its_hash_and_never_repeated() {
    let hash = "ab".repeat(32);
    let (short, long) = ("hunter2", format!("{hash}0"));
    let accepted = "found a value that is not shown; accepted: the token's SHA-256 as 64 hexadecimal \
                    digits in quotes";
    for wrong in [short, &long, &"g".repeat(64), &"é".repeat(32), "12345"] {
        let yaml = format!("auth: {{ tokens: [{{ name: a, sha256: {wrong} }}] }}");
        refused(
            &yaml,
            &format!("node.yaml:1:37: auth.tokens[0].sha256: {accepted}"),
        );
    }
    refused(
        "auth: { tokens: hunter2 }",
        "node.yaml:1:17: auth.tokens: found a value that is not shown; accepted: a list",
    );
    refused(
        "auth: { tokens: [hunter2] }",
        "node.yaml:1:18: auth.tokens[0]: found a value that is not shown; accepted: a mapping of keys",
    );
    let pair = format!("{{ name: a, sha256: {hash} }}");
    refused(
        &format!("auth: {{ tokens: [{pair}, {pair}] }}"),
        "node.yaml:1:113: auth.tokens[1].name: found \"a\", which is also auth.tokens[0].name\n\
         node.yaml:1:124: auth.tokens[1].sha256: found a hash, which is also auth.tokens[0].sha256",
    );
    refused(
        "auth: { reads: token }",
        "node.yaml:1:16: auth.reads: found token, but auth.tokens is empty: nobody could read",
    );
    refused(
        "auth: { reads: no }",
        "node.yaml:1:16: auth.reads: found \"no\"; accepted: open or token",
    );
}

#[test]
fn an_unknown_key_is_refused_with_the_nearest_or_all_known_ones() {
    refused(
        "node: { lisen: 1 }",
        "node.yaml:1:9: node.lisen: unknown key; did you mean `listen`?",
    );
    refused(
        "Paths: []",
        "node.yaml:1:1: Paths: unknown key; did you mean `paths`?",
    );
    refused(
        "proces-watch: []",
        "node.yaml:1:1: proces-watch: unknown key; did you mean `process_watch`?",
    );
    refused(
        "listen: x",
        &format!("node.yaml:1:1: listen: unknown key; accepted: {SECTIONS}"),
    );
    refused(
        "1: 2",
        &format!("node.yaml:1:1: 1: unknown key; accepted: {SECTIONS}"),
    );
    refused(
        "? [a]\n: b",
        &format!("node.yaml:1:3: a list: unknown key; accepted: {SECTIONS}"),
    );
    refused(
        "retention: { log_lines: { rows: 1 } }",
        "node.yaml:1:27: retention.log_lines.rows: unknown key; accepted: max_age, max_rows",
    );
    let control = format!("node.yaml:1:1: \\u{{1b}}[2J: unknown key; accepted: {SECTIONS}");
    refused("\"\\e[2J\": 1", &control);
    let endless = "k".repeat(5000);
    let cut = format!(
        "node.yaml:1:3: {}: unknown key; accepted: {SECTIONS}",
        "k".repeat(60)
    );
    refused(&format!("? {endless}\n: 1\n"), &cut);
}

#[test]
fn a_section_of_another_shape_is_refused() {
    for yaml in ["- a\n", "just text", "a:1\n", "5", "true", "[]"] {
        let problems = read_with(yaml, &[]).unwrap_err();
        assert!(problems.starts_with("node.yaml:1:1: found "), "{problems}");
        assert!(
            problems.ends_with("; accepted: sections with their keys, such as `refresh:`"),
            "{problems}"
        );
    }
    refused(
        "node: 5",
        "node.yaml:1:7: node: found 5; accepted: a mapping of keys",
    );
    refused(
        "paths: { a: b }",
        "node.yaml:1:8: paths: found a mapping; accepted: a list",
    );
    refused(
        "paths: [/a]",
        "node.yaml:1:9: paths[0]: found \"/a\"; accepted: a mapping of keys",
    );
}

#[test]
fn all_problems_are_told_at_once_in_reading_order() {
    refused_with(
        "logs:\n  - name: 1\nnode:\n  lisen: x\nrefresh:\n  disk: 15\n",
        &[("ETLMON_CRON__ENABLED", "maybe"), ("ETLMON_A__B", "")],
        &format!(
            "node.yaml:2:5: logs[0]: the key `path` is missing\n\
             node.yaml:2:11: logs[0].name: found 1; accepted: text; put it in quotes\n\
             node.yaml:4:3: node.lisen: unknown key; did you mean `listen`?\n\
             node.yaml:6:9: refresh.disk: found 15; accepted: {DURATION}; write 15s for seconds\n\
             environment variable ETLMON_A__B: a: unknown key; accepted: {SECTIONS}\n\
             environment variable ETLMON_CRON__ENABLED: cron.enabled: found \"maybe\"; accepted: true or \
             false"
        ),
    );
}

#[test]
fn only_the_first_fifty_problems_are_listed() {
    let yaml: String = (0..60).map(|index| format!("wrong{index}: 1\n")).collect();
    let problems = read_with(&yaml, &[]).unwrap_err();
    assert_eq!(problems.lines().count(), 51);
    assert!(problems.ends_with("\nand 10 more"), "{problems}");
}
