//! Paths and globs of files that are followed; what is accepted here, the follower accepts.

use std::ffi::OsStr;
use std::path::{Component, PathBuf};

use crate::tail::{GlobError, SettingsError, TailSettings};

use super::format::quoted;
use super::item::Item;

/// `PATH_MAX` without its final NUL; a glob that is as long makes no matcher too big to be handled.
const LONGEST: usize = 4095;

/// Reads the path of a file or a glob, in its plainest spelling.
pub(super) fn read(item: &Item<'_>) -> Option<PathBuf> {
    let given = item.absolute_path()?;
    let path: PathBuf = given.components().collect();
    let text = item.text()?;
    if text.len() > LONGEST {
        return item.refuse(format!(
            "an absolute path or glob of at most {LONGEST} bytes"
        ));
    }
    if text.ends_with('/') || text.ends_with("/.") {
        return item.refuse("an absolute path of a file, or a glob, without a final slash");
    }
    if path.components().any(|one| one == Component::ParentDir) {
        return item.refuse("an absolute path or glob without `..`");
    }
    if path.file_name() == Some(OsStr::new("**")) {
        return item.refuse("a glob of files: `**` is for directories, so end with `**/*`");
    }
    match TailSettings::new(&path) {
        Ok(_) => Some(path),
        Err(SettingsError::Glob(GlobError { pattern, source })) => item.refuse(format!(
            "an absolute path or glob, and {} is none: {}",
            quoted(&pattern),
            source.kind()
        )),
        Err(error) => item.refuse(error),
    }
}
