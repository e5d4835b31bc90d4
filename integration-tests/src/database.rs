//! The node's database as another program sees it.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

/// Opens a database for reading, as an operator's `sqlite3 -readonly` would.
pub fn reader(path: &Path) -> Connection {
    open(path, OpenFlags::SQLITE_OPEN_READ_ONLY)
}

/// Opens a database for writing, as an operator's `sqlite3` would; makes it where it is missing.
pub fn intruder(path: &Path) -> Connection {
    open(
        path,
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE,
    )
}

/// Fails the test unless every page of the database is sound.
pub fn assert_sound(path: &Path) {
    let found: String = intruder(path)
        .query_row("PRAGMA integrity_check", [], |row| row.get(0))
        .unwrap();
    assert_eq!(found, "ok");
}

#[expect(
    clippy::disallowed_methods,
    reason = "this is not the node: it looks at the node's database from outside"
)]
fn open(path: &Path, flags: OpenFlags) -> Connection {
    let connection = Connection::open_with_flags(path, flags).unwrap();
    connection.busy_timeout(Duration::from_secs(10)).unwrap();
    connection
}
