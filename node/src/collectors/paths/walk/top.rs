//! The biggest of the root's own entries.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::sync::{Mutex, PoisonError};

use super::measure::{Mtime, Sums};

/// One of the root's own entries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopEntry {
    /// Its name in the root.
    pub name: OsString,
    /// Whether it is a directory.
    pub kind: EntryKind,
    /// Its size, or for a directory that of all entries below it that are not directories.
    pub bytes: u64,
    /// Entries below it that are not directories; 1 for what is not a directory itself.
    pub file_count: u64,
    /// Its modification time, or for a directory the latest below; `None` if it has no files.
    pub mtime: Option<Mtime>,
}

/// What a [`TopEntry`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryKind {
    /// Anything but a directory.
    File,
    /// A directory.
    Dir,
}

/// The biggest entries met so far, the least of them first to go.
pub(super) struct Top {
    keep: usize,
    entries: Mutex<BinaryHeap<Reverse<Ranked>>>,
}

impl Top {
    /// Keeps so many.
    pub(super) fn new(keep: usize) -> Self {
        Self {
            keep,
            entries: Mutex::default(),
        }
    }

    /// Whether anybody wants to know them.
    pub(super) fn is_wanted(&self) -> bool {
        self.keep > 0
    }

    /// Takes them, biggest first, equals by name.
    pub(super) fn take(&self) -> Vec<TopEntry> {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let sorted = std::mem::take(&mut *entries).into_sorted_vec();
        sorted
            .into_iter()
            .map(|Reverse(Ranked(entry))| entry)
            .collect()
    }

    /// Keeps an entry if it is among the biggest.
    pub(super) fn offer(&self, name: &[u8], kind: EntryKind, sums: &Sums) {
        if !self.is_wanted() {
            return;
        }
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        if entries.len() >= self.keep {
            let least = entries
                .peek()
                .map_or(0, |Reverse(Ranked(least))| least.bytes);
            if sums.bytes < least {
                return;
            }
        }
        entries.push(Reverse(Ranked(TopEntry {
            name: OsStr::from_bytes(name).to_owned(),
            kind,
            bytes: sums.bytes,
            file_count: sums.files,
            mtime: sums.newest,
        })));
        if entries.len() > self.keep {
            entries.pop();
        }
    }
}

/// Ordered by size; of two equals the one whose name comes first is the greater.
struct Ranked(TopEntry);

impl Ord for Ranked {
    fn cmp(&self, other: &Self) -> Ordering {
        let by_bytes = self.0.bytes.cmp(&other.0.bytes);
        by_bytes.then_with(|| other.0.name.cmp(&self.0.name))
    }
}

impl PartialOrd for Ranked {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Ranked {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Ranked {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_biggest_are_kept_in_order_and_equals_by_name() {
        let top = Top::new(3);
        for (name, bytes) in [("d", 5), ("a", 5), ("z", 9), ("b", 5), ("c", 1)] {
            let sums = Sums {
                bytes,
                ..Sums::default()
            };
            top.offer(name.as_bytes(), EntryKind::File, &sums);
        }
        let kept = top.take();
        let names: Vec<_> = kept
            .iter()
            .map(|entry| entry.name.to_str().unwrap())
            .collect();
        assert_eq!(names, ["z", "a", "b"]);
    }
}
