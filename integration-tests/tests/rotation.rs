//! Logs under the real logrotate(8) at 5,000 lines/s, while the node is killed again and again:
//! every line once, in order, and what copytruncate destroys is in the ledger.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "functions that tests share are test code too"
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use integration_tests::log::{LogWriter, number};
use integration_tests::{NodeBuilder, eventually, peer};
use rustix::process::Signal;

const LIMIT: Duration = Duration::from_secs(60);
const LINES_PER_SEC: u32 = 5_000;
const ROTATIONS: usize = 6;

/// How a log is rotated.
struct Variant {
    name: &'static str,
    /// For logrotate; `FOLDER` is the log's own, and `ROUND` counts, as a second may see two.
    directives: &'static str,
    /// Whether its writer is told to open the log anew, as a daemon is by `postrotate`.
    reopens: bool,
    /// Whether the copy is cut while lines are written, which destroys some.
    destroys: bool,
}

const fn moved(name: &'static str, directives: &'static str) -> Variant {
    Variant {
        name,
        directives,
        reopens: true,
        destroys: false,
    }
}

const fn copied(name: &'static str, directives: &'static str) -> Variant {
    Variant {
        name,
        directives,
        reopens: false,
        destroys: true,
    }
}

const VARIANTS: &[Variant] = &[
    moved("create", "create"),
    moved("nocreate", "nocreate"),
    moved("dateext", "create\n dateext\n dateformat -%Y%m%d-ROUND"),
    moved(
        "dateext_inside",
        "create\n dateext\n dateformat -%Y%m%d-ROUND\n extension .log",
    ),
    moved("olddir", "create\n olddir FOLDER/old"),
    moved("delaycompress", "create\n compress\n delaycompress"),
    moved(
        "dateext_delaycompress",
        "create\n dateext\n dateformat -%Y%m%d-ROUND\n compress\n delaycompress",
    ),
    moved("start_at_9", "create\n start 9"),
    copied("copytruncate", "copytruncate"),
    copied("copytruncate_compress", "copytruncate\n compress"),
    copied(
        "copytruncate_dateext",
        "copytruncate\n dateext\n dateformat -%Y%m%d-ROUND",
    ),
];

/// One variant's log, its writer and its logrotate.
struct Rotated {
    variant: &'static Variant,
    folder: PathBuf,
    log: PathBuf,
    writer: LogWriter,
    round: usize,
}

impl Rotated {
    fn start(root: &Path, variant: &'static Variant) -> Self {
        let folder = root.join(variant.name);
        fs::create_dir_all(folder.join("old")).unwrap();
        let log = folder.join("app.log");
        let writer = LogWriter::start(&log, LINES_PER_SEC);
        Self {
            variant,
            folder,
            log,
            writer,
            round: 0,
        }
    }

    fn config(&self) -> String {
        let (name, log) = (self.variant.name, self.log.display());
        let old = self.folder.join("old");
        format!(
            "  - {{ name: {name}, path: {log}, from_beginning: true, rotated_to: [{}] }}\n",
            old.display()
        )
    }

    fn rotate(&mut self) {
        self.round += 1;
        let directives = self
            .variant
            .directives
            .replace("FOLDER", &self.folder.display().to_string())
            .replace("ROUND", &format!("{:02}", self.round));
        let conf = format!(
            "{} {{\n rotate 100\n {directives}\n}}\n",
            self.log.display()
        );
        fs::write(self.folder.join("conf"), conf).unwrap();
        let output = Command::new("logrotate")
            .args(["--force", "--state"])
            .args([self.folder.join("state"), self.folder.join("conf")])
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{}: {said}", self.variant.name);
        if self.variant.reopens {
            self.writer.reopen();
        }
    }
}

#[test]
fn every_line_is_stored_once_whatever_logrotate_does_and_however_the_node_dies() {
    if !peer("logrotate") {
        return;
    }
    let root = tempfile::tempdir().unwrap();
    // Few at a time, so that each is written at full speed.
    for variants in VARIANTS.chunks(3) {
        follow(root.path(), variants);
    }
}

fn follow(root: &Path, variants: &'static [Variant]) {
    let mut logs: Vec<_> = variants
        .iter()
        .map(|one| Rotated::start(root, one))
        .collect();
    let config: String = logs.iter().map(Rotated::config).collect();
    let config = format!("logs:\n{config}retention: {{ log_lines: {{ max_rows: 10000000 }} }}\n");
    let folder = root.join(variants[0].name);
    let builder = NodeBuilder::new(&folder).config(&config);
    let mut node = builder.start();
    for round in 0..ROTATIONS {
        let (began, before) = (Instant::now(), logs[0].writer.written());
        eventually("lines to be written", LIMIT, || {
            (logs[0].writer.written() > before + 2_000).then_some(())
        });
        for log in &mut logs {
            log.rotate();
        }
        if round % 2 == 1 {
            node.end_by(Signal::KILL);
            if round % 4 == 3 {
                // Once more while nobody looks.
                logs.iter_mut().for_each(Rotated::rotate);
            }
            node = builder.start();
        }
        assert!(began.elapsed() < LIMIT);
    }
    let written: BTreeMap<_, _> = logs
        .iter_mut()
        .map(|log| (log.variant.name, log.writer.stop()))
        .collect();
    for log in &logs {
        node.await_caught_up(&log.log);
        judge(log.variant, written[log.variant.name], &node);
    }
}

fn judge(variant: &Variant, written: u64, node: &integration_tests::Node) {
    let name = variant.name;
    let lines = node.log_lines(name);
    let numbers: Vec<u64> = lines
        .iter()
        .map(|line| number(line).unwrap_or_else(|| panic!("{name}: mangled: {line:?}")))
        .collect();
    let wrong_order = numbers.windows(2).find(|pair| pair[0] >= pair[1]);
    assert_eq!(wrong_order, None, "{name}: doubled, or out of order");
    assert!(
        numbers.last().is_some_and(|last| *last <= written),
        "{name}"
    );
    let lost = written - numbers.len() as u64;
    let gaps = node.gaps(name);
    if variant.destroys {
        assert!(
            lost == 0 || !gaps.is_empty(),
            "{name}: {lost} lines lost in silence"
        );
        let reasons: Vec<_> = gaps
            .iter()
            .map(|gap| gap["reason"].as_str().unwrap())
            .collect();
        let known = ["copy_truncated", "truncated"];
        assert!(
            reasons.iter().all(|reason| known.contains(reason)),
            "{name}: {gaps:?}"
        );
    } else {
        assert_eq!((lost, gaps.len()), (0, 0), "{name} of {written}: {gaps:?}");
    }
}
