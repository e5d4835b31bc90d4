//! `etlmon get`: what it asks, prints and ends with.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "all of this is test code"
)]

use std::fs;
use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::time::Duration;

use integration_tests::{Node, NodeBuilder, command, etlmon, eventually, expect, peer};
use serde_json::Value;

/// A node that is well, with one path, and that path.
fn node() -> (tempfile::TempDir, Node, String) {
    let folder = tempfile::tempdir().unwrap();
    let tree = folder.path().join("tree");
    fs::create_dir(&tree).unwrap();
    fs::write(tree.join("evil\u{1b}[2J\nname"), "12345").unwrap();
    let path = tree.display().to_string();
    let config = format!("paths: [{{path: {path}, measure_sizes: true}}]");
    let node = NodeBuilder::new(folder.path()).config(&config).start();
    node.await_row(("/api/v1/paths", "path", &path), |row| {
        row["status"] == "OK"
    });
    node.await_row(("/api/v1/fs", "mount_point", "/"), |_| true);
    (folder, node, path)
}

#[test]
fn every_question_is_answered_as_a_table_and_as_json() {
    let (_folder, node, path) = node();
    let top = format!("/api/v1/paths/top?path={path}");
    for (words, route, columns) in [
        (
            vec!["health"],
            "/api/v1/health",
            vec!["status   ok", "COLLECTOR", "filesystem"],
        ),
        (vec!["fs"], "/api/v1/fs", vec!["SIZE", "MOUNT", "/"]),
        (vec!["paths"], "/api/v1/paths", vec!["FILES", "PATH", &path]),
        (
            vec!["top", "--path", &path],
            top.as_str(),
            vec!["NAME", "5B", "file"],
        ),
        (
            vec!["history", "--mount-point", "/"],
            "/api/v1/fs/history?mount_point=/",
            vec!["AT", "USE%"],
        ),
        (
            vec![
                "history",
                "--mount-point",
                "/",
                "--from",
                "1h",
                "--step",
                "5m",
            ],
            "/api/v1/fs/history?mount_point=/&step=5m",
            vec!["AT"],
        ),
    ] {
        let mut words: Vec<&str> = ["get", "--node", &node.url]
            .into_iter()
            .chain(words)
            .collect();
        let (table, complaints) = expect(&words, 0);
        assert_eq!(complaints, "");
        for column in columns {
            assert!(table.contains(column), "no {column:?} in\n{table}");
        }
        assert!(!table.contains('\u{1b}'), "{table:?}");
        words.extend(["-o", "json"]);
        // A cycle may end between the two questions.
        let what = format!("both answers to {words:?} to be the same");
        eventually(&what, Duration::from_secs(5), || {
            let (json, complaints) = expect(&words, 0);
            assert_eq!((complaints.as_str(), json.lines().count()), ("", 1));
            let mut json: Value = serde_json::from_str(&json).unwrap();
            let mut answer = node.get(route).json();
            if route.ends_with("health") {
                json["uptime_sec"] = Value::Null;
                answer["uptime_sec"] = Value::Null;
            }
            (json == answer).then_some(())
        });
    }
    let listed = expect(&["get", "top", "--path", &path, "--node", &node.url], 0).0;
    assert!(listed.contains("evil\\u{1b}[2J\\nname"), "{listed}");
}

#[test]
fn the_exit_status_tells_a_script_what_is_the_case() {
    let (folder, node, _) = node();
    // 1: not well, or refused.
    expect(
        &["get", "top", "--path", "/no/such", "--node", &node.url],
        1,
    );
    expect(
        &[
            "get",
            "history",
            "--mount-point",
            "/no/such",
            "--node",
            &node.url,
        ],
        1,
    );
    let missing = format!("paths: [{{path: {}/missing}}]", folder.path().display());
    let ill = Node::start(&missing);
    ill.await_row(("/api/v1/paths", "status", "ERROR"), |_| true);
    for what in ["paths", "health"] {
        let (table, complaints) = expect(&["get", what, "--node", &ill.url], 1);
        assert!(
            table.contains("\n! ") && table.contains("missing"),
            "{table}"
        );
        assert_eq!(complaints, "");
        expect(&["get", what, "-o", "json", "--node", &ill.url], 1);
    }
    // 2: asked wrongly.
    for words in [
        vec![],
        vec!["get"],
        vec!["gett"],
        vec!["get", "nothing"],
        vec!["get", "top"],
        vec!["get", "paths", "--limit", "0"],
        vec!["get", "fs", "--timeout", "0s"],
        vec!["get", "fs", "--node", "ftp://x"],
        vec!["get", "fs", "--output", "xml"],
        vec!["get", "fs", "--token-file", "/no/such"],
        vec!["node", "--listen", "nowhere"],
        vec!["completions", "dos"],
        vec![
            "get",
            "history",
            "--mount-point",
            "/",
            "--from",
            "yesterday",
        ],
    ] {
        let (out, err) = expect(&words, 2);
        assert!(out.is_empty() && !err.is_empty(), "{words:?}: {out}");
    }
    // 3: nobody there, or not in time, or somebody else.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = silent.local_addr().unwrap().to_string();
    let (_, err) = expect(&["get", "fs", "--timeout", "200ms", "--node", &address], 3);
    assert!(err.contains("200ms") && err.lines().count() == 1, "{err}");
    drop(silent);
    let (_, err) = expect(&["get", "fs", "--node", &address], 3);
    assert!(err.contains(&address) && err.lines().count() == 1, "{err}");
    for nobody in ["no-such-host.invalid:80", "unix:/no/such.sock"] {
        expect(&["get", "fs", "--node", nobody], 3);
    }
}

#[test]
fn the_environment_names_the_node_and_the_token() {
    // printf %s secret | sha256sum
    let secret = "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b";
    let node = Node::start(&format!(
        "auth: {{reads: token, tokens: [{{name: ops, sha256: \"{secret}\"}}]}}"
    ));
    let get = |token: Option<&str>, more: &[&str]| {
        let mut words = vec!["get", "health"];
        words.extend(more);
        let mut command = command(&words);
        command.env("ETLMON_NODE", &node.url);
        command.envs(token.map(|token| ("ETLMON_TOKEN", token)));
        command.output().unwrap().status.code()
    };
    assert_eq!(get(None, &[]), Some(1));
    assert_eq!(get(Some("wrong"), &[]), Some(1));
    assert_eq!(get(Some("secret"), &[]), Some(0));
    assert_eq!(get(Some("not one word"), &[]), Some(2));
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), "secret\n").unwrap();
    let file = file.path().to_str().unwrap();
    assert_eq!(get(Some("wrong"), &["--token-file", file]), Some(0));
    assert_eq!(get(Some("secret"), &["--node", "127.0.0.1:1"]), Some(3));
}

#[test]
fn a_terminal_gets_colours_unless_it_wants_none() {
    if !peer("script") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let node = Node::start(&format!(
        "paths: [{{path: {}/missing}}]",
        folder.path().display()
    ));
    node.await_row(("/api/v1/paths", "status", "ERROR"), |_| true);
    let line = format!("{} get paths --node {}", etlmon().display(), node.url);
    let on_terminal = |variable: Option<(&str, &str)>, more: &str| {
        let mut command = Command::new("script");
        command
            .args(["-qec", &format!("{line}{more}"), "/dev/null"])
            .stdin(Stdio::null());
        command
            .env_remove("NO_COLOR")
            .env("TERM", "xterm")
            .envs(variable);
        let output = command.output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        String::from_utf8(output.stdout).unwrap()
    };
    assert!(on_terminal(None, "").contains("\u{1b}[31mERROR\u{1b}[0m"));
    assert!(on_terminal(Some(("NO_COLOR", "")), "").contains('\u{1b}'));
    for variable in [("NO_COLOR", "1"), ("TERM", "dumb")] {
        assert!(
            !on_terminal(Some(variable), "").contains('\u{1b}'),
            "{variable:?}"
        );
    }
    let json = on_terminal(None, " -o json");
    assert!(
        json.lines().count() > 10 && !json.contains('\u{1b}'),
        "{json}"
    );
}

#[test]
fn a_reader_who_leaves_early_is_no_failure() {
    let (_folder, node, _) = node();
    for words in [
        vec!["get", "fs", "--node", &node.url],
        vec!["completions", "zsh"],
        vec!["--help"],
        vec!["--version"],
    ] {
        let mut child = command(&words)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{words:?}");
        assert_eq!(output.status.code(), Some(0), "{words:?}");
    }
    let full = fs::File::options().write(true).open("/dev/full").unwrap();
    let output = command(&["get", "fs", "--node", &node.url])
        .stdout(full)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(
        String::from_utf8_lossy(&output.stderr).contains("No space"),
        "{output:?}"
    );
}
