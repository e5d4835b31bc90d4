//! Event streams over real connections: how they begin, go on and end.

use std::os::unix::net::UnixListener;

use super::*;
use crate::ProblemCode;

const HEAD: &str = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n";

/// A stream that lasts until the connection ends.
fn unbounded(body: &str) -> Vec<u8> {
    format!("{HEAD}\r\n{body}").into_bytes()
}

/// A chunked stream, as HTTP/1.1 servers send it.
fn chunked(body: &str, end: &str) -> Vec<u8> {
    let length = body.len();
    format!("{HEAD}Transfer-Encoding: chunked\r\n\r\n{length:x}\r\n{body}\r\n{end}").into_bytes()
}

fn follow(answer: Vec<u8>) -> Result<EventStream, ClientError> {
    let (address, _requests) = serve(vec![answer]);
    Client::new(&address, options())
        .unwrap()
        .follow("/x", &[], None)
}

fn line(id: &str, data: &str) -> Event {
    Event {
        id: id.to_owned(),
        event: "line".to_owned(),
        data: data.to_owned(),
    }
}

const TWO_LINES: &str = "id: 8\nevent: line\ndata: a\n\n: alive\n\nid: 9\nevent: line\ndata: b\n\n";

#[test]
fn a_stream_that_the_node_closes_ends_after_its_last_event() {
    for answer in [unbounded(TWO_LINES), chunked(TWO_LINES, "0\r\n\r\n")] {
        let mut stream = follow(answer).unwrap();
        assert_eq!(stream.next().unwrap().unwrap(), line("8", "a"));
        assert_eq!(stream.next().unwrap().unwrap(), line("9", "b"));
        assert!(stream.next().is_none() && stream.next().is_none());
        assert_eq!(stream.last_event_id(), "9");
    }
}

#[test]
fn a_stream_that_breaks_off_says_so_once() {
    let mut stream = follow(chunked(TWO_LINES, "20\r\nid: 10\nevent: ")).unwrap();
    assert_eq!(stream.by_ref().take(2).filter_map(Result::ok).count(), 2);
    let error = stream.next().unwrap().unwrap_err();
    assert!(
        matches!(error, ClientError::Unreachable { .. }),
        "{error:?}"
    );
    assert!(stream.next().is_none());
    assert_eq!(stream.last_event_id(), "9");
}

#[test]
fn the_question_says_where_to_resume() {
    let (address, requests) = serve(vec![unbounded("")]);
    let options = ClientOptions {
        token: Some("s3cret".to_owned()),
        ..options()
    };
    let client = Client::new(&address, options).unwrap();
    let stream = client.follow("/x", &[("follow", "true")], Some("41"));
    assert_eq!(stream.unwrap().last_event_id(), "41");
    let head = requests.recv().unwrap().to_lowercase();
    assert!(
        head.starts_with("get /x?follow=true http/1.1\r\n"),
        "{head}"
    );
    for field in [
        "last-event-id: 41",
        "accept: text/event-stream",
        "authorization: bearer s3cret",
    ] {
        assert!(head.contains(&format!("\r\n{field}\r\n")), "{head}");
    }
}

#[test]
fn what_is_no_stream_is_told_as_of_any_question() {
    let problem = r#"{"type":"about:blank","title":"Not Found","status":404,"detail":"no x",
        "code":"no_such_log"}"#;
    let refused = answer("404 Not Found", "application/problem+json", problem);
    let Some(ClientError::Problem(problem)) = follow(refused).err() else {
        panic!("not a problem")
    };
    assert_eq!(problem.code, ProblemCode::NoSuchLog);
    for (given, reason) in [
        (
            answer("200 OK", "application/json", "[]"),
            "no event stream",
        ),
        (
            answer("204 No Content", "text/event-stream", ""),
            "no event stream",
        ),
        (
            answer("502 Bad Gateway", "text/html", "x"),
            "HTTP status 502",
        ),
    ] {
        let error = follow(given).err().unwrap();
        assert!(matches!(error, ClientError::Answer { .. }), "{error:?}");
        assert!(error.to_string().contains(reason), "{error}");
    }
}

#[test]
fn an_endless_event_is_given_up_after_those_before_it() {
    let endless = format!("{TWO_LINES}data: {}", "x".repeat(17 << 20));
    let events: Vec<_> = follow(unbounded(&endless)).unwrap().collect();
    assert_eq!(events.len(), 3);
    let error = events[2].as_ref().unwrap_err().to_string();
    assert!(error.ends_with("longer than 16 MiB"), "{error}");
}

/// Streams on and on with heartbeats, then is silent.
fn fall_silent(mut stream: impl Read + Write, silence: Duration) {
    read_request(&mut stream);
    stream.write_all(&unbounded("")).unwrap();
    let started = Instant::now();
    while started.elapsed() < silence * 2 {
        stream.write_all(b": alive\n\n").unwrap();
        thread::sleep(silence / 20);
    }
    stream.write_all(TWO_LINES.as_bytes()).unwrap();
    // Until the client hangs up.
    let _ = stream.read(&mut [0]);
}

/// Checks that a stream outlives the timeout as long as it beats, and is given up when it is
/// silent.
fn assert_followed_until_silent(address: &str, silence: Duration) {
    let options = ClientOptions {
        timeout: silence,
        token: None,
    };
    let mut client = Client::new(address, options).unwrap();
    client.silence = silence;
    let mut stream = client.follow("/x", &[], None).unwrap();
    assert_eq!(stream.next().unwrap().unwrap(), line("8", "a"));
    assert_eq!(stream.next().unwrap().unwrap(), line("9", "b"));
    let error = stream.next().unwrap().unwrap_err().to_string();
    assert!(
        error.ends_with("does not answer: nothing came for 1s"),
        "{error}"
    );
}

#[test]
fn a_stream_lasts_as_long_as_something_comes() {
    let silence = Duration::from_secs(1);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let server = thread::spawn(move || fall_silent(listener.accept().unwrap().0, silence));
    assert_followed_until_silent(&address, silence);
    server.join().unwrap();
}

#[test]
fn a_stream_over_a_unix_socket_lasts_as_long() {
    let silence = Duration::from_secs(1);
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("etlmon.sock");
    let listener = UnixListener::bind(&path).unwrap();
    let server = thread::spawn(move || fall_silent(listener.accept().unwrap().0, silence));
    assert_followed_until_silent(&format!("unix:{}", path.display()), silence);
    server.join().unwrap();
}

#[test]
fn a_node_that_does_not_begin_to_stream_is_given_up_in_time() {
    // The kernel accepts the connection; nobody reads it.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let options = ClientOptions {
        timeout: Duration::from_millis(200),
        token: None,
    };
    let client = Client::new(&listener.local_addr().unwrap().to_string(), options).unwrap();
    let error = client.follow("/x", &[], None).err().unwrap().to_string();
    assert!(error.ends_with("no answer within 200ms"), "{error}");
}
