//! From the write of a line until a query shows it, and what that costs.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use integration_tests::{Node, NodeBuilder, cpu_time, database, eventually};

use crate::{bare, cost};

/// For so long the node is watched before the first line.
const REST: Duration = Duration::from_secs(20);

pub fn run() {
    println!("\nlatency: from the write of a line until a query shows it");
    println!(
        "{:<16} {:>9} {:>9} {:>9} {:>9} {:>12} {:>10} {:>14}",
        "", "lines", "median ms", "99 % ms", "max ms", "CPU % core", "at rest", "written KB/s"
    );
    measure("500 lines/s", Duration::from_millis(2), 15_000);
    bare_commits("bare inserts", Duration::from_millis(2), 15_000);
    measure("1 line/s", Duration::from_secs(1), 20);
    measure("5000 lines/s", Duration::from_micros(200), 50_000);
}

/// The least that as many lines cost with as many commits: no file read, no checkpoint.
fn bare_commits(name: &str, every: Duration, lines: usize) {
    const REST: Duration = Duration::from_millis(90);
    let folder = tempfile::tempdir().unwrap();
    let batch = (REST.as_nanos() / every.as_nanos()) as usize;
    let line = "2026-01-15T10:23:45.000Z a line of an ordinary length, number 12345";
    let took = bare::trickle(line, lines, batch, REST, &folder.path().join("bare.db"));
    let cpu = took.cpu.as_secs_f64() / took.wall.as_secs_f64() * 100.0;
    println!(
        "{name:<16} {lines:>9} {:>9} {:>9} {:>9} {cpu:>12.2}",
        "", "", ""
    );
}

/// The lines are numbered, so their row ids are their numbers.
fn measure(name: &str, every: Duration, lines: usize) {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("app.log");
    let mut file = OpenOptions::new()
        .append(true)
        .create(true)
        .open(&log)
        .unwrap();
    let config = format!(
        "logs: [{{ name: app, path: {}, from_beginning: true }}]",
        log.display()
    );
    // The node's own writes would be events in the watched directory.
    let data = tempfile::tempdir().unwrap();
    let node = NodeBuilder::new(data.path()).config(&config).start();
    file.write_all(b"first\n").unwrap();
    eventually("the first line", Duration::from_secs(10), || {
        (!node.log_lines("app").is_empty()).then_some(())
    });
    // What the node uses for all else.
    let cpu = used(&node);
    std::thread::sleep(REST);
    let rest = (used(&node) - cpu).as_secs_f64() / REST.as_secs_f64() * 100.0;
    let done = Arc::new(AtomicBool::new(false));
    let seen = std::thread::spawn({
        let (path, done) = (node.database(), Arc::clone(&done));
        move || watch(&path, &done)
    });
    let (cpu, bytes, began) = (used(&node), cost::written_bytes(node.pid()), Instant::now());
    let written: Vec<Instant> = (0..lines)
        .map(|number| {
            let due = began + every * u32::try_from(number).unwrap();
            std::thread::sleep(due.saturating_duration_since(Instant::now()));
            file.write_all(
                format!("2026-01-15T10:23:45.000Z a line of an ordinary length, number {number}\n")
                    .as_bytes(),
            )
            .unwrap();
            Instant::now()
        })
        .collect();
    eventually("all lines", Duration::from_secs(20), || {
        let row = node.row("/api/v1/logs", "name", "app")?;
        (row["lines_stored"].as_u64() == Some(lines as u64 + 1)).then_some(())
    });
    let took = began.elapsed().as_secs_f64();
    let (cpu, bytes) = (used(&node) - cpu, cost::written_bytes(node.pid()) - bytes);
    done.store(true, Ordering::Release);
    let seen = seen.join().unwrap();
    let mut waited: Vec<f64> = written
        .iter()
        .enumerate()
        .map(|(number, written)| {
            let id = i64::try_from(number).unwrap() + 2;
            let at = seen.iter().find(|(newest, _)| *newest >= id).unwrap().1;
            at.saturating_duration_since(*written).as_secs_f64() * 1000.0
        })
        .collect();
    waited.sort_by(f64::total_cmp);
    let share = |part: f64| waited[((waited.len() - 1) as f64 * part) as usize];
    println!(
        "{name:<16} {lines:>9} {:>9.1} {:>9.1} {:>9.1} {:>12.2} {rest:>10.2} {:>14.0}",
        share(0.5),
        share(0.99),
        share(1.0),
        cpu.as_secs_f64() / took * 100.0,
        bytes as f64 / took / 1000.0
    );
}

fn used(node: &Node) -> Duration {
    cpu_time(node.pid())
}

/// When which line was the newest, as another reader of the database sees it.
fn watch(path: &Path, done: &AtomicBool) -> Vec<(i64, Instant)> {
    let reader = database::reader(path);
    let mut newest = reader.prepare("SELECT max(id) FROM log_lines").unwrap();
    let mut seen: Vec<(i64, Instant)> = Vec::new();
    loop {
        let last = done.load(Ordering::Acquire);
        let id: i64 = newest.query_row([], |row| row.get(0)).unwrap();
        if seen.last().is_none_or(|(known, _)| *known < id) {
            seen.push((id, Instant::now()));
        }
        if last {
            return seen;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}
