//! The tables `process_stats` and `process_rules`.

use std::collections::HashSet;
use std::time::Duration;

use etlmon_shared::Timestamp;
use etlmon_shared::process::{Process, ProcessRuleState, ProcessStatus};
use rusqlite::{Connection, Row as SqlRow, named_params, params};

use super::identity::{BootId, Identity, Pid};
use super::row::{Row, Status};
use super::stat::State;
use crate::store::column::{count, count_in, from_count, moment};
use crate::store::{Persist, PersistError};

/// One look: the rows of all earlier ones go.
#[derive(Debug)]
pub struct ProcessBatch {
    /// The boot that all rows are of.
    pub boot_id: BootId,
    /// The processes that are kept.
    pub rows: Vec<StoredProcess>,
    /// Every rule, in the order of the configuration.
    pub rules: Vec<ProcessRuleState>,
}

/// A process, and what tells it from every other of its boot.
#[derive(Debug)]
pub struct StoredProcess {
    /// What is shown of it.
    pub process: Process,
    /// When it started, in clock ticks after the boot.
    pub start_ticks: u64,
}

/// What a kill needs to know of a process.
#[derive(Clone, Debug)]
pub struct Known {
    /// Which boot it is of.
    pub boot_id: BootId,
    /// Which process it is.
    pub identity: Identity,
    /// Its name.
    pub process_name: String,
    /// When it started, as it was shown.
    pub start_time: Timestamp,
    /// Whether it is there.
    pub status: ProcessStatus,
    /// Whether a rule matches it.
    pub is_watched: bool,
}

/// Names a row: pid, start and boot.
type Key = (u32, i64, String);

impl Persist for ProcessBatch {
    fn persist(&self, connection: &Connection) -> Result<(), PersistError> {
        connection.execute("DELETE FROM process_stats WHERE status = 'RUNNING'", [])?;
        // What has ended does not change any more, and may be much more than what runs.
        let stored = self.forget_stopped(connection)?;
        let new = self
            .rows
            .iter()
            .filter(|row| !stored.contains(&self.key(row)));
        for row in new {
            self.insert(connection, row)?;
        }
        connection.execute("DELETE FROM process_rules", [])?;
        let mut insert = connection.prepare_cached(
            "INSERT INTO process_rules (watch, matched, collected_at) VALUES (?1, ?2, ?3)",
        )?;
        for rule in &self.rules {
            insert.execute(params![
                rule.watch,
                count(rule.matched),
                moment(rule.collected_at)
            ])?;
        }
        Ok(())
    }
}

impl ProcessBatch {
    fn key(&self, row: &StoredProcess) -> Key {
        let boot_id = self.boot_id.as_str().to_owned();
        (row.process.pid, count(row.start_ticks), boot_id)
    }

    /// Deletes the rows of ended processes that are not kept any more; answers those that stay.
    fn forget_stopped(&self, connection: &Connection) -> rusqlite::Result<HashSet<Key>> {
        let stopped = |row: &&StoredProcess| row.process.status == ProcessStatus::Stopped;
        let kept: HashSet<Key> = self
            .rows
            .iter()
            .filter(stopped)
            .map(|row| self.key(row))
            .collect();
        let stored: Vec<Key> = connection
            .prepare_cached("SELECT pid, start_ticks, boot_id FROM process_stats")?
            .query_map([], |row| {
                Ok((
                    row.get("pid")?,
                    row.get("start_ticks")?,
                    row.get("boot_id")?,
                ))
            })?
            .collect::<Result<_, _>>()?;
        let (stay, go): (Vec<Key>, Vec<Key>) =
            stored.into_iter().partition(|key| kept.contains(key));
        let mut delete = connection.prepare_cached(
            "DELETE FROM process_stats WHERE pid = ?1 AND start_ticks = ?2 AND boot_id = ?3",
        )?;
        for key in go {
            delete.execute(key)?;
        }
        Ok(stay.into_iter().collect())
    }

    fn insert(&self, connection: &Connection, row: &StoredProcess) -> rusqlite::Result<()> {
        let process = &row.process;
        connection
            .prepare_cached(
                "INSERT INTO process_stats (pid, boot_id, start_ticks, process_name, cmdline, \
                 user, start_time, runtime_sec, cpu_percent, mem_rss_bytes, threads, state, \
                 status, watch, collected_at) \
                 VALUES (:pid, :boot_id, :start_ticks, :process_name, :cmdline, :user, \
                 :start_time, :runtime_sec, :cpu_percent, :mem_rss_bytes, :threads, :state, \
                 :status, :watch, :collected_at)",
            )?
            .execute(named_params! {
                ":pid": process.pid,
                ":boot_id": self.boot_id.as_str(),
                ":start_ticks": count(row.start_ticks),
                ":process_name": process.process_name,
                ":cmdline": process.cmdline,
                ":user": process.user,
                ":start_time": moment(process.start_time),
                ":runtime_sec": count(process.runtime_sec),
                ":cpu_percent": process.cpu_percent,
                ":mem_rss_bytes": process.mem_rss_bytes.map(count),
                ":threads": count(process.threads),
                ":state": process.state,
                ":status": status_word(process.status),
                ":watch": process.watch,
                ":collected_at": moment(process.collected_at),
            })?;
        Ok(())
    }
}

/// All processes that are kept, by pid, those that run before those that have ended.
///
/// # Errors
/// What SQLite says.
pub fn list(connection: &Connection) -> rusqlite::Result<Vec<Process>> {
    connection
        .prepare_cached(
            "SELECT pid, process_name, cmdline, user, start_time, runtime_sec, cpu_percent, \
             mem_rss_bytes, threads, state, status, watch, collected_at FROM process_stats \
             ORDER BY status, pid, start_ticks",
        )?
        .query_map([], process)?
        .collect()
}

/// All rules, in the order of the configuration.
///
/// # Errors
/// What SQLite says.
pub fn rules(connection: &Connection) -> rusqlite::Result<Vec<ProcessRuleState>> {
    connection
        .prepare_cached("SELECT watch, matched, collected_at FROM process_rules ORDER BY position")?
        .query_map([], |row| {
            Ok(ProcessRuleState {
                watch: row.get("watch")?,
                matched: from_count(row.get("matched")?),
                collected_at: Timestamp::from_millis(row.get("collected_at")?),
            })
        })?
        .collect()
}

/// All that are kept of those that have or had this pid.
///
/// # Errors
/// What SQLite says.
pub fn with_pid(connection: &Connection, pid: Pid) -> rusqlite::Result<Vec<Known>> {
    connection
        .prepare_cached(
            "SELECT boot_id, start_ticks, process_name, start_time, status, watch \
             FROM process_stats WHERE pid = ?1",
        )?
        .query_map([pid.get()], |row| {
            Ok(Known {
                boot_id: BootId::new(&row.get::<_, String>("boot_id")?),
                identity: Identity {
                    pid,
                    start_ticks: from_count(row.get("start_ticks")?),
                },
                process_name: row.get("process_name")?,
                start_time: Timestamp::from_millis(row.get("start_time")?),
                status: status_of(&row.get::<_, String>("status")?),
                is_watched: row.get::<_, Option<String>>("watch")?.is_some(),
            })
        })?
        .collect()
}

/// The watched processes of a boot as they were stored, in the order of their ends; of their
/// arguments the line that is shown.
///
/// # Errors
/// What SQLite says.
pub fn watched(connection: &Connection, boot_id: &BootId) -> rusqlite::Result<Vec<Row>> {
    let mut select = connection.prepare_cached(
        "SELECT pid, start_ticks, process_name, cmdline, user, start_time, runtime_sec, \
         cpu_percent, mem_rss_bytes, threads, state, status, watch, collected_at \
         FROM process_stats WHERE boot_id = ?1 AND watch IS NOT NULL ORDER BY collected_at",
    )?;
    let rows = select.query_map([boot_id.as_str()], |row| {
        let start_ticks = from_count(row.get("start_ticks")?);
        Ok(watched_row(process(row)?, start_ticks))
    })?;
    // A row that this version can't have written is none.
    rows.filter_map(Result::transpose).collect()
}

fn watched_row(process: Process, start_ticks: u64) -> Option<Row> {
    Some(Row {
        identity: Identity {
            pid: Pid::new(process.pid)?,
            start_ticks,
        },
        process_name: process.process_name,
        arguments: [process.cmdline].into(),
        user: process.user?,
        start_time: process.start_time,
        runtime: Duration::from_secs(process.runtime_sec),
        cpu_percent: process.cpu_percent,
        mem_rss_bytes: process.mem_rss_bytes?,
        threads: u32::try_from(process.threads).ok()?,
        state: State::from_letter(*process.state.as_bytes().first()?)?,
        status: match process.status {
            ProcessStatus::Running => Status::Running,
            ProcessStatus::Stopped => Status::Stopped,
        },
        watch: process.watch,
        collected_at: process.collected_at,
    })
}

fn process(row: &SqlRow<'_>) -> rusqlite::Result<Process> {
    Ok(Process {
        pid: row.get("pid")?,
        process_name: row.get("process_name")?,
        cmdline: row.get("cmdline")?,
        user: row.get("user")?,
        start_time: Timestamp::from_millis(row.get("start_time")?),
        runtime_sec: from_count(row.get("runtime_sec")?),
        cpu_percent: row.get("cpu_percent")?,
        mem_rss_bytes: count_in(row, "mem_rss_bytes")?,
        threads: from_count(row.get("threads")?),
        state: row.get("state")?,
        status: status_of(&row.get::<_, String>("status")?),
        watch: row.get("watch")?,
        collected_at: Timestamp::from_millis(row.get("collected_at")?),
    })
}

fn status_word(status: ProcessStatus) -> &'static str {
    match status {
        ProcessStatus::Running => "RUNNING",
        ProcessStatus::Stopped => "STOPPED",
    }
}

/// The table's CHECK allows no other word.
fn status_of(word: &str) -> ProcessStatus {
    match word {
        "RUNNING" => ProcessStatus::Running,
        _ => ProcessStatus::Stopped,
    }
}

#[cfg(test)]
mod tests;
