//! Real servers on loopback and on unix sockets for the client to talk to.

mod rows;
mod stream;
mod tcp;
mod unix;

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Instant;

use super::*;

fn options() -> ClientOptions {
    ClientOptions {
        timeout: Duration::from_secs(20),
        token: None,
    }
}

fn answer(status: &str, media_type: &str, body: &str) -> Vec<u8> {
    format!(
        "HTTP/1.1 {status}\r\nContent-Type: {media_type}\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// Reads one request, head and body; empty when the connection ends first.
fn read_request(stream: &mut impl Read) -> String {
    let mut text = String::new();
    let mut byte = [0];
    let body_bytes = |head: &str| -> usize {
        let length = head.to_lowercase();
        let length = length
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "));
        length.map_or(0, |digits| digits.parse().unwrap())
    };
    loop {
        match text.split_once("\r\n\r\n") {
            Some((head, body)) if body.len() >= body_bytes(head) => return text,
            _ => {}
        }
        match stream.read(&mut byte) {
            Ok(1) => text.push(char::from(byte[0])),
            _ => return String::new(),
        }
    }
}

/// Answers each request on `stream` with the next of `answers`, then closes it.
fn talk(
    mut stream: impl Read + Write,
    answers: &[Vec<u8>],
    seen: &std::sync::mpsc::Sender<String>,
) {
    for answer in answers {
        let request = read_request(&mut stream);
        if request.is_empty() {
            return;
        }
        seen.send(request).unwrap();
        // The client may have heard enough.
        let _ = stream.write_all(answer);
    }
}

/// A server for one connection: its address, and the requests it saw.
fn serve(answers: Vec<Vec<u8>>) -> (String, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (seen, requests) = channel();
    thread::spawn(move || talk(listener.accept().unwrap().0, &answers, &seen));
    (address, requests)
}

/// Checks that a silent and a dripping server are given up in time.
fn assert_given_up_in_time(address: &str) {
    let timeout = Duration::from_millis(200);
    let started = Instant::now();
    let client = Client::new(
        address,
        ClientOptions {
            timeout,
            token: None,
        },
    )
    .unwrap();
    let error = client.health().unwrap_err();
    assert!(
        error
            .to_string()
            .ends_with("does not answer: no answer within 200ms"),
        "{error}"
    );
    let took = started.elapsed();
    // The kernel counts a socket's timeout in ticks of up to 10 ms, of which the first has begun.
    let least = timeout.saturating_sub(Duration::from_millis(10));
    assert!(took >= least && took < Duration::from_secs(5), "{took:?}");
}

/// Sends a byte of an endless head now and then, so that no single read is slow.
fn drip(mut stream: impl Read + Write) {
    read_request(&mut stream);
    let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nX: ");
    while stream.write_all(b"x").is_ok() {
        thread::sleep(Duration::from_millis(20));
    }
}
