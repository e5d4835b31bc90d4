//! The database's schema: immutable SQL steps, applied in order, and the whole of it for readers.

use rusqlite::Connection;
use rusqlite_migration::{Error, M, MigrationDefinitionError, Migrations};

/// The number in an etlmon database's header that says whose file it is: "etlm" in ASCII.
pub const APPLICATION_ID: i32 = 0x6574_6c6d;

/// The steps, in order; a step that was released never changes.
const STEPS: &[M<'_>] = &[
    M::up(include_str!("../steps/0001_filesystems_and_paths.sql")),
    M::up(include_str!("../steps/0002_logs_and_transfers.sql")),
    M::up(include_str!("../steps/0003_processes_and_audit.sql")),
    M::up(include_str!("../steps/0004_cron.sql")),
    M::up(include_str!("../steps/0005_fewer_pages_a_batch.sql")),
    M::up(include_str!("../steps/0006_where_bytes_were_lost.sql")),
    M::up(include_str!("../steps/0007_slices_of_blocks.sql")),
    M::up(include_str!("../steps/0008_damaged_lines_are_counted.sql")),
    M::up(include_str!("../steps/0009_checks_without_a_table.sql")),
    M::up(include_str!("../steps/0010_one_row_a_batch_and_file.sql")),
];

/// What the steps amount to.
pub const CURRENT: &str = include_str!("../current.sql");

/// Why a database can't be brought to this version's schema.
#[derive(Debug, thiserror::Error)]
pub enum SchemaError {
    /// The file is a database, but another program's.
    #[error("it is another program's database (application id {application_id:#x})")]
    Foreign {
        /// The id in its header.
        application_id: i32,
    },
    /// A later etlmon has written it.
    #[error("it was written by a newer etlmon (schema {found}, this version knows {known})")]
    Newer {
        /// The schema in the file.
        found: i64,
        /// The last schema that this version knows.
        known: usize,
    },
    /// SQLite refused a statement; `NotADatabase` when the file is none.
    #[error(transparent)]
    Sql(#[from] rusqlite::Error),
    /// A step failed.
    #[error("a schema step failed: {0}")]
    Step(#[source] Error),
}

/// Tells whether the file is etlmon's, or empty, before anything is written to it.
///
/// # Errors
/// `Foreign`, `Newer`, or what SQLite says of a file that is no database.
pub fn verify_owner(connection: &Connection) -> Result<(), SchemaError> {
    let application_id: i32 =
        connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
    let tables: i64 =
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    let empty = application_id == 0 && tables == 0;
    if !empty && application_id != APPLICATION_ID {
        return Err(SchemaError::Foreign { application_id });
    }
    let found: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if usize::try_from(found).map_or(true, |found| found > STEPS.len()) {
        return Err(SchemaError::Newer {
            found,
            known: STEPS.len(),
        });
    }
    Ok(())
}

/// Applies the steps that the database has not seen, each in a transaction of its own.
///
/// # Errors
/// As [`verify_owner`], and `Step` when a step does not apply; the database is then as it was
/// after the step before.
pub fn upgrade(connection: &mut Connection) -> Result<(), SchemaError> {
    verify_owner(connection)?;
    Migrations::from_slice(STEPS)
        .to_latest(connection)
        .map_err(|error| match error {
            Error::MigrationDefinition(MigrationDefinitionError::DatabaseTooFarAhead) => {
                SchemaError::Newer {
                    found: -1,
                    known: STEPS.len(),
                }
            }
            other => SchemaError::Step(other),
        })
}

#[cfg(test)]
mod tests;
