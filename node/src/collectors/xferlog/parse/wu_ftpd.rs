//! Lines of xferlog(5), wu-ftpd's layout, after their date.
//!
//! `transfer-time remote-host file-size filename transfer-type special-action-flag direction
//! access-mode username service-name authentication-method authenticated-user-id
//! completion-status`, one space between them, and spaces in the file's and the user's names too.

use etlmon_shared::Timestamp;
use etlmon_shared::text::from_bytes;
use etlmon_shared::transfer::{TransferAccessMode, TransferDirection, TransferStatus};

use super::entry::{Entry, ParseError, host, number, word};

/// Whether this, after a date, begins a line.
pub(super) fn is_head(text: &[u8]) -> bool {
    let digits = |word: &[u8]| !word.is_empty() && word.iter().all(u8::is_ascii_digit);
    let head = || {
        let (time, rest) = word(text.strip_prefix(b"-").unwrap_or(text))?;
        let (_, rest) = word(rest)?;
        let (size, _) = word(rest)?;
        Some(digits(time) && digits(size))
    };
    head() == Some(true)
}

/// Reads what follows the date.
pub(super) fn parse(log_time: Timestamp, text: &[u8]) -> Result<Entry, ParseError> {
    let (time, rest) = word(text).ok_or(ParseError::missing("transfer time"))?;
    let time = transfer_time(time)?;
    let (remote_host, rest) = word(rest).ok_or(ParseError::missing("remote host"))?;
    let remote_host = host(remote_host)?;
    let (bytes, rest) = word(rest).ok_or(ParseError::missing("file size"))?;
    let bytes = number(bytes, "file size")?;

    let (rest, status) = before_last(rest, "authenticated user id")?;
    let status = match status {
        b"c" => TransferStatus::Complete,
        b"i" => TransferStatus::Incomplete,
        _ => return Err(ParseError::malformed("completion status")),
    };
    let (names, service) = match of_one_word(rest) {
        Ok(read) => read,
        Err(ParseError::Ambiguous) => return Err(ParseError::Ambiguous),
        Err(error) => of_any_words(rest).unwrap_or(Err(error))?,
    };
    Ok(Entry {
        log_time,
        remote_host,
        username: from_bytes(names.username).into_owned(),
        filename: from_bytes(names.filename).into_owned(),
        bytes: Some(bytes),
        transfer_time_sec: time.map(f64::from),
        direction: names.direction,
        status,
        access_mode: Some(names.access_mode),
        service: Some(from_bytes(service).into_owned()),
    })
}

/// Seconds; less than none, as proftpd writes when the clock was set back meanwhile, say nothing.
fn transfer_time(field: &[u8]) -> Result<Option<u32>, ParseError> {
    let seconds = number(field.strip_prefix(b"-").unwrap_or(field), "transfer time")?;
    let seconds = u32::try_from(seconds).map_err(|_| ParseError::out_of_range("transfer time"))?;
    Ok((!field.starts_with(b"-")).then_some(seconds))
}

/// The last word of a text, and what is before it, which ends with this part.
fn before_last<'a>(text: &'a [u8], part: &'static str) -> Result<(&'a [u8], &'a [u8]), ParseError> {
    let space = memchr::memrchr(b' ', text).ok_or(ParseError::missing(part))?;
    let (before, last) = text.split_at(space);
    Ok((before, last.get(1..).unwrap_or_default()))
}

/// Names and service where the authenticated user id is one word: `*`, or the name of an account.
fn of_one_word(text: &[u8]) -> Result<(Names<'_>, &[u8]), ParseError> {
    let (text, id) = before_last(text, "authentication method")?;
    if id.is_empty() {
        return Err(ParseError::malformed("authenticated user id"));
    }
    let (text, method) = before_last(text, "service name")?;
    if !matches!(method, [b'0'..=b'9']) {
        return Err(ParseError::malformed("authentication method"));
    }
    let (text, service) = before_last(text, "file name")?;
    if service.is_empty() {
        return Err(ParseError::malformed("service name"));
    }
    Ok((names(text)?, service))
}

/// The same where the id is what the client's machine says, which can be anything (RFC 1413). None
/// where nothing says so.
fn of_any_words(text: &[u8]) -> Option<Result<(Names<'_>, &[u8]), ParseError>> {
    let names = readings(text).next().filter(Names::is_sure)?;
    let mut ends = identified(names.username);
    let before = names.username.get(..ends.next()?)?;
    if ends.next().is_some() {
        return Some(Err(ParseError::Ambiguous));
    }
    let (username, service) = before_last(before, "user name").ok()?;
    Some(Ok((Names { username, ..names }, service)))
}

/// Where the names of a user and of a service may end in a text, with method 1 of authentication
/// behind them, by which the client's machine says who the user is.
fn identified(text: &[u8]) -> impl Iterator<Item = usize> {
    let is_end = |at: &usize| {
        let before = text.get(..*at).unwrap_or_default();
        matches!(memchr::memrchr(b' ', before), Some(space) if space > 0 && space + 1 < *at)
    };
    memchr::memmem::find_iter(text, b" 1")
        .filter(|at| matches!(text.get(at + 2), None | Some(b' ')))
        .filter(is_end)
}

/// `filename transfer-type special-action-flag direction access-mode username`.
struct Names<'a> {
    filename: &'a [u8],
    direction: TransferDirection,
    access_mode: TransferAccessMode,
    username: &'a [u8],
}

impl Names<'_> {
    /// Whether the file's name is too plain to imitate what follows it.
    fn is_sure(&self) -> bool {
        memchr::memchr(b' ', self.filename).is_none()
    }
}

/// The four one-letter fields tell where the file's name ends and the user's begins. Where either
/// imitates them, the last ones are the true ones: a file's name may hold anything, a user's does
/// not. But what stands there for an anonymous user is the password it gave, which may hold
/// anything too, as may an id that the client's machine gives; then only a space in the file's name
/// tells that the first ones are part of it.
fn names(text: &[u8]) -> Result<Names<'_>, ParseError> {
    let mut found = readings(text);
    let first = (found.next()).ok_or(ParseError::malformed(
        "type, flag, direction, mode or user name",
    ))?;
    let last = found.last();
    let by_client = first.access_mode == TransferAccessMode::Anonymous && last.is_some();
    if first.is_sure() && (by_client || identified(first.username).next().is_some()) {
        return Err(ParseError::Ambiguous);
    }
    Ok(last.unwrap_or(first))
}

/// Where the letters may be.
fn readings(text: &[u8]) -> impl Iterator<Item = Names<'_>> {
    memchr::memchr_iter(b' ', text).filter_map(|space| {
        let (filename, rest) = text.split_at_checked(space)?;
        split_letters(filename, rest).filter(|_| !filename.is_empty())
    })
}

fn split_letters<'a>(filename: &'a [u8], rest: &'a [u8]) -> Option<Names<'a>> {
    let [b' ', b'a' | b'b', b' ', rest @ ..] = rest else {
        return None;
    };
    let flags = rest
        .iter()
        .take_while(|byte| b"_CUT".contains(byte))
        .count();
    let [b' ', direction, b' ', mode, b' ', username @ ..] = rest.get(flags..)? else {
        return None;
    };
    let direction = match direction {
        b'i' => TransferDirection::Upload,
        b'o' => TransferDirection::Download,
        b'd' => TransferDirection::Delete,
        _ => return None,
    };
    let access_mode = match mode {
        b'a' => TransferAccessMode::Anonymous,
        b'g' => TransferAccessMode::Guest,
        b'r' => TransferAccessMode::Real,
        _ => return None,
    };
    // proftpd lets an anonymous user give no password at all.
    let named = !username.is_empty() || access_mode == TransferAccessMode::Anonymous;
    (flags > 0 && named).then_some(Names {
        filename,
        direction,
        access_mode,
        username,
    })
}
