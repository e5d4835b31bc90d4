//! What a line of a transfer log says, and why it may say nothing.

use std::net::Ipv6Addr;

use etlmon_shared::Timestamp;
use etlmon_shared::text::from_bytes;
use etlmon_shared::transfer::{TransferAccessMode, TransferDirection, TransferStatus};

/// What a whole line is.
#[derive(Debug, Clone, PartialEq)]
pub enum Parsed {
    /// A file went in, out or away, or was to.
    Transfer(Entry),
    /// An event of `vsftpd.log` that concerns no file's content: a login, a new folder, a command.
    Other,
}

/// One transfer or deletion.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// When the server wrote the line, which is when the transfer ended; to the second.
    pub log_time: Timestamp,
    /// The client's address, or its name where the server looked it up. An IPv4 client of an IPv6
    /// socket (`::ffff:192.0.2.1`) has its IPv4 address.
    pub remote_host: String,
    /// Who was logged in. In the xferlog layout an anonymous client has the password it gave.
    pub username: String,
    /// The path, as the server wrote it: from the client's root directory where it has one.
    pub filename: String,
    /// How many bytes were transferred: fewer than the file has if it was resumed or broken off.
    /// None where a deletion says nothing of them.
    pub bytes: Option<u64>,
    /// How long it took. xferlog has whole seconds, at least 1 from vsftpd, 0 for shorter ones from
    /// others; `vsftpd.log` has a rate, which gives the time unless it is 0 or rounded too much.
    /// None too where the clock was set back meanwhile.
    pub transfer_time_sec: Option<f64>,
    /// Which way, from the server's side.
    pub direction: TransferDirection,
    /// Whether all of it was done.
    pub status: TransferStatus,
    /// As whom the client was logged in; `vsftpd.log` does not say.
    pub access_mode: Option<TransferAccessMode>,
    /// xferlog's name of the service, `ftp`.
    pub service: Option<String>,
}

/// Why a line is no entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// One of its parts is damaged.
    #[error("{part} {damage}")]
    Part {
        /// Which, in the words of xferlog(5).
        part: &'static str,
        /// How.
        damage: Damage,
    },
    /// Another line begins inside it: the disk was full, or two servers wrote at once.
    #[error("another line begins inside this one")]
    Joined,
    /// Text that a client chose makes it look like two things.
    #[error("the line can be read in more than one way")]
    Ambiguous,
    /// Blocks that a crash left empty, inside of it or all of it.
    #[error("the line holds NUL bytes")]
    Nul,
}

/// What is wrong with a part of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Damage {
    /// The line ends before it.
    #[error("is missing")]
    Missing,
    /// It is not as any server writes it.
    #[error("is malformed")]
    Malformed,
    /// No such day, time, or number that fits.
    #[error("is out of range")]
    OutOfRange,
}

impl ParseError {
    pub(super) fn missing(part: &'static str) -> Self {
        let damage = Damage::Missing;
        Self::Part { part, damage }
    }

    pub(super) fn malformed(part: &'static str) -> Self {
        let damage = Damage::Malformed;
        Self::Part { part, damage }
    }

    pub(super) fn out_of_range(part: &'static str) -> Self {
        let damage = Damage::OutOfRange;
        Self::Part { part, damage }
    }
}

/// A number of digits alone, up to what the database and servers' own `off_t` hold.
pub(super) fn number(field: &[u8], part: &'static str) -> Result<u64, ParseError> {
    let digits = Some(field).filter(|field| field.iter().all(u8::is_ascii_digit));
    let text = digits.and_then(|digits| std::str::from_utf8(digits).ok());
    match text {
        None | Some("") => Err(ParseError::malformed(part)),
        Some(text) => text
            .parse::<i64>()
            .ok()
            .and_then(|number| u64::try_from(number).ok())
            .ok_or(ParseError::out_of_range(part)),
    }
}

/// The client's address or name. A space cannot be in it: the callers split there.
pub(super) fn host(field: &[u8]) -> Result<String, ParseError> {
    if field.is_empty()
        || field
            .iter()
            .any(|&byte| byte.is_ascii_control() || byte == b' ')
    {
        return Err(ParseError::malformed("remote host"));
    }
    let text = from_bytes(field);
    let mapped = text
        .parse()
        .ok()
        .as_ref()
        .and_then(Ipv6Addr::to_ipv4_mapped);
    Ok(mapped.map_or_else(|| text.into_owned(), |address| address.to_string()))
}

/// Takes a word and the space after it off the front.
pub(super) fn word(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let space = memchr::memchr(b' ', text)?;
    let (word, rest) = text.split_at_checked(space)?;
    Some((word, rest.get(1..)?))
}
