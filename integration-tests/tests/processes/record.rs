//! The record of all commands: who sent them, and how they ended.

use integration_tests::{Node, eventually};
use serde_json::{Value, json};

use crate::started::{
    AUDIT, PATIENCE, PROCESSES, Started, await_process, code, kill, kill_with, node, refused, title,
};

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
