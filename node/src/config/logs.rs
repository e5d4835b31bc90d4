//! Section `logs`: files that are followed line by line.

use std::collections::HashMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use encoding_rs::{Encoding, UTF_8};
use serde::Serialize;

use super::duration::{self, TIMEOUT};
use super::format::quoted;
use super::item::{Item, Seen};
use super::processes::{self, Pattern};
use super::{encoding, followed, paths};
use crate::tail::TailSettings;

/// An item of `logs`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LogConfig {
    /// No two items have the same.
    pub name: String,
    /// An absolute path or a glob on absolute paths, without `.` and `..` components; several files
    /// share one name.
    pub path: PathBuf,
    /// Whether lines that are added later are read too. Otherwise what is there is read to its end,
    /// once.
    pub follow: bool,
    /// Whether a file seen for the first time is read from its beginning; one that is not followed
    /// always is.
    pub from_beginning: bool,
    /// Lines a transaction at most, 1 to 100 000.
    pub buffer_lines: u32,
    /// Of the bytes in the files.
    #[serde(serialize_with = "encoding::serialize")]
    pub encoding: &'static Encoding,
    /// How long a file is quiet before its unterminated last line is stored.
    #[serde(serialize_with = "duration::serialize")]
    pub partial_after: Duration,
    /// The longest line that is kept whole, 1024 to 16 777 216.
    pub max_line_bytes: usize,
    /// Absolute directories to which rotated files are moved, beside the log's own; no two equal.
    pub rotated_to: Vec<PathBuf>,
    /// How lines make up entries; none by default: each line is one.
    pub multiline: Option<MultilineConfig>,
}

/// How several lines make up one entry.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MultilineConfig {
    /// A line in which this is found begins an entry; the others continue the one before.
    pub start: Pattern,
    /// How long an entry waits for its next line.
    #[serde(serialize_with = "duration::serialize")]
    pub timeout: Duration,
}

/// Which log moves rotated files of a name to a directory: its path, and the key that says so.
type Moved = HashMap<(PathBuf, OsString), (PathBuf, String)>;

pub(super) fn read(item: &Item<'_>) -> Option<Vec<LogConfig>> {
    let (mut seen, mut moved) = (Seen::default(), Moved::new());
    item.list(|item| LogConfig::read(item, &mut seen, &mut moved))
}

/// Reads a directory to which rotated files are moved. Those of another log with the same file name
/// can't be told from them there. What a glob may match is not known here.
fn read_moved(item: &Item<'_>, path: &Path, seen: &mut Seen, moved: &mut Moved) -> Option<PathBuf> {
    let directory = paths::directory(item, seen)?;
    let name = path.file_name().unwrap_or_default();
    if TailSettings::new(path).is_ok_and(|settings| settings.pattern.is_some()) {
        return Some(directory);
    }
    let own = || (path.to_path_buf(), item.path().to_owned());
    let key = (directory.clone(), name.to_owned());
    let (other, first) = moved.entry(key).or_insert_with(own);
    if other != path {
        return item.reject(&format!(
            "found {}, where {first} has the rotated files of another {}; give each log a directory of its own",
            directory.display(),
            quoted(&name.to_string_lossy()),
        ));
    }
    Some(directory)
}

impl LogConfig {
    /// A log with the default settings.
    #[must_use]
    pub fn new(name: String, path: PathBuf) -> Self {
        Self {
            name,
            path,
            follow: true,
            from_beginning: false,
            buffer_lines: 4096,
            encoding: UTF_8,
            partial_after: Duration::from_secs(5),
            max_line_bytes: 1 << 20,
            rotated_to: Vec::new(),
            multiline: None,
        }
    }

    fn read(item: &Item<'_>, seen: &mut Seen, moved: &mut Moved) -> Option<Self> {
        item.table(|table| {
            let name = table.require("name", |item| item.unique_name(seen));
            let path = table.require("path", followed::read);
            let valid = name.is_some() && path.is_some();
            let mut this = Self::new(name.unwrap_or_default(), path.unwrap_or_default());
            table.set("follow", &mut this.follow, Item::flag);
            table.set("from_beginning", &mut this.from_beginning, Item::flag);
            table.set("buffer_lines", &mut this.buffer_lines, |item| {
                item.whole(1..=100_000)
            });
            table.set("encoding", &mut this.encoding, encoding::read);
            table.set("partial_after", &mut this.partial_after, |item| {
                item.duration(TIMEOUT)
            });
            table.set("max_line_bytes", &mut this.max_line_bytes, |item| {
                item.whole(1 << 10..=1 << 24)
            });
            let path = this.path.clone();
            table.set("rotated_to", &mut this.rotated_to, |item| {
                let mut seen = Seen::default();
                item.list(|item| read_moved(item, &path, &mut seen, moved))
            });
            table.set("multiline", &mut this.multiline, |item| {
                MultilineConfig::read(item).map(Some)
            });
            valid.then_some(this)
        })
    }
}

impl MultilineConfig {
    fn read(item: &Item<'_>) -> Option<Self> {
        item.table(|table| {
            let start = table.require("start", processes::read_pattern);
            let mut timeout = Duration::from_secs(1);
            table.set("timeout", &mut timeout, |item| item.duration(TIMEOUT));
            start.map(|start| Self { start, timeout })
        })
    }
}
