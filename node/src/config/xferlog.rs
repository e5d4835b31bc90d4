//! Section `xferlog`: the FTP server's transfer log.

use std::path::PathBuf;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Serialize, Serializer};

use super::item::{Item, Seen};

/// Section `xferlog`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct XferlogConfig {
    /// Absolute paths, at least one, no two equal.
    #[serde(rename = "path")]
    pub paths: Vec<PathBuf>,
    /// Entries before this time are left out.
    #[serde(serialize_with = "rfc3339")]
    pub parse_start: Option<DateTime<Utc>>,
}

impl XferlogConfig {
    pub(super) fn read(item: &Item<'_>) -> Option<Self> {
        item.table(|table| {
            let mut seen = Seen::default();
            let paths = table.require("path", |item| {
                item.one_or_list(|item| {
                    let path = item.absolute_path()?;
                    let shown = path.to_string_lossy();
                    item.once(&mut seen, &shown, &shown).map(|()| path)
                })
            });
            let mut parse_start = None;
            table.set("parse_start", &mut parse_start, |item| time(item).map(Some));
            paths.map(|paths| Self { paths, parse_start })
        })
    }
}

fn time(item: &Item<'_>) -> Option<DateTime<Utc>> {
    match DateTime::parse_from_rfc3339(item.text()?) {
        Ok(time) => Some(time.to_utc()),
        Err(_) => item.refuse("an RFC 3339 time with its zone, such as 2026-01-01T00:00:00Z"),
    }
}

fn rfc3339<S: Serializer>(time: &Option<DateTime<Utc>>, out: S) -> Result<S::Ok, S::Error> {
    let text = time.map(|time| time.to_rfc3339_opts(SecondsFormat::AutoSi, true));
    text.serialize(out)
}
