//! Nodes that die, hang, refuse, or are none.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;

use integration_tests::{Console, NodeBuilder, peer};
use rustix::process::Signal;

use crate::watched::{config, node};

#[test]
fn a_node_that_dies_and_returns_is_seen_to_and_its_data_stays() {
    if !peer("tmux") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (mut running, _) = node(folder.path());
    let url = running.url.clone();
    let console = Console::start(folder.path(), &format!("--node {url}"), (100, 30));
    console.press(&["4"]);
    console.await_text(&["Paths  41 rows", "/p"]);
    running.end_by(Signal::KILL);
    console.await_text(&[
        "DOWN  Paths",
        "last seen",
        "next try in",
        "refused",
        "41 rows",
        "/p",
    ]);
    // It is asked less and less often.
    console.await_screen("a longer pause", |screen| next_try(screen) >= 4);
    let listen = url.strip_prefix("http://").unwrap();
    let config = config(folder.path()).0;
    let again = NodeBuilder::new(folder.path()).config(&config);
    let _again = again.listen(Some(listen)).start();
    console.press(&["r"]);
    console.await_gone("DOWN");
    console.await_text(&["Paths  41 rows", "/p"]);
}

/// The seconds until a node is asked again; 0 where that is not told.
fn next_try(screen: &str) -> u64 {
    let rest = screen.split("next try in ").nth(1).unwrap_or_default();
    let seconds = rest.split('s').next().unwrap_or_default();
    seconds.parse().unwrap_or(0)
}

#[test]
fn a_node_that_hangs_is_told_before_it_is_given_up_and_keys_are_answered() {
    if !peer("tmux") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (node, _) = node(folder.path());
    let console = Console::start(folder.path(), &format!("--node {}", node.url), (100, 30));
    console.press(&["4"]);
    console.await_text(&["Paths  41 rows"]);
    // It is slow for four seconds, in which a machine that is busy enough shows a test no screen.
    let is_seen = (0..5).any(|_| {
        node.signal(Signal::STOP);
        let is_slow = |screen: &str| {
            ["SLOW  Paths  41 rows", "no answer for", "/p"]
                .iter()
                .all(|text| screen.contains(text))
        };
        console.await_screen("SLOW", |screen| is_slow(screen) || screen.contains("DOWN"));
        let is_seen = is_slow(&console.screen());
        if !is_seen {
            node.signal(Signal::CONT);
            console.press(&["r"]);
            console.await_gone("DOWN");
        }
        is_seen
    });
    assert!(is_seen);
    // From a node that hangs nothing new can come.
    console.press(&["9"]);
    console.await_text(&["Audit", "nothing has come yet"]);
    console.press(&["3"]);
    console.await_text(&["Filesystems", "USE%"]);
    console.await_text(&["DOWN  Filesystems", "no answer within 5s", "last seen"]);
    node.signal(Signal::CONT);
    console.press(&["r"]);
    console.await_gone("DOWN");
    console.press(&["9"]);
    console.await_gone("nothing has come yet");
}

#[test]
fn a_wrong_token_and_what_is_no_node_are_told_as_such() {
    if !peer("tmux") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let tokens = "auth: { reads: token, tokens: [{ name: ops, sha256: \
                  '2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b' }] }";
    let node = NodeBuilder::new(folder.path()).config(tokens).start();
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = other.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in other.incoming().map_while(Result::ok) {
            let mut request = BufReader::new(&stream).lines().map_while(Result::ok);
            request.find(|line| line.is_empty());
            let page = "<html>no node</html>";
            let head = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close";
            let answer = format!("{head}\r\nContent-Length: {}\r\n\r\n{page}", page.len());
            drop((&stream).write_all(answer.as_bytes()));
        }
    });
    let file = folder.path().join("ui.yaml");
    std::fs::write(folder.path().join("wrong"), "wrong").unwrap();
    std::fs::write(folder.path().join("right"), "secret").unwrap();
    let (url, token) = (&node.url, folder.path().display());
    let nodes = format!(
        "nodes:\n\
         - {{ name: right, address: '{url}', token_file: {token}/right }}\n\
         - {{ name: wrong, address: '{url}', token_file: {token}/wrong }}\n\
         - {{ name: other, address: '{address}' }}\n"
    );
    std::fs::write(&file, nodes).unwrap();
    let arguments = format!("-c {}", file.display());
    let console = Console::start(folder.path(), &arguments, (140, 20));
    let row = |screen: &str, name: &str, texts: [&str; 2]| {
        let mut rows = screen.lines().filter(|line| line.starts_with(name));
        rows.any(|row| texts.iter().all(|text| row.contains(text)))
    };
    console.await_screen("each node's state", |screen| {
        row(screen, "right", ["OK", "/"])
            && row(screen, "wrong", ["REFUSES", "token"])
            && row(screen, "other", ["DOWN", "does not answer as etlmon"])
    });
}
