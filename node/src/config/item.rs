//! Typed reading of a tree: each reader answers the value or records what is wrong and goes on.

mod table;

use std::collections::HashMap;
use std::fmt::Display;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use super::duration;
use super::error::Problems;
use super::format::{Tree, Value, quoted};

pub(super) use table::{Table, nearest};

/// A value, the path of the key that holds it, and where to report.
pub(super) struct Item<'a> {
    tree: &'a Tree,
    path: String,
    problems: &'a Problems,
}

/// Values that may be given once only, with the key path of the first.
#[derive(Default)]
pub(super) struct Seen(HashMap<String, String>);

impl<'a> Item<'a> {
    pub(super) fn root(tree: &'a Tree, problems: &'a Problems) -> Self {
        Self {
            tree,
            path: String::new(),
            problems,
        }
    }

    /// The key path, such as `logs[0].name`.
    pub(super) fn path(&self) -> &str {
        &self.path
    }

    /// Records "found this; accepted: that".
    pub(super) fn refuse<T>(&self, accepted: impl Display) -> Option<T> {
        // Someone may have written the token itself: logs are no place for it.
        let scalar = !matches!(
            self.tree.value,
            Value::Null | Value::List(_) | Value::Table(_)
        );
        if scalar && self.path.starts_with("auth.tokens") {
            return self.reject(&format!(
                "found a value that is not shown; accepted: {accepted}"
            ));
        }
        self.reject(&format!(
            "found {}; accepted: {accepted}",
            self.tree.found()
        ))
    }

    /// Records a problem in other words.
    pub(super) fn reject<T>(&self, message: &str) -> Option<T> {
        self.problems.push(&self.tree.place, &self.path, message);
        None
    }

    /// Reads a mapping through `read`, then refuses the keys that it did not ask for.
    pub(super) fn table<T>(&self, read: impl FnOnce(&mut Table<'a>) -> Option<T>) -> Option<T> {
        let entries = match &self.tree.value {
            Value::Null => &[],
            Value::Table(entries) => entries.as_slice(),
            _ if self.path.is_empty() => {
                return self.refuse("sections with their keys, such as `refresh:`");
            }
            _ => return self.refuse("a mapping of keys"),
        };
        Table::read(self, entries, read)
    }

    /// Reads every item of a list; `None` when the value is no list or any of its items is refused.
    pub(super) fn list<T>(&self, mut read: impl FnMut(&Item<'a>) -> Option<T>) -> Option<Vec<T>> {
        let Value::List(items) = &self.tree.value else {
            return self.refuse("a list");
        };
        let read_all: Vec<Option<T>> = items
            .iter()
            .enumerate()
            .map(|(index, tree)| {
                let path = format!("{}[{index}]", self.path);
                read(&Item {
                    tree,
                    path,
                    problems: self.problems,
                })
            })
            .collect();
        read_all.into_iter().collect()
    }

    /// Reads one value or a list of at least one.
    pub(super) fn one_or_list<T>(
        &self,
        mut read: impl FnMut(&Item<'a>) -> Option<T>,
    ) -> Option<Vec<T>> {
        match &self.tree.value {
            Value::List(items) if items.is_empty() => {
                self.reject("found an empty list; accepted: one or more")
            }
            Value::List(_) => self.list(read),
            _ => read(self).map(|one| vec![one]),
        }
    }

    pub(super) fn flag(&self) -> Option<bool> {
        match &self.tree.value {
            Value::Flag(flag) => Some(*flag),
            Value::Variable(text) if text == "true" => Some(true),
            Value::Variable(text) if text == "false" => Some(false),
            _ => self.refuse("true or false"),
        }
    }

    /// Reads a whole number in the range.
    pub(super) fn whole<T>(&self, range: RangeInclusive<T>) -> Option<T>
    where
        T: TryFrom<i128> + PartialOrd + Display,
    {
        let number = match &self.tree.value {
            Value::Integer(number) => Some(*number),
            Value::Variable(text) => text.parse().ok(),
            _ => None,
        };
        match number.and_then(|number| T::try_from(number).ok()) {
            Some(number) if range.contains(&number) => Some(number),
            _ => self.refuse(format!(
                "a whole number {} to {}",
                range.start(),
                range.end()
            )),
        }
    }

    pub(super) fn duration(&self, range: RangeInclusive<Duration>) -> Option<Duration> {
        let parsed = match &self.tree.value {
            Value::Text(text) | Value::Variable(text) => duration::parse(text),
            Value::Integer(number) if *number > 0 => {
                Err(duration::Fault::NoUnit(number.to_string()))
            }
            _ => Err(duration::Fault::Malformed),
        };
        match parsed {
            Ok(parsed) if range.contains(&parsed) => Some(parsed),
            Ok(_) => self.refuse(duration::accepted(&range)),
            Err(fault) => self.refuse(format!("{}{fault}", duration::accepted(&range))),
        }
    }

    /// Reads a text that is not empty.
    pub(super) fn text(&self) -> Option<&'a str> {
        match &self.tree.value {
            Value::Text(text) | Value::Variable(text) if !text.is_empty() => Some(text),
            Value::Integer(_) | Value::Decimal(_) | Value::Flag(_) => {
                self.refuse("text; put it in quotes")
            }
            _ => self.refuse("text that is not empty"),
        }
    }

    /// Reads a name that can stand in a URL's path and on one line.
    pub(super) fn name(&self) -> Option<String> {
        const LONGEST: usize = 128;
        let name = self.text()?;
        let fits = name.len() <= LONGEST
            && name.trim() == name
            && !name.contains(|c: char| c == '/' || c.is_control())
            && !matches!(name, "." | "..");
        if fits {
            return Some(name.to_owned());
        }
        self.refuse("a name of at most 128 bytes without slash, control or outer blanks")
    }

    pub(super) fn absolute_path(&self) -> Option<PathBuf> {
        match self.text()? {
            path if path.starts_with('/') && !path.contains('\0') => Some(PathBuf::from(path)),
            _ => self.refuse("an absolute path"),
        }
    }

    /// The text of a scalar that needs a reader of its own; nothing is recorded.
    pub(super) fn scalar_text(&self) -> Option<&'a str> {
        match &self.tree.value {
            Value::Text(text) | Value::Variable(text) => Some(text),
            _ => None,
        }
    }

    /// Reads a name that no earlier item of the list has.
    pub(super) fn unique_name(&self, seen: &mut Seen) -> Option<String> {
        let name = self.name()?;
        self.once(seen, &name, &quoted(&name)).map(|()| name)
    }

    /// Refuses a value that an earlier item of the list has taken; `shown` is how messages name it.
    pub(super) fn once(&self, seen: &mut Seen, value: &str, shown: &str) -> Option<()> {
        if let Some(first) = seen.0.get(value) {
            return self.reject(&format!("found {shown}, which is also {first}"));
        }
        seen.0.insert(value.to_owned(), self.path.clone());
        Some(())
    }
}
