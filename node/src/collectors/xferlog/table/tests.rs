//! The tables of a real database: what goes in comes out, page by page.

use proptest::prelude::*;

use super::super::lines::DamagedLine;
use super::super::parse::Entry;
use super::*;
use crate::store::open;

fn database() -> (tempfile::TempDir, Connection) {
    let folder = tempfile::tempdir().unwrap();
    let connection = open::writer(&folder.path().join("etlmon.db")).unwrap();
    (folder, connection)
}

fn entry(username: &str, remote_host: &str, filename: &str) -> Entry {
    Entry {
        log_time: Timestamp::from_millis(1_000),
        remote_host: remote_host.to_owned(),
        username: username.to_owned(),
        filename: filename.to_owned(),
        bytes: Some(5),
        transfer_time_sec: Some(0.25),
        direction: TransferDirection::Upload,
        status: TransferStatus::Complete,
        access_mode: None,
        service: None,
    }
}

fn damaged(line: String) -> DamagedLine {
    DamagedLine {
        log_path: "/var/log/xferlog".to_owned(),
        source_inode: u64::MAX,
        line,
        reason: "date is malformed".to_owned(),
    }
}

fn store(connection: &Connection, entries: Vec<Entry>, damaged: Vec<DamagedLine>) {
    let rows = TransferRows { entries, damaged };
    let at = Timestamp::from_millis(90_000);
    rows.persist(at, connection).unwrap();
}

fn all(connection: &Connection, filter: &Filter) -> Vec<Transfer> {
    let (rows, more) = page(connection, filter, Cursor::Newest, 100).unwrap();
    assert!(!more);
    rows
}

fn names(rows: &[Transfer]) -> Vec<&str> {
    rows.iter().map(|row| row.filename.as_str()).collect()
}

#[test]
fn every_transfer_comes_back_as_it_was_read() {
    let (_folder, connection) = database();
    let mut entries = Vec::new();
    for direction in [
        TransferDirection::Upload,
        TransferDirection::Download,
        TransferDirection::Delete,
    ] {
        for access_mode in [
            None,
            Some(TransferAccessMode::Anonymous),
            Some(TransferAccessMode::Guest),
            Some(TransferAccessMode::Real),
        ] {
            for status in [TransferStatus::Complete, TransferStatus::Incomplete] {
                let known = access_mode.is_some();
                entries.push(Entry {
                    direction,
                    status,
                    access_mode,
                    bytes: known.then_some(i64::MAX.cast_unsigned()),
                    transfer_time_sec: known.then_some(0.123),
                    service: known.then(|| "ftp".to_owned()),
                    ..entry("김 철수", "192.0.2.1", "/in/a\\xff\0b")
                });
            }
        }
    }
    store(&connection, entries.clone(), Vec::new());
    let rows = all(&connection, &Filter::default());
    assert_eq!(rows.len(), entries.len());
    for ((row, entry), id) in rows.into_iter().zip(entries).zip(1..) {
        let expected = Transfer {
            id,
            log_time: entry.log_time,
            remote_host: entry.remote_host,
            username: entry.username,
            filename: entry.filename,
            bytes: entry.bytes,
            transfer_time_sec: entry.transfer_time_sec,
            direction: entry.direction,
            status: entry.status,
            access_mode: entry.access_mode,
            service: entry.service,
        };
        assert_eq!(row, expected);
    }
}

#[test]
fn when_a_transfer_was_stored_is_kept_for_retention() {
    let (_folder, connection) = database();
    store(&connection, vec![entry("a", "h", "/f")], Vec::new());
    let stored_at: i64 = connection
        .query_row("SELECT stored_at FROM xferlog_entries", [], |row| {
            row.get("stored_at")
        })
        .unwrap();
    assert_eq!(stored_at, 90_000);
}

#[test]
fn names_match_as_they_are_written_and_hosts_in_any_case() {
    let (_folder, connection) = database();
    let entries = vec![
        entry("alice", "Client-1.Example.COM", "/in/Ünïcode 100%"),
        entry("Alice", "192.0.2.1", "/in/unicode_100"),
        entry("etl_batch", "2001:db8::A", "/out/x"),
    ];
    store(&connection, entries, Vec::new());
    let found = |filter: Filter| {
        let rows = all(&connection, &filter);
        rows.iter().map(|row| row.id).collect::<Vec<_>>()
    };
    let part = |text: &str| Some(text.to_owned());
    for (user, ids) in [
        ("alice", &[1][..]),
        ("lice", &[1, 2]),
        ("_", &[3]),
        ("", &[1, 2, 3]),
    ] {
        let user = part(user);
        assert_eq!(
            found(Filter {
                user,
                ..Filter::default()
            }),
            ids
        );
    }
    for (host, ids) in [
        ("EXAMPLE.com", &[1][..]),
        ("db8::a", &[3]),
        ("2.0.2", &[2]),
        ("::FFFF:192.0.2.1", &[2]),
        ("::ffff:host", &[]),
        ("%", &[]),
    ] {
        let host = part(host);
        assert_eq!(
            found(Filter {
                host,
                ..Filter::default()
            }),
            ids
        );
    }
    for (name, ids) in [
        ("/in/", &[1, 2][..]),
        ("%", &[1]),
        ("ünï", &[]),
        ("Ünï", &[1]),
    ] {
        let filename = part(name);
        assert_eq!(
            found(Filter {
                filename,
                ..Filter::default()
            }),
            ids
        );
    }
    let both = Filter {
        user: part("lice"),
        filename: part("_"),
        ..Filter::default()
    };
    assert_eq!(found(both), [2]);
}

#[test]
fn directions_and_states_match_exactly() {
    let (_folder, connection) = database();
    let mut failed = entry("a", "h", "/failed");
    failed.status = TransferStatus::Incomplete;
    let mut deleted = entry("a", "h", "/deleted");
    deleted.direction = TransferDirection::Delete;
    let entries = vec![entry("a", "h", "/uploaded"), failed, deleted];
    store(&connection, entries, Vec::new());
    let status = Filter {
        status: Some(TransferStatus::Complete),
        ..Filter::default()
    };
    assert_eq!(names(&all(&connection, &status)), ["/uploaded", "/deleted"]);
    let direction = Filter {
        direction: Some(TransferDirection::Upload),
        ..status
    };
    assert_eq!(names(&all(&connection, &direction)), ["/uploaded"]);
}

#[test]
fn damaged_lines_come_back_page_by_page() {
    let (_folder, connection) = database();
    let lines = (1..=3).map(|number| damaged(format!("nonsense {number}\0")));
    store(&connection, Vec::new(), lines.collect());
    let ids = |cursor, limit| {
        let (rows, more) = damaged_page(&connection, cursor, limit).unwrap();
        (rows.iter().map(|row| row.id).collect::<Vec<_>>(), more)
    };
    assert_eq!(ids(Cursor::Newest, 2), (vec![2, 3], true));
    assert_eq!(ids(Cursor::Before(2), 2), (vec![1], false));
    assert_eq!(ids(Cursor::After(0), 2), (vec![1, 2], true));
    assert_eq!(ids(Cursor::After(2), 2), (vec![3], false));
    let (rows, _) = damaged_page(&connection, Cursor::Before(2), 1).unwrap();
    let expected = DamagedTransferLine {
        id: 1,
        log_path: "/var/log/xferlog".to_owned(),
        source_inode: u64::MAX,
        line: "nonsense 1\0".to_owned(),
        reason: "date is malformed".to_owned(),
        detected_at: Timestamp::from_millis(90_000),
    };
    assert_eq!(rows, [expected]);
}

/// Every page from a cursor on, by the links' own rule; in ascending id if they are put together.
fn walk(connection: &Connection, filter: &Filter, from: Cursor, limit: u32) -> Vec<i64> {
    let (mut cursor, mut ids) = (from, Vec::new());
    loop {
        let (rows, more) = page(connection, filter, cursor, limit).unwrap();
        let page: Vec<i64> = rows.iter().map(|row| row.id).collect();
        assert!(page.is_sorted() && page.len() <= usize::try_from(limit).unwrap());
        let place = match cursor {
            Cursor::After(_) => ids.len(),
            _ => 0,
        };
        ids.splice(place..place, page.iter().copied());
        if !more {
            return ids;
        }
        cursor = cursor.onward(page[0], page[page.len() - 1]);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn pages_hold_every_row_that_the_filter_lets_through_once(
        wanted in proptest::collection::vec(any::<bool>(), 0..60),
        purged in 0_usize..10,
        limit in 1_u32..20,
        place in 0_i64..70,
    ) {
        let (_folder, connection) = database();
        let user = |wanted: &bool| if *wanted { "wanted" } else { "other" };
        let entries = wanted.iter().map(|wanted| entry(user(wanted), "h", "/f"));
        store(&connection, entries.collect(), Vec::new());
        let purge = "DELETE FROM xferlog_entries WHERE id <= ?1";
        connection.execute(purge, [count(purged as u64)]).unwrap();
        let ids: Vec<i64> = (1..)
            .zip(&wanted)
            .skip(purged)
            .filter_map(|(id, wanted)| wanted.then_some(id))
            .collect();
        let filter = Filter { user: Some("want".to_owned()), ..Filter::default() };
        prop_assert_eq!(&walk(&connection, &filter, Cursor::Newest, limit), &ids);
        let after: Vec<i64> = ids.iter().copied().filter(|id| *id > place).collect();
        prop_assert_eq!(walk(&connection, &filter, Cursor::After(place), limit), after);
        let before: Vec<i64> = ids.iter().copied().filter(|id| *id < place).collect();
        prop_assert_eq!(walk(&connection, &filter, Cursor::Before(place), limit), before);
    }
}

#[test]
fn what_may_be_rare_takes_one_of_the_places_for_long_queries() {
    assert_eq!(Filter::default().effort(), Effort::Short);
    let filters = [
        Filter {
            user: Some("alice".to_owned()),
            ..Filter::default()
        },
        Filter {
            direction: Some(TransferDirection::Delete),
            ..Filter::default()
        },
    ];
    assert!(filters.iter().all(|filter| filter.effort() == Effort::Long));
}
