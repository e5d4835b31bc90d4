//! Every key that help and README list, pressed where they say that it works.

use std::collections::BTreeSet;
use std::net::TcpListener;
use std::path::Path;
use std::time::Duration;

use integration_tests::{Console, Node, peer};
use regex::Regex;

use crate::watched::{Job, node};

/// A key of README's table, and what it does to a real console.
struct Step {
    place: &'static str,
    key: &'static str,
    /// By tmux's names, pressed before.
    before: &'static [&'static str],
    /// A regular expression for the screen before the key is pressed.
    ready: &'static str,
    /// One for the screen afterwards, which does not match before. The chosen row begins with `>`.
    effect: &'static str,
}

const fn step(
    place: &'static str,
    key: &'static str,
    before: &'static [&'static str],
    ready: &'static str,
    effect: &'static str,
) -> Step {
    Step {
        place,
        key,
        before,
        ready,
        effect,
    }
}

const ALL: &str = "everywhere";
const TABLES: &str = "tables";
const LINES: &str = "log lines";

/// In this order, with a node that answers and one that is away.
const STEPS: &[Step] = &[
    step(ALL, "2", &[], "etlmon  Nodes", "1/2 .*Overview"),
    step(ALL, "3", &[], "Overview", "Filesystems  [0-9]+ row"),
    step(ALL, "4", &[], "Filesystems", "Paths  41 rows"),
    step(ALL, "5", &[], "Paths", "Logs  1 row "),
    step(ALL, "6", &[], "Logs", "Processes  [0-9]+ rows"),
    step(ALL, "7", &[], "Processes", "Cron  [0-9]+ rows"),
    step(ALL, "8", &[], "Cron", "Transfers  0 rows"),
    step(ALL, "9", &[], "Transfers", "Audit  0 rows"),
    step(ALL, "1", &[], "Audit", "etlmon  Nodes"),
    step(ALL, "Tab", &[], "etlmon  Nodes", "1/2 .*Overview"),
    step(ALL, "Shift-Tab", &[], "Overview", "etlmon  Nodes"),
    step(ALL, "]", &["3"], "1/2 .*Filesystems", "2/2 DOWN"),
    step(ALL, "[", &[], "2/2 DOWN", "1/2 .*Filesystems"),
    step(ALL, ":", &["3"], "Filesystems", "\n:▏"),
    step(ALL, "Esc", &["p"], "\n:p▏", r"\n\? help"),
    step(
        ALL,
        "?",
        &["4"],
        "Paths  41 rows",
        "the keys that work here",
    ),
    step(
        ALL,
        "y",
        &["?"],
        "Paths  41 rows",
        "copied, if the terminal",
    ),
    // By path: the tenth column.
    step(
        TABLES,
        "s",
        &["s", "s", "s", "s", "s", "s", "s", "s", "s"],
        "TOOK▲",
        r"PATH▲\s*\n",
    ),
    step(ALL, "j", &["g"], "> .*/data", "> .*/p00"),
    step(ALL, "↓", &[], "> .*/p00", "> .*/p01"),
    step(ALL, "k", &[], "> .*/p01", "> .*/p00"),
    step(ALL, "↑", &[], "> .*/p00", "> .*/data"),
    step(ALL, "PgDn", &[], "> .*/data", "> .*/p2[0-9]"),
    step(ALL, "PgUp", &[], "> .*/p2[0-9]", "> .*/data"),
    step(ALL, "Ctrl-D", &[], "> .*/data", "> .*/p2[0-9]"),
    step(ALL, "Ctrl-U", &[], "> .*/p2[0-9]", "> .*/data"),
    step(ALL, "G", &[], "> .*/data", "> .*/p39"),
    step(ALL, "g", &[], "> .*/p39", "> .*/data"),
    step(ALL, "End", &[], "> .*/data", "> .*/p39"),
    step(ALL, "Home", &[], "> .*/p39", "> .*/data"),
    step(
        TABLES,
        "S",
        &["g"],
        "PATH▲",
        r"PATH▼(.|\n)*/p00\s*\n> .*/data",
    ),
    step(TABLES, "/", &["S"], "PATH▲", "\n/▏"),
    step(
        TABLES,
        "Enter",
        &["p", "0", "7", "Enter"],
        "Paths /p07  1 row ",
        "scan_interval_sec",
    ),
    step(
        "Paths",
        "e",
        &["Escape"],
        "Paths /p07  1 row ",
        "scans started: 1",
    ),
    step("Cron", "e", &["7"], "Cron  ", "crontabs read: "),
    step("Processes", "d", &["6"], "> .*RUNNING", "Send SIGTERM to"),
    step("Logs", "p", &["Escape", "5"], "TAILING", "PAUSED"),
    step(
        "Logs",
        "f",
        &["p"],
        "TAILING",
        "app  following.*(\n.*)*line 300",
    ),
    step(LINES, "p", &[], "following", "app  paused"),
    step(LINES, "f", &[], "app  paused", "app  following"),
    step(LINES, "/", &["f"], "following", "\n/▏"),
    step(
        LINES,
        "N",
        &["9", "9", "$", "Enter"],
        "/99\\$(.|\n)*>.*line 299",
        ">.*line 199",
    ),
    step(LINES, "n", &[], ">.*line 199", ">.*line 299"),
    step(LINES, "&", &[], "paused", "\n&▏"),
    step(
        LINES,
        "t",
        &["Escape"],
        r"20\d\d-\d\d-\d\d \d\d:\d\d:\d\d line 299",
        r" \d+s line 299",
    ),
    step(LINES, "l", &["t"], "\n>?\\s*line 299", r"\n>? *x{20}"),
    step(LINES, "h", &[], r"\n>? *x{20}", "line 299 -- long"),
    step(LINES, "→", &[], "line 299 -- long", r"\n>? *x{20}"),
    step(LINES, "←", &[], r"\n>? *x{20}", "line 299 -- long"),
    step(LINES, "w", &[], "line 299 -- long", "end of 299"),
];

/// As tmux calls a key.
fn named(key: &str) -> &str {
    match key {
        "↓" => "Down",
        "↑" => "Up",
        "←" => "Left",
        "→" => "Right",
        "PgDn" => "PageDown",
        "PgUp" => "PageUp",
        "Esc" => "Escape",
        "Shift-Tab" => "BTab",
        "Ctrl-C" => "C-c",
        "Ctrl-D" => "C-d",
        "Ctrl-U" => "C-u",
        "Ctrl-Z" => "C-z",
        other => other,
    }
}

/// The screen, with the chosen row marked.
fn marked(console: &Console) -> String {
    let sequence = Regex::new("\u{1b}\\[[0-9;]*m").unwrap();
    let reversed = Regex::new("^(\u{1b}\\[[0-9;]*m)*\u{1b}\\[([0-9]+;)*7m").unwrap();
    let mark = |line: &str| {
        let mark = if reversed.is_match(line) { "> " } else { "" };
        format!("\n{mark}{}", sequence.replace_all(line, ""))
    };
    console.coloured_screen().lines().map(mark).collect()
}

#[track_caller]
fn await_match(console: &Console, expected: &str, step: &Step) {
    let regex = Regex::new(expected).unwrap();
    let what = format!("{expected:?} for {} {}", step.place, step.key);
    console.await_screen(&what, |_| regex.is_match(&marked(console)));
}

/// All keys of README's table with their places.
fn listed() -> BTreeSet<(String, String)> {
    let readme = include_str!("../../../README.md");
    let table = readme.split("| key | where | what |").nth(1).unwrap();
    let rows = table.lines().skip(2).take_while(|row| row.starts_with('|'));
    let cells = rows.map(|row| row.split(" | ").collect::<Vec<_>>());
    let keys = cells.flat_map(|cells| {
        let place = cells[1].trim().to_owned();
        let keys = cells[0].trim_start_matches("| ").split(", ");
        let keys: Vec<_> = keys
            .map(|key| (place.clone(), key.trim_matches('`').to_owned()))
            .collect();
        keys
    });
    keys.collect()
}

fn start(node: &Node, folder: &Path, away: &str) -> Console {
    let arguments = format!("--node {} --node {away}", node.url);
    Console::start(folder, &arguments, (100, 30))
}

#[test]
fn every_key_that_is_listed_has_its_effect() {
    if !peer("tmux") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let _job = Job::start(folder.path());
    let (node, log) = node(folder.path());
    let line = |n| format!("line {n} -- long {} end of {n}\n", "x".repeat(150));
    integration_tests::log::append(&log, (1..=300).map(line).collect::<String>());
    node.await_caught_up(&log);
    node.await_row(("/api/v1/paths", "status", "OK"), |_| true);
    // An address that nobody listens on.
    let away = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .to_string();
    let console = start(&node, folder.path(), &away);
    let mut pressed = BTreeSet::new();
    for step in STEPS {
        if !step.before.is_empty() {
            console.press(step.before);
        }
        await_match(&console, step.ready, step);
        let before = marked(&console);
        let effect = Regex::new(step.effect).unwrap();
        assert!(!effect.is_match(&before), "{}: {before}", step.key);
        console.press(&[named(step.key)]);
        await_match(&console, step.effect, step);
        pressed.insert((step.place.to_owned(), step.key.to_owned()));
        if step.key == "y" {
            let copied = console.clipboard();
            assert!(copied.starts_with("OK\t"), "{copied}");
        }
    }
    refreshes(&console, &away);
    pressed.insert((ALL.to_owned(), "r".to_owned()));
    console.garble("GARBAGE");
    console.await_text(&["GARBAGE"]);
    console.press(&["C-l"]);
    console.await_gone("GARBAGE");
    pressed.insert((ALL.to_owned(), "Ctrl-L".to_owned()));
    for (key, left) in [
        ("q", "ENDED 0"),
        ("Ctrl-C", "ENDED 0"),
        ("Ctrl-Z", "BEFORE"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let console = start(&node, folder.path(), "127.0.0.1:1");
        console.await_text(&["etlmon  Nodes"]);
        console.press(&[named(key)]);
        console.await_text(&[left]);
        pressed.insert((ALL.to_owned(), key.to_owned()));
    }
    assert_eq!(pressed, listed());
}

/// A node that is away is asked at once, long before it is due: whoever is there now is asked.
fn refreshes(console: &Console, away: &str) {
    console.press(&["3", "]"]);
    let left = |screen: &str| {
        let rest = screen.split("next try in ").nth(1).unwrap_or_default();
        rest.split('s').next().unwrap().parse().unwrap_or(0)
    };
    console.await_screen("a long pause", |screen| {
        let left: u64 = left(screen);
        left >= 10 && screen.contains("refused")
    });
    let _somebody = TcpListener::bind(away).unwrap();
    console.press(&["r"]);
    let waited = console.await_text(&["no answer within 5s"]);
    assert!(waited < Duration::from_secs(8), "{waited:?}");
}

#[test]
fn the_mouse_chooses_opens_and_scrolls() {
    if !peer("tmux") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (node, _) = node(folder.path());
    let console = start(&node, folder.path(), "127.0.0.1:1");
    console.press(&["4", "s", "s", "s", "s", "s", "s", "s", "s", "s", "s", "g"]);
    console.await_text(&["PATH▲", "/data"]);
    let mouse = |button: u8, line: u8| console.write(&format!("\u{1b}[<{button};10;{line}M"));
    let chosen = |path: &str| {
        let what = format!("{path} to be chosen");
        console.await_screen(&what, |_| {
            let marked = marked(&console);
            let mut rows = marked.lines().filter(|row| row.starts_with('>'));
            rows.any(|row| row.trim_end().ends_with(path))
        });
    };
    // Above it are the heading, the screens' names and the columns' titles; then /data and p00.
    mouse(0, 5);
    chosen("/p00");
    mouse(65, 5);
    chosen("/p01");
    mouse(64, 5);
    chosen("/p00");
    mouse(0, 5);
    console.await_text(&["scan_interval_sec"]);
}
