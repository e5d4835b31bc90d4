//! The whole node: how soon it answers, what it costs when idle, how fast it answers under a scan.
//!
//! `cargo bench -p integration-tests --bench node [start|idle|latency]`

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a benchmark prints, rounds and may panic"
)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use integration_tests::{Node, NodeBuilder, cpu_time, eventually, is_wanted};

const IDLE_TIME: Duration = Duration::from_secs(60);
const REQUESTS: usize = 2000;

fn main() {
    // Built before anything is timed.
    integration_tests::etlmon();
    if is_wanted("start") {
        start();
    }
    if is_wanted("idle") {
        idle();
    }
    if is_wanted("latency") {
        latency();
    }
}

/// From the process's start to its first answer with a file system in it.
fn start() {
    let mut times: Vec<Duration> = (0..15)
        .map(|_| {
            let folder = tempfile::tempdir().unwrap();
            let builder = NodeBuilder::new(folder.path());
            let began = Instant::now();
            let node = builder.start();
            eventually("a file system", Duration::from_secs(5), || {
                (!node.list("/api/v1/fs").is_empty()).then_some(())
            });
            began.elapsed()
        })
        .collect();
    times.sort();
    println!("\nstart: from the binary's start to an answer with data");
    println!("{:>10} {:>10} {:>10}", "min ms", "median ms", "max ms");
    println!(
        "{:>10.1} {:>10.1} {:>10.1}",
        ms(times[0]),
        ms(times[times.len() / 2]),
        ms(times[times.len() - 1])
    );
}

/// What nobody asks anything costs.
fn idle() {
    println!("\nidle for {} s", IDLE_TIME.as_secs());
    println!(
        "{:<28} {:>9} {:>9} {:>8} {:>10}",
        "", "RSS MiB", "anon MiB", "threads", "CPU % core"
    );
    let node = Node::start("");
    eventually("a first cycle", Duration::from_secs(5), || {
        (node.get("/api/v1/fs").body.len() > 2).then_some(())
    });
    idle_row("etlmon node, defaults", node.pid());
    let exporter = Command::new("prometheus-node-exporter")
        .arg("--web.listen-address=127.0.0.1:0")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    match exporter {
        Ok(mut child) => {
            std::thread::sleep(Duration::from_secs(2));
            idle_row("node_exporter, not scraped", child.id());
            child.kill().unwrap();
            child.wait().unwrap();
        }
        Err(_) => println!("{:<28} not installed", "node_exporter"),
    }
}

fn idle_row(name: &str, pid: u32) {
    let before = cpu_time(pid);
    let began = Instant::now();
    std::thread::sleep(IDLE_TIME);
    let share = (cpu_time(pid) - before).as_secs_f64() / began.elapsed().as_secs_f64();
    let threads = std::fs::read_dir(format!("/proc/{pid}/task"))
        .unwrap()
        .count();
    println!(
        "{name:<28} {:>9.1} {:>9.1} {threads:>8} {:>10.3}",
        status_mib(pid, "VmRSS:"),
        status_mib(pid, "RssAnon:"),
        share * 100.0
    );
}

fn status_mib(pid: u32, field: &str) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with(field)).unwrap();
    line.split_whitespace()
        .nth(1)
        .unwrap()
        .parse::<f64>()
        .unwrap()
        / 1024.0
}

/// How long one request on a kept connection takes, at rest and while a million files are counted.
fn latency() {
    let tree = tempfile::tempdir().unwrap();
    println!("\nlatency: {REQUESTS} requests one after the other on one connection");
    println!("making a tree of 1,000,000 files ...");
    make_tree(tree.path());
    let node = Node::start(&format!(
        "paths: [{{ path: {}, scan_interval: 1h }}]",
        tree.path().display()
    ));
    let scanned = || node.list("/api/v1/paths")[0]["status"] == "OK";
    eventually("the first scan", Duration::from_secs(120), || {
        scanned().then_some(())
    });
    println!(
        "{:<34} {:>9} {:>9} {:>9} {:>9}",
        "", "p50 ms", "p90 ms", "p99 ms", "max ms"
    );
    bare_row();
    let address = node.url.strip_prefix("http://").unwrap();
    for route in ["/api/v1/fs", "/api/v1/health"] {
        latency_row(&format!("{route}, at rest"), address, route, || {});
    }
    for route in ["/api/v1/fs", "/api/v1/health"] {
        // A scan is always under way: one that has ended is followed by the next.
        let mut count = 0;
        latency_row(&format!("{route}, during scans"), address, route, || {
            count += 1;
            if count % 20 == 1 {
                node.post("/api/v1/paths/scan", "{}");
            }
        });
    }
    println!(
        "scan of 1,000,000 files: {} ms",
        node.list("/api/v1/paths")[0]["scan_duration_ms"]
    );
}

/// 1,000 directories of 1,000 files; hard links are as many entries and cheaper to make.
fn make_tree(root: &Path) {
    for directory in 0..1000 {
        let directory = root.join(format!("{directory:03}"));
        std::fs::create_dir(&directory).unwrap();
        let first = directory.join("000");
        std::fs::write(&first, "").unwrap();
        for file in 1..1000 {
            std::fs::hard_link(&first, directory.join(format!("{file:03}"))).unwrap();
        }
    }
}

/// The limit: a thread that answers a fixed text on a socket.
fn bare_row() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.set_nodelay(true).unwrap();
        let body = "x".repeat(500);
        let answer = format!(
            "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        let mut buffer = [0; 4096];
        while stream.read(&mut buffer).is_ok_and(|read| read > 0) {
            stream.write_all(answer.as_bytes()).unwrap();
        }
    });
    latency_row("bare socket, fixed answer", &address, "/", || {});
}

fn latency_row(name: &str, address: &str, route: &str, mut before: impl FnMut()) {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_nodelay(true).unwrap();
    let mut writer = stream.try_clone().unwrap();
    let mut reader = BufReader::new(stream);
    let mut times = Vec::with_capacity(REQUESTS);
    for _ in 0..REQUESTS {
        before();
        let began = Instant::now();
        let request = format!("GET {route} HTTP/1.1\r\nHost: localhost\r\n\r\n");
        writer.write_all(request.as_bytes()).unwrap();
        read_answer(&mut reader);
        times.push(began.elapsed());
    }
    times.sort();
    let at = |share: f64| ms(times[((times.len() - 1) as f64 * share) as usize]);
    println!(
        "{name:<34} {:>9.2} {:>9.2} {:>9.2} {:>9.2}",
        at(0.5),
        at(0.9),
        at(0.99),
        at(1.0)
    );
}

fn read_answer(reader: &mut BufReader<TcpStream>) {
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        let line = line.trim_end().to_ascii_lowercase();
        if let Some(value) = line.strip_prefix("content-length: ") {
            length = value.parse().unwrap();
        }
        if line.is_empty() {
            break;
        }
    }
    reader.read_exact(&mut vec![0; length]).unwrap();
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
