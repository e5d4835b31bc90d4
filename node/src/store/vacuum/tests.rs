//! How many pages are given back, counted in the file.

use super::*;
use crate::store::open;

const PATIENT: Duration = Duration::from_mins(1);

/// A database with pages free at its old end, and rows behind them that have to be moved.
fn database() -> (tempfile::TempDir, Connection) {
    let folder = tempfile::tempdir().unwrap();
    let connection = open::writer(&folder.path().join("etlmon.db")).unwrap();
    connection
        .execute_batch(
            "WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers \
                 WHERE n < 20000) \
             INSERT INTO log_lines (source_id, line, truncated, created_at) \
                 SELECT 1, printf('%0100d', n), 0, n FROM numbers; \
             DELETE FROM log_lines WHERE id <= 15000",
        )
        .unwrap();
    (folder, connection)
}

fn pages(connection: &Connection) -> i64 {
    connection
        .pragma_query_value(None, "page_count", |row| row.get(0))
        .unwrap()
}

#[test]
fn as_many_pages_are_given_back_as_were_asked_for() {
    let (_folder, mut connection) = database();
    let (before, surplus) = (pages(&connection), surplus_pages(&connection).unwrap());
    assert!(surplus > 60, "{surplus}");
    assert_eq!(give_back(&mut connection, 50, PATIENT).unwrap(), 50);
    assert_eq!(pages(&connection), before - 50);
    assert_eq!(surplus_pages(&connection).unwrap(), surplus - 50);
    assert_eq!(give_back(&mut connection, 0, PATIENT).unwrap(), 0);
    assert_eq!(pages(&connection), before - 50);
}

#[test]
fn no_further_page_is_given_back_when_the_time_is_up() {
    let (_folder, mut connection) = database();
    let before = pages(&connection);
    let given = give_back(&mut connection, 50, Duration::ZERO).unwrap();
    assert_eq!((given, pages(&connection)), (1, before - 1));
}

#[test]
fn the_file_on_the_disk_shrinks_and_keeps_every_row() {
    let (folder, mut connection) = database();
    let surplus = surplus_pages(&connection).unwrap();
    give_back(&mut connection, surplus, PATIENT).unwrap();
    assert_eq!(surplus_pages(&connection).unwrap(), 0);
    connection
        .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
        .unwrap();
    let bytes = std::fs::metadata(folder.path().join("etlmon.db"))
        .unwrap()
        .len();
    assert_eq!(i64::try_from(bytes).unwrap(), pages(&connection) * 4096);
    let found: (i64, i64, String) = connection
        .query_row(
            "SELECT count(*), sum(CAST(line AS INTEGER) = id), \
                 (SELECT integrity_check FROM pragma_integrity_check) FROM log_lines",
            [],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
        )
        .unwrap();
    assert_eq!(found, (5000, 5000, "ok".to_owned()));
}
