//! Signals: which are sent to whom, and that each is recorded.

use integration_tests::{NodeBuilder, eventually, is_root, peer};
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::started::{
    PATIENCE, Started, await_process, code, kill, kill_with, last_record, node, refused, title,
    watching,
};

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
