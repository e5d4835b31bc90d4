//! Files that are another follower's: of one file under two names a line may be wanted once, and a
//! rotated file may be another log's by its name.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::checkpoint::{Checkpoint, State};
use super::listing;
use super::names;
use super::pattern::Pattern;
use super::settings::TailSettings;
use super::table::{Known, TakeOver};

/// How long the path of another follower may take to be resolved: it may be on a server that is away.
const PATIENCE: Duration = Duration::from_millis(200);
/// How long the answer is good for.
const GOOD_FOR: Duration = Duration::from_secs(1);

/// Which of the files of a kind are other followers'.
#[derive(Clone, Debug, Default)]
pub struct Elsewhere {
    all: Arc<Paths>,
    /// Which of them this one is.
    own: usize,
}

/// The paths and globs of the followers of a kind.
#[derive(Debug, Default)]
struct Paths {
    all: Vec<Named>,
    by_path: HashMap<PathBuf, usize>,
    /// Whether a file is only the first one's that names it.
    shares: bool,
}

#[derive(Debug)]
enum Named {
    Path(Mutex<Link>),
    Glob(Pattern),
}

impl Elsewhere {
    /// Divides files among the followers of a kind. If it `shares` them, what they store of them is
    /// one and the same: each file is that of the first one that names it, under whatever name. In
    /// any case a rotated file is that of who names what it was, and not of one to whose path its
    /// name is further from.
    pub fn divide(followers: &mut [TailSettings], shares: bool) {
        let mut paths = Paths {
            shares,
            ..Paths::default()
        };
        for (index, one) in followers.iter().enumerate() {
            paths.by_path.entry(one.path.clone()).or_insert(index);
            paths.all.push(match &one.pattern {
                Some(pattern) => Named::Glob(pattern.clone()),
                None => Named::Path(Mutex::new(Link::new(one.path.clone()))),
            });
        }
        let all = Arc::new(paths);
        for (own, one) in followers.iter_mut().enumerate() {
            let all = Arc::clone(&all);
            one.elsewhere = Self { all, own };
        }
    }

    /// Whether what others have read of a file that is this one's counts as read.
    pub(super) fn shares(&self) -> bool {
        self.all.shares
    }

    /// The paths and globs of its directory whose names begin like this one's, its own too: they say
    /// with it whose the rotated files are.
    pub fn beside(&self, path: &Path) -> Vec<&Path> {
        let stem = listing::stem(listing::name(path));
        let mut beside: Vec<_> = (self.all.by_path.keys())
            .map(PathBuf::as_path)
            .filter(|one| listing::name(one).starts_with(stem) && one.parent() == path.parent())
            .collect();
        beside.sort_unstable();
        beside
    }

    /// Whether the file to which this path leads, be it there now or not, is another one's.
    pub(super) fn has(&self, path: &Path) -> bool {
        self.all.shares && self.all.all.len() > 1 && self.has_file(&target(path))
    }

    fn has_file(&self, file: &Path) -> bool {
        match self.rotated_by(file) {
            Some(owner) => owner != self.own,
            None => self
                .all
                .all
                .iter()
                .take(self.own)
                .any(|one| one.leads_to(file)),
        }
    }

    /// Whether this is a rotated file of another one, and not of this one.
    pub(super) fn is_rotated_by_another(&self, file: &Path) -> bool {
        self.all.all.len() > 1 && self.rotated_by(file).is_some_and(|owner| owner != self.own)
    }

    /// Whose file a rotation has made into this one; none where nobody names what it may have been.
    fn rotated_by(&self, file: &Path) -> Option<usize> {
        let name = listing::name(file);
        names::originals(name).find_map(|original| {
            let path = file.with_file_name(OsStr::from_bytes(&original));
            let is_sure = names::is_surely_rotated(&original, name);
            let mut owners = self.all.who_names(&path, is_sure);
            let first = owners.next()?;
            // Where nothing is shared, it is one's own for each who names it.
            let is_own = first == self.own || owners.any(|owner| owner == self.own);
            Some(if is_own && !self.all.shares {
                self.own
            } else {
                first
            })
        })
    }
}

impl Paths {
    /// The followers that name a path, in their order; globs only where they may.
    fn who_names<'a>(&'a self, path: &'a Path, by_glob: bool) -> impl Iterator<Item = usize> + 'a {
        let plain = self.by_path.get(path).copied();
        let all = self.all.iter().enumerate();
        all.filter(move |(index, one)| match one {
            Named::Glob(pattern) => by_glob && pattern.matches(path),
            Named::Path(_) if Some(*index) == plain => true,
            Named::Path(_) => self.shares && one.leads_to(path),
        })
        .map(|(index, _)| index)
    }
}

impl Named {
    fn leads_to(&self, file: &Path) -> bool {
        match self {
            Self::Glob(pattern) => pattern.matches(file),
            Self::Path(link) => {
                let mut link = link.lock().unwrap_or_else(PoisonError::into_inner);
                link.target(Instant::now()) == file
            }
        }
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
