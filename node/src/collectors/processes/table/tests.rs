//! Looks that follow each other, in a database file.

use rusqlite::Connection;

use super::*;

fn database() -> (tempfile::TempDir, Connection) {
    let folder = tempfile::tempdir().unwrap();
    let connection = crate::store::open::writer(&folder.path().join("etlmon.db")).unwrap();
    (folder, connection)
}

fn boot() -> BootId {
    BootId::new("b5d9dc0a-0000-0000-0000-000000000000")
}

fn stored(pid: u32, status: ProcessStatus) -> StoredProcess {
    StoredProcess {
        start_ticks: u64::from(pid) * 10,
        process: Process {
            pid,
            process_name: "job".to_owned(),
            cmdline: "job --token ***".to_owned(),
            user: Some("etl".to_owned()),
            start_time: Timestamp::from_millis(1_768_472_625_123),
            runtime_sec: 60,
            cpu_percent: None,
            mem_rss_bytes: Some(4_096),
            threads: 3,
            state: "S".to_owned(),
            status,
            watch: (pid != 7).then(|| "job".to_owned()),
            collected_at: Timestamp::from_millis(1_768_472_685_000),
        },
    }
}

fn look(connection: &Connection, rows: Vec<StoredProcess>) {
    let rule = |watch: &str, matched| ProcessRuleState {
        watch: watch.to_owned(),
        matched,
        collected_at: Timestamp::from_millis(1),
    };
    let batch = ProcessBatch {
        boot_id: boot(),
        rules: vec![
            rule("job", u64::try_from(rows.len()).unwrap()),
            rule("a", 0),
        ],
        rows,
    };
    batch.persist(connection).unwrap();
}

fn pids(connection: &Connection) -> Vec<(u32, ProcessStatus)> {
    let rows = list(connection).unwrap();
    rows.iter().map(|row| (row.pid, row.status)).collect()
}

use ProcessStatus::{Running, Stopped};

#[test]
fn each_look_replaces_the_one_before() {
    let (_folder, connection) = database();
    look(
        &connection,
        vec![stored(9, Running), stored(7, Running), stored(8, Running)],
    );
    assert_eq!(
        pids(&connection),
        [(7, Running), (8, Running), (9, Running)]
    );
    look(
        &connection,
        vec![stored(9, Running), stored(8, Stopped), stored(6, Stopped)],
    );
    assert_eq!(
        pids(&connection),
        [(9, Running), (6, Stopped), (8, Stopped)]
    );
    look(&connection, vec![stored(8, Stopped)]);
    assert_eq!(pids(&connection), [(8, Stopped)]);
    // As where a look was mistaken for a moment.
    look(&connection, vec![stored(8, Running)]);
    assert_eq!(pids(&connection), [(8, Running)]);
    let names: Vec<_> = rules(&connection)
        .unwrap()
        .into_iter()
        .map(|rule| rule.watch)
        .collect();
    assert_eq!(names, ["job", "a"]);
}

#[test]
fn what_has_ended_is_written_once() {
    let (_folder, connection) = database();
    look(&connection, vec![stored(8, Stopped), stored(9, Stopped)]);
    let before = connection.total_changes();
    look(&connection, vec![stored(8, Stopped), stored(9, Stopped)]);
    // The two rules, deleted and inserted.
    assert_eq!(connection.total_changes() - before, 4);
}

#[test]
fn a_row_comes_back_as_it_was_stored() {
    let (_folder, connection) = database();
    look(&connection, vec![stored(8, Running), stored(7, Running)]);
    assert_eq!(list(&connection).unwrap()[1], stored(8, Running).process);
    let known = with_pid(&connection, Pid::new(8).unwrap()).unwrap();
    assert_eq!(known.len(), 1);
    assert_eq!(
        (&known[0].boot_id, known[0].identity.start_ticks),
        (&boot(), 80)
    );
    assert!(known[0].is_watched);
    assert!(!with_pid(&connection, Pid::new(7).unwrap()).unwrap()[0].is_watched);
    let rows = watched(&connection, &boot()).unwrap();
    assert_eq!(rows.len(), 1);
    assert_eq!((rows[0].state, rows[0].threads), (State::Sleeping, 3));
    assert_eq!(*rows[0].arguments, ["job --token ***"]);
    assert!(
        watched(&connection, &BootId::new("another"))
            .unwrap()
            .is_empty()
    );
}

#[test]
fn an_earlier_boot_leaves_nothing() {
    let (_folder, connection) = database();
    look(&connection, vec![stored(8, Stopped)]);
    let batch = ProcessBatch {
        boot_id: BootId::new("another"),
        rows: vec![stored(8, Stopped)],
        rules: Vec::new(),
    };
    batch.persist(&connection).unwrap();
    assert_eq!(pids(&connection), [(8, Stopped)]);
    assert!(watched(&connection, &boot()).unwrap().is_empty());
}
