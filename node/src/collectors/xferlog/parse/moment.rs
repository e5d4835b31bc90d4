//! The date in front of every line, `Mon Jan  5 12:00:00 2026`, in the server's local time.

use chrono::{LocalResult, NaiveDate, NaiveDateTime, Offset, TimeDelta, TimeZone};
use etlmon_shared::Timestamp;

use super::entry::{ParseError, word};

const MONTHS: [&[u8]; 12] = [
    b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec",
];

/// Years that a server's clock can show; what is outside is damage.
const YEARS: std::ops::RangeInclusive<i32> = 1970..=9999;

/// How wide servers write the date, with the space after it.
const WIDTH: usize = b"Mon Jan  5 12:00:00 2026 ".len();

/// Takes the date and the space after it off the front of a line. The word for the weekday is not
/// held against the date: the date alone says enough.
pub(super) fn split(line: &[u8]) -> Result<(NaiveDateTime, &[u8]), ParseError> {
    let date = ParseError::malformed("date");
    let (weekday, rest) = word(line).ok_or(date)?;
    if weekday.len() != 3 || !weekday.iter().all(u8::is_ascii_alphabetic) {
        return Err(date);
    }
    let (month, rest) = word(rest).ok_or(date)?;
    let month = MONTHS.iter().zip(1_u32..).find(|(name, _)| **name == month);
    let (_, month) = month.ok_or(date)?;
    // One digit has a second space before it.
    let (day, rest) = word(rest.strip_prefix(b" ").unwrap_or(rest)).ok_or(date)?;
    let day = match day {
        [_] | [_, _] => digits(day).ok_or(date)?,
        _ => return Err(date),
    };
    let (time, rest) = word(rest).ok_or(date)?;
    let (year, rest) = word(rest).ok_or(date)?;
    let year = match year {
        [_, _, _, _] => digits(year)
            .and_then(|year| i32::try_from(year).ok())
            .ok_or(date)?,
        _ => return Err(date),
    };

    let out_of_range = ParseError::out_of_range("date");
    let day = NaiveDate::from_ymd_opt(year, month, day)
        .filter(|_| YEARS.contains(&year))
        .ok_or(out_of_range)?;
    let (hour, minute, second) = clock(time).ok_or(ParseError::malformed("time"))?;
    // A clock that shows leap seconds is at 60 once; UTC in milliseconds has no such second.
    let leap = u32::from(second == 60);
    let local = day
        .and_hms_opt(hour, minute, second - leap)
        .and_then(|local| local.checked_add_signed(TimeDelta::seconds(leap.into())))
        .ok_or(ParseError::out_of_range("time"))?;
    Ok((local, rest))
}

/// `hh:mm:ss`.
fn clock(time: &[u8]) -> Option<(u32, u32, u32)> {
    let [h, hh, b':', m, mm, b':', s, ss] = *time else {
        return None;
    };
    Some((digits(&[h, hh])?, digits(&[m, mm])?, digits(&[s, ss])?))
}

fn digits(text: &[u8]) -> Option<u32> {
    text.iter().try_fold(0_u32, |number, byte| {
        let digit = byte.is_ascii_digit().then(|| u32::from(byte - b'0'))?;
        number.checked_mul(10)?.checked_add(digit)
    })
}

/// Whether the head of another line, a date and what `is_head` knows, begins inside this one.
pub(super) fn follows_again(line: &[u8], is_head: fn(&[u8]) -> bool) -> bool {
    memchr::memchr_iter(b':', line).any(|colon| {
        // Before it stands `Www Mmm dd hh`: all servers pad the day.
        let start = colon.checked_sub(13).filter(|&start| start > 0);
        let head = start.and_then(|start| line.get(start..)?.split_at_checked(WIDTH));
        head.is_some_and(|(date, rest)| split(date).is_ok() && is_head(rest))
    })
}

/// The moment of a local time.
///
/// An hour that exists twice, as clocks go back, is taken as the first of the two. One that does
/// not exist, as they go forward, is counted on from before the change: 02:30 is 03:30. Both are
/// how the time was read off a clock that had not been changed yet, and vsftpd shows such: a
/// session keeps the offset that held when it began.
pub(super) fn in_utc<Z: TimeZone>(local: NaiveDateTime, zone: &Z) -> Result<Timestamp, ParseError> {
    let shown = |utc: &NaiveDateTime| zone.from_utc_datetime(utc).naive_local() == local;
    let moment = match zone.from_local_datetime(&local) {
        LocalResult::Single(moment) => Some(moment.naive_utc()),
        LocalResult::Ambiguous(a, b) => {
            let (first, second) = (
                a.naive_utc().min(b.naive_utc()),
                a.naive_utc().max(b.naive_utc()),
            );
            // chrono counts the end of the repeated hour to it, though it exists once.
            Some(if shown(&first) { first } else { second })
        }
        // Samoa once left out a whole day, so no shorter step is sure to be before the change.
        LocalResult::None => local
            .checked_sub_signed(TimeDelta::days(1))
            .and_then(|before| zone.offset_from_local_datetime(&before).latest())
            .and_then(|offset| local.checked_sub_offset(offset.fix())),
    };
    let moment = moment.ok_or(ParseError::out_of_range("date"))?;
    Ok(Timestamp::from_millis(moment.and_utc().timestamp_millis()))
}

#[cfg(test)]
mod tests;
