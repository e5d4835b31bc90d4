//! Being told when files change: one inotify instance for all who want to know.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::PathBuf;

/// Watches directories for all collectors of a node. A clone is the same watcher.
#[derive(Clone, Debug, Default)]
pub struct Watcher {}

/// A directory of which somebody wants to hear.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The directory, without symbolic links.
    pub directory: PathBuf,
    /// The files in it whose content matters. That entries come, go or are renamed matters always.
    pub names: BTreeSet<OsString>,
}

/// Whether events can be relied on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Coverage {
    /// Every change is told.
    Events,
    /// Some are not, for this reason; who wants to know of them has to look.
    Polling(String),
}

/// One listener's directories; dropping it ends the listening.
#[derive(Debug)]
pub struct Watch {}

impl Watcher {
    /// Starts watching.
    pub fn start() -> Self {
        Self {}
    }

    /// A listener that watches nothing yet. `wake` is called on the watcher's thread, so it must
    /// not block.
    pub fn listen(&self, _wake: impl Fn() + Send + Sync + 'static) -> Watch {
        Watch {}
    }
}

impl Watch {
    /// Watches these directories from now on, and no others.
    pub fn set(&self, _targets: Vec<Target>) -> Coverage {
        Coverage::Polling("not watching yet".to_owned())
    }
}
