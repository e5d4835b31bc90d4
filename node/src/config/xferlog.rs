//! Section `xferlog`: the FTP server's transfer log.

use std::path::PathBuf;

use chrono::{DateTime, SecondsFormat, Utc};
use encoding_rs::Encoding;
use serde::{Serialize, Serializer};

use super::item::{Item, Seen};
use super::{encoding, followed};

/// Where FTP servers log transfers: Debian's vsftpd as it is installed, and all others.
const USUAL_PATHS: [&str; 2] = ["/var/log/vsftpd.log", "/var/log/xferlog"];

/// Section `xferlog`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct XferlogConfig {
    /// Whether transfer logs are read.
    pub enabled: bool,
    /// Absolute paths or globs on them, at least one, no two equal.
    #[serde(rename = "path")]
    pub paths: Vec<PathBuf>,
    /// Of user and file names; none: they are bytes, and those that are not UTF-8 are shown as such.
    #[serde(serialize_with = "encoding::serialize")]
    pub encoding: Option<&'static Encoding>,
    /// Entries before this time are left out.
    #[serde(serialize_with = "rfc3339")]
    pub parse_start: Option<DateTime<Utc>>,
}

impl Default for XferlogConfig {
    fn default() -> Self {
        Self {
            enabled: true,
            paths: USUAL_PATHS.map(PathBuf::from).to_vec(),
            encoding: None,
            parse_start: None,
        }
    }
}

impl XferlogConfig {
    /// The paths and globs to follow: none where transfer logs are switched off.
    #[must_use]
    pub fn effective_paths(&self) -> &[PathBuf] {
        if self.enabled { &self.paths } else { &[] }
    }

    pub(super) fn read(&mut self, item: &Item<'_>) -> Option<()> {
        item.table(|table| {
            table.set("enabled", &mut self.enabled, Item::flag);
            let mut seen = Seen::default();
            table.set("path", &mut self.paths, |item| {
                item.one_or_list(|item| {
                    let path = followed::read(item)?;
                    let shown = path.to_string_lossy();
                    item.once(&mut seen, &shown, &shown).map(|()| path)
                })
            });
            table.set("encoding", &mut self.encoding, |item| {
                encoding::read(item).map(Some)
            });
            table.set("parse_start", &mut self.parse_start, |item| {
                time(item).map(Some)
            });
            Some(())
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
