//! Files that another follower follows already: of one file under two names, a line is wanted once.

use std::fs;
use std::path::{Path, PathBuf};

use super::pattern::Pattern;

/// The paths and globs of other followers, to which a follower leaves their files.
#[derive(Clone, Debug, Default)]
pub struct Elsewhere(Vec<(PathBuf, Option<Pattern>)>);

impl Elsewhere {
    /// Leaves the files of this path to its follower, or those that match its pattern.
    pub(crate) fn add(&mut self, path: PathBuf, pattern: Option<Pattern>) {
        self.0.push((path, pattern));
    }

    /// Whether one of them follows the file to which this path leads, be it there now or not.
    pub(super) fn has(&self, path: &Path) -> bool {
        if self.0.is_empty() {
            return false;
        }
        let file = target(path);
        let mut others = self.0.iter();
        others.any(|(other, pattern)| match pattern {
            Some(pattern) => pattern.matches(&file),
            None => target(other) == file,
        })
    }
}

/// The file to which a path leads, which is the same while a rotation has taken it away.
fn target(path: &Path) -> PathBuf {
    let place = |path: &Path| {
        let folder = path.parent().and_then(|path| fs::canonicalize(path).ok());
        folder
            .zip(path.file_name())
            .map(|(path, name)| path.join(name))
    };
    fs::canonicalize(path)
        .ok()
        .or_else(|| place(&path.parent()?.join(fs::read_link(path).ok()?)))
        .or_else(|| place(path))
        .unwrap_or_else(|| path.to_path_buf())
}
