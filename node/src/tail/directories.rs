//! What is in directories, listed once for all followers whose rotated files may be in the same one.
//!
//! Hundreds of logs often lie side by side. Would each list their directory for itself after every
//! rotation of another, that would take the square of their number.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::fs::{self, Metadata};
use std::io;
use std::ops::Range;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use super::source;

/// A directory that was just changed may be so again at what its file system takes for the same
/// time.
const SETTLED_NS: i64 = 2_000_000_000;
/// A listing is kept for so long after somebody has asked for it.
const KEPT: Duration = Duration::from_secs(10);
/// A listing of more names is not: it takes megabytes, and those who need it are seldom many.
const MOST_KEPT: usize = 100_000;

/// The last listings of directories. A clone is the same.
#[derive(Clone, Debug, Default)]
pub(super) struct Directories(Arc<Mutex<HashMap<PathBuf, Kept>>>);

#[derive(Debug)]
struct Kept {
    listing: Arc<Names>,
    asked_at: Instant,
}

/// A state of a directory: its device, inode and the times of its last change and of the last one of its
/// entries (inode(7)). Entries that come, go or are renamed change both, and nobody can set the first,
/// which some file systems of FUSE do not know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Version {
    device: u64,
    inode: u64,
    changed_ns: [i64; 2],
}

impl Version {
    /// That of a directory now.
    ///
    /// # Errors
    /// Those of stat(2).
    pub(super) fn of(directory: &Path) -> io::Result<Self> {
        fs::metadata(directory).map(|metadata| Self::from(&metadata))
    }
}

impl From<&Metadata> for Version {
    fn from(metadata: &Metadata) -> Self {
        let of = |seconds: i64, rest| seconds.saturating_mul(1_000_000_000).saturating_add(rest);
        Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            changed_ns: [
                of(metadata.ctime(), metadata.ctime_nsec()),
                of(metadata.mtime(), metadata.mtime_nsec()),
            ],
        }
    }
}

/// The names in a directory.
#[derive(Debug)]
pub(super) struct Names {
    version: Version,
    /// Whether whatever changes the directory afterwards changes its version.
    pub(super) is_settled: bool,
    began: Instant,
    bytes: Vec<u8>,
    /// Where each is in `bytes`, in the order of the names.
    places: Vec<Range<usize>>,
}

impl Names {
    fn list(directory: &Path, version: Version, now: Instant) -> io::Result<Self> {
        let asked_ns = source::nanoseconds(SystemTime::now());
        let (mut bytes, mut places) = (Vec::new(), Vec::new());
        for entry in fs::read_dir(directory)? {
            let begin = bytes.len();
            bytes.extend_from_slice(entry?.file_name().as_bytes());
            places.push(begin..bytes.len());
        }
        bytes.shrink_to_fit();
        places.shrink_to_fit();
        let name = |place: &Range<usize>| bytes.get(place.clone());
        places.sort_unstable_by(|one, other| name(one).cmp(&name(other)));
        Ok(Self {
            version,
            is_settled: (version.changed_ns.iter()).all(|changed_ns| {
                asked_ns.saturating_sub(*changed_ns).saturating_abs() > SETTLED_NS
            }),
            began: now,
            bytes,
            places,
        })
    }

    /// Those that begin so, in order.
    pub(super) fn starting_with<'a>(&'a self, prefix: &'a [u8]) -> impl Iterator<Item = &'a OsStr> {
        let name = |place: &Range<usize>| self.bytes.get(place.clone()).unwrap_or_default();
        let first = (self.places).partition_point(|place| name(place) < prefix);
        let names = self.places.iter().skip(first).map(name);
        let found = names.take_while(move |name| name.starts_with(prefix));
        found.map(OsStr::from_bytes)
    }
}

impl Directories {
    /// The names in a directory that had this version just now. Of one that is not settled they may
    /// be as old as `age`.
    ///
    /// # Errors
    /// Those of opendir(3) and readdir(3).
    pub(super) fn names(
        &self,
        directory: &Path,
        version: Version,
        age: Duration,
        now: Instant,
    ) -> io::Result<Arc<Names>> {
        let mut all = self.all();
        if let Some(kept) = all.get_mut(directory)
            && kept.listing.version == version
            && (kept.listing.is_settled || now.saturating_duration_since(kept.listing.began) < age)
        {
            kept.asked_at = now;
            return Ok(Arc::clone(&kept.listing));
        }
        // It may hang with its server, and nobody is to wait for that one.
        drop(all);
        let listing = Arc::new(Names::list(directory, version, now)?);
        if listing.places.len() > MOST_KEPT {
            return Ok(listing);
        }
        let kept = Kept {
            listing: Arc::clone(&listing),
            asked_at: now,
        };
        self.all().insert(directory.to_path_buf(), kept);
        Ok(listing)
    }

    /// Lets go of what nobody asks for any more.
    pub(super) fn tidy(&self, now: Instant) {
        self.all()
            .retain(|_, kept| now.saturating_duration_since(kept.asked_at) < KEPT);
    }

    /// What is in there is put there whole.
    fn all(&self) -> MutexGuard<'_, HashMap<PathBuf, Kept>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn listed(directories: &Directories, directory: &Path, now: Instant) -> Arc<Names> {
        let version = Version::of(directory).unwrap();
        let listed = directories.names(directory, version, SECOND, now);
        listed.unwrap()
    }

    fn settled(directories: &Directories, directory: &Path, now: Instant) -> Arc<Names> {
        let began = Instant::now();
        while began.elapsed() < Duration::from_secs(10) {
            let names = listed(directories, directory, now + began.elapsed());
            if names.is_settled {
                return names;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("the directory does not settle");
    }

    #[test]
    fn the_names_that_begin_alike_are_found() {
        let folder = tempfile::tempdir().unwrap();
        for name in [
            "b",
            "app.log",
            "app.log.1",
            "app",
            "apq",
            "ao",
            "app.log-2026",
        ] {
            File::create(folder.path().join(name)).unwrap();
        }
        let names = listed(&Directories::default(), folder.path(), Instant::now());
        let found =
            |prefix: &'static str| names.starting_with(prefix.as_bytes()).collect::<Vec<_>>();
        assert_eq!(found("app.log"), ["app.log", "app.log-2026", "app.log.1"]);
        assert_eq!(found("").len(), 7);
        assert_eq!(found("c"), [""; 0]);
    }

    #[test]
    fn a_directory_is_listed_once_for_all_until_it_changes() {
        let folder = tempfile::tempdir().unwrap();
        let (directories, now) = (Directories::default(), Instant::now());
        let first = listed(&directories, folder.path(), now);
        // It may have changed within one tick of its clock, so that is believed for a while only.
        assert!(!first.is_settled);
        let shared = listed(&directories.clone(), folder.path(), now + SECOND / 2);
        assert!(Arc::ptr_eq(&first, &shared));
        let again = listed(&directories, folder.path(), now + SECOND);
        assert!(!Arc::ptr_eq(&first, &again));
        let settled = settled(&directories, folder.path(), now + SECOND);
        let much_later = listed(&directories, folder.path(), now + 100 * SECOND);
        assert!(Arc::ptr_eq(&settled, &much_later));
        File::create(folder.path().join("new")).unwrap();
        let changed = listed(&directories, folder.path(), now + 100 * SECOND);
        assert_eq!(changed.starting_with(b"new").count(), 1);
    }

    #[test]
    fn what_nobody_asks_for_is_let_go() {
        let folder = tempfile::tempdir().unwrap();
        let (directories, now) = (Directories::default(), Instant::now());
        listed(&directories, folder.path(), now);
        directories.tidy(now + KEPT / 2);
        assert_eq!(directories.all().len(), 1);
        directories.tidy(now + KEPT);
        assert_eq!(directories.all().len(), 0);
    }
}
