//! The steps against the whole, and files that are not etlmon's.

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

#[test]
fn the_ledger_keeps_its_rows_and_numbers_when_it_is_made_anew() {
    let mut connection = Connection::open_in_memory().unwrap();
    let before = Migrations::from_slice(STEPS.split_at(5).0);
    before.to_latest(&mut connection).unwrap();
    let add = "INSERT INTO log_gaps \
               (follower_id, log_path, source_inode, from_offset, reason, detected_at) \
               VALUES (1, '/a', 2, 3, 'vanished', 4) RETURNING id";
    let mut added: Vec<i64> = Vec::new();
    for _ in 0..3 {
        added.push(connection.query_row(add, [], |row| row.get(0)).unwrap());
    }
    connection
        .execute("DELETE FROM log_gaps WHERE id = 3", [])
        .unwrap();
    upgrade(&mut connection).unwrap();
    added.push(connection.query_row(add, [], |row| row.get(0)).unwrap());
    assert_eq!(added, [1, 2, 3, 4]);
    let kept: i64 = connection
        .query_row("SELECT count(*) FROM log_gaps", [], |row| row.get(0))
        .unwrap();
    assert_eq!(kept, 3);
}

#[test]
fn transfers_keep_their_rows_and_numbers_when_their_table_is_made_anew() {
    let mut connection = Connection::open_in_memory().unwrap();
    let before = Migrations::from_slice(STEPS.split_at(8).0);
    before.to_latest(&mut connection).unwrap();
    let add = "INSERT INTO xferlog_entries \
               (log_time, remote_host, username, filename, direction, status, stored_at) \
               VALUES (1, 'h', 'u', '/f', 'upload', 'complete', 2) RETURNING id";
    let mut added: Vec<i64> = Vec::new();
    for _ in 0..3 {
        added.push(connection.query_row(add, [], |row| row.get(0)).unwrap());
    }
    connection
        .execute("DELETE FROM xferlog_entries WHERE id = 3", [])
        .unwrap();
    upgrade(&mut connection).unwrap();
    added.push(connection.query_row(add, [], |row| row.get(0)).unwrap());
    assert_eq!(added, [1, 2, 3, 4]);
    let kept: i64 = connection
        .query_row("SELECT count(*) FROM xferlog_entries", [], |row| row.get(0))
        .unwrap();
    assert_eq!(kept, 3);
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
