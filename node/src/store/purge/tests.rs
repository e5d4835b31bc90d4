//! Whose turn it is, how big it is, and what is said when it fails.

use super::*;
use crate::config::Limits;
use crate::store::open;

const LINES: RetentionRule = RetentionRule {
    table: "log_lines",
    time_column: "created_at",
    row_bytes: "octet_length(line)",
    limit: Limits {
        max_age: Duration::from_hours(24),
        max_rows: 1000,
    },
    dependants: &[],
};

const GAPS: RetentionRule = RetentionRule {
    table: "log_gaps",
    time_column: "detected_at",
    row_bytes: "octet_length(log_path)",
    ..LINES
};

fn database() -> (tempfile::TempDir, Connection) {
    let folder = tempfile::tempdir().unwrap();
    let connection = open::writer(&folder.path().join("etlmon.db")).unwrap();
    (folder, connection)
}

fn insert(connection: &Connection, table: &str, rows: u32) {
    let values = match table {
        "log_lines" => "(source_id, line, truncated, created_at) SELECT 1, printf('%0100d', n), 0",
        _ => {
            "(follower_id, log_path, source_inode, from_offset, reason, detected_at) \
             SELECT 1, '/var/log/app.log', 2, 3, 'vanished'"
        }
    };
    connection
        .execute(
            &format!(
                "WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers \
                 WHERE n < ?1) INSERT INTO {table} {values}, ?2 FROM numbers"
            ),
            (rows, Timestamp::now().as_millis()),
        )
        .unwrap();
}

fn number(connection: &Connection, sql: &str) -> i64 {
    connection.query_row(sql, [], |row| row.get(0)).unwrap()
}

fn rows(connection: &Connection, table: &str) -> i64 {
    number(connection, &format!("SELECT count(*) FROM {table}"))
}

fn free_pages(connection: &Connection) -> i64 {
    number(connection, "PRAGMA freelist_count")
}

/// Steps until there is nothing to do; answers the longest one.
fn rest(purge: &mut Purge, connection: &mut Connection) -> Duration {
    let mut longest = Duration::ZERO;
    loop {
        let begun = Instant::now();
        if purge.step(connection) == LOOK_INTERVAL {
            return longest;
        }
        longest = longest.max(begun.elapsed());
    }
}

/// As if the time to the next look had passed.
fn let_time_pass(purge: &mut Purge) {
    for table in &mut purge.tables {
        table.due = Instant::now();
    }
}

#[test]
fn a_big_table_is_cut_in_steps_that_grow_and_stay_bounded() {
    let (_folder, mut connection) = database();
    insert(&connection, "log_lines", 100_000);
    let mut purge = Purge::new(&[LINES]);
    let mut left = rows(&connection, "log_lines");
    let mut steps = Vec::new();
    while purge.step(&mut connection) != LOOK_INTERVAL {
        let now_left = rows(&connection, "log_lines");
        steps.push(left - now_left);
        left = now_left;
    }
    assert_eq!(left, 1000);
    assert_eq!(steps.first(), Some(&i64::from(MIN_ROWS)));
    assert!(
        steps
            .iter()
            .all(|rows| (1..=i64::from(MAX_ROWS)).contains(rows)),
        "{steps:?}"
    );
    // One is more than twice its predecessor nowhere, so that no surprise is a big one.
    assert!(
        steps.windows(2).all(|pair| pair[1] <= pair[0] * 2),
        "{steps:?}"
    );
}

#[test]
fn a_table_that_never_ends_keeps_no_other_from_its_turn() {
    let (_folder, mut connection) = database();
    insert(&connection, "log_lines", 5000);
    insert(&connection, "log_gaps", 1300);
    let mut purge = Purge::new(&[LINES, GAPS]);
    for _ in 0..8 {
        insert(&connection, "log_lines", 1000);
        assert!(purge.step(&mut connection) < LOOK_INTERVAL);
    }
    assert_eq!(rows(&connection, "log_gaps"), 1000);
    assert!(rows(&connection, "log_lines") > 1000);
}

#[test]
fn a_table_that_is_done_rests_even_while_rows_come() {
    let (_folder, mut connection) = database();
    insert(&connection, "log_lines", 1050);
    let mut purge = Purge::new(&[LINES]);
    assert!(purge.step(&mut connection) < LOOK_INTERVAL);
    insert(&connection, "log_lines", 50);
    assert_eq!(purge.step(&mut connection), LOOK_INTERVAL);
    let_time_pass(&mut purge);
    assert!(purge.step(&mut connection) < LOOK_INTERVAL);
    assert_eq!(rows(&connection, "log_lines"), 1000);
}

#[test]
fn free_pages_that_nobody_wants_go_with_the_next_purge() {
    let (_folder, mut connection) = database();
    insert(&connection, "log_lines", 100_000);
    let mut purge = Purge::new(&[LINES]);
    let longest = rest(&mut purge, &mut connection);
    println!("longest step of deleting: {longest:?}");
    assert!(free_pages(&connection) > 2 * vacuum::PAGES_KEPT);
    let_time_pass(&mut purge);
    let longest = rest(&mut purge, &mut connection);
    println!("longest step of giving back: {longest:?}");
    assert_eq!(free_pages(&connection), vacuum::PAGES_KEPT);
}

#[test]
fn free_pages_that_arrivals_use_again_are_kept() {
    let (_folder, mut connection) = database();
    insert(&connection, "log_lines", 50_000);
    let mut purge = Purge::new(&[LINES]);
    rest(&mut purge, &mut connection);
    let pages = number(&connection, "PRAGMA page_count");
    for _ in 0..3 {
        insert(&connection, "log_lines", 49_000);
        assert!(free_pages(&connection) <= vacuum::PAGES_KEPT);
        let_time_pass(&mut purge);
        rest(&mut purge, &mut connection);
        assert_eq!(rows(&connection, "log_lines"), 1000);
        assert!(free_pages(&connection) > 2 * vacuum::PAGES_KEPT);
    }
    let grown = number(&connection, "PRAGMA page_count") - pages;
    assert!((0..64).contains(&grown), "{grown} pages more");
}

#[test]
fn a_table_that_fails_hinders_no_other_and_its_reason_is_told_once() {
    let (_folder, mut connection) = database();
    insert(&connection, "log_gaps", 1050);
    let broken = RetentionRule {
        table: "no_such_table",
        ..LINES
    };
    let mut purge = Purge::new(&[broken, GAPS]);
    rest(&mut purge, &mut connection);
    assert_eq!(rows(&connection, "log_gaps"), 1000);
    let known = purge.failures.0.get("no_such_table").cloned().unwrap();
    assert!(known.contains("no such table"), "{known}");
    let failures = &mut purge.failures;
    assert!(!failures.is_news("no_such_table", known.clone()));
    assert!(failures.is_news("no_such_table", "disk full".to_owned()));
    assert!(failures.is_news("log_gaps", known.clone()));
    assert_eq!(failures.hear("no_such_table", Ok(1)), Some(1));
    assert!(failures.is_news("no_such_table", known));
}

#[test]
fn a_step_has_as_many_rows_as_fit_but_at_most_twice_and_at_least_half_of_the_last_one() {
    let rows = |deleted, ms| rows_for(deleted, Duration::from_millis(ms));
    assert_eq!(rows(10_000, 10), 10_000);
    assert_eq!(rows(10_000, 8), 12_500);
    assert_eq!(rows(10_000, 1), 20_000);
    assert_eq!(rows(10_000, 0), 20_000);
    assert_eq!(rows(10_000, 16), 6250);
    assert_eq!(rows(10_000, 5000), 5000);
    assert_eq!(rows(150, 5000), MIN_ROWS);
    assert_eq!(rows(4, 5), MIN_ROWS);
    assert_eq!(rows(40_000, 1), MAX_ROWS);
}
