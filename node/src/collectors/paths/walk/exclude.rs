//! What a walk leaves out: gitignore-style globs, matched on the bytes of a name.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use ignore::gitignore::{Gitignore, GitignoreBuilder};

/// A set of gitignore-style globs (gitignore(5)) relative to the root of a walk: `*.tmp` matches at
/// any depth, `/cache` only at the root, `old/` only directories, `!keep.tmp` takes a match back
/// unless a directory above it is excluded. Later patterns win. The default set is empty.
#[derive(Clone, Debug)]
pub struct Excludes {
    globs: Gitignore,
}

/// A pattern that is no glob or could never match.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("bad exclude pattern \"{pattern}\": {reason}")]
pub struct ExcludeError {
    /// The pattern as it was given.
    pub pattern: String,
    /// What is wrong with it.
    pub reason: String,
}

impl Default for Excludes {
    fn default() -> Self {
        Self {
            globs: Gitignore::empty(),
        }
    }
}

impl Excludes {
    /// Compiles the patterns. They do not depend on the root, so that a configuration can be
    /// checked without one.
    ///
    /// # Errors
    /// At the first pattern that is malformed, blank, or a `#` comment.
    pub fn new(patterns: &[String]) -> Result<Self, ExcludeError> {
        // With "." as its root the matcher never strips a prefix from the relative paths given.
        let mut builder = GitignoreBuilder::new(".");
        builder.allow_unclosed_class(false);
        for pattern in patterns {
            let refuse = |reason: String| ExcludeError {
                pattern: pattern.clone(),
                reason,
            };
            if matches!(pattern.trim(), "" | "!" | "/" | "!/") {
                return Err(refuse("it is empty".to_owned()));
            }
            if pattern.starts_with('#') {
                return Err(refuse(
                    "it is a comment; write \\# for a name with #".to_owned(),
                ));
            }
            builder
                .add_line(None, pattern)
                .map_err(|error| refuse(reason_of(error)))?;
        }
        let globs = builder.build().map_err(|error| ExcludeError {
            pattern: patterns.join("\", \""),
            reason: reason_of(error),
        })?;
        Ok(Self { globs })
    }

    /// Whether there is nothing to match, so that no path need be built.
    pub(super) fn is_empty(&self) -> bool {
        self.globs.is_empty()
    }

    /// Whether to leave out the entry at `path`, which is relative to the root.
    pub(super) fn matches(&self, path: &[u8], is_dir: bool) -> bool {
        self.globs
            .matched(Path::new(OsStr::from_bytes(path)), is_dir)
            .is_ignore()
    }
}

/// The reason alone, where the error would repeat the pattern.
fn reason_of(error: ignore::Error) -> String {
    match error {
        ignore::Error::Glob { err, .. } => err,
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn excludes(patterns: &[&str]) -> Excludes {
        let patterns: Vec<String> = patterns.iter().map(|&pattern| pattern.to_owned()).collect();
        Excludes::new(&patterns).unwrap()
    }

    #[test]
    fn patterns_follow_gitignore() {
        for (patterns, path, is_dir, expected) in [
            (&["*.tmp"][..], &b"a.tmp"[..], false, true),
            (&["*.tmp"], b"deep/er/a.tmp", false, true),
            (&["*.tmp"], b"a.tmpx", false, false),
            (&["/cache"], b"cache", true, true),
            (&["/cache"], b"sub/cache", true, false),
            (&["old/"], b"x/old", true, true),
            (&["old/"], b"x/old", false, false),
            (&["a/*/c"], b"a/b/c", false, true),
            (&["a/*/c"], b"a/b/b/c", false, false),
            (&["a/**/c"], b"a/b/b/c", false, true),
            (&["*.tmp", "!keep.tmp"], b"keep.tmp", false, false),
            (&["!keep.tmp", "*.tmp"], b"keep.tmp", false, true),
            (&["\\#x"], b"#x", false, true),
            (&["b?d*"], b"b\xffd\xfe", false, true),
            (&["new*line"], b"new\nline", false, true),
            (&[".hidden"], b".hidden", false, true),
        ] {
            let found = excludes(patterns).matches(path, is_dir);
            assert_eq!(
                found,
                expected,
                "{patterns:?} {:?}",
                OsStr::from_bytes(path)
            );
        }
    }

    #[test]
    fn a_bad_pattern_is_named_with_its_reason() {
        for (pattern, reason) in [
            ("", "it is empty"),
            ("  ", "it is empty"),
            ("!", "it is empty"),
            ("# note", "it is a comment; write \\# for a name with #"),
            ("a[b", "unclosed character class; missing ']'"),
            (
                "{a,b",
                "unclosed alternate group; missing '}' (maybe escape '{' with '[{]'?)",
            ),
        ] {
            let error = Excludes::new(&["*.ok".to_owned(), pattern.to_owned()]).unwrap_err();
            assert_eq!(
                error,
                ExcludeError {
                    pattern: pattern.into(),
                    reason: reason.into()
                }
            );
        }
    }
}
