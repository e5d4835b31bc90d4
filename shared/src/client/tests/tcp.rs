//! The client over TCP: what it sends, and what it makes of every kind of answer.

use super::*;
use crate::ProblemCode;
use crate::filesystem::Filesystem;
use crate::health::HealthStatus;

const HEALTH: &str = r#"{"status":"failed","node_name":"n","version":"0.1.0",
    "started_at":"2026-01-15T10:23:45.000Z","uptime_sec":1,"collectors":[],
    "db":{"path":"/d","size_bytes":null,"wal_bytes":null,"writable":false,
    "last_write_at":null,"last_error":"disk full"}}"#;

fn ask(answer: Vec<u8>) -> Result<Vec<Filesystem>, ClientError> {
    let (address, _requests) = serve(vec![answer]);
    Client::new(&address, options())
        .unwrap()
        .get(routes::FS, &[])
}

#[test]
fn a_list_is_read_and_the_query_arrives_unharmed() {
    let (address, requests) = serve(vec![answer("200 OK", "application/json", "[]")]);
    let options = ClientOptions {
        token: Some("s3cret".to_owned()),
        ..options()
    };
    let client = Client::new(&address, options).unwrap();
    let rows: Vec<Filesystem> = client
        .get(
            routes::FS_HISTORY,
            &[("mount_point", "/a b+c&d=é%/"), ("step", "5m")],
        )
        .unwrap();
    assert!(rows.is_empty());
    let request = requests.recv().unwrap();
    let line = request.lines().next().unwrap().to_lowercase();
    assert_eq!(
        line.replace("%2f", "/"),
        "get /api/v1/fs/history?mount_point=/a%20b%2bc%26d%3d%c3%a9%25/&step=5m http/1.1"
    );
    let head = request.to_lowercase();
    assert!(
        head.contains(concat!("user-agent: etlmon/", env!("CARGO_PKG_VERSION"))),
        "{head}"
    );
    assert!(head.contains("authorization: bearer s3cret\r\n"), "{head}");
    assert!(!format!("{client:?}").contains("s3cret"));
}

#[test]
fn a_command_is_sent_as_json() {
    let body = r#"[{"path":"/data","outcome":"already_scanning"}]"#;
    let (address, requests) = serve(vec![answer("202 Accepted", "application/json", body)]);
    let client = Client::new(&address, options()).unwrap();
    let request = crate::path::ScanRequest {
        paths: Some(vec!["/data".to_owned()]),
    };
    let rows: Vec<crate::path::ScanAnswer> = client.post(routes::PATHS_SCAN, &request).unwrap();
    assert_eq!(rows[0].outcome, crate::path::ScanOutcome::AlreadyScanning);
    let sent = requests.recv().unwrap();
    assert!(
        sent.starts_with("POST /api/v1/paths/scan HTTP/1.1\r\n"),
        "{sent}"
    );
    assert!(
        sent.to_lowercase()
            .contains("\r\ncontent-type: application/json"),
        "{sent}"
    );
    let body: crate::path::ScanRequest =
        serde_json::from_str(sent.split_once("\r\n\r\n").unwrap().1).unwrap();
    assert_eq!(body, request);
}

#[test]
fn a_failed_node_tells_its_state_with_503() {
    let (address, _requests) = serve(vec![answer(
        "503 Service Unavailable",
        "application/json",
        HEALTH,
    )]);
    let health = Client::new(&address, options()).unwrap().health().unwrap();
    assert_eq!(health.status, HealthStatus::Failed);
    assert_eq!(health.db.last_error.as_deref(), Some("disk full"));
}

#[test]
fn the_same_503_of_another_route_is_no_answer() {
    let result = ask(answer("503 Service Unavailable", "application/json", "[]"));
    assert_eq!(
        text(result.unwrap_err()),
        "HTTP status 503 Service Unavailable"
    );
}

#[test]
fn a_problem_is_told_as_the_node_tells_it() {
    let body = r#"{"type":"about:blank","title":"Not Found","status":404,
        "detail":"/x is not configured","code":"no_such_path"}"#;
    for media_type in [
        "application/problem+json",
        "application/problem+json; charset=utf-8",
    ] {
        let error = ask(answer("404 Not Found", media_type, body)).unwrap_err();
        assert_eq!(error.to_string(), "Not Found: /x is not configured");
        let ClientError::Problem(problem) = error else {
            panic!("{error}")
        };
        assert_eq!(problem.code, ProblemCode::NoSuchPath);
    }
}

#[test]
fn a_connection_serves_several_requests() {
    let list = answer("200 OK", "application/json", "[]");
    let (address, requests) = serve(vec![list.clone(), list]);
    let client = Client::new(&address, options()).unwrap();
    for _ in 0..2 {
        assert_eq!(client.get_text(routes::FS, &[]).unwrap(), "[]");
    }
    assert_eq!(requests.iter().count(), 2);
}

/// What is strange about an answer, without the server's random port.
fn text(error: ClientError) -> String {
    match error {
        ClientError::Answer { reason, .. } => reason,
        other => panic!("{other}"),
    }
}

#[test]
fn answers_of_something_else_are_told_apart() {
    for (given, reason) in [
        (
            answer("200 OK", "text/html", "<html>"),
            "expected value at line 1 column 1",
        ),
        (
            answer("200 OK", "application/json", r#"{"a":1}"#),
            "invalid type: map",
        ),
        (
            answer("404 Not Found", "text/plain", "nothing"),
            "HTTP status 404 Not Found",
        ),
        (
            answer("500 Oops", "application/problem+json", "{"),
            "HTTP status 500",
        ),
        (
            b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"
                .into(),
            "HTTP status 302 Found",
        ),
        (
            b"220 mail.example.org ESMTP\r\n\r\n".into(),
            "http parse fail",
        ),
        (b"SSH-2.0-OpenSSH_9.2\r\n".into(), "http parse fail"),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n\xff\xfe".into(),
            "not UTF-8",
        ),
    ] {
        let found = text(ask(given.clone()).unwrap_err());
        assert!(
            found.contains(reason),
            "{}: {found}",
            String::from_utf8_lossy(&given)
        );
    }
}

#[test]
fn an_endless_answer_is_given_up() {
    let (address, _requests) = serve(vec![
        [
            &b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"[..],
            &vec![b' '; (64 << 20) + 1],
        ]
        .concat(),
    ]);
    let error = Client::new(&address, options())
        .unwrap()
        .get_text(routes::FS, &[])
        .unwrap_err();
    assert_eq!(text(error), "its answer is longer than 64 MiB");
}

#[test]
fn a_server_that_closes_early_is_unreachable() {
    let whole = answer("200 OK", "application/json", "[    ]");
    for kept in [0, 5, whole.len() - 3] {
        let error = ask(whole[..kept].to_vec()).unwrap_err();
        let ClientError::Unreachable { reason, .. } = &error else {
            panic!("{kept}: {error:?}")
        };
        assert!(
            reason == "it closed the connection before its answer was complete"
                || reason.contains("reset"),
            "{kept}: {reason}"
        );
    }
}

#[test]
fn a_server_that_is_away_is_unreachable() {
    let gone = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let error = Client::new(&gone.to_string(), options())
        .unwrap()
        .health()
        .unwrap_err();
    assert!(
        error.to_string().starts_with(&format!(
            "http://{gone} does not answer: Connection refused"
        )),
        "{error}"
    );
}

#[test]
fn a_name_that_does_not_exist_is_unreachable() {
    // RFC 6761: .invalid never exists.
    let error = Client::new("etlmon.invalid", options())
        .unwrap()
        .health()
        .unwrap_err();
    assert!(
        matches!(error, ClientError::Unreachable { .. }),
        "{error:?}"
    );
}

#[test]
fn a_silent_server_is_given_up_in_time() {
    // The kernel accepts the connection; nobody reads it.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    assert_given_up_in_time(&listener.local_addr().unwrap().to_string());
}

#[test]
fn a_slow_server_is_given_up_in_time() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    thread::spawn(move || drip(listener.accept().unwrap().0));
    assert_given_up_in_time(&address);
}

#[test]
fn a_token_that_http_cannot_carry_is_refused() {
    for token in ["", "two words", "line\n", "비밀"] {
        let options = ClientOptions {
            token: Some(token.to_owned()),
            ..options()
        };
        let error = Client::new("localhost", options).unwrap_err();
        assert!(matches!(error, ClientError::Token), "{error}");
        assert!(token.is_empty() || !error.to_string().contains(token));
    }
}
