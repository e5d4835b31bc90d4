//! Passwords and tokens in command lines, masked before anything is stored or shown.

mod arguments;
mod patterns;

pub use arguments::mask_arguments;
pub use patterns::{PATTERNS, Pattern};

use regex::{Regex, RegexBuilder};
use std::borrow::Cow;
use std::ops::Range;
use thiserror::Error;

/// What stands for a secret, whatever its length.
pub const MASK: &str = "***";

/// The largest compiled form of a configured pattern, in bytes.
const LARGEST_PATTERN_BYTES: usize = 1 << 20;

/// A configured pattern that is no regular expression, or too large a one.
#[derive(Debug, Error)]
#[error("the pattern `{pattern}` can't be used: {source}")]
pub struct PatternError {
    /// The pattern as it was configured.
    pub pattern: String,
    /// What the crate `regex` says.
    pub source: regex::Error,
}

/// Compiled patterns: the built-in ones, and those of the configuration.
#[derive(Debug)]
pub struct Patterns {
    patterns: Vec<Compiled>,
}

#[derive(Debug)]
struct Compiled {
    /// What must stand before: the name of a program.
    tool: Option<Regex>,
    secret: Regex,
}

impl Patterns {
    /// Compiles the built-in patterns and `extra` ones, in the syntax of the crate `regex`. What their
    /// groups match is masked; without groups, the whole match.
    ///
    /// # Errors
    /// The first pattern that is no regular expression or whose compiled form is larger than 1 MiB.
    pub fn new<'a>(extra: impl IntoIterator<Item = &'a str>) -> Result<Patterns, PatternError> {
        let mut patterns = Vec::new();
        for pattern in PATTERNS {
            patterns.push(Compiled::new(pattern.tool, pattern.regex)?);
        }
        for pattern in extra {
            patterns.push(Compiled::new("", pattern)?);
        }
        Ok(Patterns { patterns })
    }

    /// Whether [`Patterns::new`] takes this pattern.
    #[must_use]
    pub fn accepts(pattern: &str) -> bool {
        compile(pattern).is_ok()
    }

    /// Where the secrets of a text are, in order; they may overlap.
    fn secrets(&self, text: &str) -> Vec<Range<usize>> {
        let mut secrets: Vec<_> = self.patterns.iter().flat_map(|p| p.secrets(text)).collect();
        secrets.sort_by_key(|range| range.start);
        secrets
    }
}

impl Compiled {
    fn new(tool: &str, secret: &str) -> Result<Compiled, PatternError> {
        let tool = match tool {
            "" => None,
            tool => Some(compile(&format!(
                "(?:^|[^0-9A-Za-z_*]){tool}[0-9A-Za-z_.-]*"
            ))?),
        };
        Ok(Compiled {
            tool,
            secret: compile(secret)?,
        })
    }

    fn secrets(&self, text: &str) -> Vec<Range<usize>> {
        let from = match &self.tool {
            None => 0,
            Some(tool) => match tool.find(text) {
                Some(found) => found.end(),
                None => return Vec::new(),
            },
        };
        let behind = text.get(from..).unwrap_or_default();
        let whole = usize::from(self.secret.captures_len() > 1);
        let mut secrets = Vec::new();
        for found in self.secret.captures_iter(behind) {
            let groups = found.iter().skip(whole).flatten();
            let ranges = groups.map(|group| from + group.start()..from + group.end());
            secrets.extend(ranges.filter(|range| !range.is_empty()));
        }
        secrets
    }
}

fn compile(pattern: &str) -> Result<Regex, PatternError> {
    let built = RegexBuilder::new(pattern)
        .size_limit(LARGEST_PATTERN_BYTES)
        .build();
    built.map_err(|source| PatternError {
        pattern: pattern.to_owned(),
        source,
    })
}

/// The text with [`MASK`] in the place of every secret. The time is linear in the text's length, and
/// masking it again changes nothing (as long as no configured pattern takes the mask for a secret of
/// another place).
#[must_use]
pub fn mask<'t>(text: &'t str, patterns: &Patterns) -> Cow<'t, str> {
    let secrets = patterns.secrets(text);
    if secrets
        .iter()
        .all(|secret| text.get(secret.clone()) == Some(MASK))
    {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len());
    let mut done = 0;
    for secret in secrets {
        if secret.start >= done {
            shown.push_str(text.get(done..secret.start).unwrap_or_default());
            shown.push_str(MASK);
        }
        done = done.max(secret.end);
    }
    shown.push_str(text.get(done..).unwrap_or_default());
    Cow::Owned(shown)
}

#[cfg(test)]
mod tests;
