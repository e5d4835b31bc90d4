//! What requests may ask for: no unknown parameter, pages, durations, bodies with named fields.

use std::time::Duration;

use serde::de::Visitor;
use serde::{Deserialize, Deserializer, forward_to_deserialize_any};

/// For an endpoint without parameters: any is refused.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoParameters {}

/// How many rows a list answers: 1 to 10000, 100 when it is not said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
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

impl TryFrom<String> for Page {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let rows = text
            .parse()
            .ok()
            .filter(|rows| (1..=Self::MAX).contains(rows));
        rows.map(Self)
            .ok_or_else(|| format!("limit is `{text}`; it goes from 1 to {}", Self::MAX))
    }
}

/// How many rows a list leaves out first; 0 when it is not said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Offset(u64);

impl Offset {
    /// The number of rows.
    pub fn rows(self) -> u64 {
        self.0
    }
}

impl TryFrom<String> for Offset {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let rows = text.parse().map(Self);
        rows.map_err(|_| format!("offset is `{text}`; it is a whole number from 0"))
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
            .or_else(|| crate::config::parse_duration(&text))
            .map(Self)
            .ok_or_else(|| {
                serde::de::Error::custom(format!(
                    "`{text}` is not a duration such as 5m, or a number of seconds"
                ))
            })
    }
}

/// A body that is a JSON object. Without this an array would do as well, its items taken for the
/// fields in their order: `[]` for `{}`.
#[derive(Clone, Copy, Debug)]
pub struct Object<T>(pub T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::deserialize(MapOnly(deserializer)).map(Self)
    }
}

struct MapOnly<D>(D);

impl<'de, D: Deserializer<'de>> Deserializer<'de> for MapOnly<D> {
    type Error = D::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_map(visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option
        unit unit_struct newtype_struct seq tuple tuple_struct map struct enum identifier
        ignored_any
    }
}
