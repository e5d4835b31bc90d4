//! Section `secrets`: what is hidden in command lines beside the secrets that are known anyway.

use serde::Serialize;

use super::item::Item;
use super::processes::{self, Pattern};
use crate::secrets::{PatternError, Patterns};

/// Section `secrets`.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct SecretsConfig {
    /// What their groups match is hidden; without groups, the whole match.
    pub patterns: Vec<Pattern>,
}

impl SecretsConfig {
    /// The built-in patterns and the configured ones.
    ///
    /// # Errors
    /// A pattern's compiled form is larger than 1 MiB; a configuration with such a one is refused.
    pub fn compiled(&self) -> Result<Patterns, PatternError> {
        Patterns::new(self.patterns.iter().map(|pattern| pattern.regex().as_str()))
    }

    pub(super) fn read(&mut self, item: &Item<'_>) -> Option<()> {
        item.table(|table| {
            table.set("patterns", &mut self.patterns, |item| item.list(pattern));
            Some(())
        })
    }
}

fn pattern(item: &Item<'_>) -> Option<Pattern> {
    let pattern = processes::read_pattern(item)?;
    if Patterns::accepts(pattern.regex().as_str()) {
        Some(pattern)
    } else {
        item.refuse("a regular expression that compiles to less than 1 MiB")
    }
}
