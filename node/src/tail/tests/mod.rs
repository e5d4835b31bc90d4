//! The engine on real files, with a stand-in for the database and a clock that is set by hand.

mod bytes;
mod doubt;
mod edges;
mod elsewhere;
mod held;
mod hidden;
mod history;
mod logrotate;
mod model;
mod races;
mod replaced;
mod restarts;
mod rotations;

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use flate2::Compression;
use flate2::write::GzEncoder;
use tempfile::TempDir;

use super::{Budget, Checkpoint, Chunk, FileStatus, Follower, Gap, GapReason, TailSettings};

/// What a database would hold, changed only by whole transactions.
#[derive(Clone, Default)]
struct Stored {
    rows: BTreeMap<u64, Checkpoint>,
    lines: Vec<StoredLine>,
    gaps: Vec<Gap>,
}

#[derive(Clone, Debug)]
struct StoredLine {
    sequence: u64,
    text: String,
    end_offset: u64,
    truncated: bool,
}

impl Stored {
    fn store(&mut self, chunk: &Chunk) {
        for line in chunk.lines() {
            self.lines.push(StoredLine {
                sequence: chunk.files[line.file].sequence,
                text: line.text.to_owned(),
                end_offset: line.end_offset,
                truncated: line.truncated,
            });
        }
        for sequence in &chunk.forgotten {
            self.rows.remove(sequence);
        }
        for row in &chunk.checkpoints {
            self.rows.insert(row.sequence, row.clone());
        }
        self.gaps.extend(chunk.gaps.iter().cloned());
    }
}

/// A directory with a log, its follower and its database.
struct World {
    directory: TempDir,
    settings: TailSettings,
    stored: Stored,
    follower: Follower,
    now: Instant,
}

impl World {
    /// A world whose log is `name` (or a glob), read from the beginning.
    fn new(name: &str) -> Self {
        Self::with(name, |_| {})
    }

    fn with(name: &str, change: impl FnOnce(&mut TailSettings)) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let mut settings = TailSettings::new(directory.path().join(name)).unwrap();
        settings.from_beginning = true;
        settings.look_every = Duration::ZERO;
        settings.look_back_every = Duration::ZERO;
        settings.finish_unproven = Duration::from_secs(60);
        settings.proc = PathBuf::from("/nonexistent");
        settings.own_process = None;
        change(&mut settings);
        let now = Instant::now();
        let follower = Follower::new(settings.clone(), Vec::new(), now);
        Self {
            directory,
            settings,
            stored: Stored::default(),
            follower,
            now,
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn append(&self, name: &str, text: impl AsRef<[u8]>) {
        let mut file = OpenOptions::new()
            .append(true)
            .create(true)
            .open(self.path(name))
            .unwrap();
        file.write_all(text.as_ref()).unwrap();
    }

    fn open(&self, name: &str) -> File {
        OpenOptions::new()
            .append(true)
            .create(true)
            .open(self.path(name))
            .unwrap()
    }

    fn rename(&self, from: &str, to: &str) {
        fs::rename(self.path(from), self.path(to)).unwrap();
    }

    fn copy(&self, from: &str, to: &str) {
        fs::copy(self.path(from), self.path(to)).unwrap();
    }

    fn truncate(&self, name: &str) {
        File::options()
            .write(true)
            .truncate(true)
            .open(self.path(name))
            .unwrap();
    }

    fn remove(&self, name: &str) {
        fs::remove_file(self.path(name)).unwrap();
    }

    /// What `gzip` does to a file: a new one, with the old one's time.
    fn compress(&self, name: &str) {
        gzip(&self.path(name));
    }

    /// Reads and stores one chunk; says whether there is more.
    fn read_some(&mut self, budget: Budget) -> bool {
        let chunk = self.follower.read(budget, self.now);
        self.stored.store(&chunk);
        self.follower.commit();
        chunk.more
    }

    /// Reads and stores all there is.
    fn read(&mut self) {
        while self.read_some(Budget::default()) {}
    }

    /// A new process with what is stored.
    fn restart(&mut self) {
        let rows = self.stored.rows.values().cloned().collect();
        self.follower = Follower::new(self.settings.clone(), rows, self.now);
    }

    fn wait(&mut self, seconds: u64) {
        self.now += Duration::from_secs(seconds);
    }

    fn lines(&self) -> Vec<&str> {
        self.stored
            .lines
            .iter()
            .map(|line| line.text.as_str())
            .collect()
    }

    #[track_caller]
    fn expect(&mut self, lines: &[&str]) {
        self.read();
        assert_eq!(self.lines(), lines, "gaps: {:?}", self.stored.gaps);
    }

    /// Each of these lines is stored once, in whatever order.
    #[track_caller]
    fn expect_in_any_order(&self, lines: &[impl AsRef<str>]) {
        let mut expected: Vec<&str> = lines.iter().map(AsRef::as_ref).collect();
        expected.sort_unstable();
        let mut lines = self.lines();
        lines.sort_unstable();
        assert_eq!(lines, expected, "gaps: {:?}", self.stored.gaps);
    }

    #[track_caller]
    fn expect_no_gaps(&self) {
        assert_eq!(self.stored.gaps, []);
    }
}

fn gzip(path: &Path) {
    let data = fs::read(path).unwrap();
    let modified = fs::metadata(path).unwrap().modified().unwrap();
    let mut name = path.as_os_str().to_owned();
    name.push(".gz");
    let mut encoder = GzEncoder::new(File::create(&name).unwrap(), Compression::fast());
    encoder.write_all(&data).unwrap();
    let file = encoder.finish().unwrap();
    file.set_modified(modified).unwrap();
    fs::remove_file(path).unwrap();
}

/// A chunk of at most as many lines.
fn up_to(lines: u8) -> Budget {
    Budget {
        lines: lines.into(),
        ..Budget::default()
    }
}
