//! What one step deletes and what it leaves, on a real file with the real tables.

use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::store::open;

const NOW: i64 = 1_800_000_000_000;
const ALL: u32 = 50_000;
const LONG: Duration = Duration::from_hours(24 * 365);

const BLOCKS: &str = "DELETE FROM log_blocks WHERE last_line_id < \
     coalesce((SELECT min(id) FROM log_lines), 9223372036854775807)";
const SOURCES: &str = "DELETE FROM log_sources WHERE line_id_limit < \
     coalesce((SELECT min(id) FROM log_lines), 9223372036854775807)";

const LINES: RetentionRule = RetentionRule {
    table: "log_lines",
    time_column: "created_at",
    row_bytes: "octet_length(line)",
    limit: limit(LONG, 1_000_000),
    dependants: &[BLOCKS, SOURCES],
};

const fn limit(max_age: Duration, max_rows: u64) -> Limits {
    Limits { max_age, max_rows }
}

fn database() -> (tempfile::TempDir, Connection) {
    let folder = tempfile::tempdir().unwrap();
    let connection = open::writer(&folder.path().join("etlmon.db")).unwrap();
    (folder, connection)
}

/// A line for each moment, in this order.
fn insert(connection: &Connection, line: &str, moments: impl IntoIterator<Item = i64>) {
    let transaction = connection.unchecked_transaction().unwrap();
    for at in moments {
        transaction
            .prepare_cached(
                "INSERT INTO log_lines (source_id, line, truncated, created_at) \
                 VALUES (1, ?1, 0, ?2)",
            )
            .unwrap()
            .execute((line, at))
            .unwrap();
    }
    transaction.commit().unwrap();
}

/// So many lines, a second apart, the last one a second ago.
fn seconds(rows: i64) -> impl Iterator<Item = i64> {
    (0..rows).map(move |n| NOW - (rows - n) * 1000)
}

fn step(connection: &mut Connection, rule: &RetentionRule, rows: u32) -> Step {
    rule.step(connection, Timestamp::from_millis(NOW), rows)
        .unwrap()
}

fn ids(connection: &Connection, table: &str) -> Vec<i64> {
    connection
        .prepare(&format!("SELECT id FROM {table} ORDER BY id"))
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap()
}

#[test]
fn rows_go_by_age_and_the_one_that_is_just_old_enough_to_stay_stays() {
    let (_folder, mut connection) = database();
    insert(&connection, "x", seconds(250));
    let rule = RetentionRule {
        limit: limit(Duration::from_secs(100), 1_000_000),
        ..LINES
    };
    assert_eq!(step(&mut connection, &rule, ALL), Step::Last(150));
    assert_eq!(
        ids(&connection, "log_lines"),
        (151..=250).collect::<Vec<_>>()
    );
    assert_eq!(step(&mut connection, &rule, ALL), Step::Nothing);
}

#[test]
fn the_oldest_rows_go_when_there_are_too_many() {
    let (_folder, mut connection) = database();
    insert(&connection, "x", seconds(250));
    let rule = RetentionRule {
        limit: limit(LONG, 42),
        ..LINES
    };
    assert_eq!(step(&mut connection, &rule, ALL), Step::Last(208));
    assert_eq!(
        ids(&connection, "log_lines"),
        (209..=250).collect::<Vec<_>>()
    );
    assert_eq!(step(&mut connection, &rule, ALL), Step::Nothing);
}

#[test]
fn a_step_deletes_the_oldest_rows_and_no_more_than_it_may() {
    let (_folder, mut connection) = database();
    insert(&connection, "x", seconds(250));
    let rule = RetentionRule {
        limit: limit(LONG, 1),
        ..LINES
    };
    assert_eq!(step(&mut connection, &rule, 100), Step::Full(100));
    assert_eq!(ids(&connection, "log_lines").first(), Some(&101));
    assert_eq!(step(&mut connection, &rule, 100), Step::Full(100));
    assert_eq!(step(&mut connection, &rule, 100), Step::Last(49));
    assert_eq!(ids(&connection, "log_lines"), [250]);
}

#[test]
fn a_step_of_long_lines_ends_after_some_of_them() {
    let (_folder, mut connection) = database();
    insert(&connection, &"x".repeat(1 << 20), seconds(10));
    let rule = RetentionRule {
        limit: limit(LONG, 1),
        ..LINES
    };
    let taken: Vec<Step> = (0..4).map(|_| step(&mut connection, &rule, ALL)).collect();
    assert_eq!(
        taken,
        [Step::Full(4), Step::Full(4), Step::Last(1), Step::Nothing]
    );
}

#[test]
fn where_nothing_is_due_nothing_is_written() {
    let (folder, mut connection) = database();
    let wal_bytes = || {
        std::fs::metadata(folder.path().join("etlmon.db-wal"))
            .unwrap()
            .len()
    };
    let empty = wal_bytes();
    assert_eq!(step(&mut connection, &LINES, ALL), Step::Nothing);
    assert_eq!(wal_bytes(), empty);
    insert(&connection, "x", seconds(10));
    let filled = wal_bytes();
    assert!(filled > empty, "{filled} {empty}");
    assert_eq!(step(&mut connection, &LINES, ALL), Step::Nothing);
    assert_eq!(wal_bytes(), filled);
}

/// A source and a block for every ten lines, from 1 on.
fn insert_dependants(connection: &Connection, tens: i64) {
    for n in 0..tens {
        connection
            .execute(
                "INSERT INTO log_sources (log_name, log_path, source_inode, line_id_limit) \
                 VALUES ('app', '/var/log/app.log', ?1, ?1 * 10 + 10)",
                [n],
            )
            .unwrap();
        connection
            .execute(
                "INSERT INTO log_blocks (log_name, first_line_id, last_line_id, line_count, \
                 lines_before, first_at, last_at, trigrams) \
                 VALUES ('app', ?1 * 10 + 1, ?1 * 10 + 10, 10, ?1 * 10, 0, 0, x'00')",
                [n],
            )
            .unwrap();
    }
}

#[test]
fn what_belongs_to_deleted_lines_goes_in_the_same_step() {
    let (_folder, mut connection) = database();
    insert(&connection, "x", seconds(50));
    insert_dependants(&connection, 5);
    let rule = |max_age| RetentionRule {
        limit: limit(Duration::from_secs(max_age), 30),
        ..LINES
    };
    // Lines 1 to 15: the second block and source still have five.
    assert_eq!(step(&mut connection, &rule(9999), 15), Step::Full(15));
    assert_eq!(ids(&connection, "log_blocks"), [2, 3, 4, 5]);
    assert_eq!(ids(&connection, "log_sources"), [2, 3, 4, 5]);
    assert_eq!(step(&mut connection, &rule(9999), ALL), Step::Last(5));
    assert_eq!(ids(&connection, "log_blocks"), [3, 4, 5]);
    assert_eq!(step(&mut connection, &rule(0), ALL), Step::Full(30));
    assert_eq!(ids(&connection, "log_lines"), [0; 0]);
    assert_eq!(ids(&connection, "log_blocks"), [0; 0]);
    assert_eq!(ids(&connection, "log_sources"), [0; 0]);
}

#[test]
fn rows_stay_when_their_dependants_cannot_be_deleted() {
    let (_folder, mut connection) = database();
    insert(&connection, "x", seconds(10));
    let rule = RetentionRule {
        limit: limit(LONG, 1),
        dependants: &["DELETE FROM no_such_table"],
        ..LINES
    };
    let refused = rule.step(&mut connection, Timestamp::from_millis(NOW), ALL);
    assert!(
        refused.unwrap_err().to_string().contains("no_such_table"),
        "the error names what failed"
    );
    assert_eq!(ids(&connection, "log_lines").len(), 10);
}

/// The other tables that grow: a rule for each, and how a row comes into it at a moment.
const OTHERS: [(&str, &str, &str, &str); 4] = [
    (
        "filesystem_history",
        "at",
        "octet_length(mount_point)",
        "(mount_point, total_bytes, used_bytes, avail_bytes, at) VALUES ('/', 3, 2, 1, ?1)",
    ),
    (
        "log_gaps",
        "detected_at",
        "octet_length(log_path)",
        "(follower_id, log_path, source_inode, from_offset, reason, detected_at) \
         VALUES (1, '/var/log/app.log', 2, 3, 'vanished', ?1)",
    ),
    (
        "xferlog_entries",
        "stored_at",
        "octet_length(filename)",
        "(log_time, remote_host, username, filename, direction, status, stored_at) \
         VALUES (0, 'host', 'user', '/file', 'upload', 'complete', ?1)",
    ),
    (
        "xferlog_damaged_lines",
        "detected_at",
        "octet_length(line)",
        "(log_path, source_inode, line, reason, detected_at) \
         VALUES ('/var/log/xferlog', 1, 'x', 'not a time', ?1)",
    ),
];

#[test]
fn every_table_that_grows_is_cut_by_number_and_by_the_time_of_storing() {
    let (_folder, mut connection) = database();
    for (table, time_column, row_bytes, values) in OTHERS {
        for at in seconds(30) {
            connection
                .execute(&format!("INSERT INTO {table} {values}"), [at])
                .unwrap();
        }
        let rule = |max_age, max_rows| RetentionRule {
            table,
            time_column,
            row_bytes,
            limit: limit(Duration::from_secs(max_age), max_rows),
            dependants: &[],
        };
        assert_eq!(step(&mut connection, &rule(9999, 20), ALL), Step::Last(10));
        assert_eq!(step(&mut connection, &rule(5, 20), ALL), Step::Last(15));
        assert_eq!(
            ids(&connection, table),
            (26..=30).collect::<Vec<_>>(),
            "{table}"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// The clock jumps at random, back behind the limit and ahead of the present.
    #[test]
    fn no_row_within_both_limits_goes_and_every_purge_ends(
        ages in prop::collection::vec(-50_i64..150, 0..60),
        max_rows in 1_u64..80,
        rows in 1_u32..20,
    ) {
        let (_folder, mut connection) = database();
        insert(&connection, "x", ages.iter().map(|age| NOW - age * 1000));
        let rule = RetentionRule {
            limit: limit(Duration::from_secs(100), max_rows),
            ..LINES
        };
        let mut steps = 0;
        while step(&mut connection, &rule, rows) != Step::Nothing {
            steps += 1;
            prop_assert!(steps <= ages.len(), "the purge does not end");
        }
        let surplus = ages.len().saturating_sub(usize::try_from(max_rows).unwrap());
        let aged = ages.iter().skip(surplus).take_while(|age| **age > 100).count();
        let left: Vec<i64> = (1_i64..).take(ages.len()).skip(surplus + aged).collect();
        prop_assert_eq!(ids(&connection, "log_lines"), left);
    }
}
