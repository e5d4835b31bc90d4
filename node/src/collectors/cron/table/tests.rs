//! The rows of cron in a database as the node makes it.

use super::*;
use crate::store::open;

fn database() -> (tempfile::TempDir, Connection) {
    let folder = tempfile::tempdir().unwrap();
    let connection = open::writer(&folder.path().join("etlmon.db")).unwrap();
    (folder, connection)
}

fn row(command: &str, line_number: u32) -> CronRow {
    CronRow {
        key: Key {
            source_path: "/etc/crontab".to_owned(),
            schedule: Some("* * * * *".to_owned()),
            command: command.to_owned(),
            user: Some("root".to_owned()),
            occurrence: 0,
        },
        source: CronSource::System,
        line_number: Some(line_number),
        time_zone: "UTC".to_owned(),
        next_run: Some(Timestamp::from_millis(60_000)),
        history: History {
            last_run_at: Some(Timestamp::from_millis(1_000)),
            last_duration_ms: Some(20),
            last_missed_at: None,
            missed_count: 3,
        },
        error: None,
    }
}

fn store(connection: &Connection, rows: Option<Vec<CronRow>>, at: i64, has_evidence: bool) {
    let batch = CronBatch {
        rows,
        has_evidence,
        checked_at: Timestamp::from_millis(at),
    };
    batch.persist(connection).unwrap();
}

fn ids_of(connection: &Connection) -> Vec<(String, i64)> {
    let rows = list(connection).unwrap().into_iter();
    rows.map(|row| (row.command, row.job_id)).collect()
}

#[test]
fn a_job_keeps_its_number_while_others_come_and_go_and_no_number_comes_again() {
    let (_folder, connection) = database();
    store(&connection, Some(vec![row("a", 1), row("b", 2)]), 5, true);
    let first = ids_of(&connection);
    store(&connection, Some(vec![row("new", 1), row("a", 7)]), 6, true);
    let second = ids_of(&connection);
    assert_eq!(second[1], first[0]);
    assert!(second[0].1 > first[1].1, "{first:?} {second:?}");
    store(&connection, Some(vec![]), 7, true);
    store(&connection, Some(vec![row("a", 1)]), 8, true);
    assert!(ids_of(&connection)[0].1 > second[0].1);
}

#[test]
fn what_is_stored_is_what_is_read_again() {
    let (_folder, connection) = database();
    let bad = CronRow {
        key: Key {
            schedule: None,
            user: None,
            ..row("bad", 1).key
        },
        error: Some("wrong".to_owned()),
        next_run: None,
        history: History::default(),
        ..row("bad", 2)
    };
    let rows = vec![row("a", 1), bad];
    store(&connection, Some(rows.clone()), 5, true);
    let past = past(&connection).unwrap();
    assert!(rows.iter().all(|row| past[&row.key] == row.history));
    let id = list(&connection).unwrap()[1].job_id;
    store(&connection, Some(rows), 6, true);
    let listed = list(&connection).unwrap();
    assert_eq!(listed[1].job_id, id);
    assert_eq!(listed[0].missed_count, Some(3));
    assert_eq!(listed[0].last_checked, Timestamp::from_millis(6));
    // Nobody would have seen a run.
    store(&connection, None, 7, false);
    let listed = list(&connection).unwrap();
    assert_eq!(
        (listed[0].missed_count, listed[0].has_evidence),
        (None, false)
    );
    assert_eq!(listed[0].last_checked, Timestamp::from_millis(7));
}

#[test]
fn a_refresh_counts_what_was_read_after_it_was_asked() {
    let (_folder, connection) = database();
    let since = |at| refreshed(&connection, Timestamp::from_millis(at)).unwrap();
    assert_eq!(since(0), None);
    store(&connection, Some(vec![]), 5, true);
    assert_eq!(since(5), Some(CronRefreshed { jobs: 0, errors: 0 }));
    let bad = CronRow {
        error: Some("wrong".to_owned()),
        ..row("bad", 2)
    };
    store(&connection, Some(vec![row("a", 1), bad]), 9, true);
    assert_eq!(since(9), Some(CronRefreshed { jobs: 1, errors: 1 }));
    assert_eq!(since(10), None);
    NoCron.persist(&connection).unwrap();
    assert_eq!(since(0), None);
    assert_eq!(ids_of(&connection), []);
}
