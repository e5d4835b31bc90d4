//! The paths of a log and what is known of each, in the order of their bytes: to compare thousands
//! of paths component by component takes longer than to look at the files.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::Path;

use super::source::Facts;

/// One path of the log: what is there now, and what was there before.
#[derive(Clone, Debug, Default)]
pub(crate) struct Slot {
    pub(crate) present: Option<Facts>,
    /// Whether the glob matches it now.
    pub(crate) matched: bool,
    pub(crate) error: Option<String>,
    /// Whether it was there when the log was looked at for the first time ever.
    pub(crate) first_sight: bool,
    /// Whether it was not followed before the log's path was set to what it is.
    pub(crate) is_new: bool,
    /// Whether all that was there at first is told apart.
    pub(crate) settled: bool,
    /// Whether it was empty when last looked at: it may have been filled and cut since.
    pub(crate) was_empty: bool,
    /// How many looks found the directory changing under their eyes.
    pub(crate) unsettled: u32,
    /// Whether the files beside it must be looked through.
    pub(crate) census: bool,
    /// Whether a file is beside it that a rotation may have made and nobody knows.
    pub(crate) has_news: bool,
    /// How many contents have no file any more, of which no compressed copy was seen yet.
    pub(crate) gone: u32,
}

/// All paths of a log.
#[derive(Debug, Default)]
pub(crate) struct Slots(BTreeMap<OsString, Slot>);

impl Slots {
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn get(&self, path: &Path) -> Option<&Slot> {
        self.0.get(path.as_os_str())
    }

    pub(crate) fn get_mut(&mut self, path: &Path) -> Option<&mut Slot> {
        self.0.get_mut(path.as_os_str())
    }

    /// What is known of a path, which is a path of the log from now on.
    pub(crate) fn at(&mut self, path: &Path) -> &mut Slot {
        self.at_or(path, Slot::default)
    }

    /// As [`Self::at`]; of a new path this is known.
    pub(crate) fn at_or(&mut self, path: &Path, new: impl FnOnce() -> Slot) -> &mut Slot {
        self.0
            .entry(path.as_os_str().to_owned())
            .or_insert_with(new)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Path, &Slot)> {
        self.0.iter().map(|(path, slot)| (Path::new(path), slot))
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Slot> {
        self.0.values_mut()
    }

    pub(crate) fn retain(&mut self, mut keep: impl FnMut(&OsStr) -> bool) {
        self.0.retain(|path, _| keep(path));
    }

    /// The paths, sorted, to find the rank of one by [`slice::binary_search`].
    pub(crate) fn sorted(&self) -> Vec<&OsStr> {
        self.0.keys().map(OsString::as_os_str).collect()
    }
}
