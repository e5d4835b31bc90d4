//! Taking up files of a glob that have nothing to do with any other one, thousands at a time.

use std::collections::{HashMap, HashSet};
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use super::census::Unknown;
use super::checkpoint::HEAD_BYTES;
use super::follower::Follower;
use super::listing;
use super::look::is_missing;
use super::names;
use super::source::Source;

/// What one look knows of the files that there are: a census asks all of them for each path, which
/// thousands of new files can't afford.
pub(crate) struct Surroundings {
    /// The names in each directory, sorted; none where it could not be read.
    names: HashMap<PathBuf, Option<Vec<Vec<u8>>>>,
    /// Paths of which contents are known.
    slots: HashSet<OsString>,
    /// Their files, by device and inode.
    numbers: HashSet<(u64, u64)>,
    /// Handles that may still be opened.
    room: usize,
}

impl Surroundings {
    /// Whether a file beside this one has a name that its rotation gives, or may have.
    fn has_rotated(&mut self, path: &Path) -> bool {
        let directory = path.parent().unwrap_or(path);
        if !self.names.contains_key(directory) {
            self.names
                .insert(directory.to_path_buf(), sorted(directory));
        }
        let Some(Some(all)) = self.names.get(directory) else {
            return true;
        };
        let own = listing::name(path);
        // All that a rotation makes of a name begins with its stem.
        let stem = listing::stem(own);
        let first = all.partition_point(|name| name.as_slice() < stem);
        all.iter()
            .skip(first)
            .take_while(|name| name.starts_with(stem))
            .any(|name| names::is_rotated(own, name))
    }
}

fn sorted(directory: &Path) -> Option<Vec<Vec<u8>>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(directory).ok()? {
        names.push(entry.ok()?.file_name().into_encoded_bytes());
    }
    names.sort_unstable();
    Some(names)
}

impl Follower {
    /// What there is before anything new is taken up. The directories are read later than the
    /// paths were looked at: a file renamed meanwhile is another one when it is opened, or has
    /// left a rotated name.
    pub(crate) fn surroundings(&self) -> Surroundings {
        let open = self.files.iter().filter(|file| file.source.is_some());
        Surroundings {
            names: HashMap::new(),
            slots: self
                .files
                .iter()
                .map(|file| file.slot.clone().into_os_string())
                .collect(),
            numbers: self
                .files
                .iter()
                .map(|file| file.identity.number())
                .collect(),
            room: self
                .settings
                .max_open_files
                .max(1)
                .saturating_sub(open.count()),
        }
    }

    /// Takes up a file of which nothing is known and beside which nothing is that it could have
    /// been rotated into. Says whether that is done, or nothing if it takes a census.
    pub(crate) fn take_lone(
        &mut self,
        path: &Path,
        around: &mut Surroundings,
        now: Instant,
    ) -> Option<bool> {
        let slot = self.slots.get(path)?;
        let present = slot.present?;
        let number = present.identity.number();
        let needs_census = self.settings.pattern.is_none()
            || !self.settings.old_directories.is_empty()
            || slot.census
            || slot.was_empty
            || around.slots.contains(path.as_os_str())
            || around.numbers.contains(&number)
            || self.cut.iter().any(|cut| cut.slot == path)
            || !fs::symlink_metadata(path).is_ok_and(|found| found.is_file())
            || around.has_rotated(path);
        if needs_census {
            return None;
        }
        if around.room == 0 {
            self.waiting = true;
            return Some(false);
        }
        match Source::open(path, false) {
            Ok((mut source, facts)) if facts.identity.same_file(&present.identity) => {
                let head = source.bytes_at(0, HEAD_BYTES).unwrap_or_default();
                around.numbers.insert(number);
                around.room -= 1;
                let unknown = Unknown {
                    source,
                    facts,
                    head,
                };
                self.take_unknown(path, unknown, now);
                Some(true)
            }
            Ok(_) => Some(false),
            Err(error) if is_missing(error.kind()) => Some(false),
            Err(error) => {
                let slot = self.slots.at(path);
                slot.error = Some(error.to_string());
                Some(true)
            }
        }
    }
}
