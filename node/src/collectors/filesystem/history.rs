//! The table `filesystem_history`: the past, and the forecast that comes of it.

use std::time::Duration;

use etlmon_shared::Timestamp;
use etlmon_shared::filesystem::{Filesystem, FilesystemSample};
use rusqlite::{Connection, params};

use super::forecast::{self, Sample};
use crate::store::column::{count, from_count, moment};

/// The past that a forecast looks at.
const FORECAST_WINDOW: Duration = Duration::from_secs(6 * 3600);
/// It is longer where rows of the past are so far apart that fewer than these would lie in it.
const FORECAST_ROWS: u32 = 24;

/// Adds a file system's figures to its past if these are the first of a step, and works out anew when
/// it will be full.
pub(super) fn remember(
    connection: &Connection,
    row: &Filesystem,
    at: Timestamp,
    step: Duration,
) -> rusqlite::Result<()> {
    if is_due(connection, row, at, step)? {
        insert(connection, row, at)?;
        renew_forecast(connection, row, at, step)?;
    }
    Ok(())
}

/// Whether the last row of the past lies in an earlier step than now. Rows of the future, from
/// before the clock was set back, do not count.
fn is_due(
    connection: &Connection,
    row: &Filesystem,
    at: Timestamp,
    step: Duration,
) -> rusqlite::Result<bool> {
    let last: Option<i64> = connection
        .prepare_cached(
            "SELECT max(at) FROM filesystem_history WHERE mount_point = ?1 AND at <= ?2",
        )?
        .query_row(params![row.mount_point, moment(at)], |row| row.get(0))?;
    let step = i64::try_from(step.as_millis()).unwrap_or(i64::MAX).max(1);
    let now = moment(at);
    Ok(last.is_none_or(|last| last.div_euclid(step) != now.div_euclid(step)))
}

/// Works out from the stored past when the file system will be full.
///
/// What is taken away from the available bytes counts, not what is used: they differ where
/// several file systems share a pool (ZFS, btrfs, NFS), and where the size has changed.
fn renew_forecast(
    connection: &Connection,
    row: &Filesystem,
    at: Timestamp,
    step: Duration,
) -> rusqlite::Result<()> {
    let window = FORECAST_WINDOW.max(step.saturating_mul(FORECAST_ROWS));
    let since = at.before(window);
    let past: Vec<(i64, u64)> = connection
        .prepare_cached(
            "SELECT at, avail_bytes FROM filesystem_history \
             WHERE mount_point = ?1 AND at BETWEEN ?2 AND ?3 ORDER BY at",
        )?
        .query_map(params![row.mount_point, moment(since), moment(at)], |row| {
            Ok((row.get(0)?, from_count(row.get(1)?)))
        })?
        .collect::<Result<_, _>>()?;
    let most = past.iter().map(|(_, avail)| *avail).max().unwrap_or(0);
    let samples: Vec<Sample> = past
        .iter()
        .map(|(at_ms, avail)| Sample {
            at_ms: *at_ms,
            used_bytes: most - avail,
        })
        .collect();
    let full_in_sec = row
        .avail_bytes
        .and_then(|avail_bytes| forecast::full_in_sec(&samples, avail_bytes, moment(at)));
    connection
        .prepare_cached("UPDATE filesystem_usage SET full_in_sec = ?2 WHERE mount_point = ?1")?
        .execute(params![row.mount_point, full_in_sec.map(count)])?;
    Ok(())
}

fn insert(connection: &Connection, row: &Filesystem, at: Timestamp) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO filesystem_history \
             (mount_point, at, total_bytes, used_bytes, avail_bytes, used_percent) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![
            row.mount_point,
            moment(at),
            row.total_bytes.map(count),
            row.used_bytes.map(count),
            row.avail_bytes.map(count),
            row.used_percent,
        ])?;
    Ok(())
}

/// A span of the past, in steps.
#[derive(Clone, Copy, Debug)]
pub struct Span {
    /// Its beginning, which belongs to it.
    pub from: Timestamp,
    /// Its end, which belongs to it.
    pub to: Timestamp,
    /// Of each step, which begin at multiples of it, the last row is answered.
    pub step: Duration,
}

/// A file system's past, one row a step, in the order of time.
///
/// # Errors
/// What SQLite says.
pub fn read(
    connection: &Connection,
    mount_point: &str,
    span: Span,
) -> rusqlite::Result<Vec<FilesystemSample>> {
    let step = i64::try_from(span.step.as_millis())
        .unwrap_or(i64::MAX)
        .max(1);
    connection
        .prepare_cached(
            // With max() the other columns are those of the row that has the maximum
            // (sqlite.org/lang_select.html, section 2.5).
            "SELECT max(at) AS last_at, total_bytes, used_bytes, avail_bytes, used_percent \
             FROM filesystem_history WHERE mount_point = ?1 AND at BETWEEN ?2 AND ?3 \
             GROUP BY at / ?4 ORDER BY last_at",
        )?
        .query_map(
            params![mount_point, moment(span.from), moment(span.to), step],
            |row| {
                Ok(FilesystemSample {
                    at: Timestamp::from_millis(row.get(0)?),
                    total_bytes: from_count(row.get(1)?),
                    used_bytes: from_count(row.get(2)?),
                    avail_bytes: from_count(row.get(3)?),
                    used_percent: row.get(4)?,
                })
            },
        )?
        .collect()
}
