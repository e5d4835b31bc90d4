//! What queries may ask for: no unknown parameter, pages, durations.

use std::time::Duration;

use serde::{Deserialize, Deserializer};

/// For an endpoint without parameters: any is refused.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoParameters {}

/// How many rows a list answers: 1 to 10000, 100 when it is not said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "u32")]
pub struct Page(u32);

impl Page {
    /// The largest page.
    pub const MAX: u32 = 10_000;

    /// The number of rows.
    pub fn rows(self) -> u32 {
        self.0
    }
}

impl Default for Page {
    fn default() -> Self {
        Self(100)
    }
}

impl TryFrom<u32> for Page {
    type Error = String;

    fn try_from(rows: u32) -> Result<Self, Self::Error> {
        if (1..=Self::MAX).contains(&rows) {
            Ok(Self(rows))
        } else {
            Err(format!("limit is {rows}; it goes from 1 to {}", Self::MAX))
        }
    }
}

/// A duration as `5m`, `1h 30m`, or a number of seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadableDuration(pub Duration);

impl<'de> Deserialize<'de> for ReadableDuration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let seconds = text.parse().map(Duration::from_secs).ok();
        seconds
            .or_else(|| humantime::parse_duration(&text).ok())
            .map(Self)
            .ok_or_else(|| {
                serde::de::Error::custom(format!(
                    "`{text}` is not a duration such as 5m, or a number of seconds"
                ))
            })
    }
}
