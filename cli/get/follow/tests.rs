//! Following a log on a node that answers, breaks off, comes back or does not.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread::JoinHandle;

use etlmon_shared::client::ClientOptions;

use super::super::tests::get_args;
use super::*;
use crate::args::What;

/// A row of the log.
fn row(id: i64, line: &str) -> String {
    format!(
        r#"{{"id":{id},"log_name":"app","log_path":"/a","line":"{line}","truncated":false,
        "created_at":"2026-01-15T10:23:45.000Z","source_inode":7}}"#
    )
}

fn list(rows: &[String]) -> String {
    let body = format!("[{}]", rows.join(","));
    format!(
        "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// A stream of these events, closed behind them.
fn stream(events: &[(i64, &str, String)]) -> String {
    let mut stream =
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n: alive\n\n".to_owned();
    for (id, event, data) in events {
        let data = data.replace('\n', "\ndata: ");
        stream += &format!("id: {id}\nevent: {event}\ndata: {data}\n\n");
    }
    stream
}

fn line(id: i64, text: &str) -> (i64, &'static str, String) {
    (id, "line", row(id, text))
}

fn problem(status: &str) -> String {
    let number = status.split(' ').next().unwrap();
    let body = format!(
        r#"{{"type":"about:blank","title":"{status}","status":{number},"detail":"d","code":"x"}}"#
    );
    format!(
        "HTTP/1.1 {status}\r\nContent-Type: application/problem+json\r\nConnection: close\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// Answers one connection, and gives what it asked: the target, and where it resumes.
fn serve(mut connection: TcpStream, answer: &str) -> String {
    let mut head = String::new();
    let mut byte = [0];
    while !head.ends_with("\r\n\r\n") {
        connection.read_exact(&mut byte).unwrap();
        head.push(char::from(byte[0]));
    }
    connection.write_all(answer.as_bytes()).unwrap();
    let target = head.split(' ').nth(1).unwrap();
    let field = |field: &str| {
        let (name, value) = field.split_once(": ")?;
        name.eq_ignore_ascii_case("last-event-id")
            .then(|| value.to_owned())
    };
    let resume = head.lines().find_map(field);
    format!("{target} {}", resume.unwrap_or_default())
}

/// A node that gives these answers, a connection each, and is gone then.
fn node(answers: Vec<String>) -> (String, JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let asked = thread::spawn(move || {
        let connections = answers.iter();
        connections
            .map(|answer| serve(listener.accept().unwrap().0, answer))
            .collect()
    });
    (address, asked)
}

/// What following such a node says until it ends, how it ends, and what was asked.
struct Followed {
    said: Vec<Said>,
    end: Result<Exit, ClientError>,
    asked: Vec<String>,
}

fn follow(words: &str, answers: Vec<String>) -> Followed {
    let (address, asked) = node(answers);
    let mut said = Vec::new();
    let end = follow_at(&address, words, &mut |word| {
        said.push(word);
        Ok(())
    });
    Followed {
        said,
        end,
        asked: asked.join().unwrap(),
    }
}

fn follow_at(address: &str, words: &str, say: Say<'_>) -> Result<Exit, ClientError> {
    let args = get_args(&format!("log app --follow {words}"));
    let What::Log(log) = &args.what else {
        panic!("{words}")
    };
    let options = ClientOptions {
        timeout: Duration::from_secs(20),
        token: None,
    };
    let client = Client::new(address, options).unwrap();
    Follower::new(&client, log, args.output, args.timeout).follow(say)
}

fn answer(text: &str) -> Said {
    Said::Answer(text.to_owned())
}

#[test]
fn the_past_and_what_follows_come_from_one_stream() {
    let followed = follow(
        "--contains o --from 2026-01-15T10:00:00Z --lines 2 --timeout 300ms",
        vec![
            list(&[row(9, "z")]),
            list(&[row(5, "one"), row(8, "two")]),
            stream(&[line(5, "one"), line(8, "two"), line(12, "wor\\u001bld")]),
        ],
    );
    assert_eq!(
        followed.asked,
        [
            "/api/v1/logs/app?limit=1 ",
            "/api/v1/logs/app?contains=o&from=2026-01-15T10%3A00%3A00.000Z&limit=2 ",
            "/api/v1/logs/app?follow=true&contains=o 4",
        ]
    );
    assert_eq!(
        followed.said[..3],
        [answer("one\n"), answer("two\n"), answer("wor\\u{1b}ld\n")]
    );
    assert!(matches!(followed.end, Err(ClientError::Unreachable { .. })));
}

#[test]
fn following_begins_with_the_next_line_where_the_past_has_none() {
    for (words, answers, asked) in [
        ("--lines 0", vec![list(&[row(9, "z")])], " 9"),
        (
            "--contains x",
            vec![list(&[row(9, "z")]), list(&[])],
            "&contains=x 9",
        ),
        ("", vec![list(&[]), list(&[])], " 0"),
        ("--after 4", vec![], " 4"),
    ] {
        let answers = answers.into_iter().chain([problem("404 Not Found")]);
        let followed = follow(words, answers.collect());
        let question = format!("/api/v1/logs/app?follow=true{asked}");
        assert_eq!(followed.asked.last(), Some(&question));
    }
}

#[test]
fn a_stream_that_breaks_off_goes_on_where_it_was() {
    let followed = follow(
        "--after 4 --timeout 10s",
        vec![
            stream(&[line(5, "a")]),
            problem("503 Service Unavailable"),
            problem("503 Service Unavailable"),
            stream(&[(9, "gap", r#"{"missed":1}"#.to_owned()), line(12, "b")]),
            stream(&[
                (12, "gap", r#"{"missed":3}"#.to_owned()),
                (12, "later", "?".to_owned()),
            ]),
            problem("404 Not Found"),
        ],
    );
    let resumed: Vec<_> = followed
        .asked
        .iter()
        .map(|asked| asked.rsplit(' ').next().unwrap())
        .collect();
    assert_eq!(resumed, ["4", "5", "5", "5", "12", "12"]);
    let remark = |text: &str| Said::Remark(text.to_owned());
    assert_eq!(
        followed.said,
        [
            answer("a\n"),
            remark("503 Service Unavailable: d; trying for 10s"),
            remark("missed 1 line of app: deleted before they could be sent"),
            answer("b\n"),
            remark("missed 3 lines of app: deleted before they could be sent"),
        ]
    );
    let error = followed.end.unwrap_err();
    assert!(matches!(error, ClientError::Problem(_)), "{error:?}");
}

#[test]
fn a_node_that_is_gone_is_given_up_after_the_timeout() {
    let started = Instant::now();
    let followed = follow("--after 4 --timeout 500ms", vec![stream(&[line(5, "a")])]);
    let took = started.elapsed();
    assert!(took >= Duration::from_millis(500), "{took:?}");
    let error = followed.end.unwrap_err();
    assert!(
        matches!(error, ClientError::Unreachable { .. }),
        "{error:?}"
    );
    let [_, Said::Remark(remark)] = &followed.said[..] else {
        panic!("{:?}", followed.said)
    };
    assert!(
        remark.ends_with("refused (os error 111); trying for 500ms"),
        "{remark}"
    );
}

#[test]
fn a_node_that_is_not_there_at_first_is_told_at_once() {
    let gone = TcpListener::bind("127.0.0.1:0").unwrap().local_addr();
    let gone = gone.unwrap().to_string();
    let started = Instant::now();
    let error = follow_at(&gone, "--timeout 1h", &mut |_| Ok(())).unwrap_err();
    assert!(matches!(error, ClientError::Unreachable { .. }));
    assert!(started.elapsed() < Duration::from_secs(60));
}

#[test]
fn json_is_one_object_a_line() {
    let followed = follow(
        "--after 4 -o json --timeout 1ms",
        vec![stream(&[line(5, "a\\nb\\u009b\u{9b}")])],
    );
    let Said::Answer(text) = &followed.said[0] else {
        panic!("{:?}", followed.said)
    };
    assert!(
        text.ends_with("}\n") && text.lines().count() == 1,
        "{text:?}"
    );
    assert!(!text.contains('\u{9b}'), "{text:?}");
    let read: LogLine = serde_json::from_str(text).unwrap();
    assert_eq!((read.id, read.line.as_str()), (5, "a\nb\u{9b}\u{9b}"));
}

#[test]
fn what_no_node_sends_ends_it() {
    let nonsense = (5, "line", "nonsense".to_owned());
    let followed = follow("--after 4", vec![stream(&[nonsense])]);
    let error = followed.end.unwrap_err();
    assert!(matches!(error, ClientError::Answer { .. }), "{error:?}");
}

#[test]
fn it_ends_when_nobody_reads_what_it_says() {
    let (address, asked) = node(vec![stream(&[line(5, "a"), line(6, "b")])]);
    let mut said = 0;
    let end = follow_at(&address, "--after 4", &mut |_| {
        said += 1;
        Err(Exit::Ok)
    });
    assert_eq!((end.unwrap(), said), (Exit::Ok, 1));
    asked.join().unwrap();
}
