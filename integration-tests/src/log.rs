//! Logs that are written while a node follows them, and what the node has of them.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::node::PATIENCE;
use crate::{Node, eventually};

/// Appends to a file as a daemon does, one write a call; the file is made where it is missing.
pub fn append(path: &Path, text: impl AsRef<[u8]>) {
    open(path).write_all(text.as_ref()).unwrap();
}

fn open(path: &Path) -> File {
    OpenOptions::new()
        .append(true)
        .create(true)
        .open(path)
        .unwrap()
}

/// A daemon that writes numbered lines (`line 1`, `line 2`, …) at a rate, each with a write of its
/// own, and opens its log anew when it is told to.
pub struct LogWriter {
    written: Arc<AtomicU64>,
    reopen: Arc<AtomicBool>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl LogWriter {
    /// Starts writing to `path`.
    pub fn start(path: &Path, lines_per_sec: u32) -> Self {
        let mut writer = Self {
            written: Arc::default(),
            reopen: Arc::default(),
            stop: Arc::default(),
            thread: None,
        };
        let path = path.to_owned();
        let (written, reopen, stop) = (
            Arc::clone(&writer.written),
            Arc::clone(&writer.reopen),
            Arc::clone(&writer.stop),
        );
        writer.thread = Some(std::thread::spawn(move || {
            let (mut file, began) = (open(&path), Instant::now());
            for number in 1.. {
                while began.elapsed().as_secs_f64() * f64::from(lines_per_sec) < number as f64 {
                    std::thread::sleep(Duration::from_millis(1));
                }
                if stop.load(Ordering::Acquire) {
                    return;
                }
                if reopen.swap(false, Ordering::AcqRel) {
                    file = open(&path);
                }
                file.write_all(format!("line {number}\n").as_bytes())
                    .unwrap();
                written.store(number, Ordering::Release);
            }
        }));
        writer
    }

    /// How many lines it has written.
    pub fn written(&self) -> u64 {
        self.written.load(Ordering::Acquire)
    }

    /// Has it open its log anew before its next line, and waits until it has.
    pub fn reopen(&self) {
        self.reopen.store(true, Ordering::Release);
        let before = self.written();
        eventually("the writer to open its log anew", PATIENCE, || {
            (!self.reopen.load(Ordering::Acquire) && self.written() > before).then_some(())
        });
    }

    /// Ends it; how many lines it has written.
    pub fn stop(&mut self) -> u64 {
        self.stop.store(true, Ordering::Release);
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
        self.written()
    }
}

impl Drop for LogWriter {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
    }
}

/// The number in a line that a [`LogWriter`] wrote; none when the line is mangled.
pub fn number(line: &str) -> Option<u64> {
    let number = line.strip_prefix("line ")?;
    number
        .parse()
        .ok()
        .filter(|n: &u64| n.to_string() == number)
}

impl Node {
    /// All lines of a log that the node has, in its order, with all their columns.
    pub fn log_rows(&self, name: &str) -> Vec<Value> {
        let mut rows: Vec<Value> = Vec::new();
        loop {
            let after = rows.last().map_or(0, |row| row["id"].as_i64().unwrap());
            let page = self.list(&format!("/api/v1/logs/{name}?limit=10000&after={after}"));
            // More may come for ever; what there was at first is had with a page that is not full.
            let is_last = page.len() < 10_000;
            rows.extend(page);
            if is_last {
                return rows;
            }
        }
    }

    /// All lines of a log that the node has.
    pub fn log_lines(&self, name: &str) -> Vec<String> {
        let text = |row: Value| row["line"].as_str().unwrap().to_owned();
        self.log_rows(name).into_iter().map(text).collect()
    }

    /// Waits until the node has exactly these lines of a log.
    #[track_caller]
    pub fn await_lines(&self, name: &str, expected: &[&str]) {
        let mut found = Vec::new();
        let deadline = Instant::now() + PATIENCE;
        while found != expected {
            assert!(
                Instant::now() < deadline,
                "{found:?} instead of {expected:?}\n{}",
                self.stderr()
            );
            found = self.log_lines(name);
        }
    }

    /// Waits until a log is followed to the end of the file that is at its path now.
    pub fn await_caught_up(&self, path: &Path) -> Value {
        let (text, size) = (path.display().to_string(), path.metadata().unwrap().size());
        self.await_row(("/api/v1/logs", "path", &text), |row| {
            // Of an empty file nothing is read.
            let offset = row["offset_bytes"].as_u64().unwrap_or(0);
            row["lag_bytes"] == 0 && offset == size
        })
    }

    /// The gaps of a log.
    pub fn gaps(&self, name: &str) -> Vec<Value> {
        self.list(&format!("/api/v1/logs/{name}/gaps?limit=10000"))
    }
}

/// A file `name` in `folder`, and the configuration of a log `app` that follows it.
pub fn app_log(folder: &Path, name: &str, settings: &str) -> (PathBuf, String) {
    let path = folder.join(name);
    let config = format!(
        "logs: [{{ name: app, path: {}, {settings} }}]\n\
         retention: {{ log_lines: {{ max_rows: 10000000 }} }}",
        path.display()
    );
    (path, config)
}
