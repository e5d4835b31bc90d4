//! Watching the directories of all files that a follower follows now.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::chunk::FileState;
use super::follower::Follower;
use super::listing;
use crate::collector::Waker;
use crate::watch::{Coverage, Target, Watch, Watcher, Word};

/// What is watched for a follower.
pub(super) struct Watching {
    watch: Option<Watch>,
    /// The files that are followed, the directories that were looked through, and what is watched
    /// for both.
    files: Vec<Whereabouts>,
    directories: BTreeSet<PathBuf>,
    targets: Arc<[Target]>,
    coverage: Coverage,
}

/// The path under which a file is followed, and where it is.
type Whereabouts = (PathBuf, Option<PathBuf>);

impl Default for Watching {
    fn default() -> Self {
        Self {
            watch: None,
            files: Vec::new(),
            directories: BTreeSet::new(),
            targets: Arc::new([]),
            coverage: Coverage::Events,
        }
    }
}

impl Watching {
    /// Watches for these files, which the follower has now, and wakes the collector of it.
    pub(super) fn set(
        &mut self,
        watcher: &Watcher,
        waker: &Waker,
        follower: &Follower,
        states: &[FileState],
    ) {
        self.renew(follower, states);
        let watch = self.watch.get_or_insert_with(|| {
            let waker = waker.clone();
            watcher.listen_to_all(move |word| match word {
                Word::News => waker.wake(),
                Word::NewsAndRest => waker.wake_and_rest(),
                Word::Rested => waker.rested(),
            })
        });
        self.coverage = watch.set(Arc::clone(&self.targets));
    }

    /// Finds out what is to be watched, if files or directories have changed.
    fn renew(&mut self, follower: &Follower, states: &[FileState]) {
        let is_same = |(state, (path, place)): (&FileState, &Whereabouts)| {
            state.path.as_os_str() == path.as_os_str()
                && state.place.as_deref().map(Path::as_os_str)
                    == place.as_deref().map(Path::as_os_str)
        };
        let unchanged =
            states.len() == self.files.len() && states.iter().zip(&self.files).all(is_same);
        if !unchanged || follower.directories != self.directories {
            let files = states.iter();
            self.files = files
                .map(|state| (state.path.clone(), state.place.clone()))
                .collect();
            self.directories.clone_from(&follower.directories);
            self.targets = targets(follower, &self.files);
        }
    }

    /// As [`Watch::next_news`].
    pub(super) fn next_news(&self) -> bool {
        self.watch.as_ref().is_some_and(Watch::next_news)
    }

    /// Whether the last answer of the watcher was that events can be relied on.
    pub(super) fn coverage(&self) -> &Coverage {
        &self.coverage
    }
}

/// The directories of all files that are followed. Of a glob all matters that comes or goes there,
/// and of a symbolic link, which may lead anywhere; of another path, what is named like it, as all
/// is that rotations make of it.
fn targets(follower: &Follower, files: &[Whereabouts]) -> Arc<[Target]> {
    let mut targets: BTreeMap<PathBuf, BTreeSet<_>> = BTreeMap::new();
    for directory in follower.watch_directories() {
        targets.entry(directory).or_default();
    }
    let settings = &follower.settings;
    let beginning = match settings.pattern {
        Some(_) => b"",
        None => listing::stem(listing::name(&settings.path)),
    };
    let mut beginning = OsStr::from_bytes(beginning);
    // A symbolic link's changes come where it lies, the file's where that lies.
    let paths = files
        .iter()
        .flat_map(|(path, place)| [Some(path), place.as_ref()]);
    let own = settings.pattern.is_none().then_some(&settings.path);
    for path in paths.flatten().chain(own) {
        if let (Some(directory), Some(name)) = (path.parent(), path.file_name()) {
            if !name.as_bytes().starts_with(beginning.as_bytes()) {
                beginning = OsStr::new("");
            }
            let names = targets.entry(directory.to_owned()).or_default();
            names.insert(name.to_owned());
        }
    }
    targets
        .into_iter()
        .map(|(directory, names)| Target {
            directory,
            names,
            entries: [beginning.to_owned()].into(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::time::{Duration, Instant};

    use super::super::settings::{Budget, TailSettings};
    use super::*;

    #[test]
    fn a_new_directory_in_which_a_glob_may_match_is_watched_before_it_has_a_file() {
        let root = tempfile::tempdir().unwrap();
        let settings = TailSettings::new(root.path().join("*/app.log")).unwrap();
        let mut follower = Follower::new(settings, Vec::new(), Instant::now());
        let mut watching = Watching::default();
        let mut now = Instant::now();
        let mut watched = || {
            now += Duration::from_secs(1);
            follower.read(Budget { lines: 0, bytes: 0 }, now);
            watching.renew(&follower, &follower.files());
            let targets = watching.targets.iter();
            targets
                .map(|target| target.directory.clone())
                .collect::<Vec<_>>()
        };
        assert_eq!(watched(), [root.path()]);
        fs::create_dir(root.path().join("new")).unwrap();
        assert_eq!(watched(), [root.path().to_owned(), root.path().join("new")]);
    }

    #[test]
    fn a_path_hears_only_of_entries_named_like_it_and_a_glob_or_a_link_of_all() {
        let root = tempfile::tempdir().unwrap();
        fs::write(root.path().join("srv-1.log"), "").unwrap();
        std::os::unix::fs::symlink("srv-1.log", root.path().join("now.log")).unwrap();
        let entries = |path: &str| {
            let settings = TailSettings::new(root.path().join(path)).unwrap();
            let mut follower = Follower::new(settings, Vec::new(), Instant::now());
            follower.read(Budget { lines: 0, bytes: 0 }, Instant::now());
            let mut watching = Watching::default();
            watching.renew(&follower, &follower.files());
            let targets = watching.targets.iter();
            let entries = targets.flat_map(|target| target.entries.clone());
            entries.collect::<Vec<_>>()
        };
        assert_eq!(entries("srv-1.log"), ["srv-1"]);
        assert_eq!(entries("later.log"), ["later"]);
        for path in ["*.log", "now.log"] {
            assert_eq!(entries(path), [""], "{path}");
        }
    }
}
