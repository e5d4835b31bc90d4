//! Counts and moments on their way into SQLite's signed 64-bit integers and back.

use etlmon_shared::Timestamp;
use rusqlite::Row;

/// A count or a size for a column; what exceeds an SQLite integer (8 EiB) is held at its end.
pub fn count(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A count or a size from a column; none is negative.
pub fn from_count(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

/// A moment for a column.
pub fn moment(at: Timestamp) -> i64 {
    at.as_millis()
}

/// The count or size in a column, null where it is not known.
///
/// # Errors
/// What SQLite says.
pub fn count_in(row: &Row<'_>, column: &str) -> rusqlite::Result<Option<u64>> {
    Ok(row.get::<_, Option<i64>>(column)?.map(from_count))
}

/// The moment in a column, null where it is not known.
///
/// # Errors
/// What SQLite says.
pub fn moment_in(row: &Row<'_>, column: &str) -> rusqlite::Result<Option<Timestamp>> {
    Ok(row
        .get::<_, Option<i64>>(column)?
        .map(Timestamp::from_millis))
}
