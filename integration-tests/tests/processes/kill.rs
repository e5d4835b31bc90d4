//! Signals, and the record of all that was asked.

use integration_tests::{Node, NodeBuilder, eventually, is_root, peer};
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::started::{
    AUDIT, PATIENCE, PROCESSES, Started, await_process, kill, kill_with, last_record, node, title,
    watching,
};

fn code((status, answer): (u16, Value)) -> (u16, String) {
    (
        status,
        answer["code"].as_str().unwrap_or_default().to_owned(),
    )
}

fn refused(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

#[test]
fn a_watched_process_is_ended_and_that_is_told_and_recorded() {
    let (folder, title) = (tempfile::tempdir().unwrap(), title("kill"));
    let mut job = Started::sleeping(&title);
    let node = node(folder.path(), &title);
    let row = await_process(&node, job.pid(), |_| true);
    let (status, answer) = kill(&node, &row, "SIGCONT");
    assert_eq!(
        (status, &answer["exited"]),
        (200, &json!(false)),
        "{answer}"
    );
    assert!(answer["waited_ms"].as_u64().unwrap() >= 500, "{answer}");
    let (status, answer) = kill(&node, &row, "SIGTERM");
    assert_eq!(status, 200, "{answer}");
    assert!(answer["waited_ms"].as_u64().unwrap() < 500, "{answer}");
    let told = json!({"pid": job.pid(), "process_name": "sleep", "signal": "SIGTERM",
        "exited": true, "waited_ms": answer["waited_ms"]});
    assert_eq!(answer, told);
    assert!(!job.runs());
    let start_time = row["start_time"].as_str().unwrap();
    let words = format!("SIGTERM to sleep, begun {start_time}");
    let target = format!("processes/{}", job.pid());
    assert_eq!(last_record(&node), (target, Some(words), "done".to_owned()));
    let again = code(kill(&node, &row, "SIGKILL"));
    assert_eq!(again, refused(404, "no_such_process"));
    await_process(&node, job.pid(), |row| row["status"] == "STOPPED");
    let again = code(kill(&node, &row, "SIGKILL"));
    assert_eq!(again, refused(404, "no_such_process"));
    assert_eq!(last_record(&node).2, "no_such_process");
}

#[test]
fn what_is_not_right_in_every_point_hits_nobody_and_is_recorded() {
    let (folder, title) = (tempfile::tempdir().unwrap(), title("refused"));
    let mut job = Started::sleeping(&title);
    let node = node(folder.path(), &title);
    let row = await_process(&node, job.pid(), |_| true);
    let (pid, start_time) = (job.pid().to_string(), row["start_time"].clone());
    let body = |signal: &str, confirm: Value, start_time: &Value| {
        json!({"signal": signal, "confirm": confirm, "start_time": start_time}).to_string()
    };
    let earlier = json!("2026-01-15T10:23:45.000Z");
    let right = body("SIGKILL", json!(true), &start_time);
    for (pid, body, expected) in [
        (
            &*pid,
            body("SIGKILL", json!(false), &start_time),
            (400, "confirm_required"),
        ),
        (
            &pid,
            json!({"signal": "SIGKILL", "start_time": start_time}).to_string(),
            (400, "confirm_required"),
        ),
        (
            &pid,
            body("SIGKILL", json!("true"), &start_time),
            (400, "bad_query"),
        ),
        (
            &pid,
            body("SIGKILL", json!(true), &Value::Null),
            (400, "bad_query"),
        ),
        (
            &pid,
            json!({"signal": "SIGKILL", "confirm": true}).to_string(),
            (400, "bad_query"),
        ),
        (
            &pid,
            body("9", json!(true), &start_time),
            (400, "bad_query"),
        ),
        (
            &pid,
            body("SIGSEGV", json!(true), &start_time),
            (400, "bad_query"),
        ),
        (&pid, "{".to_owned(), (400, "bad_query")),
        (&pid, "[]".to_owned(), (400, "bad_query")),
        (
            &pid,
            right.replace('{', "{\"force\":true,"),
            (400, "bad_query"),
        ),
        (
            &pid,
            body("SIGKILL", json!(true), &earlier),
            (409, "identity_changed"),
        ),
        ("0", right.clone(), (400, "bad_query")),
        ("-1", right.clone(), (400, "bad_query")),
        (&format!("-{pid}"), right.clone(), (400, "bad_query")),
        (&format!("0{pid}"), right.clone(), (400, "bad_query")),
        (&format!("{pid}%20"), right.clone(), (400, "bad_query")),
        (&format!("+{pid}"), right.clone(), (400, "bad_query")),
        ("4294967295", right.clone(), (400, "bad_query")),
        ("18446744073709551615", right.clone(), (400, "bad_query")),
        ("4194305", right.clone(), (400, "bad_query")),
        ("4194304", right.clone(), (404, "no_such_process")),
        ("1", right.clone(), (403, "forbidden")),
        (&node.pid().to_string(), right.clone(), (403, "forbidden")),
        (
            &std::process::id().to_string(),
            right.clone(),
            (403, "forbidden"),
        ),
    ] {
        let answer = code(kill_with(&node, pid, &body));
        assert_eq!(answer, refused(expected.0, expected.1), "{pid} {body}");
        let (target, _, outcome) = last_record(&node);
        let pid = pid.replace("%20", " ");
        assert_eq!(
            (target, &*outcome),
            (format!("processes/{pid}"), expected.1),
            "{body}"
        );
    }
    assert!(job.runs());
}

#[test]
fn only_what_is_watched_and_not_denied_may_be_hit() {
    let (folder, title) = (tempfile::tempdir().unwrap(), title("deny"));
    let mut watched = Started::sleeping(&title);
    let mut other = Started::sleeping(&format!("other-than-{}", std::process::id()));
    let mut node = NodeBuilder::new(folder.path())
        .config(&watching(&title, "process: { top_n: 10000 }"))
        .start();
    let row = await_process(&node, watched.pid(), |_| true);
    let unwatched = await_process(&node, other.pid(), |_| true);
    let init = await_process(&node, 1, |_| true);
    assert_eq!(
        code(kill(&node, &unwatched, "SIGKILL")),
        refused(403, "not_watched")
    );
    assert_eq!(
        code(kill(&node, &init, "SIGKILL")),
        refused(403, "forbidden")
    );
    let keeping = |kill: &str| {
        watching(
            &title,
            &format!("process: {{ top_n: 0, kill: {{ {kill} }} }}"),
        )
    };
    for policy in ["allow: none", "deny: [sleep]", "allow: [nobody-s]"] {
        node.reconfigure(&keeping(policy));
        eventually("the policy to hold", PATIENCE, || {
            (code(kill(&node, &row, "SIGCONT")) == refused(403, "forbidden")).then_some(())
        });
        assert_eq!(last_record(&node).2, "forbidden");
    }
    node.reconfigure(&keeping("per_minute: 1"));
    eventually("the limit to hold", PATIENCE, || {
        (code(kill(&node, &row, "SIGCONT")) == refused(429, "rate_limited")).then_some(())
    });
    assert_eq!(last_record(&node).2, "rate_limited");
    assert!(watched.runs() && other.runs());
    node.end_by(Signal::TERM);
}

#[test]
fn the_kernels_refusal_is_told_as_such() {
    if !is_root() || !peer("setpriv") {
        return;
    }
    let (folder, title) = (tempfile::tempdir().unwrap(), title("eperm"));
    std::fs::set_permissions(
        folder.path(),
        std::os::unix::fs::PermissionsExt::from_mode(0o777),
    )
    .unwrap();
    let mut job = Started::sleeping(&title);
    let node = NodeBuilder::new(folder.path())
        .config(&watching(&title, ""))
        .unprivileged()
        .start();
    let row = await_process(&node, job.pid(), |_| true);
    let (status, answer) = kill(&node, &row, "SIGKILL");
    assert_eq!((status, &answer["code"]), (403, &json!("forbidden")));
    assert!(
        answer["detail"]
            .as_str()
            .unwrap()
            .contains("does not permit"),
        "{answer}"
    );
    assert!(job.runs());
}

#[test]
fn who_comes_with_which_token_is_recorded_and_so_is_who_comes_with_none() {
    let hash = "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b";
    let config = format!("auth: {{ tokens: [{{ name: ops, sha256: '{hash}' }}] }}");
    let node = Node::start(&config);
    let json = ("Content-Type", "application/json");
    let secret = ("Authorization", "Bearer secret");
    for (path, headers, status) in [
        (format!("{PROCESSES}/7/kill"), vec![json], 401),
        (
            format!("{PROCESSES}/7/kill"),
            vec![json, ("Authorization", "Bearer wrong")],
            401,
        ),
        (format!("{PROCESSES}/7/kill"), vec![json, secret], 400),
        (format!("{PROCESSES}/7/kill"), vec![secret], 415),
        (format!("{PROCESSES}/7/%6bill"), vec![json], 401),
        ("/api/v1/paths/scan".to_owned(), vec![json, secret], 202),
        (
            "/api/v1/logs/a%20b/pause".to_owned(),
            vec![json, secret],
            404,
        ),
        ("/api/v1/logs/app/resume".to_owned(), vec![json], 401),
    ] {
        let answer = node.request("POST", &path, &headers, Some("{}"));
        assert_eq!(answer.status, status, "{path} {}", answer.body);
    }
    // What is no command is not recorded.
    node.post("/api/v1/no-such", "{}");
    node.get(&format!("{PROCESSES}/7/kill"));
    let rows = node.list(AUDIT);
    let told = |row: &Value| {
        let remote = row["remote"].as_str().unwrap();
        assert!(remote.starts_with("127.0.0.1:"), "{row}");
        let [who, action, target, outcome] =
            ["who", "action", "target", "outcome"].map(|key| row[key].as_str().unwrap_or("-"));
        format!("{who} {action} {target}: {outcome}")
    };
    assert_eq!(
        rows.iter().map(told).collect::<Vec<_>>(),
        [
            "- kill processes/7: unauthorized",
            "- kill processes/7: unauthorized",
            "ops kill processes/7: bad_query",
            "ops kill processes/7: unsupported_media_type",
            "- kill processes/7: unauthorized",
            "ops scan paths: done",
            "ops pause logs/a b: no_such_log",
            "- resume logs/app: unauthorized",
        ]
    );
    let ids: Vec<i64> = rows.iter().map(|row| row["id"].as_i64().unwrap()).collect();
    assert_eq!(ids, (1..=8).collect::<Vec<_>>());
    let page = node.get(&format!("{AUDIT}?limit=3&before=8"));
    let shown = page.json();
    assert_eq!(shown[0]["id"], 5);
    let link = page.header("link").unwrap();
    assert_eq!(link, format!("<{AUDIT}?limit=3&before=5>; rel=\"next\""));
    assert_eq!(node.list(&format!("{AUDIT}?after=6")).len(), 2);
}

#[test]
fn a_command_whose_sender_hangs_up_is_recorded_with_its_end() {
    use std::io::Write as _;
    let (folder, title) = (tempfile::tempdir().unwrap(), title("hangup"));
    let job = Started::sleeping(&title);
    let node = node(folder.path(), &title);
    let row = await_process(&node, job.pid(), |_| true);
    let body = json!({"signal": "SIGCONT", "confirm": true, "start_time": row["start_time"]});
    let body = body.to_string();
    let address = node.url.strip_prefix("http://").unwrap();
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    let request = format!(
        "POST {PROCESSES}/{}/kill HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n{body}",
        job.pid(),
        body.len()
    );
    stream.write_all(request.as_bytes()).unwrap();
    // It waits half a second for the end of the process: the sender is gone by then.
    eventually("the command to begin", PATIENCE, || {
        let begun = node.list(AUDIT).pop()?;
        (begun["outcome"] == "begun").then_some(())
    });
    stream.shutdown(std::net::Shutdown::Both).unwrap();
    drop(stream);
    eventually("the command to end", PATIENCE, || {
        (node.list(AUDIT).pop()?["outcome"] == "done").then_some(())
    });
}

#[test]
fn nothing_is_done_that_cannot_be_recorded() {
    let (folder, title) = (tempfile::tempdir().unwrap(), title("record"));
    let mut job = Started::sleeping(&title);
    let node = node(folder.path(), &title);
    let row = await_process(&node, job.pid(), |_| true);
    let intruder = integration_tests::database::intruder(&node.database());
    intruder
        .execute_batch(
            "CREATE TRIGGER full BEFORE INSERT ON audit BEGIN SELECT raise(ABORT, 'full'); END",
        )
        .unwrap();
    let answer = code(kill(&node, &row, "SIGKILL"));
    assert_eq!(answer, refused(503, "store_unavailable"));
    let scan = node.post("/api/v1/paths/scan", "{}");
    assert_eq!(scan.status, 503);
    assert!(job.runs());
    eventually("the log to tell it", PATIENCE, || {
        node.stderr()
            .contains("a command could not be recorded")
            .then_some(())
    });
    intruder.execute_batch("DROP TRIGGER full").unwrap();
    assert_eq!(kill(&node, &row, "SIGKILL").0, 200);
}

#[test]
fn a_flood_of_refusals_fills_no_record_and_hides_no_deed() {
    let node = Node::start("");
    let refuse = || code(kill_with(&node, "0", "{}"));
    for _ in 0..120 {
        assert_eq!(refuse(), refused(400, "bad_query"));
    }
    assert_eq!(node.post("/api/v1/cron/refresh", "{}").status, 200);
    refuse();
    let rows = node.list(&format!("{AUDIT}?limit=1000"));
    assert_eq!(rows.len(), 102);
    assert!(rows[..100].iter().all(|row| row["detail"].is_null()));
    let detail = rows[100]["detail"].as_str().unwrap();
    assert!(
        detail.starts_with("and 20 more refused until 2"),
        "{detail}"
    );
    let last = ["action", "target", "outcome"].map(|key| rows[101][key].as_str().unwrap());
    assert_eq!(last, ["refresh", "cron", "done"]);
}
