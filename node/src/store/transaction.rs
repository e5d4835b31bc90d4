//! One transaction for several batches, of which one that fails takes no other with it.

use rusqlite::Connection;

use super::StoreError;
use super::handle::Store;
use super::persist::{Persist, PersistError};

/// Stores the batches and answers for each of them what became of it; nothing of it counts when
/// this fails.
///
/// # Errors
/// An error of the disk or of the database, which hits all.
pub(super) fn run(
    connection: &Connection,
    batches: &[Store],
    results: &mut Vec<Result<(), StoreError>>,
) -> rusqlite::Result<()> {
    order(connection, "BEGIN IMMEDIATE")?;
    let done = persist(connection, batches, results).and_then(|()| {
        let any = results.iter().any(Result::is_ok);
        order(connection, if any { "COMMIT" } else { "ROLLBACK" })
    });
    if done.is_err() && !connection.is_autocommit() {
        // What is said of the first error is what counts.
        let _ = order(connection, "ROLLBACK");
    }
    done
}

/// A statement that is the same every time is prepared but once.
fn order(connection: &Connection, sql: &str) -> rusqlite::Result<()> {
    connection.prepare_cached(sql)?.execute([]).map(drop)
}

fn persist(
    connection: &Connection,
    batches: &[Store],
    results: &mut Vec<Result<(), StoreError>>,
) -> rusqlite::Result<()> {
    for store in batches {
        if store.lease.is_given_up() {
            results.push(Err(StoreError::GivenUp));
            continue;
        }
        let stored = if batches.len() == 1 {
            store.batch.persist(connection)
        } else {
            persist_apart(connection, store.batch.as_ref())
        };
        match stored {
            Ok(()) => results.push(Ok(())),
            Err(PersistError::Outdated) => results.push(Err(StoreError::Outdated)),
            Err(PersistError::Sql(error)) => {
                // A full disk or an I/O error ends the whole transaction.
                if connection.is_autocommit() || is_of_the_disk(&error) {
                    return Err(error);
                }
                results.push(Err(StoreError::Sql {
                    operation: "a batch",
                    source: error,
                }));
            }
        }
    }
    Ok(())
}

/// Stores one batch of several in a savepoint of its own, which ends with it.
fn persist_apart(connection: &Connection, batch: &dyn Persist) -> Result<(), PersistError> {
    order(connection, "SAVEPOINT batch")?;
    let stored = batch.persist(connection);
    if connection.is_autocommit() {
        // An error of the disk, at which SQLite has rolled back the transaction.
        return stored;
    }
    if stored.is_err() {
        order(connection, "ROLLBACK TO batch")?;
    }
    order(connection, "RELEASE batch")?;
    stored
}

/// An SQLite error once more, for each of the batches that it hit.
pub(super) fn again(error: &rusqlite::Error) -> rusqlite::Error {
    match error {
        rusqlite::Error::SqliteFailure(code, text) => {
            rusqlite::Error::SqliteFailure(*code, text.clone())
        }
        other => rusqlite::Error::SqliteFailure(
            rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_ERROR),
            Some(other.to_string()),
        ),
    }
}

/// Whether the error is of the file and not of the batch.
fn is_of_the_disk(error: &rusqlite::Error) -> bool {
    use rusqlite::ErrorCode::{
        CannotOpen, DatabaseBusy, DatabaseCorrupt, DatabaseLocked, DiskFull, NotADatabase,
        ReadOnly, SystemIoFailure,
    };
    matches!(
        error.sqlite_error_code(),
        Some(
            CannotOpen
                | DatabaseBusy
                | DatabaseCorrupt
                | DatabaseLocked
                | DiskFull
                | NotADatabase
                | ReadOnly
                | SystemIoFailure
        )
    )
}
