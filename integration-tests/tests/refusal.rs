//! What keeps a node from starting: one line that says so, status 1, and nothing is touched.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "all of this is test code"
)]

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use integration_tests::database::intruder;
use integration_tests::{Node, NodeBuilder, is_root, peer};

/// Fails unless the node refuses to start with one line that holds all of `words`.
#[track_caller]
fn assert_refused(builder: &NodeBuilder, words: &[&str]) {
    let (status, said) = builder.refused();
    assert_eq!(status, Some(1), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(said.starts_with("etlmon: "), "{said}");
    for word in words {
        assert!(said.contains(word), "no {word:?} in: {said}");
    }
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

fn with_database(folder: &tempfile::TempDir, path: &Path) -> NodeBuilder {
    NodeBuilder::new(folder.path()).db_path(Some(path))
}

#[test]
fn a_taken_port_is_named() {
    let folder = folder();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let builder = NodeBuilder::new(folder.path()).listen(Some(&address));
    assert_refused(&builder, &[&address, "in use", "node.listen"]);
    assert!(!folder.path().join("etlmon.db").exists());
}

#[test]
fn an_address_of_another_machine_is_named() {
    let folder = folder();
    let builder = NodeBuilder::new(folder.path()).listen(Some("192.0.2.1:8080"));
    assert_refused(&builder, &["192.0.2.1:8080"]);
}

#[test]
fn a_second_node_on_a_database_is_refused_under_whatever_name() {
    let (one, two) = (folder(), folder());
    let node = NodeBuilder::new(one.path()).start();
    let pid = node.pid().to_string();
    let database = node.database();
    assert_refused(
        &with_database(&two, &database),
        &["in use", &pid, "node.db_path"],
    );
    let link = two.path().join("link.db");
    symlink(&database, &link).unwrap();
    assert_refused(&with_database(&two, &link), &["in use", &pid]);
    let folder_link = two.path().join("folder");
    symlink(one.path(), &folder_link).unwrap();
    let through = folder_link.join("etlmon.db");
    assert_refused(&with_database(&two, &through), &["in use", &pid]);
    assert_eq!(node.get("/api/v1/health").status, 200);
    drop(node);
    NodeBuilder::new(one.path()).start();
}

#[test]
fn two_nodes_do_not_meet_behind_a_link_to_a_database_yet_to_be_made() {
    let (one, two) = (folder(), folder());
    let database = one.path().join("real.db");
    let link = one.path().join("link.db");
    symlink(&database, &link).unwrap();
    let _node = with_database(&one, &link).start();
    assert!(database.exists());
    assert_refused(&with_database(&two, &database), &["in use"]);
}

#[test]
fn the_file_of_another_program_stays_as_it_is() {
    let folder = folder();
    let text = folder.path().join("notes.txt");
    fs::write(&text, "precious\n".repeat(1000)).unwrap();
    assert_refused(
        &with_database(&folder, &text),
        &["notes.txt", "not a database"],
    );
    assert_eq!(
        fs::read_to_string(&text).unwrap(),
        "precious\n".repeat(1000)
    );

    for (name, statement) in [
        (
            "plain.db",
            "CREATE TABLE mail (id INTEGER); INSERT INTO mail VALUES (1)",
        ),
        (
            "marked.db",
            "PRAGMA application_id = 7; CREATE TABLE mail (id INTEGER)",
        ),
        ("id-only.db", "PRAGMA application_id = 7"),
        (
            "wal.db",
            "PRAGMA journal_mode = wal; CREATE TABLE mail (id INTEGER)",
        ),
    ] {
        let path = folder.path().join(name);
        let other = intruder(&path);
        other.execute_batch(statement).unwrap();
        drop(other);
        let before = fs::read(&path).unwrap();
        assert_refused(&with_database(&folder, &path), &[name, "another program's"]);
        assert_eq!(fs::read(&path).unwrap(), before, "{name}");
    }
}

#[test]
fn a_newer_database_stays_as_it_is() {
    let folder = folder();
    let mut node = NodeBuilder::new(folder.path()).start();
    node.end_by(rustix::process::Signal::TERM);
    let database = node.database();
    for version in [99, -1] {
        let connection = intruder(&database);
        connection
            .pragma_update(None, "user_version", version)
            .unwrap();
        drop(connection);
        let before = fs::read(&database).unwrap();
        assert_refused(
            &with_database(&folder, &database),
            &["newer etlmon", &version.to_string()],
        );
        assert_eq!(fs::read(&database).unwrap(), before);
    }
}

#[test]
fn a_damaged_database_is_told_as_such() {
    let folder = folder();
    let mut node = NodeBuilder::new(folder.path()).start();
    node.end_by(rustix::process::Signal::TERM);
    let database = node.database();
    let mut bytes = fs::read(&database).unwrap();
    bytes[100..].fill(0xaa);
    fs::write(&database, bytes).unwrap();
    assert_refused(
        &with_database(&folder, &database),
        &["etlmon.db", "malformed"],
    );
}

#[test]
fn what_is_no_file_is_no_database() {
    let folder = folder();
    assert_refused(&with_database(&folder, folder.path()), &["directory"]);
    let below_a_file = Path::new("/proc/version/x/etlmon.db");
    assert_refused(&with_database(&folder, below_a_file), &["/proc/version"]);
    let nowhere = Path::new("/proc/none/etlmon.db");
    assert_refused(&with_database(&folder, nowhere), &["/proc/none"]);
    let device = Path::new("/dev/null");
    assert_refused(&with_database(&folder, device), &["/dev/null"]);
}

#[test]
fn a_missing_folder_is_made() {
    let folder = folder();
    let database = folder.path().join("a/b/etlmon.db");
    let _node = with_database(&folder, &database).start();
    let mode = fs::metadata(&database).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn an_unprivileged_user_is_told_what_it_may_not_write() {
    if !is_root() || !peer("setpriv") {
        return;
    }
    let outer = folder();
    let set =
        |path: &Path, mode| fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
    set(outer.path(), 0o755);
    let as_nobody = |path: &Path| with_database(&outer, path).unprivileged();

    let closed = outer.path().join("closed");
    fs::create_dir(&closed).unwrap();
    assert_refused(&as_nobody(&closed.join("etlmon.db")), &["closed", "denied"]);
    assert_refused(
        &as_nobody(&closed.join("new/etlmon.db")),
        &["closed/new", "denied"],
    );

    let open = outer.path().join("open");
    fs::create_dir(&open).unwrap();
    set(&open, 0o777);
    let database = open.join("etlmon.db");
    drop(with_database(&outer, &database).start());
    fs::remove_file(open.join("etlmon.db.lock")).unwrap();
    set(&database, 0o644);
    assert_refused(&as_nobody(&database), &["etlmon.db", "denied"]);
}

#[test]
fn a_bad_configuration_starts_nothing() {
    let folder = folder();
    for (config, words) in [
        ("refresh: {disk: 0s}", ["refresh.disk", "node.yaml:1"]),
        ("refresh: {disk: -5s}", ["refresh.disk", "node.yaml:1"]),
        ("refresh:\n  dsk: 5s", ["dsk", "node.yaml:2"]),
        ("paths: [{path: relative}]", ["paths[0].path", "relative"]),
        ("paths: [{path: /a}, {path: /a/}]", ["paths[1].path", "/a"]),
        (
            "paths: [{path: /a, max_depth: 0}]",
            ["paths[0].max_depth", "0"],
        ),
        (
            "paths: [{path: /a, exclude: ['{a']}]",
            ["paths[0].exclude[0]", "{a"],
        ),
        ("node: {listen: nowhere}", ["node.listen", "nowhere"]),
        ("auth: {reads: token}", ["auth.reads", "tokens"]),
        ("- a", ["node.yaml:1", "list"]),
        ("{", ["node.yaml", ""]),
    ] {
        let builder = NodeBuilder::new(folder.path()).config(config);
        assert_refused(&builder, &words);
        assert!(!folder.path().join("etlmon.db").exists(), "{config}");
    }
    let two = NodeBuilder::new(folder.path()).config("a: 1\nb: 2");
    let (status, said) = two.refused();
    assert_eq!((status, said.lines().count()), (Some(1), 2), "{said}");
}

#[test]
fn a_variable_wins_over_the_file_and_is_checked_as_well() {
    let folder = folder();
    let node = NodeBuilder::new(folder.path())
        .config("node: {node_name: from-file}")
        .env("ETLMON_NODE__NODE_NAME", "from-variable")
        .env("ETLMON_NODE", "http://localhost:8080")
        .start();
    assert_eq!(
        node.get("/api/v1/health").json()["node_name"],
        "from-variable"
    );
    drop(node);
    let bad = NodeBuilder::new(folder.path()).env("ETLMON_REFRESH__DISK", "soon");
    assert_refused(&bad, &["ETLMON_REFRESH__DISK", "soon"]);
}

#[test]
fn without_a_folder_of_its_own_the_database_lies_where_the_environment_says() {
    let folder = folder();
    let state = folder.path().join("state");
    let node: Node = NodeBuilder::new(folder.path())
        .db_path(None)
        .env("STATE_DIRECTORY", state.to_str().unwrap())
        .start();
    assert_eq!(
        node.get("/api/v1/health").json()["db"]["path"].as_str(),
        state.join("etlmon.db").to_str()
    );
}
