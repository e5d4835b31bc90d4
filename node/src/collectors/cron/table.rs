//! The tables `cron_jobs` and `cron_state`.

use std::collections::HashMap;

use etlmon_shared::Timestamp;
use etlmon_shared::cron::{CronJob, CronRefreshed, CronSource};
use rusqlite::{Connection, OptionalExtension, Row, named_params, params};

use super::listing::Key;
use super::tracked::History;
use crate::store::column::{count, count_in, from_count, moment, moment_in};
use crate::store::{Persist, PersistError};

/// One row as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CronRow {
    pub(super) key: Key,
    pub(super) source: CronSource,
    pub(super) line_number: Option<u32>,
    pub(super) time_zone: String,
    pub(super) next_run: Option<Timestamp>,
    pub(super) history: History,
    pub(super) error: Option<String>,
}

/// What one cycle found.
#[derive(Debug)]
pub struct CronBatch {
    /// All rows, in place of those that are there; none if they are the same.
    pub rows: Option<Vec<CronRow>>,
    /// Whether runs of jobs can be seen.
    pub has_evidence: bool,
    /// When the crontabs were read.
    pub checked_at: Timestamp,
}

impl Persist for CronBatch {
    fn persist(&self, connection: &Connection) -> Result<(), PersistError> {
        connection
            .prepare_cached(
                "INSERT INTO cron_state (id, has_evidence, checked_at) VALUES (1, ?1, ?2) \
                 ON CONFLICT (id) DO UPDATE SET has_evidence = excluded.has_evidence, \
                 checked_at = excluded.checked_at",
            )?
            .execute(params![self.has_evidence, moment(self.checked_at)])?;
        if let Some(rows) = &self.rows {
            replace(connection, rows)?;
        }
        Ok(())
    }
}

/// Nothing is collected: nothing is left.
pub struct NoCron;

impl Persist for NoCron {
    fn persist(&self, connection: &Connection) -> Result<(), PersistError> {
        connection.execute("DELETE FROM cron_jobs", [])?;
        connection.execute("DELETE FROM cron_state", [])?;
        Ok(())
    }
}

fn replace(connection: &Connection, rows: &[CronRow]) -> rusqlite::Result<()> {
    let mut known = ids(connection)?;
    for row in rows {
        put(connection, known.remove(&row.key), row)?;
    }
    for id in known.values() {
        connection
            .prepare_cached("DELETE FROM cron_jobs WHERE job_id = ?1")?
            .execute([id])?;
    }
    Ok(())
}

fn ids(connection: &Connection) -> rusqlite::Result<HashMap<Key, i64>> {
    connection
        .prepare_cached(
            "SELECT job_id, source_path, schedule, command, user, occurrence FROM cron_jobs",
        )?
        .query_map([], |row| Ok((key_of(row)?, row.get("job_id")?)))?
        .collect()
}

fn key_of(row: &Row<'_>) -> rusqlite::Result<Key> {
    Ok(Key {
        source_path: row.get("source_path")?,
        schedule: row.get("schedule")?,
        command: row.get("command")?,
        user: row.get("user")?,
        occurrence: row.get("occurrence")?,
    })
}

/// Inserts a row, or replaces what may change of the one with this id.
fn put(connection: &Connection, id: Option<i64>, row: &CronRow) -> rusqlite::Result<()> {
    let key = &row.key;
    connection
        .prepare_cached(
            "INSERT INTO cron_jobs (job_id, source_path, schedule, command, user, occurrence, \
             source, line_number, time_zone, next_run, last_run_at, last_duration_ms, \
             last_missed_at, missed_count, error_message) \
             VALUES (:job_id, :source_path, :schedule, :command, :user, :occurrence, \
             :source, :line_number, :time_zone, :next_run, :last_run_at, :last_duration_ms, \
             :last_missed_at, :missed_count, :error_message) \
             ON CONFLICT (job_id) DO UPDATE SET source = excluded.source, \
             line_number = excluded.line_number, time_zone = excluded.time_zone, \
             next_run = excluded.next_run, last_run_at = excluded.last_run_at, \
             last_duration_ms = excluded.last_duration_ms, \
             last_missed_at = excluded.last_missed_at, missed_count = excluded.missed_count, \
             error_message = excluded.error_message",
        )?
        .execute(named_params! {
            ":job_id": id,
            ":source_path": key.source_path,
            ":schedule": key.schedule,
            ":command": key.command,
            ":user": key.user,
            ":occurrence": key.occurrence,
            ":source": source_word(row.source),
            ":line_number": row.line_number,
            ":time_zone": row.time_zone,
            ":next_run": row.next_run.map(moment),
            ":last_run_at": row.history.last_run_at.map(moment),
            ":last_duration_ms": row.history.last_duration_ms.map(count),
            ":last_missed_at": row.history.last_missed_at.map(moment),
            ":missed_count": count(row.history.missed_count),
            ":error_message": row.error,
        })?;
    Ok(())
}

/// All jobs, bad lines and ignored files: the system's first, each file's together.
///
/// # Errors
/// What SQLite says.
pub fn list(connection: &Connection) -> rusqlite::Result<Vec<CronJob>> {
    connection
        .prepare_cached(
            "SELECT job_id, schedule, command, user, source, source_path, line_number, \
             time_zone, next_run, last_run_at, last_duration_ms, last_missed_at, missed_count, \
             error_message, has_evidence, checked_at FROM cron_jobs JOIN cron_state \
             ORDER BY source, source_path, line_number, job_id",
        )?
        .query_map([], |row| {
            let has_evidence: bool = row.get("has_evidence")?;
            Ok(CronJob {
                job_id: row.get("job_id")?,
                schedule: row.get("schedule")?,
                command: row.get("command")?,
                user: row.get("user")?,
                source: source_of(&row.get::<_, String>("source")?),
                source_path: row.get("source_path")?,
                line_number: row.get("line_number")?,
                time_zone: row.get("time_zone")?,
                next_run: moment_in(row, "next_run")?,
                last_run_at: moment_in(row, "last_run_at")?,
                last_duration_ms: count_in(row, "last_duration_ms")?,
                last_missed_at: moment_in(row, "last_missed_at")?,
                missed_count: count_in(row, "missed_count")?.filter(|_| has_evidence),
                has_evidence,
                last_checked: Timestamp::from_millis(row.get("checked_at")?),
                error_message: row.get("error_message")?,
            })
        })?
        .collect()
}

/// What is known of each job's past.
///
/// # Errors
/// What SQLite says.
pub(super) fn past(connection: &Connection) -> rusqlite::Result<HashMap<Key, History>> {
    connection
        .prepare_cached(
            "SELECT source_path, schedule, command, user, occurrence, last_run_at, \
             last_duration_ms, last_missed_at, missed_count FROM cron_jobs",
        )?
        .query_map([], |row| {
            let history = History {
                last_run_at: moment_in(row, "last_run_at")?,
                last_duration_ms: count_in(row, "last_duration_ms")?,
                last_missed_at: moment_in(row, "last_missed_at")?,
                missed_count: from_count(row.get("missed_count")?),
            };
            Ok((key_of(row)?, history))
        })?
        .collect()
}

/// What was read at `since` or later: how many jobs will run, and how many rows say why one won't.
/// None while nothing was.
///
/// # Errors
/// What SQLite says.
pub fn refreshed(
    connection: &Connection,
    since: Timestamp,
) -> rusqlite::Result<Option<CronRefreshed>> {
    connection
        .prepare_cached(
            "SELECT count(job_id) - count(error_message) AS jobs, \
             count(error_message) AS errors, checked_at FROM cron_state LEFT JOIN cron_jobs \
             WHERE checked_at >= ?1 GROUP BY id",
        )?
        .query_row([moment(since)], |row| {
            Ok(CronRefreshed {
                jobs: from_count(row.get("jobs")?),
                errors: from_count(row.get("errors")?),
            })
        })
        .optional()
}

fn source_word(source: CronSource) -> &'static str {
    match source {
        CronSource::System => "system",
        CronSource::User => "user",
    }
}

/// The table's CHECK allows no other word.
fn source_of(word: &str) -> CronSource {
    match word {
        "user" => CronSource::User,
        _ => CronSource::System,
    }
}

#[cfg(test)]
mod tests;
