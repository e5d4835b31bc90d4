//! The files beside a log that a rotation may have made of it.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use super::checkpoint::State;
use super::follower::Follower;
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

impl Follower {
    /// The files beside a path; what is at the path itself comes first.
    pub(super) fn entries(&self, path: &Path) -> Vec<Entry> {
        let elsewhere = self.settings.elsewhere.has(path);
        let target = fs::canonicalize(path).ok().filter(|_| !elsewhere);
        let own = self.files.iter().filter(|file| file.slot == path);
        let last = own.clone().rfind(|file| file.mark.state != State::Copy);
        let target = target.or_else(|| last.map(|file| file.place.clone()));
        let target = target.unwrap_or_else(|| path.to_path_buf());
        let mut places = directories(path, &target, &self.settings.old_directories);
        // A link may point to another directory now.
        let last_seen = own.clone().filter_map(|file| file.place.parent());
        places.extend(last_seen.map(Path::to_path_buf));
        let wanted = own.map(|file| file.identity.inode).collect();
        let mut found = entries(path, &target, &places, &wanted);
        if !elsewhere
            && let Ok(metadata) = fs::metadata(path)
            && metadata.is_file()
        {
            let facts = Facts::from(&metadata);
            found.retain(|entry| !entry.facts.identity.same_file(&facts.identity));
            found.insert(
                0,
                Entry {
                    path: path.to_path_buf(),
                    facts,
                    rotated: false,
                    unrelated: false,
                },
            );
        }
        found
    }
}

/// The directories in which a log's older files can be.
fn directories(log: &Path, target: &Path, others: &[PathBuf]) -> BTreeSet<PathBuf> {
    let parents = [log.parent(), target.parent()];
    let parents = parents.into_iter().flatten().map(Path::to_path_buf);
    parents.chain(others.iter().cloned()).collect()
}

/// All regular files in `directories` whose names begin like the log's (or its link's target's)
/// or whose inode is in `wanted`, plain ones first, older ones first. A rename at the
/// same time can hide a file from readdir(3).
fn entries(
    log: &Path,
    target: &Path,
    directories: &BTreeSet<PathBuf>,
    wanted: &BTreeSet<u64>,
) -> Vec<Entry> {
    let listed = directories
        .iter()
        .map(|directory| list(log, target, directory, wanted));
    let mut found: Vec<Entry> = listed.flatten().collect();
    found.sort_by_key(|entry| {
        let compressed = names::is_compressed(entry.path.as_os_str().as_encoded_bytes());
        (compressed, entry.facts.modified_ns)
    });
    found
}

fn list(log: &Path, target: &Path, directory: &Path, wanted: &BTreeSet<u64>) -> Vec<Entry> {
    use std::os::unix::fs::DirEntryExt;
    let [log_name, target_name] = [log, target].map(name);
    let linked = log != target;
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let name = name.as_encoded_bytes();
        let rotated = names::is_rotated(log_name, name)
            || (linked && names::is_rotated(target_name, name))
            || (linked && names::differ_in_digits(target_name, name));
        let related = name.starts_with(stem(log_name)) || name.starts_with(stem(target_name));
        if !rotated && !related && !wanted.contains(&entry.ino()) {
            continue;
        }
        // Not through links: where they point to is another directory's affair.
        if let Ok(metadata) = entry.metadata()
            && metadata.is_file()
        {
            found.push(Entry {
                path: entry.path(),
                facts: Facts::from(&metadata),
                rotated,
                unrelated: !rotated && !wanted.contains(&entry.ino()),
            });
        }
    }
    found
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
