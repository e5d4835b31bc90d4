//! The console: from a key to the new screen with the node's answer in it, and what 50 nodes cost.
//!
//! `cargo bench -p integration-tests --bench console [-- keys|nodes]`

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a benchmark prints and may panic"
)]

use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use integration_tests::log::app_log;
use integration_tests::{
    Console, Node, NodeBuilder, Sleepers, cpu_time, etlmon, eventually, is_wanted,
};

const LINES: usize = 100_000;
const PROCESSES: usize = 1_000;
const PATHS: usize = 500;
const NODES: usize = 50;
const ROUNDS: usize = 50;
const PATIENCE: Duration = Duration::from_secs(120);
/// For how long the console with many nodes is watched.
const STEADY: Duration = Duration::from_secs(60);
const SIZE: (u16, u16) = (160, 50);
/// What names hold whose number the proxy changes with each round.
const MARK: &str = "mark0000";

/// A key, and the name of its screen.
const SCREENS: [(&str, &str); 9] = [
    ("1", "Nodes"),
    ("2", "Overview"),
    ("3", "Filesystems"),
    ("4", "Paths"),
    ("5", "Logs"),
    ("6", "Processes"),
    ("7", "Cron"),
    ("8", "Transfers"),
    ("9", "Audit"),
];

fn main() {
    etlmon();
    let folder = tempfile::tempdir().unwrap();
    let _sleepers = Sleepers::start(PROCESSES, MARK);
    let node = Arc::new(node(folder.path()));
    if is_wanted("keys") {
        keys(folder.path(), &node);
    }
    if is_wanted("nodes") {
        nodes(folder.path(), &node);
    }
}

/// A node with much of everything.
fn node(folder: &Path) -> Node {
    let (log, config) = app_log(folder, "app.log", "from_beginning: true");
    let mut config = config.replace("name: app", &format!("name: {MARK}"));
    let line = |n| format!("2026-01-15T10:23:45Z INFO loader: order {n} stored in 12 ms\n");
    std::fs::write(&log, (0..LINES).map(line).collect::<String>()).unwrap();
    let transfers = folder.join("xferlog");
    let transfer = "Thu Jan 15 10:23:45 2026 2 10.0.0.5 1048576 /in/mark0000 b _ i r etl ftp 0 * c";
    std::fs::write(&transfers, format!("{transfer}\n")).unwrap();
    write!(
        config,
        "\nrefresh: {{ process: 5s }}\n\
         process_watch: [{{ name: loader, match: '^{MARK}' }}]\n\
         xferlog: {{ path: {} }}\n\
         paths:\n  - path: /{MARK}\n",
        transfers.display()
    )
    .unwrap();
    for path in 1..PATHS {
        let path = folder.join(format!("path{path}"));
        std::fs::create_dir(&path).unwrap();
        writeln!(config, "  - path: {}", path.display()).unwrap();
    }
    let node = NodeBuilder::new(folder).config(&config).start();
    node.await_caught_up(&log);
    node.post("/api/v1/paths/scan", "{}");
    for (list, rows) in [
        ("processes", PROCESSES),
        ("paths?limit=10000", PATHS),
        ("xferlog", 1),
        ("audit", 1),
    ] {
        eventually(list, PATIENCE, || {
            let there = node.list(&format!("/api/v1/{list}")).len();
            (there >= rows).then_some(())
        });
    }
    node
}

/// Passes questions on to the node, and its answers back with the number of the round in them: what
/// shows it was asked for in this round.
fn proxy(node: &Arc<Node>, round: &Arc<AtomicUsize>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let file_system = node.list("/api/v1/fs")[0]["fs_type"].to_string();
    // Whoever still listens at the end must not keep the node.
    let (node, round) = (Arc::downgrade(node), Arc::clone(round));
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let (node, round) = (Weak::clone(&node), Arc::clone(&round));
            let file_system = file_system.clone();
            std::thread::spawn(move || {
                let numbered = |body: &str| {
                    let number = round.load(Ordering::Acquire);
                    let quoted = format!("\"{number:04}\"");
                    body.replace(MARK, &format!("mark{number:04}"))
                        .replace(&file_system, &quoted)
                        .replace("\"root\"", &quoted)
                        .replace("\"done\"", &quoted)
                };
                pass_on(&stream, &node, &numbered);
            });
        }
    });
    address
}

fn pass_on(stream: &TcpStream, node: &Weak<Node>, numbered: &dyn Fn(&str) -> String) {
    stream.set_nodelay(true).unwrap();
    let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
    while let Some(request) = lines.next() {
        lines.find(|line| line.is_empty());
        let Some(node) = node.upgrade() else { return };
        let answer = node.get(request.split(' ').nth(1).unwrap());
        let body = numbered(&answer.body);
        let kind = answer.header("content-type").unwrap_or_default();
        let head = format!(
            "HTTP/1.1 {} -\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n",
            answer.status,
            body.len()
        );
        // The console may have hung up.
        if { stream }.write_all((head + &body).as_bytes()).is_err() {
            return;
        }
    }
}

fn keys(folder: &Path, node: &Arc<Node>) {
    let round = Arc::new(AtomicUsize::new(0));
    let address = proxy(node, &round);
    let console = Console::start(folder, &format!("--node {address}"), SIZE);
    console.await_text(&["Overview", "0000"]);
    println!(
        "\n{LINES} lines, {PROCESSES} processes, {PATHS} paths: key to screen with a new answer, \
         {ROUNDS} times each, in tmux"
    );
    println!("  {:<24} {:>9} {:>9}", "screen", "median", "worst");
    for (at, (key, name)) in SCREENS.into_iter().enumerate() {
        let (away, other) = SCREENS[(at + 4) % SCREENS.len()];
        let mut times: Vec<Duration> = (0..ROUNDS)
            .map(|_| {
                console.press(&[away]);
                await_screen(&console, other, "");
                let number = round.fetch_add(1, Ordering::AcqRel) + 1;
                let began = Instant::now();
                console.press(&[key]);
                await_screen(&console, name, &format!("{number:04}"));
                began.elapsed()
            })
            .collect();
        report(name, &mut times);
    }
    drop(console);
    let console = Console::start(folder, &format!("--node {}", node.url), SIZE);
    let mut times: Vec<Duration> = (0..ROUNDS)
        .map(|_| {
            console.press(&["Escape", "5"]);
            console.await_text(&["TAILING"]);
            let began = Instant::now();
            console.press(&["f"]);
            console.await_text(&["following", "order 99999"]);
            began.elapsed()
        })
        .collect();
    report("the last lines of a log", &mut times);
}

fn await_screen(console: &Console, name: &str, text: &str) {
    console.await_screen(name, |screen| {
        let heading = screen.lines().next().unwrap_or_default();
        heading.contains(&format!(" {name}")) && screen.contains(text)
    });
}

fn nodes(folder: &Path, busy: &Node) {
    let idle = Node::with_paths(1);
    println!(
        "\n{NODES} nodes in one console, CPU for {} s",
        STEADY.as_secs()
    );
    for (what, many) in [
        ("small ones", 0),
        ("one like that above", 1),
        ("all like that above", NODES),
    ] {
        let mut config = "nodes:\n".to_owned();
        for node in 0..NODES {
            let url = if node < many { &busy.url } else { &idle.url };
            writeln!(config, "  - {{ name: node{node}, address: '{url}' }}").unwrap();
        }
        let file = folder.join("ui.yaml");
        std::fs::write(&file, config).unwrap();
        let console = Console::start(folder, &format!("-c {}", file.display()), SIZE);
        console.await_screen("all nodes", |screen| screen.matches("node").count() >= 40);
        console.await_gone("ASKING");
        let pid = console.pid().try_into().unwrap();
        let (cpu, began) = (cpu_time(pid), Instant::now());
        std::thread::sleep(STEADY);
        let spent = (cpu_time(pid) - cpu).as_secs_f64();
        let percent = spent / began.elapsed().as_secs_f64() * 100.0;
        println!("  {what:<24} {percent:.2} % of a core");
    }
}

fn report(what: &str, times: &mut [Duration]) {
    times.sort();
    let (median, worst) = (times[times.len() / 2], times[times.len() - 1]);
    println!("  {what:<24} {median:>9.1?} {worst:>9.1?}");
}
