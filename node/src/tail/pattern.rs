//! Globs over paths: which files match at the moment, and where new ones can appear.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use globset::{GlobBuilder, GlobSet};
use thiserror::Error;

use super::look::is_missing;

/// How deep `**` goes, so that a loop of links ends.
const DEEPEST: usize = 16;

/// A part of a path that looks like a glob and is none.
#[derive(Debug, Error)]
#[error("{pattern}: {source}")]
pub struct GlobError {
    /// The part as it was given.
    pub pattern: String,
    /// What globset says.
    pub source: globset::Error,
}

/// A glob, one matcher for each component of the path.
#[derive(Clone, Debug)]
pub(crate) struct Pattern {
    base: PathBuf,
    parts: Vec<Part>,
}

#[derive(Clone, Debug)]
enum Part {
    Name(PathBuf),
    Any(Box<Glob>),
    Deep,
}

/// A glob over one name.
#[derive(Clone, Debug)]
struct Glob {
    set: GlobSet,
    /// glob(7): a leading dot is matched by a dot only.
    hidden: bool,
}

impl Glob {
    fn matches(&self, name: &OsStr) -> bool {
        (self.hidden || !name.as_encoded_bytes().starts_with(b".")) && self.set.is_match(name)
    }
}

/// What a pattern leads to.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// The paths that match.
    pub(crate) paths: BTreeSet<OsString>,
    /// The directories in which they were looked for.
    pub(crate) directories: BTreeSet<PathBuf>,
    /// Why a directory that is there could not be read, so that there may be more.
    pub(crate) error: Option<String>,
}

impl Found {
    fn miss(&mut self, directory: &Path, error: &io::Error) {
        let reason = || format!("{}: {error}", directory.display());
        self.error.get_or_insert_with(reason);
    }
}

impl Pattern {
    /// The pattern in a path; none if it has nothing special in it.
    pub(crate) fn new(path: &Path) -> Result<Option<Self>, GlobError> {
        let mut pattern = Self {
            base: PathBuf::new(),
            parts: Vec::new(),
        };
        for component in path.components() {
            let name = component.as_os_str();
            let special = name
                .to_str()
                .filter(|name| name.contains(['*', '?', '[', '{']));
            match (special, component) {
                (Some("**"), _) => pattern.parts.push(Part::Deep),
                (Some(special), Component::Normal(_)) => pattern.parts.push(any(special)?),
                _ if pattern.parts.is_empty() => pattern.base.push(name),
                _ => pattern.parts.push(Part::Name(PathBuf::from(name))),
            }
        }
        Ok((!pattern.parts.is_empty()).then_some(pattern))
    }

    /// Whether a path, which exists, is one of those that match.
    pub(crate) fn matches(&self, path: &Path) -> bool {
        let Ok(rest) = path.strip_prefix(&self.base) else {
            return false;
        };
        let names: Vec<_> = rest.iter().collect();
        fits(&self.parts, &names)
    }

    /// What matches now.
    pub(crate) fn expand(&self) -> Found {
        let mut found = Found::default();
        walk(&self.base, &self.parts, 0, &mut found);
        found
    }
}

fn any(special: &str) -> Result<Part, GlobError> {
    let glob = GlobBuilder::new(special).literal_separator(true).build();
    // A set of one: `compile_matcher` panics where groups are too deep, or the glob too big.
    let set = glob.and_then(|glob| GlobSet::builder().add(glob).build());
    let set = set.map_err(|source| GlobError {
        pattern: special.to_owned(),
        source,
    })?;
    let hidden = special.starts_with('.');
    Ok(Part::Any(Box::new(Glob { set, hidden })))
}

fn fits(parts: &[Part], names: &[&OsStr]) -> bool {
    match (parts.split_first(), names.split_first()) {
        (None, None) => true,
        (Some((Part::Deep, rest)), _) if fits(rest, names) => true,
        (Some((Part::Deep, _)), Some((_, names))) => fits(parts, names),
        (Some((Part::Any(glob), rest)), Some((name, names))) => {
            glob.matches(name) && fits(rest, names)
        }
        (Some((Part::Name(own), rest)), Some((name, names))) => {
            own.as_os_str() == *name && fits(rest, names)
        }
        _ => false,
    }
}

fn walk(directory: &Path, parts: &[Part], depth: usize, found: &mut Found) {
    let Some((part, rest)) = parts.split_first() else {
        return;
    };
    if let Part::Name(name) = part {
        if directory.is_dir() {
            found.directories.insert(directory.to_path_buf());
        }
        step(&directory.join(name), rest, depth, found);
        return;
    }
    if matches!(part, Part::Deep) {
        walk(directory, rest, depth, found);
    }
    found.directories.insert(directory.to_path_buf());
    let entries = match fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(error) if is_missing(error.kind()) => return,
        Err(error) => return found.miss(directory, &error),
    };
    for entry in entries {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => return found.miss(directory, &error),
        };
        let name = entry.file_name();
        match part {
            Part::Any(glob) if glob.matches(&name) => {
                if rest.is_empty() && entry.file_type().is_ok_and(|kind| kind.is_file()) {
                    found.paths.insert(entry.path().into_os_string());
                } else {
                    step(&entry.path(), rest, depth, found);
                }
            }
            // Links are not followed downwards, as in every shell's `**`.
            Part::Deep if depth < DEEPEST && entry.file_type().is_ok_and(|kind| kind.is_dir()) => {
                walk(&entry.path(), parts, depth + 1, found);
            }
            _ => {}
        }
    }
}

fn step(path: &Path, rest: &[Part], depth: usize, found: &mut Found) {
    if !rest.is_empty() {
        walk(path, rest, depth, found);
    } else if path.symlink_metadata().is_ok() && !path.is_dir() {
        found.paths.insert(path.as_os_str().to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(root: &Path, glob: &str) -> Vec<String> {
        let pattern = Pattern::new(&root.join(glob)).unwrap().unwrap();
        let found = pattern.expand();
        assert!(
            found
                .paths
                .iter()
                .all(|path| pattern.matches(Path::new(path)))
        );
        let mut directories = found.directories.iter();
        assert!(!directories.any(|path| pattern.matches(path)));
        assert_eq!(found.error, None);
        let names = found.paths.into_iter();
        names
            .map(|path| {
                Path::new(&path)
                    .strip_prefix(root)
                    .unwrap()
                    .display()
                    .to_string()
            })
            .collect()
    }

    #[test]
    fn a_glob_finds_its_files_and_no_others() {
        let root = tempfile::tempdir().unwrap();
        for path in [
            "a/x.log",
            "a/y.txt",
            "b/x.log",
            "b/.h.log",
            "b/c/d/z.log",
            "x.log",
        ] {
            fs::create_dir_all(root.path().join(path).parent().unwrap()).unwrap();
            fs::write(root.path().join(path), "").unwrap();
        }
        assert_eq!(names(root.path(), "*/x.log"), ["a/x.log", "b/x.log"]);
        assert_eq!(names(root.path(), "b/*.log"), ["b/x.log"]);
        assert_eq!(names(root.path(), "b/.*.log"), ["b/.h.log"]);
        assert_eq!(
            names(root.path(), "**/*.log"),
            ["a/x.log", "b/c/d/z.log", "b/x.log", "x.log"]
        );
        assert_eq!(
            names(root.path(), "?/{x,y}.*"),
            ["a/x.log", "a/y.txt", "b/x.log"]
        );
        assert!(
            Pattern::new(Path::new("/var/log/app.log"))
                .unwrap()
                .is_none()
        );
        assert!(Pattern::new(Path::new("/var/log/[a")).is_err());
        let deep = format!("/{}a{}", "{".repeat(400), "}".repeat(400));
        assert!(Pattern::new(Path::new(&deep)).is_err());
    }
}
