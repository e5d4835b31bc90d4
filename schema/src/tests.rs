//! The steps against the whole, and files that are not etlmon's.

use rusqlite::types::Value;

use super::*;

fn schema_of(connection: &Connection) -> Vec<(String, String)> {
    connection
        .prepare("SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name")
        .unwrap()
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap()
}

#[test]
fn the_steps_make_the_current_schema() {
    let mut stepped = Connection::open_in_memory().unwrap();
    upgrade(&mut stepped).unwrap();
    let whole = Connection::open_in_memory().unwrap();
    whole.execute_batch(CURRENT).unwrap();
    assert_eq!(schema_of(&stepped), schema_of(&whole));
    assert!(
        schema_of(&whole)
            .iter()
            // SQLite makes that one itself.
            .filter(|(name, _)| name != "sqlite_sequence")
            .all(|(_, sql)| sql.contains("STRICT") || sql.contains("INDEX"))
    );
}

#[test]
fn an_upgrade_repeated_changes_nothing() {
    let mut connection = Connection::open_in_memory().unwrap();
    upgrade(&mut connection).unwrap();
    let before = schema_of(&connection);
    upgrade(&mut connection).unwrap();
    assert_eq!(schema_of(&connection), before);
}

/// A database of so many steps.
fn stepped(steps: usize) -> Connection {
    let mut connection = Connection::open_in_memory().unwrap();
    Migrations::from_slice(STEPS.split_at(steps).0)
        .to_latest(&mut connection)
        .unwrap();
    connection
}

/// Adds rows after so many steps, deletes the last, and adds one after all steps: its number must
/// not be the deleted one's.
fn keeps_rows_and_numbers(steps: usize, table: &str, columns: &str, values: &str) {
    let mut connection = stepped(steps);
    let add = |connection: &Connection| -> i64 {
        let add = format!("INSERT INTO {table} ({columns}) VALUES ({values}) RETURNING id");
        connection.query_row(&add, [], |row| row.get(0)).unwrap()
    };
    let mut added: Vec<i64> = (0..3).map(|_| add(&connection)).collect();
    let delete = format!("DELETE FROM {table} WHERE id = 3");
    connection.execute(&delete, []).unwrap();
    upgrade(&mut connection).unwrap();
    added.push(add(&connection));
    assert_eq!(added, [1, 2, 3, 4]);
    let count = format!("SELECT count(*) FROM {table}");
    let kept: i64 = connection.query_row(&count, [], |row| row.get(0)).unwrap();
    assert_eq!(kept, 3);
}

#[test]
fn the_ledger_keeps_its_rows_and_numbers_when_it_is_made_anew() {
    keeps_rows_and_numbers(
        5,
        "log_gaps",
        "follower_id, log_path, source_inode, from_offset, reason, detected_at",
        "1, '/a', 2, 3, 'vanished', 4",
    );
}

#[test]
fn transfers_keep_their_rows_and_numbers_when_their_table_is_made_anew() {
    keeps_rows_and_numbers(
        8,
        "xferlog_entries",
        "log_time, remote_host, username, filename, direction, status, stored_at",
        "1, 'h', 'u', '/f', 'upload', 'complete', 2",
    );
}

#[test]
fn where_logs_are_to_be_read_on_and_their_counts_are_kept_when_their_tables_are_made_anew() {
    let mut connection = stepped(8);
    connection
        .execute_batch(
            "INSERT INTO followed_contents VALUES \
             (1, 2, 'following', x'61', x'62', 3, -4, NULL, 5, 6, x'07', 'quiet_line', 8); \
             INSERT INTO followed_files VALUES \
             (1, '/a', 'TAILING', NULL, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12);",
        )
        .unwrap();
    let rows = |connection: &Connection| {
        [
            "SELECT follower_id, sequence, state, path, place, device, inode, born_ns, \
             offset_bytes, tail_bytes, tail_hash, inside, first_seen FROM followed_contents",
            "SELECT follower_id, path, status, error_message, inode, lag_bytes, lines_stored, \
             last_line_at, gap_bytes, gap_count, unmeasured_gap_count, truncated_bytes, \
             damaged_count FROM followed_files",
        ]
        .map(|rows| {
            let mut all = connection.prepare(rows).unwrap();
            let columns = all.column_count();
            all.query_row([], |row| {
                (0..columns)
                    .map(|at| row.get(at))
                    .collect::<Result<Vec<Value>, _>>()
            })
            .unwrap()
        })
    };
    let before = rows(&connection);
    upgrade(&mut connection).unwrap();
    assert_eq!(rows(&connection), before);
    // No line counts twice.
    let counted = "SELECT lines_stored, last_line_at FROM followed_contents";
    let counted = connection.query_row(counted, [], |row| Ok((row.get(0)?, row.get(1)?)));
    assert_eq!(counted, Ok((0, None::<i64>)));
}

#[test]
fn how_far_files_are_read_is_still_told_when_their_table_is_made_anew() {
    let mut connection = stepped(9);
    connection
        .execute_batch(
            "INSERT INTO followed_contents VALUES \
             (1, 2, 'finished', x'2f61', x'2f622e31', 3, 4, NULL, 70, 6, x'07', 'nothing', 8), \
             (1, 3, 'following', x'2f61', x'2f61', 3, 5, NULL, 80, 6, x'07', 'nothing', 8), \
             (2, 3, 'following', x'2f61', x'2f61', 3, 5, NULL, 80, 6, x'07', 'nothing', 8); \
             INSERT INTO followed_files VALUES \
             (1, '/a', 'TAILING', NULL, 5, 100, 80, 30, 6, 7, 8, 9, 10, 11, 12), \
             (1, '/behind', 'TAILING', NULL, 6, 100, 80, 20, 6, 7, 8, 9, 10, 11, 12), \
             (1, '/new', 'WAITING', NULL, 7, 100, NULL, 100, 6, 7, 8, 9, 10, 11, 12), \
             (1, '/none', 'WAITING', NULL, NULL, NULL, NULL, NULL, 6, 7, 8, 9, 10, 11, 12);",
        )
        .unwrap();
    upgrade(&mut connection).unwrap();
    let told: Vec<(String, Option<i64>, Option<i64>)> = connection
        .prepare("SELECT path, sequence, unread_bytes FROM followed_files ORDER BY path")
        .unwrap()
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    let row = |path: &str, sequence, unread| (path.to_owned(), sequence, unread);
    assert_eq!(
        told,
        [
            row("/a", Some(3), Some(20)),
            // Nobody knows of which content that was said.
            row("/behind", None, None),
            row("/new", None, Some(100)),
            row("/none", None, None),
        ]
    );
}

#[test]
fn no_row_of_a_followed_file_makes_a_table_of_its_own() {
    let connection = Connection::open_in_memory().unwrap();
    connection.execute_batch(CURRENT).unwrap();
    for table in [
        "followers",
        "followed_contents",
        "followed_files",
        "log_lines",
        "log_blocks",
        "xferlog_entries",
    ] {
        let columns: u16 = connection
            .query_row(
                "SELECT count(*) FROM pragma_table_info(?1)",
                [table],
                |row| row.get(0),
            )
            .unwrap();
        let values = vec!["?"; columns.into()].join(", ");
        let mut program = connection
            .prepare(&format!("EXPLAIN REPLACE INTO {table} VALUES ({values})"))
            .unwrap();
        let codes = program
            .query_map(rusqlite::params_from_iter(vec![1; columns.into()]), |row| {
                row.get::<_, String>("opcode")
            })
            .unwrap();
        let opened = codes
            .map(Result::unwrap)
            .filter(|code| code == "OpenEphemeral")
            .count();
        assert_eq!(opened, 0, "{table}");
    }
}

#[test]
fn the_database_of_another_program_is_left_alone() {
    let mut connection = Connection::open_in_memory().unwrap();
    connection.execute_batch("CREATE TABLE theirs (x)").unwrap();
    assert!(matches!(
        upgrade(&mut connection),
        Err(SchemaError::Foreign { application_id: 0 })
    ));
    assert_eq!(schema_of(&connection).len(), 1);
}

#[test]
fn a_newer_database_is_left_alone() {
    let mut connection = Connection::open_in_memory().unwrap();
    upgrade(&mut connection).unwrap();
    connection.pragma_update(None, "user_version", 99).unwrap();
    assert!(matches!(
        upgrade(&mut connection),
        Err(SchemaError::Newer {
            found: 99,
            known: _
        })
    ));
}
