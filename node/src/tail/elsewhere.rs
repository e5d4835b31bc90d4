//! Files that another follower follows already: of one file under two names, a line is wanted once.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::checkpoint::{Checkpoint, State};
use super::pattern::Pattern;
use super::settings::TailSettings;
use super::table::{Known, TakeOver};

/// How long the path of another follower may take to be resolved: it may be on a server that is away.
const PATIENCE: Duration = Duration::from_millis(200);
/// How long the answer is good for.
const GOOD_FOR: Duration = Duration::from_secs(1);

/// The paths and globs of other followers, to which a follower leaves their files.
#[derive(Clone, Debug, Default)]
pub struct Elsewhere(Vec<Arc<Other>>);

/// What another follower follows.
#[derive(Debug)]
enum Other {
    Path(Mutex<Link>),
    Glob(Pattern),
}

impl Elsewhere {
    /// Leaves the files of this path to its follower, or those that match its pattern.
    pub(crate) fn add(&mut self, path: PathBuf, pattern: Option<Pattern>) {
        self.0.push(Arc::new(match pattern {
            Some(pattern) => Other::Glob(pattern),
            None => Other::Path(Mutex::new(Link::new(path))),
        }));
    }

    /// Whether one of them follows the file to which this path leads, be it there now or not.
    pub(super) fn has(&self, path: &Path) -> bool {
        !self.0.is_empty() && self.has_file(&target(path))
    }

    fn has_file(&self, file: &Path) -> bool {
        self.0.iter().any(|other| match &**other {
            Other::Glob(pattern) => pattern.matches(file),
            Other::Path(link) => {
                let mut link = link.lock().unwrap_or_else(PoisonError::into_inner);
                link.target(Instant::now()) == file
            }
        })
    }
}

/// A path that is not the follower's own, and where it leads as far as that is known in time.
#[derive(Debug)]
struct Link {
    path: PathBuf,
    target: PathBuf,
    asked_at: Option<Instant>,
    /// Where the answer will be that has not come yet.
    answer: Option<Receiver<PathBuf>>,
}

impl Link {
    fn new(path: PathBuf) -> Self {
        Self {
            target: path.clone(),
            path,
            asked_at: None,
            answer: None,
        }
    }

    fn target(&mut self, now: Instant) -> &Path {
        let is_good = |at| now.saturating_duration_since(at) < GOOD_FOR;
        let mut patience = Duration::ZERO;
        if self.answer.is_none() && !self.asked_at.is_some_and(is_good) {
            let (sender, answer) = mpsc::channel();
            let path = self.path.clone();
            let asking = thread::Builder::new().name("etlmon-link".to_owned());
            // Where there is no thread to be had, it is asked again.
            let asked = asking.spawn(move || sender.send(target(&path)));
            self.answer = asked.is_ok().then_some(answer);
            self.asked_at = Some(now);
            patience = PATIENCE;
        }
        if let Some(answer) = &self.answer
            && let Ok(target) = answer.recv_timeout(patience)
        {
            self.target = target;
            self.answer = None;
        }
        &self.target
    }
}

impl TailSettings {
    /// What this follower, which knows `own` so far, has to take over of the others of its kind: by
    /// its own path or glob a path is its own, be it as a link to a file of its own, and no earlier
    /// one's.
    pub(super) fn takes_over(&self, own: &[Checkpoint], others: Vec<Known>) -> Vec<TakeOver> {
        let taken = others.into_iter().filter_map(|of| {
            let path = self.own_path(&of, own)?;
            Some(TakeOver { of, path })
        });
        let mut taken: Vec<_> = taken.collect();
        // What has the same path comes before a link to it.
        taken.sort_by_key(|one| one.path != one.of.path);
        taken
    }

    fn own_path(&self, of: &Known, own: &[Checkpoint]) -> Option<PathBuf> {
        let path = &of.path;
        let is_named = match &self.pattern {
            Some(pattern) => pattern.matches(path),
            None => self.path == *path,
        };
        if is_named {
            return (!self.elsewhere.has(path)).then(|| path.clone());
        }
        // Those of a glob may be many, and on a server that is away.
        let file = if of.is_configured_path {
            Link::new(path.clone()).target(Instant::now()).to_path_buf()
        } else {
            path.clone()
        };
        let link = match &self.pattern {
            Some(pattern) => pattern.matches(&file).then(|| file.clone()),
            None => (target(&self.path) == file).then(|| self.path.clone()),
        };
        // Where it is known already, what is under the other name came from another file.
        let link = link?;
        let is_known = |row: &Checkpoint| row.state != State::Log && row.path == link;
        (!own.iter().any(is_known) && !self.elsewhere.has_file(&file)).then_some(link)
    }
}

/// The file to which a path leads, which is the same while a rotation has taken it away.
fn target(path: &Path) -> PathBuf {
    let place = |path: &Path| {
        let folder = path.parent().and_then(|path| fs::canonicalize(path).ok());
        folder
            .zip(path.file_name())
            .map(|(path, name)| path.join(name))
    };
    fs::canonicalize(path)
        .ok()
        .or_else(|| place(&path.parent()?.join(fs::read_link(path).ok()?)))
        .or_else(|| place(path))
        .unwrap_or_else(|| path.to_path_buf())
}
