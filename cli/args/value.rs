//! Values of arguments that are read and checked before anything is asked.

use std::time::Duration;

use etlmon_shared::Timestamp;

/// How long to wait.
pub(super) fn timeout(text: &str) -> Result<Duration, String> {
    let expected = "expected a time from 1ms to 1h, such as 5s";
    let timeout = humantime::parse_duration(text).map_err(|_| expected.to_owned())?;
    let accepted = Duration::from_millis(1)..=Duration::from_secs(3_600);
    if accepted.contains(&timeout) {
        Ok(timeout)
    } else {
        Err(expected.to_owned())
    }
}

/// A time, or how long ago.
pub(super) fn moment(text: &str) -> Result<Timestamp, String> {
    if let Ok(ago) = humantime::parse_duration(text) {
        return Ok(Timestamp::now().before(ago));
    }
    text.parse().map_err(|_| {
        "expected a time such as 2026-01-15T10:23:45Z, or how long ago, such as 6h".to_owned()
    })
}

/// A step of time; the node takes the text as it is.
pub(super) fn step(text: &str) -> Result<String, String> {
    match humantime::parse_duration(text) {
        Ok(step) if !step.is_zero() => Ok(text.to_owned()),
        _ => Err("expected a time such as 5m".to_owned()),
    }
}
