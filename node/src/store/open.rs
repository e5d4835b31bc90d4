//! The only place that opens the database: it sets the pragmas and verifies that they hold.

use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Duration;

use r2d2_sqlite::SqliteConnectionManager;
use rusqlite::types::Value;
use rusqlite::{Connection, MAIN_DB, OpenFlags};

use super::StoreError;

/// How long a statement waits for another process's lock, such as an operator's `sqlite3`.
pub(super) const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// Page cache of a connection, in KiB (a negative cache_size).
const WRITER_CACHE: i64 = -2048;
const READER_CACHE: i64 = -512;
/// What the write-ahead log is cut to after a checkpoint.
const WAL_LIMIT_BYTES: i64 = 16 << 20;
/// Pages of the write-ahead log, 16 MiB, after which the writer itself moves it into the database:
/// it is done elsewhere long before, where that keeps up.
const WAL_PAGES: i64 = 4096;

/// Opens the database for its one writer, makes it where it is missing, and brings it to this
/// version's schema.
///
/// # Errors
/// A file that can't be written, is not etlmon's or is newer, a pragma that does not hold.
pub fn writer(path: &Path) -> Result<Connection, StoreError> {
    let at = |source| StoreError::File {
        path: path.to_owned(),
        source,
    };
    // Made here and not by SQLite: what it will hold is not for everybody's eyes. One that exists
    // is not opened: closing it again would drop the locks that readers hold (fcntl(2)).
    let made = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path);
    match made {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(at(error)),
        _ => {}
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    #[expect(clippy::disallowed_methods, reason = "this is the one place")]
    let mut connection = Connection::open_with_flags(path, flags).map_err(refused(path))?;
    connection
        .busy_timeout(BUSY_TIMEOUT)
        .map_err(refused(path))?;
    let schema = |source| StoreError::Schema {
        path: path.to_owned(),
        source,
    };
    etlmon_schema::verify_owner(&connection).map_err(schema)?;
    if connection.is_readonly(MAIN_DB).map_err(refused(path))? {
        return Err(StoreError::ReadOnly {
            path: path.to_owned(),
        });
    }
    // Takes effect only before the first table, and lets retention give space back.
    pragma(&connection, path, "auto_vacuum", 2)?;
    pragma(&connection, path, "journal_mode", "wal".to_owned())?;
    pragma(&connection, path, "synchronous", 1)?;
    pragma(&connection, path, "foreign_keys", 1)?;
    pragma(&connection, path, "cache_size", WRITER_CACHE)?;
    pragma(&connection, path, "journal_size_limit", WAL_LIMIT_BYTES)?;
    pragma(&connection, path, "wal_autocheckpoint", WAL_PAGES)?;
    etlmon_schema::upgrade(&mut connection).map_err(schema)?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(connection)
}

/// Opens a database that a writer has opened before, to move its write-ahead log: SQLite refuses it
/// any other write.
///
/// # Errors
/// A file that can't be opened, a pragma that does not hold.
pub(super) fn checkpointer(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    #[expect(clippy::disallowed_methods, reason = "this is the one place")]
    let connection = Connection::open_with_flags(path, flags).map_err(refused(path))?;
    pragma(&connection, path, "query_only", 1)?;
    pragma(&connection, path, "synchronous", 1)?;
    pragma(&connection, path, "cache_size", READER_CACHE)?;
    pragma(&connection, path, "journal_size_limit", WAL_LIMIT_BYTES)?;
    Ok(connection)
}

/// Makes read connections for the pool, each of which refuses to write.
pub fn reader(path: &Path) -> SqliteConnectionManager {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    SqliteConnectionManager::file(path)
        .with_flags(flags)
        .with_init(|connection| {
            connection.busy_timeout(BUSY_TIMEOUT)?;
            connection.pragma_update(None, "query_only", 1)?;
            connection.pragma_update(None, "cache_size", READER_CACHE)?;
            let query_only: bool =
                connection.pragma_query_value(None, "query_only", |r| r.get(0))?;
            // The pool takes nothing but an SQLite error; this one is shown as it is.
            if query_only {
                Ok(())
            } else {
                Err(rusqlite::Error::InvalidQuery)
            }
        })
}

/// Sets a pragma and reads it back.
fn pragma(
    connection: &Connection,
    path: &Path,
    name: &'static str,
    wanted: impl Into<Value>,
) -> Result<(), StoreError> {
    let wanted = wanted.into();
    connection
        .pragma_update_and_check(None, name, &wanted, |_| Ok(()))
        .or_else(|error| match error {
            // Some pragmas answer a row when they are set, the others none.
            rusqlite::Error::QueryReturnedNoRows => Ok(()),
            other => Err(other),
        })
        .map_err(refused(path))?;
    let found: Value = connection
        .pragma_query_value(None, name, |row| row.get(0))
        .map_err(refused(path))?;
    if found == wanted {
        return Ok(());
    }
    Err(StoreError::Pragma {
        path: path.to_owned(),
        pragma: name,
        wanted: format!("{wanted:?}"),
        found: format!("{found:?}"),
    })
}

/// What SQLite says, with the file that it says it of.
fn refused(path: &Path) -> impl Fn(rusqlite::Error) -> StoreError {
    move |source| StoreError::Open {
        path: path.to_owned(),
        source,
    }
}
