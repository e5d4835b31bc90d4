//! Environment variables `ETLMON_SECTION__KEY`, laid over the tree of the file.

use std::collections::BTreeMap;
use std::ffi::OsString;

use super::error::{Place, Problems, one_line};
use super::format::{self, Entry, Tree, Value};

const PREFIX: &str = "ETLMON_";
const LEVEL: &str = "__";

/// An environment: sorted, so that a shorter name is laid before the longer ones below it.
pub(super) type Variables = BTreeMap<OsString, OsString>;

/// Sets in `root` what the variables say. One without `__` is not configuration and left alone.
pub(super) fn overlay(root: &mut Tree, variables: &Variables, problems: &Problems) {
    for (name, value) in variables {
        let shown = name.to_string_lossy();
        let Some(keys) = shown.strip_prefix(PREFIX) else {
            continue;
        };
        if !shown.contains(LEVEL) {
            continue;
        }
        let place = Place::Variable(one_line(&shown));
        // Lower case is kept apart, so that one key cannot be set by two spellings.
        if keys.chars().any(|character| character.is_lowercase()) {
            problems.push(
                &place,
                "",
                "unknown variable; its name is written in capitals",
            );
            continue;
        }
        let Some(text) = value.to_str() else {
            problems.push(&place, "", "the value is not UTF-8");
            continue;
        };
        if keys.split(LEVEL).count() > format::DEEPEST {
            problems.push(&place, "", "unknown variable; no key lies this deep");
            continue;
        }
        let keys = keys.to_ascii_lowercase();
        let leaf = Tree {
            value: scalar_or_collection(text, &place),
            place,
        };
        let mut path = Vec::new();
        set(root, keys.split(LEVEL), leaf, &mut path, problems);
    }
}

/// Lists and mappings are written as in YAML; all else is one scalar, whatever YAML would make of it,
/// so that `[::1]:8080` needs no quotes.
fn scalar_or_collection(text: &str, place: &Place) -> Value {
    match format::parse(text) {
        Ok(mut tree) if matches!(tree.value, Value::List(_) | Value::Table(_)) => {
            relocate(&mut tree, place);
            tree.value
        }
        _ => Value::Variable(text.to_owned()),
    }
}

fn relocate(tree: &mut Tree, place: &Place) {
    tree.place = place.clone();
    match &mut tree.value {
        Value::List(items) => items.iter_mut().for_each(|item| relocate(item, place)),
        Value::Table(entries) => {
            for entry in entries {
                entry.place = place.clone();
                relocate(&mut entry.tree, place);
            }
        }
        _ => {}
    }
}

fn set<'k>(
    tree: &mut Tree,
    mut keys: impl Iterator<Item = &'k str>,
    leaf: Tree,
    path: &mut Vec<&'k str>,
    problems: &Problems,
) {
    let Some(key) = keys.next() else {
        *tree = leaf;
        return;
    };
    if matches!(tree.value, Value::Null) {
        *tree = Tree {
            value: Value::Table(Vec::new()),
            place: leaf.place.clone(),
        };
    }
    let shape = if matches!(tree.value, Value::List(_)) {
        "a list"
    } else {
        "a single value"
    };
    let Value::Table(entries) = &mut tree.value else {
        let message = format!("a variable sets keys of a mapping only, and this is {shape}");
        problems.push(&leaf.place, &path.join("."), &message);
        return;
    };
    path.push(key);
    let index = entries
        .iter()
        .position(|entry| entry.name == key)
        .unwrap_or_else(|| {
            let place = leaf.place.clone();
            entries.push(Entry {
                name: key.to_owned(),
                place: place.clone(),
                tree: Tree::empty(place),
            });
            entries.len() - 1
        });
    if let Some(entry) = entries.get_mut(index) {
        set(&mut entry.tree, keys, leaf, path, problems);
    }
}

/// Variables that look like a section but are not read, since they hold no `__`.
pub(super) fn near_misses(variables: &Variables, sections: &[&str]) -> Vec<String> {
    let misses = variables.keys().filter_map(|name| {
        let name = name.to_str()?;
        let section = name.strip_prefix(PREFIX)?.to_ascii_lowercase();
        // ETLMON_NODE is meant for `etlmon get`: it says which node to ask.
        let is_of_client = section == "node";
        (!is_of_client && sections.contains(&section.as_str())).then(|| {
            format!(
                "{name} is not read: a variable sets a key within a section, such as \
                 ETLMON_REFRESH__DISK"
            )
        })
    });
    misses.collect()
}
