//! Files that another follower follows already: of one file under two names, a line is wanted once.

use std::fs;
use std::path::{Path, PathBuf};

use super::checkpoint::{Checkpoint, State};
use super::pattern::Pattern;
use super::settings::TailSettings;
use super::table::{Known, TakeOver};

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

impl TailSettings {
    /// What this follower, which knows `own` so far, has to take over of the others of its kind: by
    /// its own path or glob a path is its own, be it as a link to a file of its own, and no earlier
    /// one's.
    pub(super) fn takes_over(&self, own: &[Checkpoint], others: Vec<Known>) -> Vec<TakeOver> {
        let taken = others.into_iter().filter_map(|of| {
            let path = self.own_path(&of.path, own)?;
            Some(TakeOver { of, path })
        });
        let mut taken: Vec<_> = taken.collect();
        // What has the same path comes before a link to it.
        taken.sort_by_key(|one| one.path != one.of.path);
        taken
    }

    fn own_path(&self, path: &Path, own: &[Checkpoint]) -> Option<PathBuf> {
        if self.elsewhere.has(path) {
            return None;
        }
        let is_named = match &self.pattern {
            Some(pattern) => pattern.matches(path),
            None => self.path == path,
        };
        if is_named {
            return Some(path.to_path_buf());
        }
        let file = target(path);
        let link = match &self.pattern {
            Some(pattern) => pattern.matches(&file).then_some(file),
            None => (target(&self.path) == file).then(|| self.path.clone()),
        };
        // Where it is known already, what is under the other name came from another file.
        link.filter(|link| {
            own.iter()
                .all(|row| row.state == State::Log || row.path != *link)
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
