//! Many followed files, each with a line a second.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use integration_tests::{NodeBuilder, cpu_time, eventually};

use crate::cost;

const FILES: usize = 500;
const SECONDS: u32 = 30;

pub fn run() {
    println!("\nmany: {FILES} followed files for {SECONDS} s");
    println!(
        "{:<34} {:>12} {:>10} {:>9} {:>14}",
        "", "CPU % core", "RSS MiB", "threads", "written KB/s"
    );
    for lines in [true, false] {
        for glob in [true, false] {
            measure(glob, lines);
        }
    }
}

fn measure(glob: bool, lines: bool) {
    let folder = tempfile::tempdir().unwrap();
    let path = |number: usize| folder.path().join(format!("app-{number:03}.log"));
    let mut files: Vec<File> = (0..FILES)
        .map(|number| {
            let mut file = OpenOptions::new()
                .append(true)
                .create(true)
                .open(path(number))
                .unwrap();
            // While a file is short, its fingerprint grows and is stored with each line.
            file.write_all("a line from before the start\n".repeat(100).as_bytes())
                .unwrap();
            file
        })
        .collect();
    let config = if glob {
        let pattern = folder.path().join("app-*.log");
        format!(
            "logs: [{{ name: all, path: '{}', from_beginning: true }}]",
            pattern.display()
        )
    } else {
        let log = |number| entry(number, &path(number));
        format!("logs:\n{}", (0..FILES).map(log).collect::<String>())
    };
    let data = tempfile::tempdir().unwrap();
    let node = NodeBuilder::new(data.path()).config(&config).start();
    eventually("all files to be followed", Duration::from_secs(30), || {
        let rows = node.list("/api/v1/logs");
        let is_read = |row: &serde_json::Value| row["lag_bytes"] == 0;
        (rows.len() == FILES && rows.iter().all(is_read)).then_some(())
    });
    let (cpu, bytes) = (cpu_time(node.pid()), cost::written_bytes(node.pid()));
    let began = Instant::now();
    let every = Duration::from_secs(1) / u32::try_from(FILES).unwrap();
    for number in 0..SECONDS * u32::try_from(FILES).unwrap() {
        let due = began + every * number;
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        if lines {
            let file = &mut files[number as usize % FILES];
            file.write_all(format!("a line of an ordinary length, number {number}\n").as_bytes())
                .unwrap();
        }
    }
    let took = began.elapsed().as_secs_f64();
    let cpu = (cpu_time(node.pid()) - cpu).as_secs_f64() / took * 100.0;
    let bytes = (cost::written_bytes(node.pid()) - bytes) as f64 / took / 1000.0;
    let threads = std::fs::read_dir(format!("/proc/{}/task", node.pid()))
        .unwrap()
        .count();
    let name = format!(
        "{}, {}",
        if glob { "one glob" } else { "a log each" },
        if lines { "1 line/s each" } else { "at rest" }
    );
    let rss = cost::status_mib(node.pid(), "VmRSS:");
    println!("{name:<34} {cpu:>12.2} {rss:>10.1} {threads:>9} {bytes:>14.0}");
}

fn entry(number: usize, path: &Path) -> String {
    format!(
        "  - {{ name: app-{number:03}, path: {}, from_beginning: true }}\n",
        path.display()
    )
}
