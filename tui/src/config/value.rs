//! Single values of the configuration: what is accepted, and what to say of the rest.

use std::time::Duration;

use etlmon_shared::Client;
use etlmon_shared::client::ClientOptions;
use serde::de::{Deserialize, Deserializer, Error};

use crate::theme::Theme;

/// How often a node is asked.
const INTERVALS: std::ops::RangeInclusive<Duration> =
    Duration::from_millis(200)..=Duration::from_hours(1);

pub(super) fn name<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    let name = String::deserialize(from)?;
    if name.trim().is_empty() || name.chars().any(char::is_control) {
        return Err(D::Error::custom(
            "a name has at least one character and none that controls a terminal",
        ));
    }
    Ok(name)
}

pub(super) fn address<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    let address = String::deserialize(from)?;
    let options = ClientOptions {
        timeout: Duration::from_secs(1),
        token: None,
    };
    Client::new(&address, options).map_err(D::Error::custom)?;
    Ok(address)
}

pub(super) fn theme<'de, D: Deserializer<'de>>(from: D) -> Result<Theme, D::Error> {
    let name = String::deserialize(from)?;
    Theme::named(&name).ok_or_else(|| {
        let names = Theme::NAMES.map(|(name, _)| name).join(", ");
        D::Error::custom(format!("`{name}` is no theme; accepted: {names}"))
    })
}

pub(super) fn interval<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
    let interval = duration(&String::deserialize(from)?).map_err(D::Error::custom)?;
    if INTERVALS.contains(&interval) {
        return Ok(interval);
    }
    Err(D::Error::custom("accepted: a duration from 200ms to 1h"))
}

pub(super) fn rising<'de, D: Deserializer<'de>>(from: D) -> Result<[f64; 2], D::Error> {
    let limits = <[f64; 2]>::deserialize(from)?;
    let [warn, bad] = limits;
    if warn.is_finite() && bad.is_finite() && 0.0 <= warn && warn < bad {
        return Ok(limits);
    }
    Err(D::Error::custom(
        "accepted: [WARN, BAD], two numbers from 0, the first below the second",
    ))
}

pub(super) fn falling<'de, D: Deserializer<'de>>(from: D) -> Result<[Duration; 2], D::Error> {
    let [warn, bad] = <[String; 2]>::deserialize(from)?;
    let limits = [
        duration(&warn).map_err(D::Error::custom)?,
        duration(&bad).map_err(D::Error::custom)?,
    ];
    let [warn, bad] = limits;
    if warn > bad {
        return Ok(limits);
    }
    Err(D::Error::custom(
        "accepted: [WARN, BAD], two durations, the first above the second",
    ))
}

fn duration(text: &str) -> Result<Duration, String> {
    // humantime takes `M` for a month, and everybody else for a slip.
    let parsed = humantime::parse_duration(text)
        .ok()
        .filter(|_| !text.contains('M'));
    parsed.ok_or_else(|| {
        format!("`{text}` is no duration; accepted: a number with a unit, such as 2s")
    })
}
