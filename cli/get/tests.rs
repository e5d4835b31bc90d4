//! Asking a real listener, and what the exit says of each outcome.

use std::collections::HashMap;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::unix::ffi::OsStringExt;
use std::thread;
use std::time::Duration;

use clap::Parser;
use etlmon_shared::Problem;

use super::*;
use crate::args::{Cli, Command};

/// The arguments of `etlmon get` as words, such as `log app --follow`.
pub(super) fn get_args(words: &str) -> GetArgs {
    let words = ["etlmon", "get"]
        .into_iter()
        .chain(words.split_whitespace());
    match Cli::try_parse_from(words).unwrap().command {
        Command::Get(args) => args,
        other => panic!("{other:?}"),
    }
}

fn args(what: What, node: Option<&str>) -> GetArgs {
    GetArgs {
        what,
        node: node.map(str::to_owned),
        output: Output::Table,
        timeout: Duration::from_secs(20),
        token_file: None,
    }
}

/// Serves one request with `body`: the request's head and what `ask` made of the answer.
fn ask_once(what: What, body: &'static str) -> (String, Result<(String, Answer), ClientError>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let server = thread::spawn(move || {
        let mut stream = listener.accept().unwrap().0;
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            head.push(byte[0]);
        }
        let length = body.len();
        write!(
            stream,
            "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{body}"
        )
        .unwrap();
        String::from_utf8(head).unwrap()
    });
    let client = client(&args(What::Fs, Some(&address)), |_| None).unwrap();
    let answer = ask(&client, &what);
    (server.join().unwrap(), answer)
}

#[test]
fn every_noun_asks_its_route_and_reads_its_answer() {
    let from = Some("2026-01-15T10:23:45Z".parse().unwrap());
    let history = What::History {
        mount_point: "/a b".to_owned(),
        from,
        to: None,
        step: Some("5m".to_owned()),
    };
    let top = What::Top {
        path: "/d".to_owned(),
        limit: Some(3),
    };
    for (what, line) in [
        (What::Fs, "GET /api/v1/fs "),
        (
            What::Paths {
                limit: 7,
                offset: 2,
            },
            "GET /api/v1/paths?limit=7&offset=2 ",
        ),
        (top, "GET /api/v1/paths/top?path=/d&limit=3 "),
        (
            history,
            "GET /api/v1/fs/history?mount_point=/a%20b&from=2026-01-15T10:23:45.000Z&step=5m ",
        ),
    ] {
        let (head, answer) = ask_once(what, " []\n");
        let head = head.replace("%2F", "/").replace("%3A", ":");
        assert!(head.starts_with(line), "{head}");
        let (text, answer) = answer.unwrap();
        assert_eq!(text, " []\n");
        assert!(answer.is_well());
    }
}

#[test]
fn every_list_that_grows_asks_for_what_is_wanted_of_it() {
    for (words, line) in [
        ("logs", "/api/v1/logs"),
        ("log a/b", "/api/v1/logs/a%2Fb?limit=100"),
        (
            "log app --contains x&y --regex ^E|F -n 5 --after 9",
            "/api/v1/logs/app?contains=x%26y&regex=^E|F&limit=5&after=9",
        ),
        (
            "log app --from 2026-01-15T10:23:45Z --to 2026-01-15T11:00:00Z --before 9",
            "/api/v1/logs/app?from=2026-01-15T10:23:45.000Z&to=2026-01-15T11:00:00.000Z&limit=100\
             &before=9",
        ),
        (
            "gaps two+words --before 9",
            "/api/v1/logs/two%2Bwords/gaps?limit=100&before=9",
        ),
        ("processes", "/api/v1/processes"),
        ("process-rules", "/api/v1/processes/rules"),
        ("audit -n 3 --before 9", "/api/v1/audit?limit=3&before=9"),
        ("xferlog", "/api/v1/xferlog?limit=100"),
        (
            "xferlog --user u --host h --filename f --direction upload --status complete -n 3",
            "/api/v1/xferlog?user=u&host=h&filename=f&direction=upload&status=complete&limit=3",
        ),
        ("xferlog-files", "/api/v1/xferlog/files"),
        (
            "xferlog-damaged --after 4",
            "/api/v1/xferlog/damaged?limit=100&after=4",
        ),
        (
            "xferlog-gaps --before 4",
            "/api/v1/xferlog/gaps?limit=100&before=4",
        ),
    ] {
        let (head, answer) = ask_once(get_args(words).what, "[]");
        let asked = head.split(' ').nth(1).unwrap();
        let asked = asked
            .replace("%5E", "^")
            .replace("%7C", "|")
            .replace("%3A", ":");
        assert_eq!(asked, line, "{words}");
        let (text, answer) = answer.unwrap();
        assert_eq!(text, "[]");
        assert!(answer.is_well());
    }
}

#[test]
fn arguments_that_contradict_each_other_are_wrong_usage() {
    let error = ask_and_print(&get_args("log app --lines 0")).unwrap_err();
    assert_eq!(error.exit(), Exit::Usage);
}

#[test]
fn an_answer_of_another_shape_is_not_etlmons() {
    let (_, answer) = ask_once(What::Health, "[]");
    let error = GetError::from(answer.unwrap_err());
    assert_eq!(error.exit(), Exit::Unreachable);
    assert!(
        error.to_string().contains("does not answer as etlmon"),
        "{error}"
    );
}

/// An answer's JSON with one status in it.
fn well(what: &str, status: &str) -> bool {
    let answer = match what {
        "fs" => {
            let row = format!(
                r#"[{{"mount_point":"/","device":"d","fs_type":"xfs","read_only":false,
                "status":"{status}"}}]"#
            );
            Answer::Filesystems(serde_json::from_str(&row).unwrap())
        }
        "paths" => {
            let row = format!(r#"[{{"path":"/d","status":"{status}","scan_interval_sec":1}}]"#);
            Answer::Paths(serde_json::from_str(&row).unwrap())
        }
        "logs" | "transfer logs" => {
            let row = format!(
                r#"[{{"name":"a","path":"/a","status":"{status}","lines_stored":0,"gap_bytes":0,
                "gap_count":0,"unmeasured_gap_count":0,"truncated_bytes":0}}]"#
            );
            let rows = serde_json::from_str(&row).unwrap();
            if what == "logs" {
                Answer::Logs(rows)
            } else {
                Answer::TransferLogs(rows)
            }
        }
        _ => {
            let health = format!(
                r#"{{"status":"{status}","node_name":"n","version":"1","uptime_sec":1,
                "started_at":"2026-01-15T10:23:45Z","db":{{"path":"/d","writable":true}},
                "collectors":[]}}"#
            );
            Answer::Health(serde_json::from_str(&health).unwrap())
        }
    };
    answer.is_well()
}

#[test]
fn a_bad_status_is_not_well() {
    for (what, good, bad) in [
        ("health", &["ok"][..], &["degraded", "failed"][..]),
        ("fs", &["OK"], &["STALE", "ERROR"]),
        ("paths", &["OK", "SCANNING"], &["ERROR"]),
        ("logs", &["TAILING", "PAUSED", "WAITING"], &["ERROR"]),
        ("transfer logs", &["TAILING", "WAITING"], &["ERROR"]),
    ] {
        assert!(good.iter().all(|status| well(what, status)), "{what}");
        assert!(!bad.iter().any(|status| well(what, status)), "{what}");
    }
}

#[test]
fn every_failure_has_its_exit_status() {
    let text = || "x".to_owned();
    let problem: Problem = serde_json::from_str(
        r#"{"type":"about:blank","title":"t","status":404,"detail":"d","code":"no_such_path"}"#,
    )
    .unwrap();
    for (error, exit) in [
        (
            ClientError::Address {
                address: text(),
                reason: text(),
            },
            Exit::Usage,
        ),
        (ClientError::Token, Exit::Usage),
        (ClientError::Problem(problem), Exit::NotOk),
        (
            ClientError::Unreachable {
                address: text(),
                reason: text(),
            },
            Exit::Unreachable,
        ),
        (
            ClientError::Answer {
                address: text(),
                reason: text(),
            },
            Exit::Unreachable,
        ),
    ] {
        assert_eq!(GetError::from(error).exit(), exit);
    }
    assert_eq!(
        [Exit::Ok, Exit::NotOk, Exit::Usage, Exit::Unreachable].map(Exit::code),
        [0, 1, 2, 3]
    );
}

/// What `client` makes of these variables, as its debug text, which names the address.
fn client_of(node: Option<&str>, variables: &[(&str, &[u8])]) -> Result<String, GetError> {
    let variables: HashMap<_, _> = variables.iter().copied().collect();
    let env = |name: &str| {
        variables
            .get(name)
            .map(|value| OsString::from_vec(value.to_vec()))
    };
    client(&args(What::Fs, node), env).map(|client| format!("{client:?}"))
}

#[test]
fn the_node_is_the_flags_the_environments_or_this_machine() {
    let variables = [("ETLMON_NODE", &b"etl-01"[..])];
    for (node, variables, address) in [
        (Some("etl-02"), &variables[..], "\"http://etl-02:8080\""),
        (None, &variables, "\"http://etl-01:8080\""),
        (
            None,
            &[("ETLMON_NODE", &b""[..])],
            "\"http://localhost:8080\"",
        ),
        (None, &[], "\"http://localhost:8080\""),
    ] {
        let client = client_of(node, variables).unwrap();
        assert!(client.contains(address), "{client}");
    }
}

#[test]
fn a_variable_that_cannot_be_used_is_wrong_usage() {
    for (name, value, message) in [
        ("ETLMON_NODE", &b"\xff"[..], "ETLMON_NODE is not UTF-8"),
        (
            "ETLMON_NODE",
            b"https://x",
            "`https://x` is not the address of a node",
        ),
        (
            "ETLMON_TOKEN",
            b"two words",
            "the token is empty or holds characters",
        ),
    ] {
        let error = client_of(None, &[(name, value)]).unwrap_err();
        assert_eq!(error.exit(), Exit::Usage);
        assert!(error.to_string().starts_with(message), "{error}");
    }
}

#[test]
fn a_token_file_is_read_without_the_white_space_around_it() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("token");
    std::fs::write(&file, " s3cret\r\n").unwrap();
    assert_eq!(read_token(&file).unwrap(), "s3cret");
    std::fs::write(&file, "x".repeat(4096)).unwrap();
    assert_eq!(read_token(&file).unwrap().len(), 4096);
    std::fs::write(&file, "x".repeat(4097)).unwrap();
    assert_eq!(
        read_token(&file).unwrap_err().to_string(),
        "longer than 4096 bytes"
    );
    std::fs::remove_file(&file).unwrap();
    let args = GetArgs {
        token_file: Some(file.clone()),
        ..args(What::Fs, None)
    };
    let error = client(&args, |_| None).unwrap_err();
    assert_eq!(error.exit(), Exit::Usage);
    let start = format!(
        "cannot read the token file {}: No such file",
        file.display()
    );
    assert!(error.to_string().starts_with(&start), "{error}");
}

#[test]
fn colours_are_left_out_where_nobody_wants_them() {
    let wanted = |name: &'static str, value: &'static str| {
        wants_colours(|asked| (asked == name).then(|| value.into()))
    };
    assert!(wanted("TERM", "xterm-256color"));
    assert!(wanted("NO_COLOR", ""));
    assert!(!wanted("NO_COLOR", "1"));
    assert!(!wanted("TERM", "dumb"));
}
