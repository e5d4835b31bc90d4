//! HTTP byte by byte, for what a well-behaved client does not send and does not show.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

/// An answer as it came over the wire.
#[derive(Debug)]
pub struct RawAnswer {
    /// The HTTP status.
    pub status: u16,
    /// The headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body, free of chunks.
    pub body: Vec<u8>,
}

impl RawAnswer {
    /// The first header of this name (in lower case).
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// Sends `request` to `host:port` as it is and reads until the other side closes; the request
/// should say `Connection: close`. What is left to send when the answer comes is not sent.
pub fn exchange(address: &str, request: &[u8]) -> RawAnswer {
    let mut stream = TcpStream::connect(address).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    // A server may refuse a request, and close, before all of it was sent.
    let sent = stream.write_all(request);
    if sent.is_ok() {
        let _ = stream.shutdown(Shutdown::Write);
    }
    let mut answer = Vec::new();
    let read = stream.read_to_end(&mut answer);
    parse(&answer).unwrap_or_else(|| {
        let text = String::from_utf8_lossy(&answer);
        panic!("no answer: sent {sent:?}, read {read:?}: {text:?}")
    })
}

fn parse(answer: &[u8]) -> Option<RawAnswer> {
    let head_end = answer.windows(4).position(|four| four == b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(&answer[..head_end]);
    let mut lines = head.lines();
    let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let body = &answer[head_end + 4..];
    let chunked = headers
        .iter()
        .any(|(name, value)| name == "transfer-encoding" && value == "chunked");
    // An answer to HEAD tells of chunks and has none.
    let body = if chunked && !body.is_empty() {
        unchunk(body)?
    } else {
        body.to_vec()
    };
    Some(RawAnswer {
        status,
        headers,
        body,
    })
}

fn unchunk(mut rest: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let line_end = rest.windows(2).position(|two| two == b"\r\n")?;
        let size = std::str::from_utf8(&rest[..line_end]).ok()?;
        let size = usize::from_str_radix(size.trim(), 16).ok()?;
        if size == 0 {
            return Some(body);
        }
        let chunk = rest.get(line_end + 2..line_end + 2 + size)?;
        body.extend_from_slice(chunk);
        rest = rest.get(line_end + 2 + size + 2..)?;
    }
}
