//! A large file that was there before the node, into the store.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::time::{Duration, Instant};

use integration_tests::{NodeBuilder, cpu_time, eventually};

use crate::{bare, cost};

const LINE_BYTES: usize = 120;
const PATIENCE: Duration = Duration::from_secs(600);

pub fn run() {
    let mib: u64 = std::env::var("ETLMON_BENCH_MIB").map_or(1024, |mib| mib.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("backlog.log");
    let lines = write(&log, mib << 20);
    println!("\nbacklog: {mib} MiB, {lines} lines of {LINE_BYTES} bytes, into the store");
    println!(
        "{:<34} {:>10} {:>8} {:>12} {:>10} {:>10}",
        "", "lines/s", "x", "CPU s/Mline", "peak MiB", "DB MiB"
    );
    let mut limit = None;
    for round in 1..=2 {
        let database = folder.path().join(format!("bare{round}.db"));
        let took = bare::run(&log, &database);
        assert_eq!(took.lines, lines);
        let rate = lines as f64 / took.wall.as_secs_f64();
        let best = limit.get_or_insert(rate);
        *best = best.max(rate);
        row(
            "bare read, split, insert",
            rate,
            1.0,
            took.cpu,
            lines,
            None,
            &database,
        );
        // Its pages in memory are for the next to use: a virtual machine's first use of others is slow.
        std::fs::remove_file(database).unwrap();
        node(folder.path(), &log, lines, *best);
    }
}

fn node(folder: &Path, log: &Path, lines: u64, limit: f64) {
    let data = tempfile::tempdir_in(folder).unwrap();
    let config = format!(
        "logs: [{{ name: backlog, path: {}, from_beginning: true }}]\n\
         retention: {{ log_lines: {{ max_rows: 1000000000 }} }}",
        log.display()
    );
    let node = NodeBuilder::new(data.path()).config(&config).start();
    let began = Instant::now();
    eventually("the whole backlog", PATIENCE, || {
        std::thread::sleep(Duration::from_millis(100));
        let row = node.row("/api/v1/logs", "name", "backlog")?;
        (row["lines_stored"].as_u64() == Some(lines)).then_some(())
    });
    let rate = lines as f64 / began.elapsed().as_secs_f64();
    let cpu = cpu_time(node.pid());
    let peak = cost::status_mib(node.pid(), "VmHWM:");
    let name = "etlmon node";
    row(
        name,
        rate,
        rate / limit,
        cpu,
        lines,
        Some(peak),
        &node.database(),
    );
}

fn row(
    name: &str,
    rate: f64,
    ratio: f64,
    cpu: Duration,
    lines: u64,
    peak: Option<f64>,
    database: &Path,
) {
    let per_million = cpu.as_secs_f64() / (lines as f64 / 1e6);
    let peak = peak.map_or("-".to_owned(), |peak| format!("{peak:.1}"));
    let size = std::fs::metadata(database).unwrap().len() >> 20;
    println!("{name:<34} {rate:>10.0} {ratio:>8.2} {per_million:>12.2} {peak:>10} {size:>10}");
}

/// Lines as a server writes them: a time, a host, a level, words, numbers, an id.
fn write(path: &Path, bytes: u64) -> u64 {
    let mut file = BufWriter::new(File::create(path).unwrap());
    let lines = bytes / (LINE_BYTES as u64 + 1);
    let mut random = 0x9e37_79b9_7f4a_7c15_u64;
    for number in 0..lines {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        let level = ["INFO", "WARN", "DEBUG", "ERROR"][(random % 4) as usize];
        let line = format!(
            "2026-01-15T{:02}:{:02}:{:02}.{:03}Z etl-{:02} {level} loader[{}]: batch {random:016x} loaded {} rows from part-{number:08}",
            number / 3_600_000 % 24,
            number / 60_000 % 60,
            number / 1000 % 60,
            number % 1000,
            random % 40,
            1000 + random % 60_000,
            random % 1_000_000,
        );
        writeln!(file, "{line:<LINE_BYTES$.LINE_BYTES$}").unwrap();
    }
    file.flush().unwrap();
    lines
}
