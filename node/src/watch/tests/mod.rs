//! A watcher on real directories.

mod attending;
mod hearing;
mod limits;
mod paths;
mod random;

use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::os::fd::AsRawFd;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::{Arc, Condvar};

use super::*;

/// Far more than any event takes, on the busiest machine.
const PATIENCE: Duration = Duration::from_secs(20);
/// Longer than the watcher rests, so that an event which must not come would have come.
const QUIET: Duration = Duration::from_millis(250);

/// Counts how often it was woken.
#[derive(Clone, Default)]
struct Bell(Arc<(Mutex<usize>, Condvar)>);

impl Bell {
    fn listen(&self, watcher: &Watcher) -> Watch {
        let bell = self.clone();
        watcher.listen(move || {
            *bell.0.0.lock().unwrap() += 1;
            bell.0.1.notify_all();
        })
    }

    /// A listener to this directory, with what its first `set` woke taken away.
    fn watching(&self, watcher: &Watcher, directory: &Path, names: &[&str]) -> Watch {
        let watch = self.listen(watcher);
        assert_eq!(watch.set(vec![target(directory, names)]), Coverage::Events);
        self.take();
        watch
    }

    fn take(&self) -> usize {
        std::mem::take(&mut *self.0.0.lock().unwrap())
    }

    /// Waits until it is woken, and takes that away.
    fn heard(&self) -> bool {
        self.within(PATIENCE)
    }

    /// Waits until all is told of what happened so far; one change may be several events.
    fn settle(&self) {
        while self.within(QUIET) {}
    }

    fn silent(&self) -> bool {
        !self.within(QUIET)
    }

    fn within(&self, limit: Duration) -> bool {
        let count = self.0.0.lock().unwrap();
        let mut count = self
            .0
            .1
            .wait_timeout_while(count, limit, |count| *count == 0)
            .unwrap()
            .0;
        std::mem::take(&mut *count) > 0
    }
}

fn target(directory: &Path, names: &[&str]) -> Target {
    Target {
        directory: directory.to_owned(),
        names: names.iter().map(Into::into).collect(),
        entries: [OsString::new()].into(),
    }
}

fn append(path: &Path) {
    let mut file = OpenOptions::new().append(true).open(path).unwrap();
    file.write_all(b"line\n").unwrap();
}

/// Calls `set` until `ready`, as its owner does whenever it is woken.
fn set_until(watch: &Watch, targets: &[Target], ready: impl Fn() -> bool) {
    let begin = Instant::now();
    while !ready() {
        assert!(begin.elapsed() < PATIENCE);
        watch.set(targets.to_vec());
        std::thread::yield_now();
    }
}

/// The inodes that a watcher's instance watches, from `/proc/self/fdinfo` (proc_pid_fdinfo(5)).
fn watched(watcher: &Watcher) -> BTreeSet<u64> {
    let queue = watcher.shared.queue.lock().unwrap().clone();
    let Some(queue) = queue else {
        return BTreeSet::new();
    };
    let info = fs::read_to_string(format!("/proc/self/fdinfo/{}", queue.inotify().as_raw_fd()));
    let inode = |line: &str| {
        let ino = line
            .strip_prefix("inotify ")?
            .split(' ')
            .find_map(|field| field.strip_prefix("ino:"))?;
        Some(u64::from_str_radix(ino, 16).unwrap())
    };
    info.unwrap().lines().filter_map(inode).collect()
}

fn inodes<'a>(paths: impl IntoIterator<Item = &'a Path>) -> BTreeSet<u64> {
    paths
        .into_iter()
        .map(|path| fs::metadata(path).unwrap().ino())
        .collect()
}

/// Lets the last answer of a watch be so much older.
fn age(watch: &Watch, by: Duration) {
    let mut answered = watch.answered.lock().unwrap();
    let answered = answered.as_mut().unwrap();
    answered.at = answered.at.checked_sub(by).unwrap();
}
