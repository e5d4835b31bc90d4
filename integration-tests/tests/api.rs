//! What the API refuses, and how: every error is a problem (RFC 9457) of one shape.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "all of this is test code"
)]

use integration_tests::Node;

const FS: &str = "/api/v1/fs";
const PATHS: &str = "/api/v1/paths";
const SCAN: &str = "/api/v1/paths/scan";
const JSON: (&str, &str) = ("Content-Type", "application/json");

/// Sends a request and fails unless the answer is this problem.
#[track_caller]
fn assert_problem(node: &Node, request: (&str, &str), body: Option<&str>, want: (u16, &str)) {
    let (method, path) = request;
    let headers = body.map(|_| JSON);
    let answer = node.request(method, path, headers.as_slice(), body);
    let shown = format!("{method} {path} {body:?}: {answer:?}");
    assert_eq!(answer.status, want.0, "{shown}");
    let media_type = answer.header("content-type");
    assert_eq!(media_type, Some("application/problem+json"), "{shown}");
    assert!(answer.header("x-request-id").is_some(), "{shown}");
    let problem = answer.json();
    let keys: Vec<&String> = problem.as_object().unwrap().keys().collect();
    assert_eq!(
        keys,
        ["code", "detail", "status", "title", "type"],
        "{shown}"
    );
    assert_eq!(problem["status"], want.0, "{shown}");
    assert_eq!(problem["code"], want.1, "{shown}");
    assert!(!problem["detail"].as_str().unwrap().is_empty(), "{shown}");
}

#[test]
fn every_mistake_in_a_query_is_a_problem_that_names_it() {
    let node = Node::with_paths(1);
    for query in [
        "/api/v1/health?x=1",
        "/api/v1/openapi.json?x=1",
        "/api/v1/fs?limit=5",
        "/api/v1/fs?",
        "/api/v1/paths?limit=0",
        "/api/v1/paths?limit=10001",
        "/api/v1/paths?limit=-1",
        "/api/v1/paths?limit=",
        "/api/v1/paths?limit=ten",
        "/api/v1/paths?limit=1&limit=2",
        "/api/v1/paths?limit=99999999999999999999",
        "/api/v1/paths?offset=-1",
        "/api/v1/paths?Limit=1",
        "/api/v1/paths/top",
        "/api/v1/paths/top?path=/&limit=0",
        "/api/v1/fs/history",
        "/api/v1/fs/history?mount_point=/&from=yesterday",
        "/api/v1/fs/history?mount_point=/&from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z",
        "/api/v1/fs/history?mount_point=/&step=0",
        "/api/v1/fs/history?mount_point=/&step=1ms",
        "/api/v1/fs/history?mount_point=/&step=-5m",
        "/api/v1/fs/history?mount_point=/&step=1M",
        "/api/v1/fs/history?mount_point=/&step=18446744073709551615s1000ms",
        "/api/v1/fs/history?mount_point=/&every=5m",
    ] {
        if query.ends_with('?') {
            assert_eq!(node.get(query).status, 200, "{query}");
        } else {
            assert_problem(&node, ("GET", query), None, (400, "bad_query"));
        }
    }
    assert_problem(
        &node,
        ("POST", "/api/v1/paths/scan?x=1"),
        Some("{}"),
        (400, "bad_query"),
    );
    for limit in ["1", "10000"] {
        assert_eq!(node.get(&format!("{PATHS}?limit={limit}")).status, 200);
    }
}

#[test]
fn what_does_not_exist_is_a_problem() {
    let node = Node::with_paths(1);
    for path in [
        "/",
        "/api",
        "/api/v1/fs/",
        "/api/v1//fs",
        "/api/v2/fs",
        "/%00",
        "/api/v1/fs%2F",
    ] {
        assert_problem(&node, ("GET", path), None, (404, "not_found"));
        assert_problem(&node, ("POST", path), Some("{}"), (404, "not_found"));
    }
    for (path, code) in [
        (
            "/api/v1/fs/history?mount_point=/no/such",
            "no_such_mount_point",
        ),
        ("/api/v1/paths/top?path=/no/such", "no_such_path"),
    ] {
        assert_problem(&node, ("GET", path), None, (404, code));
    }
    for path in [
        "/api/v1/health",
        FS,
        "/api/v1/fs/history",
        PATHS,
        "/api/v1/paths/top",
        "/api/v1/openapi.json",
    ] {
        for method in ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"] {
            let body = (method != "DELETE" && method != "OPTIONS").then_some("{}");
            assert_problem(&node, (method, path), body, (405, "method_not_allowed"));
            let answer = node.request(method, path, &[JSON], body);
            assert_eq!(answer.header("allow"), Some("GET, HEAD"));
        }
    }
    assert_problem(&node, ("GET", SCAN), None, (405, "method_not_allowed"));
    assert_eq!(node.get(SCAN).header("allow"), Some("POST"));
}

#[test]
fn every_mistake_in_a_body_is_a_problem() {
    let node = Node::with_paths(1);
    for body in [
        "",
        "{",
        "{} x",
        "null",
        "[]",
        "[null]",
        "\"\"",
        "{\"path\":[]}",
        "{\"paths\":[],\"x\":1}",
        "{\"paths\":\"/\"}",
        "{\"paths\":[1]}",
        "{\"paths\":[],\"paths\":[]}",
        "\u{feff}{}",
    ] {
        assert_problem(&node, ("POST", SCAN), Some(body), (400, "bad_query"));
    }
    assert_problem(
        &node,
        ("POST", SCAN),
        Some("{\"paths\":[\"/no/such\"]}"),
        (404, "no_such_path"),
    );
    for content_type in [
        None,
        Some("text/plain"),
        Some("application/x-www-form-urlencoded"),
    ] {
        let headers: Vec<_> = content_type
            .map(|value| ("Content-Type", value))
            .into_iter()
            .collect();
        let answer = node.request("POST", SCAN, &headers, Some("{}"));
        assert_eq!(answer.status, 415, "{content_type:?}: {answer:?}");
        assert_eq!(answer.json()["code"], "unsupported_media_type");
    }
    let with_charset = [("Content-Type", "application/json; charset=utf-8")];
    assert_eq!(
        node.request("POST", SCAN, &with_charset, Some("{}")).status,
        202
    );
}

#[test]
fn a_body_over_64_kib_is_refused_however_it_comes() {
    let node = Node::with_paths(1);
    let padded = |length: usize| format!("{{}}{}", " ".repeat(length - 2));
    let head = format!(
        "POST {SCAN} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\n"
    );
    let whole = |length: usize| format!("{head}Content-Length: {length}\r\n\r\n{}", padded(length));
    let chunked = |length: usize| {
        let (body, mut request) = (
            padded(length),
            format!("{head}Transfer-Encoding: chunked\r\n\r\n"),
        );
        for chunk in body.as_bytes().chunks(1000) {
            request.push_str(&format!(
                "{:x}\r\n{}\r\n",
                chunk.len(),
                std::str::from_utf8(chunk).unwrap()
            ));
        }
        request + "0\r\n\r\n"
    };
    for (length, status) in [(65_536, 202), (65_537, 413), (3_000_000, 413)] {
        for request in [whole(length), chunked(length)] {
            let answer = node.exchange(&request);
            let body = String::from_utf8_lossy(&answer.body);
            assert_eq!(answer.status, status, "{length}: {body}");
            assert!(
                status == 202 || body.contains("\"too_large\""),
                "{length}: {body}"
            );
        }
    }
}

#[test]
fn every_answer_carries_the_callers_request_id_or_a_new_one() {
    let node = Node::with_paths(0);
    let id_for = |id: &str| {
        let request = format!(
            "GET {FS} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Request-Id: {id}\r\n\r\n"
        );
        node.exchange(request)
            .header("x-request-id")
            .unwrap()
            .to_owned()
    };
    let longest = "x".repeat(128);
    for id in ["abc-123", "/!\"{}~", &longest] {
        assert_eq!(id_for(id), id);
    }
    let mut new = vec![
        id_for(""),
        id_for(&"x".repeat(129)),
        id_for("a b"),
        id_for("a\tb"),
        id_for("Ü"),
    ];
    new.extend((0..3).map(|_| node.get("/nope").header("x-request-id").unwrap().to_owned()));
    let count = new.len();
    new.sort();
    new.dedup();
    assert_eq!(new.len(), count, "{new:?}");
    assert!(
        new.iter().all(|id| id.is_ascii() && id.len() < 64),
        "{new:?}"
    );
}
