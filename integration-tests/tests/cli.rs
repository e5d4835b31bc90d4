//! The command's help, version, completions and check.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "all of this is test code"
)]

use std::fs;

use integration_tests::expect;

#[test]
fn help_version_and_completions_are_there_for_every_command() {
    let (version, _) = expect(&["--version"], 0);
    assert_eq!(
        version.trim(),
        concat!("etlmon ", env!("CARGO_PKG_VERSION"))
    );
    let mut examples = Vec::new();
    for words in [
        vec![],
        vec!["node"],
        vec!["check"],
        vec!["ui"],
        vec!["completions"],
        vec!["get"],
        vec!["get", "fs"],
        vec!["get", "health"],
        vec!["get", "history"],
        vec!["get", "paths"],
        vec!["get", "top"],
    ] {
        let asked: Vec<&str> = words.iter().copied().chain(["--help"]).collect();
        let (help, _) = expect(&asked, 0);
        let lines: Vec<String> = help
            .lines()
            .map(str::trim)
            .filter(|line| line.starts_with("etlmon "))
            .map(str::to_owned)
            .collect();
        assert!(!lines.is_empty(), "{words:?} has no example");
        examples.extend(lines);
    }
    assert!(examples.len() > 15, "{examples:?}");
    for example in examples {
        // What comes after the words of etlmon itself is the shell's.
        let words = example
            .split([' '])
            .skip(1)
            .take_while(|word| !matches!(*word, "|" | ">" | "||" | "&&"));
        let words: Vec<&str> = words.chain(["--help"]).collect();
        expect(&words, 0);
    }
    for shell in ["bash", "zsh", "fish"] {
        let (script, _) = expect(&["completions", shell], 0);
        assert!(
            script.contains("etlmon") && script.contains("mount-point"),
            "{shell}"
        );
    }
}

#[test]
fn check_says_whether_a_file_is_right_and_starts_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("node.yaml");
    let name = file.to_str().unwrap();
    fs::write(&file, "refresh: {disk: 5s}").unwrap();
    let (out, err) = expect(&["check", "-c", name], 0);
    assert_eq!((out, err.as_str()), (format!("{name}: ok\n"), ""));
    fs::write(&file, "refresh: {disk: 5}\nnode: {listne: 1}\n").unwrap();
    let (out, err) = expect(&["check", "-c", name], 1);
    assert_eq!(out, "");
    let problems: Vec<&str> = err.lines().collect();
    assert_eq!(problems.len(), 2, "{err}");
    assert!(
        problems[0].contains(":1:")
            && problems[0].contains("refresh.disk")
            && problems[0].contains("5s"),
        "{err}"
    );
    assert!(
        problems[1].contains(":2:")
            && problems[1].contains("listne")
            && problems[1].contains("listen"),
        "{err}"
    );
    expect(&["check", "-c", "/no/such.yaml"], 1);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    let shipped = concat!(env!("CARGO_MANIFEST_DIR"), "/../conf/node.yaml");
    expect(&["check", "-c", shipped], 0);
}

#[test]
fn the_variable_of_the_client_is_no_slip_to_the_node() {
    let folder = tempfile::tempdir().unwrap();
    let node = integration_tests::NodeBuilder::new(folder.path())
        .env("ETLMON_NODE", "http://127.0.0.1:1")
        .env("ETLMON_REFRESH", "5s")
        .start();
    let said = node.stderr();
    assert!(said.contains("ETLMON_REFRESH is not read"), "{said}");
    assert!(!said.contains("ETLMON_NODE is not read"), "{said}");
}
