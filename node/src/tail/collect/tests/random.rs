//! Random lives of a log and of its collector, on a real database: written, rotated, paused, its
//! batches refused or stored in secret, and the node killed at any moment.

use std::fs::File;
use std::io;

use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;

use super::*;
use crate::tail::followers::Pause;

/// A line that was begun is ended in the end.
const NEVER: Duration = Duration::from_hours(1);

#[derive(Clone, Debug)]
enum Step {
    Write(u8),
    /// A line without its end, which comes with the next write.
    Begin,
    /// The writer may go on in the renamed file.
    Rename {
        reopen: bool,
    },
    Reopen,
    CopyTruncate,
    /// Of the file that was renamed before the last one, if it has been let go.
    Compress,
    Pause(bool),
    Cycle,
    /// The batch is not stored, and the collector is told.
    Refused,
    /// The batch is stored, and the collector is told that it may not be.
    Doubtful,
    /// The node dies when a batch was read, or just after it was stored.
    Kill {
        stored: bool,
    },
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => (1..6u8).prop_map(Step::Write),
        2 => Just(Step::Begin),
        4 => any::<bool>().prop_map(|reopen| Step::Rename { reopen }),
        2 => Just(Step::Reopen),
        2 => Just(Step::CopyTruncate),
        2 => Just(Step::Compress),
        2 => any::<bool>().prop_map(Step::Pause),
        6 => Just(Step::Cycle),
        2 => Just(Step::Refused),
        2 => Just(Step::Doubtful),
        3 => any::<bool>().prop_map(|stored| Step::Kill { stored }),
    ]
}

fn with_patience(settings: &mut TailSettings) {
    settings.partial_after = NEVER;
}

/// A log that nothing is taken away from, and its collector.
struct Life {
    bench: Bench,
    collector: TailCollector<Stored>,
    writer: Option<File>,
    /// How many files were renamed; the last is `.1`.
    renamed: usize,
    /// Whether the writer is still in `.1`.
    lags: bool,
    written: Vec<String>,
    begun: bool,
}

impl Life {
    fn new() -> Self {
        let bench = Bench::new();
        let mut life = Self {
            collector: bench.collector_with(true, with_patience),
            bench,
            writer: None,
            renamed: 0,
            lags: false,
            written: Vec::new(),
            begun: false,
        };
        // What was rotated before the first look is of no concern.
        life.cycle(true, true);
        life
    }

    fn path(&self, number: usize, ending: &str) -> PathBuf {
        self.bench
            .folder
            .path()
            .join(format!("app.log.{number}{ending}"))
    }

    fn put(&mut self, text: &str) {
        let log = self.bench.log();
        let open = || {
            let mut options = OpenOptions::new();
            options.append(true).create(true).open(log).unwrap()
        };
        let writer = self.writer.get_or_insert_with(open);
        writer.write_all(text.as_bytes()).unwrap();
    }

    fn write(&mut self) {
        if !std::mem::take(&mut self.begun) {
            self.begin();
        }
        self.begun = false;
        self.put("\n");
    }

    fn begin(&mut self) {
        let line = format!("line {} {}", self.written.len(), "x".repeat(40));
        self.put(&line);
        self.written.push(line);
        self.begun = true;
    }

    fn reopen(&mut self) {
        if self.begun {
            self.write();
        }
        self.writer = None;
        self.lags = false;
    }

    /// Makes room for a new `.1`.
    fn shift(&mut self) {
        for number in (1..=self.renamed).rev() {
            for ending in ["", ".gz"] {
                let from = self.path(number, ending);
                if from.exists() {
                    fs::rename(from, self.path(number + 1, ending)).unwrap();
                }
            }
        }
        self.renamed += 1;
    }

    fn compress(&self) {
        let path = self.path(2, "");
        if path.exists() {
            let file = File::create(self.path(2, ".gz")).unwrap();
            let mut zipped = GzEncoder::new(file, Compression::fast());
            io::copy(&mut File::open(&path).unwrap(), &mut zipped).unwrap();
            zipped.finish().unwrap();
            fs::remove_file(path).unwrap();
        }
    }

    fn pause(&self, pause: bool) {
        let order = Pause {
            kind: "logs",
            name: NAME.to_owned(),
            paused: pause,
        };
        order.persist(&self.bench.writer).unwrap();
    }

    fn take(&mut self, step: &Step) {
        let there = self.bench.log().exists();
        match *step {
            Step::Write(lines) => (0..lines).for_each(|_| self.write()),
            Step::Begin if !self.begun => self.begin(),
            // Whoever is in a renamed file while the next one is renamed has lost its place.
            Step::Rename { reopen } if there && !self.lags => {
                self.shift();
                fs::rename(self.bench.log(), self.path(1, "")).unwrap();
                self.lags = true;
                if reopen {
                    self.reopen();
                }
            }
            Step::Reopen => self.reopen(),
            Step::CopyTruncate if there && !self.lags && !self.begun => {
                self.shift();
                fs::copy(self.bench.log(), self.path(1, "")).unwrap();
                File::options()
                    .write(true)
                    .open(self.bench.log())
                    .unwrap()
                    .set_len(0)
                    .unwrap();
            }
            Step::Compress => self.compress(),
            Step::Pause(pause) => self.pause(pause),
            Step::Cycle => self.cycle(true, true),
            Step::Refused => self.cycle(false, true),
            Step::Doubtful => {
                let batch = self.collector.collect(&self.bench.tick).unwrap();
                let _ = self.bench.store(&batch);
                self.collector.settle(Err(&StoreError::WriterGone));
            }
            Step::Kill { stored } => {
                self.cycle(stored, false);
                self.collector = self.bench.collector_with(true, with_patience);
            }
            _ => {}
        }
    }

    fn cycle(&mut self, is_stored: bool, is_told: bool) {
        let batch = self.collector.collect(&self.bench.tick).unwrap();
        let stored = if is_stored {
            self.bench.store(&batch)
        } else {
            Err(StoreError::WriterGone)
        };
        if is_told {
            self.collector.settle(stored.as_ref().copied());
        }
    }

    /// All that was written is stored once, and nothing is told as lost.
    fn check(mut self) {
        self.pause(false);
        self.reopen();
        self.write();
        let deadline = Instant::now() + Duration::from_secs(20);
        while self.bench.lines().len() < self.written.len() {
            assert!(Instant::now() < deadline, "{:?}", self.bench.lines());
            self.cycle(true, true);
        }
        for _ in 0..3 {
            self.cycle(true, true);
        }
        let mut lines = self.bench.lines();
        lines.sort_unstable();
        self.written.sort_unstable();
        assert_eq!(lines, self.written);
        // They are counted with the path, whichever file they were in.
        let [log] = self.bench.files().try_into().unwrap();
        let size = fs::metadata(self.bench.log()).unwrap().len();
        assert_eq!(log.lines_stored, lines.len() as u64);
        assert_eq!((log.size_bytes, log.offset_bytes), (Some(size), Some(size)));
        assert_eq!(log.lag_bytes, Some(0));
        // What is written between a copy and the cut is gone, and nobody knows how much that was.
        let gaps = "SELECT count(*) FROM log_gaps \
                    WHERE reason <> 'copy_truncated' OR to_offset IS NOT NULL";
        let gaps: i64 = self
            .bench
            .writer
            .query_row(gaps, [], |row| row.get(0))
            .unwrap();
        assert_eq!(gaps, 0);
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: ProptestConfig::default().cases.max(500),
        max_shrink_iters: 1000,
        ..ProptestConfig::default()
    })]

    #[test]
    fn whatever_happens_on_the_way_each_line_is_in_the_database_once(
        steps in prop::collection::vec(step(), 1..30),
    ) {
        let mut life = Life::new();
        for step in &steps {
            life.take(step);
        }
        life.check();
    }
}
