//! Reads a line of a transfer log, in either layout that FTP servers write, into an entry.
//!
//! - wu-ftpd's, xferlog(5): vsftpd with `xferlog_std_format=YES` or `dual_log_enable=YES`, proftpd's
//!   `TransferLog`, pure-ftpd's `-O xferlog:`.
//! - vsftpd's own, `vsftpd.log`, which holds logins and other events too.
//!
//! Servers damage names before they write them, and nothing can undo that. vsftpd 3.0 writes `?`
//! for every byte that is not printable ASCII, in both layouts. In the xferlog layout vsftpd,
//! proftpd and pure-ftpd write `_` for a blank; the latter two write it for control characters too,
//! and keep other bytes. Only old vsftpd keeps the blanks.

mod entry;
mod moment;
mod vsftpd;
mod wu_ftpd;

pub use entry::{Damage, Entry, ParseError, Parsed};

use chrono::TimeZone;
use etlmon_shared::Timestamp;

/// Reads one line, without its newline. `zone` is the zone of the server that wrote it.
///
/// # Errors
/// A line that no server writes as it is, or that can be read as more than one entry. Text that
/// clients choose (names of files and users, the passwords of anonymous ones, what their machine
/// says of the user) can imitate the rest of a line, so a line is an entry only where nothing else
/// can have been meant.
pub fn parse<Z: TimeZone>(line: &[u8], zone: &Z) -> Result<Parsed, ParseError> {
    // A crash leaves zeros in front of the line that is written next.
    let zeros = line.iter().take_while(|&&byte| byte == 0).count();
    let line = line.get(zeros..).unwrap_or_default();
    if memchr::memchr(0, line).is_some() || (zeros > 0 && line.is_empty()) {
        return Err(ParseError::Nul);
    }
    let (local, rest) = moment::split(line)?;
    let own_layout = rest.starts_with(b"[");
    let another = if own_layout {
        vsftpd::is_head
    } else {
        wu_ftpd::is_head
    };
    if moment::follows_again(line, another) {
        return Err(ParseError::Joined);
    }
    let log_time = moment::in_utc(local, zone)?;
    if own_layout {
        vsftpd::parse(log_time, rest)
    } else {
        wu_ftpd::parse(log_time, rest).map(Parsed::Transfer)
    }
}

/// The time that a line begins with, whatever comes after it; `zone` as for [`parse`].
///
/// # Errors
/// A line that does not begin with a date.
pub fn log_time<Z: TimeZone>(line: &[u8], zone: &Z) -> Result<Timestamp, ParseError> {
    let (local, _) = moment::split(line)?;
    moment::in_utc(local, zone)
}

#[cfg(test)]
mod captured_tests;
#[cfg(test)]
mod damage_tests;
#[cfg(test)]
mod line_tests;
#[cfg(test)]
mod property_tests;
