//! How the API answers: compressed, without a body, in pages, and to what is no request.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "all of this is test code"
)]

use std::io::Read;

use flate2::read::GzDecoder;
use integration_tests::Node;

const FS: &str = "/api/v1/fs";
const PATHS: &str = "/api/v1/paths";
const SCAN: &str = "/api/v1/paths/scan";

#[test]
fn an_answer_is_compressed_only_for_those_who_ask() {
    let node = Node::with_paths(30);
    let ask = |accept: &str| {
        let request =
            format!("GET {PATHS} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{accept}\r\n");
        node.exchange(request)
    };
    for accept in [
        "",
        "Accept-Encoding: identity\r\n",
        "Accept-Encoding: gzip;q=0\r\n",
        "Accept-Encoding: br\r\n",
    ] {
        let answer = ask(accept);
        assert_eq!(answer.header("content-encoding"), None, "{accept}");
        assert!(answer.body.starts_with(b"["), "{accept}");
    }
    for accept in ["gzip", "br, gzip", "gzip;q=0.5"] {
        let answer = ask(&format!("Accept-Encoding: {accept}\r\n"));
        assert_eq!(answer.header("content-encoding"), Some("gzip"), "{accept}");
        assert_eq!(answer.header("x-total-count"), Some("30"));
        let mut plain = String::new();
        GzDecoder::new(answer.body.as_slice())
            .read_to_string(&mut plain)
            .unwrap();
        let rows: Vec<serde_json::Value> = serde_json::from_str(&plain).unwrap();
        assert_eq!(rows.len(), 30);
        assert!(
            answer.body.len() < plain.len() / 4,
            "{} of {}",
            answer.body.len(),
            plain.len()
        );
    }
    let impossible = ask("Accept-Encoding: identity;q=0, br\r\n");
    assert_eq!(
        impossible.header("content-type"),
        Some("application/problem+json")
    );
    assert_eq!(impossible.status, 406);
}

#[test]
fn head_answers_as_get_without_the_body() {
    let node = Node::with_paths(30);
    for (path, status) in [
        (PATHS, 200),
        ("/api/v1/paths?limit=10", 200),
        (FS, 200),
        ("/api/v1/health", 200),
        ("/api/v1/openapi.json", 200),
        ("/nope", 404),
        ("/api/v1/fs?x=1", 400),
        (SCAN, 405),
    ] {
        let head = format!("HEAD {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        let answer = node.exchange(head);
        assert_eq!(
            (answer.status, answer.body.as_slice()),
            (status, &b""[..]),
            "{path}"
        );
        let get = node.get(path);
        for name in ["content-type", "x-total-count", "link", "allow"] {
            assert_eq!(answer.header(name), get.header(name), "{path}: {name}");
        }
    }
}

#[test]
fn pages_follow_their_links_to_the_end_and_miss_nothing() {
    let node = Node::with_paths(25);
    let mut next = Some(format!("{PATHS}?limit=10"));
    let mut seen = Vec::new();
    while let Some(page) = next {
        let answer = node.get(&page);
        assert_eq!(answer.header("x-total-count"), Some("25"));
        seen.extend(
            answer
                .json()
                .as_array()
                .unwrap()
                .iter()
                .map(|row| row["path"].clone()),
        );
        next = answer.header("link").map(|link| {
            let (target, relation) = link.split_once(';').unwrap();
            assert_eq!(relation.trim(), "rel=\"next\"");
            target.trim_matches(['<', '>']).to_owned()
        });
    }
    let all: Vec<_> = node
        .list(PATHS)
        .iter()
        .map(|row| row["path"].clone())
        .collect();
    assert_eq!(all.len(), 25);
    assert_eq!(seen, all);
    for past_the_end in ["25", "18446744073709551615"] {
        let answer = node.get(&format!("{PATHS}?offset={past_the_end}"));
        assert_eq!((answer.body.as_str(), answer.header("link")), ("[]", None));
        assert_eq!(answer.header("x-total-count"), Some("25"));
    }
}

#[test]
fn a_request_that_is_no_http_harms_nobody() {
    let node = Node::with_paths(0);
    for garbage in [
        "GARBAGE\r\n\r\n",
        "GET / HTTP/9.9\r\n\r\n",
        "GET /\u{0} HTTP/1.1\r\n\r\n",
    ] {
        assert_eq!(node.exchange(garbage).status, 400, "{garbage:?}");
    }
    let long = format!("GET /{} HTTP/1.1\r\nHost: x\r\n\r\n", "x".repeat(300_000));
    assert!(matches!(node.exchange(long).status, 400 | 414 | 431));
    assert_eq!(node.get(FS).status, 200);
}
