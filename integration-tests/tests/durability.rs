//! What the database survives: kill -9 at any moment, a full disk, another program's lock.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "all of this is test code"
)]

use std::fs;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::{Duration, Instant};

use integration_tests::database::{assert_sound, intruder, reader};
use integration_tests::{MountNamespace, Node, NodeBuilder, eventually};
use rustix::process::Signal;
use serde_json::Value;

const PATIENCE: Duration = Duration::from_secs(20);
const OFTEN: &str = "refresh: {disk: 1s}\nfilesystem: {history_step: 1s}\n";

fn health(node: &Node) -> (u16, Value) {
    let began = Instant::now();
    let answer = node.get("/api/v1/health");
    let took = began.elapsed();
    // 100 ms are the node's; the rest is for the test's own connection on a busy machine.
    assert!(took < Duration::from_secs(1), "health took {took:?}");
    (answer.status, answer.json())
}

fn await_health(node: &Node, status: u16, wanted: impl Fn(&Value) -> bool) -> Value {
    let what = format!("health to be {status} and as wanted");
    eventually(&what, PATIENCE, || {
        let (found, body) = health(node);
        (found == status && wanted(&body)).then_some(body)
    })
}

/// A tree and a configuration that scans it.
fn tree(folder: &Path) -> String {
    for dir in 0..5 {
        let dir = folder.join("tree").join(dir.to_string());
        fs::create_dir_all(&dir).unwrap();
        for file in 0..20 {
            fs::write(dir.join(file.to_string()), "x").unwrap();
        }
    }
    let tree = folder.join("tree");
    format!(
        "{OFTEN}paths: [{{path: {}, measure_sizes: true}}]",
        tree.display()
    )
}

/// A node that scans such a tree and has stored something.
fn node(folder: &Path) -> Node {
    let node = NodeBuilder::new(folder).config(&tree(folder)).start();
    await_health(&node, 200, |body| body["db"]["last_write_at"].is_string());
    node
}

#[test]
fn kill_9_at_any_moment_harms_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let builder = NodeBuilder::new(folder.path()).config(&tree(folder.path()));
    let mut random = 0x9e37_79b9_7f4a_7c15_u64;
    let (mut stored, mut advances) = ((0, 0), 0);
    for round in 0..100 {
        let mut node = builder.start();
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        let delay = Duration::from_micros((random >> 33) % 100_000);
        std::thread::scope(|scope| {
            scope.spawn(|| scan_until_it_is_gone(&node.url));
            std::thread::sleep(delay);
            node.signal(Signal::KILL);
        });
        node.wait();
        // On a copy, so that the next start finds the log as the kill has left it.
        let copy = copy_of(&node.database());
        assert_sound(&copy);
        let now = progress(&copy);
        assert!(
            now.0 >= stored.0 && now.1 >= stored.1,
            "round {round}: {now:?} after {stored:?}"
        );
        advances += u32::from(now.1 > stored.1);
        stored = now;
    }
    assert!(
        advances > 20,
        "only {advances} times was it killed after it had stored something"
    );
    let node = builder.start();
    let path = folder.path().join("tree").display().to_string();
    let row = node.await_row(("/api/v1/paths", "path", &path), |row| {
        row["status"] == "OK"
    });
    assert_eq!(row["file_count"], 100);
}

fn copy_of(database: &Path) -> std::path::PathBuf {
    let copy = database.with_extension("copy");
    let _ = fs::remove_file(copy.with_extension("copy-shm"));
    fs::copy(database, &copy).unwrap();
    fs::copy(
        database.with_extension("db-wal"),
        copy.with_extension("copy-wal"),
    )
    .unwrap();
    copy
}

/// Rows of history, and when the last scan was stored: neither ever goes back.
fn progress(database: &Path) -> (i64, i64) {
    reader(database)
        .query_row(
            "SELECT (SELECT count(*) FROM filesystem_history), \
             (SELECT coalesce(max(collected_at), 0) FROM path_stats)",
            [],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .unwrap()
}

fn scan_until_it_is_gone(url: &str) {
    let agent = ureq::Agent::new_with_defaults();
    let scan = format!("{url}/api/v1/paths/scan");
    while agent
        .post(&scan)
        .header("Content-Type", "application/json")
        .send("{}")
        .is_ok()
    {}
}

#[test]
fn a_full_disk_is_told_and_its_end_is_noticed() {
    let Some(namespace) = MountNamespace::new() else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let disk = folder.path().join("disk");
    fs::create_dir(&disk).unwrap();
    namespace.tmpfs("small", &disk, "size=1m");
    let node = NodeBuilder::new(folder.path())
        .config(&tree(folder.path()))
        .db_path(Some(&disk.join("etlmon.db")))
        .wrapper(&namespace.wrapper())
        .start();
    await_health(&node, 200, |body| body["db"]["last_write_at"].is_string());

    let fill = format!(
        "cat /dev/zero > '{}/filler' 2>/dev/null; true",
        disk.display()
    );
    namespace.run(&["sh", "-c", &fill]);
    let failed = await_health(&node, 503, |body| body["db"]["writable"] == false);
    assert_eq!(failed["status"], "failed");
    let error = failed["db"]["last_error"].as_str().unwrap();
    assert!(error.contains("full"), "{error}");
    for _ in 0..5 {
        node.post("/api/v1/paths/scan", "{}");
        assert_eq!(node.get("/api/v1/fs").status, 200);
    }
    let filler = disk.join("filler").display().to_string();
    namespace.run(&["rm", &filler]);
    let back = await_health(&node, 200, |body| body["db"]["writable"] == true);
    assert_eq!(back["db"]["last_error"], Value::Null);
    await_health(&node, 200, |body| body["status"] == "ok");
    let check = format!(
        "sqlite3 '{}/etlmon.db' 'PRAGMA integrity_check'",
        disk.display()
    );
    if integration_tests::peer("sqlite3") {
        assert_eq!(namespace.run(&["sh", "-c", &check]).stdout, b"ok\n");
    }
}

#[test]
fn a_lock_of_another_program_holds_neither_health_nor_reads_up() {
    let folder = tempfile::tempdir().unwrap();
    let node = node(folder.path());
    let operator = intruder(&node.database());
    operator.execute_batch("BEGIN IMMEDIATE").unwrap();
    let began = Instant::now();
    let mut reads = 0;
    let mut hung = false;
    loop {
        let (status, body) = health(&node);
        if status == 503 {
            // First that it does not answer, then why.
            let error = body["db"]["last_error"].as_str().unwrap();
            hung |= error.contains("has not answered");
            if error.contains("locked") {
                break;
            }
        }
        assert_eq!(node.get("/api/v1/fs").status, 200);
        reads += 1;
        assert!(began.elapsed() < PATIENCE, "health never told of the lock");
    }
    assert!(hung && reads > 50, "{hung} {reads}");
    drop(operator);
    await_health(&node, 200, |body| {
        body["status"] == "ok" && body["db"]["last_error"].is_null()
    });
}

#[test]
fn an_exclusive_lock_is_survived_as_well() {
    let folder = tempfile::tempdir().unwrap();
    let node = node(folder.path());
    let operator = intruder(&node.database());
    operator
        .execute_batch("BEGIN EXCLUSIVE; CREATE TABLE theirs (id INTEGER)")
        .unwrap();
    assert_eq!(node.get("/api/v1/fs").status, 200);
    operator.execute_batch("COMMIT").unwrap();
    let last = health(&node).1["db"]["last_write_at"].clone();
    await_health(&node, 200, |body| body["db"]["last_write_at"] != last);
}

#[test]
fn damage_under_a_running_node_is_told_and_ends_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut node = node(folder.path());
    node.end_by(Signal::TERM);
    // Not the pages that hold the schema, so that it starts.
    let damaged: Vec<u64> = reader(&node.database())
        .prepare("SELECT rootpage FROM sqlite_schema WHERE tbl_name IN ('filesystem_usage', 'path_stats')")
        .unwrap()
        .query_map([], |row| row.get::<_, i64>(0))
        .unwrap()
        .map(|page| u64::try_from(page.unwrap()).unwrap())
        .collect();
    let file = fs::File::options()
        .write(true)
        .open(node.database())
        .unwrap();
    for page in damaged {
        file.write_all_at(&[0xaa; 4096], (page - 1) * 4096).unwrap();
    }
    let node = NodeBuilder::new(folder.path())
        .config(&tree(folder.path()))
        .start();
    let failed = await_health(&node, 503, |body| body["db"]["writable"] == false);
    let error = failed["db"]["last_error"].as_str().unwrap();
    assert!(error.contains("malformed"), "{error}");
    let answer = node.get("/api/v1/fs");
    assert_eq!(answer.status, 503, "{}", answer.body);
    assert_eq!(answer.json()["code"], "store_unavailable");
    assert!(!answer.body.contains("malformed"), "{}", answer.body);
    let id = answer.header("x-request-id").unwrap();
    eventually("the log line with the request's id", PATIENCE, || {
        let said = node.stderr();
        let line = said.lines().find(|line| line.contains(id))?;
        line.contains("malformed").then_some(())
    });
}
