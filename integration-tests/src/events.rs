//! A reader of a followed log's stream (server-sent events), which reads no faster than it is
//! told to and shows heartbeats too.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;

use serde_json::Value;

use crate::Node;
use crate::node::PATIENCE;

/// A stream that was asked for.
pub struct Events {
    stream: BufReader<TcpStream>,
    /// What has come and is not told yet, free of HTTP's chunks.
    text: Vec<u8>,
    /// The head of the answer, in lower case.
    pub head: String,
    /// What one who comes again sends as `Last-Event-ID`.
    pub last_id: i64,
}

/// What a stream tells beside its heartbeats.
#[derive(Debug, PartialEq)]
pub enum News {
    /// `event: line`: the line's row.
    Line(Value),
    /// `event: gap`: how many lines the reader has missed, null where nobody knows.
    Missed(Value),
}

impl Node {
    /// Follows a log; `query` is what comes after `follow=true`, such as `&after=7`.
    pub fn follow(&self, name: &str, query: &str, last_event_id: Option<i64>) -> Events {
        let header = last_event_id.map_or(String::new(), |id| format!("Last-Event-ID: {id}\r\n"));
        let mut events = self.follow_with(name, query, &header);
        events.last_id = last_event_id.unwrap_or(0);
        events
    }

    /// The same with these header lines, each with its line end.
    pub fn follow_with(&self, name: &str, query: &str, headers: &str) -> Events {
        let address = self.url.strip_prefix("http://").unwrap();
        let mut stream = TcpStream::connect(address).unwrap();
        // Longer than the time between two heartbeats.
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let request = format!(
            "GET /api/v1/logs/{name}?follow=true{query} HTTP/1.1\r\nHost: x\r\n{headers}\r\n"
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut events = Events {
            stream: BufReader::new(stream),
            text: Vec::new(),
            head: String::new(),
            last_id: 0,
        };
        while !events.head.ends_with("\r\n\r\n") {
            assert!(events.stream.read_line(&mut events.head).unwrap() > 0);
        }
        events.head.make_ascii_lowercase();
        assert!(events.head.starts_with("http/1.1 200 "), "{}", events.head);
        events
    }
}

impl Events {
    /// Waits for what comes next, which is `Some(None)` for a heartbeat; none when the node has
    /// ended the stream, or was killed.
    pub fn block(&mut self) -> Option<Option<News>> {
        let end = loop {
            match self.text.windows(2).position(|two| two == b"\n\n") {
                Some(end) => break end,
                None => self.chunk()?,
            }
        };
        let rest = self.text.split_off(end + 2);
        let block = String::from_utf8(std::mem::replace(&mut self.text, rest)).unwrap();
        Some(self.understand(&block))
    }

    /// Waits for the next event; none as in [`Events::block`].
    pub fn news(&mut self) -> Option<News> {
        loop {
            if let Some(news) = self.block()? {
                return Some(news);
            }
        }
    }

    /// Waits for the next line, which must come.
    pub fn line(&mut self) -> Value {
        match self.news() {
            Some(News::Line(row)) => row,
            other => panic!("no line: {other:?}"),
        }
    }

    /// Waits for the texts of the next lines, all that come where the stream ends before.
    pub fn lines(&mut self, count: usize) -> Vec<String> {
        let mut lines = Vec::new();
        while lines.len() < count {
            match self.news() {
                Some(News::Line(row)) => lines.push(row["line"].as_str().unwrap().to_owned()),
                Some(missed) => panic!("{missed:?} after {lines:?}"),
                None => break,
            }
        }
        lines
    }

    fn understand(&mut self, block: &str) -> Option<News> {
        let field = |name: &str| block.lines().find_map(|line| line.strip_prefix(name));
        self.last_id = field("id: ").unwrap().parse().unwrap();
        let data = field("data: ").map(|data| serde_json::from_str::<Value>(data).unwrap());
        match (field("event: "), data) {
            (Some("line"), Some(row)) => {
                assert_eq!(row["id"], self.last_id);
                Some(News::Line(row))
            }
            (Some("gap"), Some(gap)) => Some(News::Missed(gap["missed"].clone())),
            (None, None) if block.starts_with(':') => None,
            _ => panic!("nothing of this contract: {block:?}"),
        }
    }

    /// Reads a chunk (RFC 9112, section 7.1); none at the end, orderly or not.
    fn chunk(&mut self) -> Option<()> {
        let mut size = String::new();
        match self.stream.read_line(&mut size) {
            Ok(_) => {}
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => return None,
            Err(error) => panic!("the stream is silent for {PATIENCE:?}: {error}"),
        }
        let size = usize::from_str_radix(size.trim_end(), 16).ok()?;
        if size == 0 {
            return None;
        }
        let mut chunk = vec![0; size + 2];
        self.stream.read_exact(&mut chunk).ok()?;
        self.text.extend_from_slice(&chunk[..size]);
        Some(())
    }
}
