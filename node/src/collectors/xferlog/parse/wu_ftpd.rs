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

    let mut from_right = rest.rsplitn(5, |&byte| byte == b' ');
    let mut last = |part| from_right.next().ok_or(ParseError::missing(part));
    let status = match last("completion status")? {
        b"c" => TransferStatus::Complete,
        b"i" => TransferStatus::Incomplete,
        _ => return Err(ParseError::malformed("completion status")),
    };
    if last("authenticated user id")?.is_empty() {
        return Err(ParseError::malformed("authenticated user id"));
    }
    if !matches!(last("authentication method")?, [b'0'..=b'9']) {
        return Err(ParseError::malformed("authentication method"));
    }
    let service = last("service name")?;
    if service.is_empty() {
        return Err(ParseError::malformed("service name"));
    }
    let names = names(last("file name")?)?;
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

/// `filename transfer-type special-action-flag direction access-mode username`.
struct Names<'a> {
    filename: &'a [u8],
    direction: TransferDirection,
    access_mode: TransferAccessMode,
    username: &'a [u8],
}

/// The four one-letter fields tell where the file's name ends and the user's begins. Where either
/// imitates them, the last ones are the true ones: a file's name may hold anything, a user's does
/// not. But what stands there for an anonymous user is the password it gave, which may hold
/// anything too; then only a space in the file's name tells that the first ones are part of it.
fn names(text: &[u8]) -> Result<Names<'_>, ParseError> {
    let mut found = memchr::memchr_iter(b' ', text).filter_map(|space| {
        let (filename, rest) = text.split_at_checked(space)?;
        split_letters(filename, rest).filter(|_| !filename.is_empty())
    });
    let first = found.next().ok_or(ParseError::malformed("file name"))?;
    let Some(last) = found.next_back() else {
        return Ok(first);
    };
    let blank_free = memchr::memchr(b' ', first.filename).is_none();
    if first.access_mode == TransferAccessMode::Anonymous && blank_free {
        return Err(ParseError::Ambiguous);
    }
    Ok(last)
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
