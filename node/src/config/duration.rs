//! Durations as people write them: `15s`, `5m`, `1h 30m`, `7d`.

use std::fmt;
use std::ops::RangeInclusive;
use std::time::Duration;

use serde::Serializer;

/// How often something is done.
pub(super) const INTERVAL: RangeInclusive<Duration> =
    Duration::from_secs(1)..=Duration::from_hours(24);
/// How long something may take.
pub(super) const TIMEOUT: RangeInclusive<Duration> =
    Duration::from_millis(100)..=Duration::from_hours(1);

/// What keeps a text from being a duration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// Not numbers with units.
    Malformed,
    /// A bare whole number.
    NoUnit(String),
    /// `M`, which is a month to humantime and a slip for a minute to everyone else.
    Month(String),
}

impl fmt::Display for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed => Ok(()),
            Self::NoUnit(number) => write!(out, "; write {number}s for seconds"),
            Self::Month(number) => write!(
                out,
                "; {number}M is in months: write {number}m for minutes, or days such as 30d"
            ),
        }
    }
}

/// Parses a sum of number and unit pairs. The units are humantime's but `M`. The pairs are split here,
/// since humantime skips blanks within a number (`1 30m` would be 130 minutes) and panics where the
/// pairs sum up to more than `u64::MAX` seconds.
///
/// # Errors
/// What is wrong, or `Malformed` also for a sum out of a `Duration`'s range.
pub(super) fn parse(text: &str) -> Result<Duration, Fault> {
    let mut rest = text.trim();
    let mut sum = Duration::ZERO;
    if rest.is_empty() {
        return Err(Fault::Malformed);
    }
    while !rest.is_empty() {
        let (number, after) = split(rest, |c| c.is_ascii_digit() || c == '.');
        let (unit, after) = split(after.trim_start(), char::is_alphabetic);
        match (number, unit) {
            ("", _) => return Err(Fault::Malformed),
            (_, "M") => return Err(Fault::Month(number.to_owned())),
            (_, "") if after.is_empty() && number.parse().is_ok_and(|number: u64| number > 0) => {
                return Err(Fault::NoUnit(number.to_owned()));
            }
            _ => {}
        }
        let part = humantime::parse_duration(&format!("{number}{unit}"));
        sum = part
            .ok()
            .and_then(|part| sum.checked_add(part))
            .ok_or(Fault::Malformed)?;
        rest = after.trim_start();
    }
    Ok(sum)
}

fn split(text: &str, belongs: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(|c| !belongs(c)).unwrap_or(text.len()))
}

/// What a key of this range accepts.
pub(super) fn accepted(range: &RangeInclusive<Duration>) -> String {
    let (start, end) = (show(*range.start()), show(*range.end()));
    format!("a duration from {start} to {end}, such as 15s, 5m or 1h 30m")
}

/// Writes a duration so that [`parse`] reads it back.
pub(super) fn serialize<S: Serializer>(duration: &Duration, out: S) -> Result<S::Ok, S::Error> {
    out.serialize_str(&show(*duration))
}

fn show(duration: Duration) -> String {
    humantime::format_duration(duration).to_string()
}
