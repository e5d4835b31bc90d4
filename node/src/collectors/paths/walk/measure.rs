//! Bytes and times of a walk that measures.

use std::collections::{HashMap, HashSet};
use std::ffi::CStr;
use std::sync::{Arc, Mutex, PoisonError};

use rustix::fs::{Statx, StatxFlags};

use super::top::{EntryKind, Top, TopEntry};

/// What [`Measure::add`] needs to know of an entry.
pub(super) const NEEDED: StatxFlags = StatxFlags::TYPE
    .union(StatxFlags::SIZE)
    .union(StatxFlags::MTIME)
    .union(StatxFlags::NLINK)
    .union(StatxFlags::INO);

/// A modification time as the kernel gives it (statx(2)).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mtime {
    /// Seconds since 1970-01-01 00:00 UTC, negative before.
    pub sec: i64,
    /// Nanoseconds after that second.
    pub nsec: u32,
}

impl Mtime {
    /// Milliseconds since 1970-01-01 00:00 UTC, or the nearest an `i64` holds.
    #[must_use]
    pub fn epoch_ms(self) -> i64 {
        self.sec
            .saturating_mul(1000)
            .saturating_add(i64::from(self.nsec / 1_000_000))
    }
}

/// What a walk that measures found besides the counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sizes {
    /// The sizes (`st_size`) of all entries that are not directories. A file with several names
    /// (hard links) is added once, at the first that is met.
    pub total_bytes: u64,
    /// The latest modification time of an entry that is not a directory.
    pub newest_mtime: Option<Mtime>,
    /// The earliest.
    pub oldest_mtime: Option<Mtime>,
    /// The biggest of the root's own entries, biggest first, equals by name. A directory that was
    /// not entered (a mount point, one that is unreadable or too deep) is not among them.
    pub top: Vec<TopEntry>,
}

/// Sums over some entries that are not directories.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sums {
    pub(super) files: u64,
    pub(super) bytes: u64,
    pub(super) newest: Option<Mtime>,
    pub(super) oldest: Option<Mtime>,
}

impl Sums {
    fn one(bytes: u64, mtime: Mtime) -> Self {
        Self {
            files: 1,
            bytes,
            newest: Some(mtime),
            oldest: Some(mtime),
        }
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.files = self.files.saturating_add(other.files);
        self.bytes = self.bytes.saturating_add(other.bytes);
        self.newest = self.newest.max(other.newest);
        self.oldest = match (self.oldest, other.oldest) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
    }
}

/// What the threads of one walk that measures share.
pub(super) struct Measure {
    links: Mutex<HashMap<(u32, u32), HashSet<u64>>>,
    top: Arc<Top>,
}

impl Measure {
    pub(super) fn new(top_entries: usize) -> Self {
        Self {
            links: Mutex::default(),
            top: Arc::new(Top::new(top_entries)),
        }
    }

    /// Adds an entry that is not a directory. `in_root` is its name if it is one of the root's own.
    pub(super) fn add(&self, sums: &mut Sums, found: &Statx, in_root: Option<&CStr>) {
        let mtime = Mtime {
            sec: found.stx_mtime.tv_sec,
            nsec: found.stx_mtime.tv_nsec,
        };
        let bytes = if self.is_first_link(found) {
            found.stx_size
        } else {
            0
        };
        let one = Sums::one(bytes, mtime);
        sums.merge(&one);
        if let Some(name) = in_root {
            self.top.offer(name.to_bytes(), EntryKind::File, &one);
        }
    }

    fn is_first_link(&self, found: &Statx) -> bool {
        if found.stx_nlink < 2 {
            return true;
        }
        let device = (found.stx_dev_major, found.stx_dev_minor);
        let mut links = self.links.lock().unwrap_or_else(PoisonError::into_inner);
        links.entry(device).or_default().insert(found.stx_ino)
    }

    /// Starts to sum up one of the root's own directories; `None` if nobody wants to know.
    pub(super) fn child(&self, name: &CStr) -> Option<Arc<Child>> {
        self.top.is_wanted().then(|| {
            let name = name.to_bytes().into();
            Arc::new(Child {
                name,
                top: Arc::clone(&self.top),
                sums: Mutex::default(),
            })
        })
    }

    /// Closes the account. The caller has dropped every [`Child`].
    pub(super) fn finish(&self, sums: &Sums) -> Sizes {
        Sizes {
            total_bytes: sums.bytes,
            newest_mtime: sums.newest,
            oldest_mtime: sums.oldest,
            top: self.top.take(),
        }
    }
}

/// One of the root's own directories while anything below it is still to be read. It takes its
/// place among the biggest when the last part of it is done, so a million of them cost nothing.
pub(super) struct Child {
    name: Box<[u8]>,
    top: Arc<Top>,
    sums: Mutex<Sums>,
}

impl Child {
    pub(super) fn merge(&self, sums: &Sums) {
        self.sums
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .merge(sums);
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        let sums = self.sums.get_mut().unwrap_or_else(PoisonError::into_inner);
        self.top.offer(&self.name, EntryKind::Dir, sums);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_child_is_ranked_when_its_last_part_is_done() {
        let measure = Measure::new(1);
        let child = measure.child(c"d").unwrap();
        let other = Arc::clone(&child);
        let mtime = Mtime {
            sec: -1,
            nsec: 5_000_000,
        };
        other.merge(&Sums::one(7, mtime));
        drop(child);
        assert!(measure.finish(&Sums::default()).top.is_empty());
        drop(other);
        let entry = TopEntry {
            name: "d".into(),
            kind: EntryKind::Dir,
            bytes: 7,
            file_count: 1,
            mtime: Some(mtime),
        };
        assert_eq!(measure.finish(&Sums::default()).top, [entry]);
        assert_eq!(mtime.epoch_ms(), -995);
    }
}
