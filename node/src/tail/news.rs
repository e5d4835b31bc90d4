//! Files that rotations made unseen: where all contents of a log begin alike, or nothing is at its
//! path, nothing but their names tells of them.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use std::{fs, io};

use super::directories::{Names, Version};
use super::follower::Follower;
use super::listing;
use super::look::is_missing;
use super::names;
use super::source::Facts;

/// Looking through directories may take one part in so many of the time, once it takes this long.
const THRIFT: u32 = 100;
const DEAR: Duration = Duration::from_millis(2);
/// Paths of which each is looked up among the names of a directory.
const FEW: usize = 8;

/// When which directory was last looked through.
#[derive(Debug, Default)]
pub(crate) struct News {
    versions: HashMap<PathBuf, Version>,
    next_at: Option<Instant>,
}

impl Follower {
    /// Where a directory has changed in which rotations may leave files, a path beside which there
    /// is one that nobody knows is to be looked around.
    pub(crate) fn look_for_news(&mut self, now: Instant) {
        if self.news.next_at.is_some_and(|at| now < at) {
            return;
        }
        let began = Instant::now();
        self.settings.common.tidy(now);
        let mut known: Option<HashSet<(u64, u64)>> = None;
        for directory in self.directories_of_rotations() {
            let Ok(version) = Version::of(&directory) else {
                continue;
            };
            if self.news.versions.get(&directory) == Some(&version) {
                continue;
            }
            let shared = &self.settings.common.directories;
            let names = shared.names(&directory, version, self.settings.look_every, now);
            let Ok(names) = names else {
                continue;
            };
            let known = known.get_or_insert_with(|| {
                let files = self.files.iter();
                files.map(|file| file.identity.number()).collect()
            });
            let Ok(due) = self.with_news(&directory, &names, known) else {
                continue;
            };
            for path in due {
                let slot = self.slots.at(&path);
                slot.census = true;
                slot.has_news = true;
            }
            if names.is_settled {
                self.news.versions.insert(directory, version);
            }
        }
        let took = began.elapsed();
        let rest = if took < DEAR {
            Duration::ZERO
        } else {
            took * THRIFT
        };
        self.news.next_at = Some(now + rest.max(self.settings.look_every));
    }

    fn directories_of_rotations(&self) -> BTreeSet<PathBuf> {
        let slots = self.slots.iter().filter_map(|(path, _)| path.parent());
        let old = self.settings.old_directories.iter().map(PathBuf::as_path);
        slots.chain(old).map(Path::to_path_buf).collect()
    }

    /// The paths beside which there is an unknown file that a rotation may have made in this
    /// directory.
    fn with_news(
        &self,
        directory: &Path,
        names: &Names,
        known: &HashSet<(u64, u64)>,
    ) -> io::Result<BTreeSet<PathBuf>> {
        let mut due = BTreeSet::new();
        let is_old = self.is_old_directory(directory);
        for name in self.that_may_be_rotated(names) {
            let originals = names::originals(name.as_bytes());
            let paths: Vec<PathBuf> = originals
                .flat_map(|original| self.paths_called(&original, directory, is_old))
                .collect();
            if paths.is_empty() {
                continue;
            }
            let path = directory.join(name);
            // Not through links: where they point to is another directory's affair.
            let facts = match fs::symlink_metadata(&path) {
                Ok(metadata) => Facts::from(&metadata),
                Err(error) if is_missing(error.kind()) => continue,
                Err(error) => return Err(error),
            };
            if facts.regular
                && facts.size > 0
                && !known.contains(&facts.identity.number())
                && self.dismissed.get(&path) != Some(&facts)
            {
                due.extend(paths);
            }
        }
        Ok(due)
    }

    /// The names that begin like that of one of the paths: all that a rotation makes of a name
    /// does. With many paths these are all names, since many paths begin alike.
    fn that_may_be_rotated<'a>(&'a self, names: &'a Names) -> BTreeSet<&'a OsStr> {
        let paths = self.slots.iter().map(|(path, _)| path);
        let stems: BTreeSet<&[u8]> = if self.slots.len() > FEW {
            BTreeSet::from([b"".as_slice()])
        } else {
            let own = paths.map(|path| listing::stem(listing::name(path)));
            own.collect()
        };
        let found = stems.into_iter();
        found.flat_map(|stem| names.starting_with(stem)).collect()
    }

    /// The paths of the log with this name whose rotated files may be in this directory.
    fn paths_called(&self, name: &[u8], directory: &Path, is_old: bool) -> Vec<PathBuf> {
        let beside = directory.join(OsStr::from_bytes(name));
        if is_old {
            let slots = self.slots.iter().map(|(path, _)| path);
            let moved = self.moved_from(slots, name, directory);
            return moved.map(Path::to_path_buf).collect();
        }
        let is_known = self.slots.get(&beside).is_some();
        is_known.then_some(beside).into_iter().collect()
    }
}
