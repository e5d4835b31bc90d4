//! The node beside its service manager, its unix socket, and its guard for commands.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "all of this is test code"
)]

use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixDatagram, UnixListener};
use std::path::Path;
use std::time::{Duration, Instant};

use etlmon_shared::client::ClientOptions;
use etlmon_shared::path::{ScanAnswer, ScanRequest};
use etlmon_shared::{Client, routes};
use integration_tests::{Node, NodeBuilder, eventually};
use rustix::process::Signal;

const PATIENCE: Duration = Duration::from_secs(10);
/// `printf %s secret | sha256sum`
const SECRET: &str = "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b";

fn client(address: &str, token: Option<&str>) -> Client {
    let token = token.map(str::to_owned);
    Client::new(
        address,
        ClientOptions {
            timeout: PATIENCE,
            token,
        },
    )
    .unwrap()
}

/// Reads states until one holds `wanted`.
fn await_state(manager: &UnixDatagram, wanted: &str) -> String {
    let deadline = Instant::now() + PATIENCE;
    let mut seen = Vec::new();
    while Instant::now() < deadline {
        let mut buffer = [0; 4096];
        let Ok(length) = manager.recv(&mut buffer) else {
            break;
        };
        let state = String::from_utf8_lossy(&buffer[..length]).into_owned();
        if state.contains(wanted) {
            return state;
        }
        seen.push(state);
    }
    panic!("no {wanted} but {seen:?}");
}

#[test]
fn the_service_manager_is_told_of_every_turn() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("notify");
    let manager = UnixDatagram::bind(&socket).unwrap();
    manager.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut node = NodeBuilder::new(folder.path())
        .env("NOTIFY_SOCKET", socket.to_str().unwrap())
        .env("WATCHDOG_USEC", "200000")
        .start();
    await_state(&manager, "READY=1");
    let began = Instant::now();
    for _ in 0..10 {
        await_state(&manager, "WATCHDOG=1");
    }
    let took = began.elapsed();
    assert!(
        took < Duration::from_millis(2000),
        "ten heartbeats took {took:?}"
    );

    node.signal(Signal::HUP);
    // sd_notify(3): with Type=notify-reload both are needed in one message.
    let reloading = await_state(&manager, "RELOADING=1");
    assert!(reloading.contains("MONOTONIC_USEC="), "{reloading}");
    await_state(&manager, "READY=1");
    std::fs::write(folder.path().join("node.yaml"), "nonsense: 1").unwrap();
    node.signal(Signal::HUP);
    await_state(&manager, "RELOADING=1");
    await_state(&manager, "READY=1");

    let (status, _) = node.end_by(Signal::TERM);
    assert_eq!(status.code(), Some(0));
    await_state(&manager, "STOPPING=1");
}

#[test]
fn a_node_that_does_not_start_never_says_that_it_is_ready() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("notify");
    let manager = UnixDatagram::bind(&socket).unwrap();
    manager.set_nonblocking(true).unwrap();
    let (status, said) = NodeBuilder::new(folder.path())
        .db_path(Some(Path::new("/proc/none/x")))
        .env("NOTIFY_SOCKET", socket.to_str().unwrap())
        .refused();
    assert_eq!(status, Some(1), "{said}");
    assert!(manager.recv(&mut [0; 100]).is_err());
}

#[test]
fn it_is_healthy_from_its_very_first_answer() {
    for round in 0..40 {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("socket");
        let address = format!("unix:{}", socket.display());
        let node = NodeBuilder::new(folder.path())
            .listen(Some(&address))
            .spawn();
        // Connects as soon as it is bound; the answer comes when the node serves.
        eventually("the socket", PATIENCE, || socket.exists().then_some(()));
        let client = client(&address, None);
        let health = eventually("an answer", PATIENCE, || {
            client.get_text(routes::HEALTH, &[]).ok()
        });
        assert!(
            health.contains("{\"status\":\"ok\""),
            "round {round}: {health}"
        );
        drop(node);
    }
}

#[test]
fn a_unix_socket_serves_queries_and_commands() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("etlmon.sock");
    // One that a dead process has left.
    drop(UnixListener::bind(&socket).unwrap());
    let address = format!("unix:{}", socket.display());
    let config = format!("node: {{listen: ['{address}', '127.0.0.1:0']}}");
    let builder = NodeBuilder::new(folder.path()).listen(None).config(&config);
    let mut node = builder.start();
    let mode = std::fs::metadata(&socket).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o660);
    let by_socket = client(&address, None);
    let health = by_socket.health().unwrap();
    assert_eq!(
        health.started_at,
        client(&node.url, None).health().unwrap().started_at
    );
    let scanned: Vec<ScanAnswer> = by_socket
        .post(routes::PATHS_SCAN, &ScanRequest::default())
        .unwrap();
    assert_eq!(scanned, []);

    let second = NodeBuilder::new(&folder.path().join("."))
        .db_path(Some(&folder.path().join("second.db")))
        .listen(Some(&address));
    let (status, said) = second.refused();
    assert_eq!(status, Some(1), "{said}");
    assert!(said.contains("in use"), "{said}");
    by_socket
        .health()
        .expect("the refused node left the socket alone");

    node.signal(Signal::KILL);
    node.wait();
    builder.start();
}

fn node_on_every_address(config: &str) -> (tempfile::TempDir, Node) {
    let folder = tempfile::tempdir().unwrap();
    let node = NodeBuilder::new(folder.path())
        .config(config)
        .listen(Some("0.0.0.0:0"))
        .start();
    (folder, node)
}

#[test]
fn commands_to_an_open_address_need_a_token() {
    let (_folder, node) = node_on_every_address("");
    assert_eq!(node.get("/api/v1/fs").status, 200);
    let refused = node.post("/api/v1/paths/scan", "{}");
    assert_eq!(refused.status, 403);
    let problem = refused.json();
    assert_eq!(problem["code"], "forbidden");
    let detail = problem["detail"].as_str().unwrap();
    for word in ["0.0.0.0", "auth.tokens", "loopback", "unix"] {
        assert!(detail.contains(word), "no {word:?} in {detail}");
    }

    let config = format!("auth: {{tokens: [{{name: ops, sha256: \"{SECRET}\"}}]}}");
    let (_folder, node) = node_on_every_address(&config);
    for (header, status) in [
        (None, 401),
        (Some("Bearer wrong"), 401),
        (Some("Basic secret"), 401),
        (Some("Bearer"), 401),
        (Some(SECRET), 401),
        (Some("Bearer secret"), 202),
        (Some("bearer  secret"), 202),
    ] {
        let mut headers = vec![("Content-Type", "application/json")];
        headers.extend(header.map(|value| ("Authorization", value)));
        let answer = node.request("POST", "/api/v1/paths/scan", &headers, Some("{}"));
        assert_eq!(answer.status, status, "{header:?}: {}", answer.body);
        if status == 401 {
            assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
            assert_eq!(answer.json()["code"], "unauthorized");
        }
    }
    assert_eq!(node.get("/api/v1/fs").status, 200);
    client(&node.url, Some("secret")).health().unwrap();
    assert!(!node.stderr().contains("secret"));
}

#[test]
fn a_web_page_from_elsewhere_cannot_command_through_a_browser_here() {
    let node = Node::start("");
    let scan = |origin| {
        let headers = [("Content-Type", "application/json"), ("Origin", origin)];
        node.request("POST", "/api/v1/paths/scan", &headers, Some("{}"))
            .status
    };
    assert_eq!(scan("http://evil.example"), 403);
    assert_eq!(scan(&node.url), 202);
}

#[test]
fn reads_need_a_token_where_the_configuration_says_so() {
    let config = format!("auth: {{reads: token, tokens: [{{name: ops, sha256: \"{SECRET}\"}}]}}");
    let node = Node::start(&config);
    for path in [
        "/api/v1/fs",
        "/api/v1/health",
        "/api/v1/openapi.json",
        "/nope",
    ] {
        let refused = node.get(path);
        assert_eq!(refused.status, 401, "{path}");
        assert_eq!(
            refused.header("content-type"),
            Some("application/problem+json")
        );
        assert_eq!(node.request("HEAD", path, &[], None).status, 401, "{path}");
    }
    client(&node.url, Some("secret")).health().unwrap();
    assert!(client(&node.url, Some("other")).health().is_err());
}
