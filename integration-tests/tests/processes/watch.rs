//! Which processes are listed.

use std::process::Command;

use integration_tests::{Node, NodeBuilder, eventually};
use rustix::process::Signal;
use serde_json::Value;

use crate::started::{PATIENCE, PROCESSES, Started, await_process, find, node, title, watching};

#[test]
fn a_watched_process_is_listed_stays_when_it_ends_and_is_another_when_it_begins_again() {
    let (folder, title) = (tempfile::tempdir().unwrap(), title("watched"));
    let node = node(folder.path(), &title);
    let mut first = Started::sleeping(&title);
    let row = await_process(&node, first.pid(), |row| row["cpu_percent"].is_number());
    assert_eq!(row["process_name"], "sleep");
    assert_eq!(row["cmdline"], format!("{title} 600"));
    assert_eq!(
        (&row["status"], &row["watch"]),
        (&"RUNNING".into(), &"job".into())
    );
    assert_eq!((&row["state"], &row["threads"]), (&"S".into(), &1.into()));
    let uid = rustix::process::geteuid().as_raw().to_string();
    let passwd = std::fs::read_to_string("/etc/passwd").unwrap();
    let user = passwd
        .lines()
        .map(|line| line.split(':').collect::<Vec<_>>());
    let user = user
        .into_iter()
        .find(|fields| fields.get(2) == Some(&&*uid));
    assert_eq!(
        row["user"],
        user.map_or(uid.clone(), |fields| fields[0].to_owned())
    );
    first.end();
    let ended = await_process(&node, first.pid(), |row| row["status"] == "STOPPED");
    for key in ["start_time", "cmdline", "mem_rss_bytes", "watch"] {
        assert_eq!(ended[key], row[key], "{key}");
    }
    let second = Started::sleeping(&title);
    let again = await_process(&node, second.pid(), |row| row["status"] == "RUNNING");
    assert_ne!(again["start_time"], ended["start_time"]);
    let statuses: Vec<Value> = node
        .list(PROCESSES)
        .iter()
        .map(|row| row["status"].clone())
        .collect();
    assert_eq!(statuses, ["RUNNING", "STOPPED"]);
}

#[test]
fn a_rule_that_matches_nothing_is_seen() {
    let title = title("rules");
    let _started = [Started::sleeping(&title), Started::sleeping(&title)];
    let rules = format!(
        "refresh: {{ process: 1s }}\nprocess_watch: [{{ name: mis-spelt, match: no-such-{title} }}, \
         {{ name: job, match: '^{title}' }}, {{ pid: 4194304 }}]"
    );
    let node = Node::start(&rules);
    let counts = eventually("the rules to be counted", PATIENCE, || {
        let rows = node.list("/api/v1/processes/rules");
        let count = |row: &Value| format!("{} {}", row["watch"].as_str().unwrap(), row["matched"]);
        (!rows.is_empty()).then(|| rows.iter().map(count).collect::<Vec<_>>())
    });
    assert_eq!(counts, ["mis-spelt 0", "job 2", "pid 4194304 0"]);
}

#[test]
fn secrets_reach_neither_the_api_nor_the_disk() {
    let (folder, title) = (tempfile::tempdir().unwrap(), title("secret"));
    let config = watching(
        &title,
        "process: { top_n: 0 }\nsecrets: { patterns: ['CUST-\\d+'] }",
    );
    let node = NodeBuilder::new(folder.path()).config(&config).start();
    let job = Started::new(Command::new("sh").args(["-c", "read x", &title]).args([
        "--password=hunter2 hunter3",
        "--token",
        "hunter4 hunter5",
        "PGPASSWORD=hunter6",
        "CUST-777",
    ]));
    let row = await_process(&node, job.pid(), |row| row["cpu_percent"].is_number());
    let shown = format!("sh -c read x {title} --password=*** --token *** PGPASSWORD=*** ***");
    assert_eq!(row["cmdline"], shown);
    for file in std::fs::read_dir(folder.path()).unwrap() {
        let path = file.unwrap().path();
        let bytes = std::fs::read(&path).unwrap();
        let has = |secret: &[u8]| memchr::memmem::find(&bytes, secret).is_some();
        assert!(!has(b"hunter") && !has(b"CUST-777"), "{}", path.display());
    }
}

#[test]
fn the_busiest_are_listed_without_being_watched() {
    let node = Node::start("refresh: { process: 1s }\nprocess: { top_n: 3 }");
    let rows = eventually("the busiest", PATIENCE, || {
        let rows = node.list(PROCESSES);
        rows.iter()
            .any(|row| row["cpu_percent"].is_number())
            .then_some(rows)
    });
    assert!((3..=6).contains(&rows.len()), "{rows:?}");
    assert!(rows.iter().all(|row| row["watch"].is_null()), "{rows:?}");
}

#[test]
fn what_ends_while_the_node_is_down_is_seen_to_have_ended() {
    let (folder, title) = (tempfile::tempdir().unwrap(), title("down"));
    let [mut ends, mut ended, stays] = [(); 3].map(|()| Started::sleeping(&title));
    let mut first = node(folder.path(), &title);
    await_process(&first, ended.pid(), |_| true);
    ended.end();
    let before = await_process(&first, ended.pid(), |row| row["status"] == "STOPPED");
    await_process(&first, ends.pid(), |_| true);
    let running = find(&first, stays.pid()).unwrap();
    first.end_by(Signal::TERM);
    ends.end();
    let second = node(folder.path(), &title);
    let row = await_process(&second, ends.pid(), |row| row["status"] == "STOPPED");
    assert_eq!(row["cmdline"], format!("{title} 600"));
    assert_eq!(find(&second, ended.pid()).unwrap(), before);
    let still = find(&second, stays.pid()).unwrap();
    assert_eq!(still["status"], "RUNNING");
    assert_eq!(still["start_time"], running["start_time"]);
}
