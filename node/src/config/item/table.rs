//! A mapping of the tree, whose keys are asked for by name.

use super::super::error::{Place, Problems};
use super::super::format::{Entry, Value};
use super::Item;

/// More of an unknown key is not repeated in its error message.
const LONGEST_KEY: usize = 60;

/// A mapping whose keys are asked for by name.
pub(in crate::config) struct Table<'a> {
    entries: &'a [Entry],
    place: &'a Place,
    path: String,
    problems: &'a Problems,
    known: Vec<&'static str>,
}

impl<'a> Table<'a> {
    /// Reads the keys of an item; those that are not asked for are refused.
    pub(super) fn read<T>(
        item: &Item<'a>,
        entries: &'a [Entry],
        read: impl FnOnce(&mut Self) -> Option<T>,
    ) -> Option<T> {
        let mut table = Self {
            entries,
            place: &item.tree.place,
            path: item.path.clone(),
            problems: item.problems,
            known: Vec::new(),
        };
        let read = read(&mut table);
        table.refuse_unknown();
        read
    }

    /// The value of a key; `None` where it is absent or null.
    pub(in crate::config) fn get(&mut self, name: &'static str) -> Option<Item<'a>> {
        self.known.push(name);
        let entry = self.entries.iter().find(|entry| entry.name == name)?;
        let path = self.path_of(name);
        let given = !matches!(entry.tree.value, Value::Null);
        given.then_some(Item {
            tree: &entry.tree,
            path,
            problems: self.problems,
        })
    }

    /// Reads an optional key into `target`, which keeps its value where the key is not given.
    pub(in crate::config) fn set<T>(
        &mut self,
        name: &'static str,
        target: &mut T,
        read: impl FnOnce(&Item<'a>) -> Option<T>,
    ) {
        if let Some(value) = self.get(name).and_then(|item| read(&item)) {
            *target = value;
        }
    }

    /// Reads a key that must be given.
    pub(in crate::config) fn require<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&Item<'a>) -> Option<T>,
    ) -> Option<T> {
        match self.get(name) {
            Some(item) => read(&item),
            None => self.reject(&format!("the key `{name}` is missing")),
        }
    }

    /// Records a problem of the mapping as a whole.
    pub(in crate::config) fn reject<T>(&self, message: &str) -> Option<T> {
        self.problems.push(self.place, &self.path, message);
        None
    }

    /// Reads a mapping below this one into what `read` holds.
    pub(in crate::config) fn section(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&Item<'a>) -> Option<()>,
    ) {
        self.set(name, &mut (), read);
    }

    /// The keys asked for so far, and those of them that are given.
    pub(in crate::config) fn keys(&self) -> (Vec<&'static str>, Vec<&'static str>) {
        let given = |name: &&str| {
            let is_given =
                |entry: &Entry| entry.name == *name && !matches!(entry.tree.value, Value::Null);
            self.entries.iter().any(is_given)
        };
        (
            self.known.clone(),
            self.known.iter().copied().filter(given).collect(),
        )
    }

    fn path_of(&self, name: &str) -> String {
        if self.path.is_empty() {
            name.to_owned()
        } else {
            format!("{}.{name}", self.path)
        }
    }

    fn refuse_unknown(&self) {
        for entry in self.entries {
            if self.known.contains(&entry.name.as_str()) {
                continue;
            }
            let message = match nearest(&entry.name, &self.known) {
                Some(known) => format!("unknown key; did you mean `{known}`?"),
                None => format!("unknown key; accepted: {}", self.known.join(", ")),
            };
            let name: String = entry.name.chars().take(LONGEST_KEY).collect();
            self.problems
                .push(&entry.place, &self.path_of(&name), &message);
        }
    }
}

/// The known key that differs in at most a third of its letters.
pub(in crate::config) fn nearest(name: &str, known: &[&'static str]) -> Option<&'static str> {
    let folded = name.to_lowercase();
    let distance = |known: &&'static str| strsim::osa_distance(&folded, known);
    let nearest = known.iter().copied().min_by_key(distance)?;
    (distance(&nearest) * 3 <= nearest.len().max(name.len())).then_some(nearest)
}
