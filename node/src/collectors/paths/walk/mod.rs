//! Counts the files and directories below a root, in the time the kernel takes to list them.
//!
//! One `getdents64` loop a directory, no `stat` but where sizes are asked for or a file system does
//! not tell an entry's type, and children opened relative to their parent, so no path is ever built
//! for the kernel. Threads share the work once there is enough of it.

mod batch;
mod exclude;
mod measure;
mod node;
mod open;
mod pace;
mod read;
mod shared;
mod team;
#[cfg(test)]
mod tests;
mod top;
mod worker;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;

use rustix::io::Errno;

pub use exclude::{ExcludeError, Excludes};
pub use measure::{Mtime, Sizes};
pub use pace::Stop;
pub use top::{EntryKind, TopEntry};

use node::Node;
use open::Opener;
use shared::Shared;
use worker::{Job, Worker};

/// What to count, and how hard to work at it.
#[derive(Clone, Debug)]
pub struct WalkOptions {
    /// Levels below the root: 1 is the root's own entries only; `None` is all.
    pub max_depth: Option<u32>,
    /// What is neither counted nor entered.
    pub exclude: Excludes,
    /// Give up when there are more entries (files and directories) than this.
    pub max_files: Option<u64>,
    /// Whether to go on into file systems mounted below the root. Without it a mount point counts
    /// as a directory and is not entered; a bind mount of the same disk is a mount point too.
    pub cross_mounts: bool,
    /// Whether to find bytes and times: one `statx` for each entry that is not a directory.
    pub measure_sizes: bool,
    /// How many of the root's biggest entries to name when measuring.
    pub top_entries: usize,
    /// System calls that may reach the disk or server (open, getdents64, statx) a second;
    /// 0 is without a limit.
    pub max_io_ops_per_sec: u32,
    /// Threads at most; the calling thread is one of them, so 0 is the same as 1.
    pub threads: usize,
}

impl Default for WalkOptions {
    /// Everything below the root on its own mount, counted by the calling thread alone.
    fn default() -> Self {
        Self {
            max_depth: None,
            exclude: Excludes::default(),
            max_files: None,
            cross_mounts: false,
            measure_sizes: false,
            top_entries: 0,
            max_io_ops_per_sec: 0,
            threads: 1,
        }
    }
}

/// What a walk found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Entries that are not directories: files, symbolic links, fifos, sockets, devices.
    pub file_count: u64,
    /// Directories below the root, which is not counted itself.
    pub dir_count: u64,
    /// Directories that could not be opened or read to their end, and entries that could not be
    /// examined. Above 0 the other numbers are too low.
    pub unreadable_count: u64,
    /// The first of them, as `path: reason`.
    pub first_unreadable: Option<String>,
    /// Bytes and times, where [`WalkOptions::measure_sizes`] asked for them.
    pub sizes: Option<Sizes>,
}

/// Why a walk has no result.
#[derive(Debug, thiserror::Error)]
pub enum WalkError {
    /// The root is missing, or cannot be opened or read to its end.
    #[error("cannot read {}: {source}", path.display())]
    Root {
        /// The root as it was given.
        path: PathBuf,
        /// The kernel's reason.
        source: io::Error,
    },
    /// The root is a file, or passes through one.
    #[error("{} is not a directory", path.display())]
    NotADirectory {
        /// The root as it was given.
        path: PathBuf,
    },
    /// [`Stop::deadline`] came first.
    #[error("the scan did not finish in time")]
    TimedOut,
    /// [`Stop::cancelled`] was set.
    #[error("the scan was cancelled")]
    Cancelled,
    /// There are more entries than [`WalkOptions::max_files`].
    #[error("more than {limit} files and directories")]
    TooManyFiles {
        /// The limit.
        limit: u64,
    },
}

/// Counts what is below `root`, which may be a symbolic link to a directory; links below it are
/// counted and never followed.
///
/// The counts are those of `find ROOT/ -mindepth 1 ! -type d` and `-type d`. A directory that
/// vanishes during the walk is no error; one that may not be read is counted in
/// [`Tally::unreadable_count`].
///
/// # Errors
/// See [`WalkError`].
///
/// # Panics
/// Only where a panic in one of the walk's own threads is passed on.
pub fn walk(root: &Path, options: &WalkOptions, stop: &Stop<'_>) -> Result<Tally, WalkError> {
    stop.check()?;
    let opener = Opener::new(root, options.cross_mounts).map_err(|errno| {
        let path = root.to_owned();
        match errno {
            Errno::NOTDIR => WalkError::NotADirectory { path },
            errno => WalkError::Root {
                path,
                source: errno.into(),
            },
        }
    })?;
    walk_with(opener, root, options, stop)
}

fn walk_with(
    opener: Opener,
    root: &Path,
    options: &WalkOptions,
    stop: &Stop<'_>,
) -> Result<Tally, WalkError> {
    let shared = Shared::new(root, options, stop, opener);
    if options.max_depth != Some(0) {
        let first = Job::Read {
            node: Arc::new(Node::root()),
            fd: shared.opener.root(),
        };
        thread::scope(|scope| Worker::new(&shared, scope).run(Some(first)));
    }
    shared.finish()
}
