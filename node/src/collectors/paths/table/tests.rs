//! The tables of a real database, scan by scan.

use super::*;
use crate::store::open;

fn database() -> (tempfile::TempDir, Connection) {
    let folder = tempfile::tempdir().unwrap();
    let connection = open::writer(&folder.path().join("etlmon.db")).unwrap();
    (folder, connection)
}

fn configure(connection: &Connection, paths: &[&str]) {
    let interval = Duration::from_secs(60);
    let paths = paths
        .iter()
        .map(|path| ((*path).to_owned(), interval))
        .collect();
    ConfiguredPaths { paths }.persist(connection).unwrap();
}

fn tell(connection: &Connection, path: &str, event: PathEvent) {
    let batch = PathBatch {
        path: path.to_owned(),
        scan_interval: Duration::from_secs(60),
        next_scan_at: Timestamp::from_millis(90_000),
        event,
    };
    batch.persist(connection).unwrap();
}

fn scanned(files: u64, top: Option<Vec<PathTopEntry>>) -> PathEvent {
    PathEvent::Scanned(PathScan {
        file_count: files,
        dir_count: 2,
        unreadable_count: 0,
        first_unreadable: None,
        sizes: top.map(|top| PathSizes {
            total_bytes: 10,
            newest_mtime: Some(Timestamp::from_millis(2)),
            oldest_mtime: Some(Timestamp::from_millis(1)),
            top,
        }),
        took: Duration::from_millis(12),
        at: Timestamp::from_millis(30_000),
    })
}

fn entry(name: &str, kind: PathEntryKind, bytes: u64) -> PathTopEntry {
    PathTopEntry {
        name: name.to_owned(),
        kind,
        bytes,
        file_count: 1,
        mtime: None,
    }
}

fn only(connection: &Connection) -> PathStats {
    let (mut rows, total) = list(connection, 10, 0).unwrap();
    assert_eq!((rows.len(), total), (1, 1));
    rows.remove(0)
}

#[test]
fn a_path_is_listed_before_its_first_scan_and_knows_nothing() {
    let (_folder, connection) = database();
    configure(&connection, &["/data"]);
    let row = only(&connection);
    assert_eq!(
        (row.status, row.file_count, row.collected_at),
        (PathStatus::Scanning, None, None)
    );
    assert_eq!(row.scan_interval_sec, 60);
}

#[test]
fn a_failed_scan_keeps_the_counts_of_the_last_complete_one() {
    let (_folder, connection) = database();
    configure(&connection, &["/data"]);
    tell(&connection, "/data", scanned(7, None));
    tell(&connection, "/data", PathEvent::Begun);
    let row = only(&connection);
    assert_eq!(
        (row.status, row.file_count, row.error_message),
        (PathStatus::Scanning, Some(7), None)
    );
    tell(&connection, "/data", PathEvent::Failed("gone".to_owned()));
    let row = only(&connection);
    assert_eq!(
        (row.status, row.error_message.as_deref()),
        (PathStatus::Error, Some("gone"))
    );
    assert_eq!((row.file_count, row.scan_duration_ms), (Some(7), Some(12)));
    assert_eq!(row.collected_at, Some(Timestamp::from_millis(30_000)));
    tell(&connection, "/data", scanned(8, None));
    let row = only(&connection);
    assert_eq!(
        (row.status, row.error_message, row.file_count),
        (PathStatus::Ok, None, Some(8))
    );
}

#[test]
fn the_biggest_entries_are_those_of_the_last_scan() {
    let (_folder, connection) = database();
    configure(&connection, &["/data", "/other"]);
    let big = entry("big", PathEntryKind::Dir, 9);
    let small = entry("a\\xff", PathEntryKind::File, 1);
    tell(
        &connection,
        "/data",
        scanned(2, Some(vec![big.clone(), small.clone()])),
    );
    assert_eq!(
        top(&connection, "/data", 10).unwrap(),
        Some(vec![big.clone(), small])
    );
    assert_eq!(top(&connection, "/data", 1).unwrap(), Some(vec![big]));
    assert_eq!(top(&connection, "/other", 10).unwrap(), Some(vec![]));
    assert_eq!(top(&connection, "/nowhere", 10).unwrap(), None);
    // Without sizes there are none, and what was measured before is gone.
    tell(&connection, "/data", scanned(2, None));
    assert_eq!(top(&connection, "/data", 10).unwrap(), Some(vec![]));
    assert_eq!(list(&connection, 1, 0).unwrap().0[0].total_bytes, None);
}

#[test]
fn paths_that_are_no_longer_configured_leave_with_all_they_had() {
    let (_folder, connection) = database();
    configure(&connection, &["/a", "/b"]);
    tell(
        &connection,
        "/a",
        scanned(1, Some(vec![entry("x", PathEntryKind::File, 1)])),
    );
    tell(&connection, "/b", scanned(2, None));
    configure(&connection, &["/b", "/c"]);
    let (rows, _) = list(&connection, 10, 0).unwrap();
    let names: Vec<_> = rows
        .iter()
        .map(|row| (row.path.as_str(), row.file_count))
        .collect();
    assert_eq!(names, [("/b", Some(2)), ("/c", None)]);
    let left: i64 = connection
        .query_row("SELECT count(*) FROM path_top_entries", [], |row| {
            row.get(0)
        })
        .unwrap();
    assert_eq!(left, 0);
}

#[test]
fn pages_follow_one_another() {
    let (_folder, connection) = database();
    configure(&connection, &["/a", "/b", "/c"]);
    let page = |limit, offset| {
        let (rows, total) = list(&connection, limit, offset).unwrap();
        assert_eq!(total, 3);
        rows.into_iter().map(|row| row.path).collect::<Vec<_>>()
    };
    assert_eq!(page(2, 0), ["/a", "/b"]);
    assert_eq!(page(2, 2), ["/c"]);
    assert_eq!(page(2, 4), [""; 0]);
}
