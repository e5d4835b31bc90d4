//! The files beside a log that a rotation may have made of it.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::checkpoint::State;
use super::follower::Follower;
use super::look::is_missing;
use super::names;
use super::source::Facts;

/// A file beside the log.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) path: PathBuf,
    pub(crate) facts: Facts,
    /// Whether its name is one that a rotation gives.
    pub(crate) rotated: bool,
    /// Whether only the beginning of its name is like the log's.
    pub(crate) unrelated: bool,
}

/// The files beside a log.
#[derive(Debug, Default)]
pub(crate) struct Listing {
    pub(crate) entries: Vec<Entry>,
    /// Why there may be more: what can't be looked at is not gone.
    pub(crate) unseen: Option<String>,
}

impl Listing {
    fn miss(&mut self, place: &Path, error: &io::Error) {
        if !is_missing(error.kind()) {
            let reason = || format!("{}: {error}", place.display());
            self.unseen.get_or_insert_with(reason);
        }
    }
}

impl Follower {
    /// The files beside a path; what is at the path itself comes first.
    pub(super) fn list(&self, path: &Path) -> Listing {
        let elsewhere = self.settings.elsewhere.has(path);
        let target = fs::canonicalize(path).ok().filter(|_| !elsewhere);
        let own = self.files.iter().filter(|file| file.slot == path);
        let last = own.clone().rfind(|file| file.mark.state != State::Copy);
        let target = target.or_else(|| last.map(|file| file.place.clone()));
        let target = target.unwrap_or_else(|| path.to_path_buf());
        let old_directories = &self.settings.old_directories;
        let others = (old_directories.iter()).filter(|one| !self.is_of_another(path, one));
        let mut places = directories(path, &target, others);
        // A link may point to another directory now.
        let last_seen = own.clone().filter_map(|file| file.place.parent());
        places.extend(last_seen.map(Path::to_path_buf));
        let wanted = own.map(|file| file.identity.inode).collect();
        let mut listing = Listing::default();
        let elsewhere_too = |place: &Path| self.settings.elsewhere.is_rotated_by_another(place);
        for directory in &places {
            list(
                path,
                &target,
                directory,
                &wanted,
                elsewhere_too,
                &mut listing,
            );
        }
        let entries = &mut listing.entries;
        entries.sort_by_key(|entry| {
            let compressed = names::is_compressed(entry.path.as_os_str().as_encoded_bytes());
            (compressed, entry.facts.modified_ns)
        });
        if elsewhere {
            return listing;
        }
        match fs::metadata(path) {
            Ok(metadata) if metadata.is_file() => {
                let facts = Facts::from(&metadata);
                entries.retain(|entry| !entry.facts.identity.same_file(&facts.identity));
                entries.insert(
                    0,
                    Entry {
                        path: path.to_path_buf(),
                        facts,
                        rotated: false,
                        unrelated: false,
                    },
                );
            }
            Ok(_) => {}
            Err(error) => listing.miss(path, &error),
        }
        listing
    }

    /// Whether rotated files of the log are moved to this directory.
    pub(super) fn is_old_directory(&self, directory: &Path) -> bool {
        let mut old = self.settings.old_directories.iter();
        old.any(|one| one == directory)
    }

    /// Of these paths of the log, those of this name whose rotated files may be in the directory.
    pub(super) fn moved_from<'a>(
        &'a self,
        paths: impl Iterator<Item = &'a Path> + 'a,
        name: &'a [u8],
        directory: &'a Path,
    ) -> impl Iterator<Item = &'a Path> + 'a {
        paths.filter(move |path| self::name(path) == name && !self.is_of_another(path, directory))
    }

    /// Whether the rotated files in a directory are those of another path of the log, of the same
    /// name, and in a directory nearer above: `olddir old` of many logs (logrotate.conf(5)).
    fn is_of_another(&self, path: &Path, directory: &Path) -> bool {
        let Some((own, name)) = path.parent().zip(path.file_name()) else {
            return false;
        };
        let mut above = directory.ancestors().take_while(|one| *one != own);
        above.any(|one| self.slots.get(&one.join(name)).is_some())
    }
}

/// The directories in which a log's older files can be.
fn directories<'a>(
    log: &Path,
    target: &Path,
    others: impl Iterator<Item = &'a PathBuf>,
) -> BTreeSet<PathBuf> {
    let parents = [log.parent(), target.parent()];
    let parents = parents.into_iter().flatten().map(Path::to_path_buf);
    parents.chain(others.cloned()).collect()
}

/// All regular files in a directory whose names begin like the log's (or its link's target's) or
/// whose inode is in `wanted`. A rename at the same time can hide a file from readdir(3).
fn list(
    log: &Path,
    target: &Path,
    directory: &Path,
    wanted: &BTreeSet<u64>,
    is_another: impl Fn(&Path) -> bool,
    listing: &mut Listing,
) {
    use std::os::unix::fs::DirEntryExt;
    let [log_name, target_name] = [log, target].map(name);
    let linked = log != target;
    let entries = match fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(error) => return listing.miss(directory, &error),
    };
    for entry in entries {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => return listing.miss(directory, &error),
        };
        let name = entry.file_name();
        let name = name.as_encoded_bytes();
        let rotated = names::is_rotated(log_name, name)
            || (linked && names::is_rotated(target_name, name))
            || (linked && names::differ_in_digits(target_name, name));
        let rotated = rotated && !is_another(&entry.path());
        let related = name.starts_with(stem(log_name)) || name.starts_with(stem(target_name));
        if !rotated && !related && !wanted.contains(&entry.ino()) {
            continue;
        }
        // Not through links: where they point to is another directory's affair.
        match entry.metadata() {
            Ok(metadata) if metadata.is_file() => listing.entries.push(Entry {
                path: entry.path(),
                facts: Facts::from(&metadata),
                rotated,
                unrelated: !rotated && !wanted.contains(&entry.ino()),
            }),
            Ok(_) => {}
            Err(error) => listing.miss(&entry.path(), &error),
        }
    }
}

pub(crate) fn name(path: &Path) -> &[u8] {
    path.file_name()
        .unwrap_or(OsStr::new(""))
        .as_encoded_bytes()
}

/// A name without its extension.
pub(crate) fn stem(name: &[u8]) -> &[u8] {
    let dot = name
        .iter()
        .rposition(|&byte| byte == b'.')
        .filter(|&dot| dot > 0);
    name.split_at(dot.unwrap_or(name.len())).0
}
