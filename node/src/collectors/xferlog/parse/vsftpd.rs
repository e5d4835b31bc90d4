//! Lines of vsftpd's own layout, `vsftpd.log`, after their date.
//!
//! `[pid 2] [user] OK UPLOAD: Client "192.0.2.1", "/path", 123 bytes, 45.67Kbyte/sec`: quotes and
//! brackets inside of names are written as they are, a size of 0 is left out, and a session that
//! has not said who it is has no `[user]`.

use etlmon_shared::Timestamp;
use etlmon_shared::text::from_bytes;
use etlmon_shared::transfer::{TransferDirection, TransferStatus};
use memchr::memmem;

use super::entry::{Entry, ParseError, Parsed, host, number};

/// What vsftpd 2.0 to 3.0 log besides transfers, with the result in front, and without.
const OTHER_RESULTS: [&[u8]; 5] = [b"LOGIN", b"MKDIR", b"RENAME", b"RMDIR", b"CHMOD"];
const OTHERS: [&[u8]; 4] = [b"CONNECT", b"FTP command", b"FTP response", b"DEBUG"];

/// No size and rate is longer. No more is searched for them: this too is tried at every bracket.
const LONGEST_FIGURES: usize = 128;

/// Below this rate, in KiB/s, its two decimals say too little to tell the time from.
const LEAST_RATE: f64 = 0.1;

/// Whether this, after a date, begins a line.
pub(super) fn is_head(text: &[u8]) -> bool {
    after_pid(text).is_some()
}

/// Reads what follows the date.
pub(super) fn parse(log_time: Timestamp, text: &[u8]) -> Result<Parsed, ParseError> {
    let text = after_pid(text).ok_or(ParseError::malformed("process id"))?;
    let Some(named) = text.strip_prefix(b"[") else {
        return match event(text)? {
            Event::Other => Ok(Parsed::Other),
            Event::Transfer(_) => Err(ParseError::missing("username")),
        };
    };
    let (username, transfer) = match only_event(named)? {
        (_, Event::Other) => return Ok(Parsed::Other),
        (username, Event::Transfer(transfer)) => (username, transfer),
    };
    Ok(Parsed::Transfer(Entry {
        log_time,
        remote_host: transfer.remote_host,
        username: from_bytes(username).into_owned(),
        filename: from_bytes(transfer.filename).into_owned(),
        bytes: transfer.bytes,
        transfer_time_sec: transfer.seconds,
        direction: transfer.direction,
        status: transfer.status,
        // Not even `ftp` is sure to be anonymous: without those it is a user as any other.
        access_mode: None,
        service: None,
    }))
}

fn after_pid(text: &[u8]) -> Option<&[u8]> {
    let digits = text.strip_prefix(b"[pid ")?;
    let end = digits.iter().position(|byte| !byte.is_ascii_digit())?;
    digits.get(end..)?.strip_prefix(b"] ").filter(|_| end > 0)
}

enum Event<'a> {
    Transfer(Transfer<'a>),
    Other,
}

struct Transfer<'a> {
    remote_host: String,
    filename: &'a [u8],
    bytes: Option<u64>,
    seconds: Option<f64>,
    direction: TransferDirection,
    status: TransferStatus,
}

/// `user] event`. The name of whoever is logged in ends where the first event begins: it is an
/// account's, and none is called like an event, while a file may be. But anyone may try to log in
/// under any name: the line is as good as unread where that may have been meant instead.
fn only_event(named: &[u8]) -> Result<(&[u8], Event<'_>), ParseError> {
    let mut found = None;
    let mut damage = None;
    for end in memmem::find_iter(named, b"] ") {
        let (username, rest) = named.split_at_checked(end).unwrap_or_default();
        match event(rest.get(2..).unwrap_or_default()) {
            Ok(_) if username.is_empty() => damage = Some(ParseError::missing("username")),
            Ok(Event::Other) if found.is_some() => return Err(ParseError::Ambiguous),
            Ok(Event::Other) => return Ok((username, Event::Other)),
            Ok(transfer) => found = found.or(Some((username, transfer))),
            Err(error) => damage = damage.or(Some(error)),
        }
    }
    found.ok_or(damage.unwrap_or(ParseError::missing("action")))
}

/// `OK UPLOAD: Client "192.0.2.1", …`.
fn event(text: &[u8]) -> Result<Event<'_>, ParseError> {
    let action = ParseError::malformed("action");
    // No further than the longest action: this is tried at every bracket of a line.
    let colon = text
        .iter()
        .take(16)
        .position(|&byte| byte == b':')
        .ok_or(action)?;
    let (words, rest) = text.split_at_checked(colon).ok_or(action)?;
    let (status, what) = if let Some(what) = words.strip_prefix(b"OK ") {
        (Some(TransferStatus::Complete), what)
    } else if let Some(what) = words.strip_prefix(b"FAIL ") {
        (Some(TransferStatus::Incomplete), what)
    } else {
        (None, words)
    };
    let rest = rest.strip_prefix(b": Client \"").ok_or(action)?;
    let quote = memchr::memchr(b'"', rest).ok_or(ParseError::malformed("remote host"))?;
    let (client, rest) = rest.split_at_checked(quote).unwrap_or_default();
    let rest = rest.get(1..).unwrap_or_default();
    let (direction, status) = match (status, what) {
        (Some(status), b"UPLOAD") => (TransferDirection::Upload, status),
        (Some(status), b"DOWNLOAD") => (TransferDirection::Download, status),
        (Some(status), b"DELETE") => (TransferDirection::Delete, status),
        (Some(_), what) if OTHER_RESULTS.contains(&what) => return other(rest),
        (None, what) if OTHERS.contains(&what) => return other(rest),
        _ => return Err(action),
    };
    let (filename, bytes, seconds) = if direction == TransferDirection::Delete {
        (quoted(rest)?, None, None)
    } else {
        let (filename, figures) = split_figures(rest)?;
        let (bytes, rate) = size_and_rate(figures)?;
        (filename, Some(bytes), seconds(bytes, rate))
    };
    Ok(Event::Transfer(Transfer {
        remote_host: host(client)?,
        filename,
        bytes,
        seconds,
        direction,
        status,
    }))
}

/// Nothing, or text up to a last quote. That is all that is asked of them, but it tells them from
/// the inside of an uploaded or downloaded file's name, which figures follow.
fn other(rest: &[u8]) -> Result<Event<'_>, ParseError> {
    if rest.is_empty() || (rest.starts_with(b", ") && rest.ends_with(b"\"")) {
        Ok(Event::Other)
    } else {
        Err(ParseError::malformed("action"))
    }
}

/// `, "name"`.
fn quoted(rest: &[u8]) -> Result<&[u8], ParseError> {
    let name = rest
        .strip_prefix(b", \"")
        .and_then(|rest| rest.strip_suffix(b"\""));
    name.filter(|name| !name.is_empty())
        .ok_or(ParseError::malformed("file name"))
}

/// `, "name", figures`: the last quote ends the name, as figures have none.
fn split_figures(rest: &[u8]) -> Result<(&[u8], &[u8]), ParseError> {
    let before = rest.len().saturating_sub(LONGEST_FIGURES);
    let quote = memchr::memrchr(b'"', rest.get(before..).unwrap_or_default());
    let quote = quote.ok_or(ParseError::missing("file name"))?;
    let (name, figures) = rest
        .split_at_checked(before.saturating_add(quote).saturating_add(1))
        .ok_or(ParseError::missing("file name"))?;
    let figures = figures
        .strip_prefix(b", ")
        .ok_or(ParseError::missing("rate"))?;
    Ok((quoted(name)?, figures))
}

/// `123 bytes, 45.67Kbyte/sec`, or only the latter when no byte was transferred.
fn size_and_rate(figures: &[u8]) -> Result<(u64, f64), ParseError> {
    let (bytes, rate) = match memmem::find(figures, b" bytes, ") {
        None => (0, figures),
        Some(end) => {
            let (bytes, rest) = figures.split_at_checked(end).unwrap_or_default();
            (
                number(bytes, "file size")?,
                rest.get(b" bytes, ".len()..).unwrap_or_default(),
            )
        }
    };
    let malformed = ParseError::malformed("rate");
    let rate = rate.strip_suffix(b"Kbyte/sec").ok_or(malformed)?;
    let rate = std::str::from_utf8(rate)
        .ok()
        .filter(|rate| is_rate(rate.as_bytes()))
        .and_then(|rate| rate.parse().ok());
    Ok((bytes, rate.ok_or(malformed)?))
}

/// `45.67`. Old vsftpd writes `inf` or `nan` where the clock has not moved, and less than nothing
/// where it was set back.
fn is_rate(rate: &[u8]) -> bool {
    match rate.strip_prefix(b"-").unwrap_or(rate) {
        b"inf" | b"nan" => true,
        [whole @ .., b'.', b'0'..=b'9', b'0'..=b'9'] => {
            !whole.is_empty() && whole.iter().all(u8::is_ascii_digit)
        }
        _ => false,
    }
}

/// The time that gives this rate, to the millisecond.
fn seconds(bytes: u64, rate: f64) -> Option<f64> {
    // A rate of two decimals is less exact than an f64.
    let kibibytes = bytes as f64 / 1024.0;
    (rate >= LEAST_RATE).then(|| (kibibytes / rate * 1000.0).round() / 1000.0)
}
