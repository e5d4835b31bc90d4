//! Section `logs`: files that are followed line by line.

use globset::Glob;
use serde::Serialize;

use super::item::{Item, Seen};

/// An item of `logs`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LogConfig {
    /// No two items have the same.
    pub name: String,
    /// An absolute path or a glob on absolute paths; several files share one name.
    pub path: String,
    /// Whether lines that are added later are read too.
    pub follow: bool,
    /// Whether a file seen for the first time is read from its beginning.
    pub from_beginning: bool,
    /// Lines a transaction at most, 1 to 100 000.
    pub buffer_lines: u32,
    /// A label of the WHATWG Encoding Standard; not looked up here.
    pub encoding: String,
}

pub(super) fn read(item: &Item<'_>) -> Option<Vec<LogConfig>> {
    let mut seen = Seen::default();
    item.list(|item| LogConfig::read(item, &mut seen))
}

impl LogConfig {
    /// A log with the default settings.
    #[must_use]
    pub fn new(name: String, path: String) -> Self {
        Self {
            name,
            path,
            follow: true,
            from_beginning: false,
            buffer_lines: 500,
            encoding: "utf-8".to_owned(),
        }
    }

    fn read(item: &Item<'_>, seen: &mut Seen) -> Option<Self> {
        item.table(|table| {
            let name = table.require("name", |item| item.unique_name(seen));
            let path = table.require("path", path_or_glob);
            let valid = name.is_some() && path.is_some();
            let mut this = Self::new(name.unwrap_or_default(), path.unwrap_or_default());
            table.set("follow", &mut this.follow, Item::flag);
            table.set("from_beginning", &mut this.from_beginning, Item::flag);
            table.set("buffer_lines", &mut this.buffer_lines, |item| {
                item.whole(1..=100_000)
            });
            table.set("encoding", &mut this.encoding, |item| {
                item.text().map(str::to_owned)
            });
            valid.then_some(this)
        })
    }
}

fn path_or_glob(item: &Item<'_>) -> Option<String> {
    item.absolute_path()?;
    let path = item.text()?;
    match Glob::new(path) {
        Ok(_) => Some(path.to_owned()),
        Err(error) => item.refuse(format!(
            "an absolute path or glob, and this is none: {}",
            error.kind()
        )),
    }
}
