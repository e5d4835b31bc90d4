//! The table `audit`.

use std::sync::{Arc, OnceLock};

use etlmon_shared::Timestamp;
use etlmon_shared::audit::AuditEntry;
use rusqlite::{Connection, Row, named_params};

use super::entry::Entry;
use crate::http::Cursor;
use crate::store::column::moment;
use crate::store::{Persist, PersistError};

/// What a row says of a command that is being carried out.
const BEGUN: &str = "begun";

/// Writes a command's row, or what has become of it into the row that it has.
pub(super) struct Recording {
    entry: Entry,
    outcome: Option<String>,
    id: Arc<OnceLock<i64>>,
}

impl Recording {
    /// What is to be written, and where the row's id will be.
    pub(super) fn new(entry: &Entry, outcome: Option<String>) -> (Self, Arc<OnceLock<i64>>) {
        let id = Arc::<OnceLock<i64>>::default();
        let recording = Self {
            entry: entry.clone(),
            outcome,
            id: Arc::clone(&id),
        };
        (recording, id)
    }
}

impl Persist for Recording {
    fn persist(&self, connection: &Connection) -> Result<(), PersistError> {
        let Entry {
            id,
            at,
            who,
            remote,
            action,
            target,
            detail,
        } = &self.entry;
        // A row that was purged meanwhile is written again.
        let id: i64 = connection
            .prepare_cached(
                "INSERT INTO audit (id, at, who, remote, action, target, detail, outcome) \
                 VALUES (:id, :at, :who, :remote, :action, :target, :detail, :outcome) \
                 ON CONFLICT (id) DO UPDATE SET detail = excluded.detail, \
                 outcome = excluded.outcome RETURNING id",
            )?
            .query_row(
                named_params! {
                    ":id": id,
                    ":at": moment(*at),
                    ":who": who,
                    ":remote": remote,
                    ":action": action,
                    ":target": target,
                    ":detail": detail,
                    ":outcome": self.outcome.as_deref().unwrap_or(BEGUN),
                },
                |row| row.get(0),
            )?;
        // It is set once: a batch is written once.
        let _ = self.id.set(id);
        Ok(())
    }
}

/// One page of the record, in ascending id, and whether there is more of it in the cursor's
/// direction.
///
/// # Errors
/// What SQLite says.
pub(super) fn page(
    connection: &Connection,
    cursor: Cursor,
    limit: u32,
) -> rusqlite::Result<(Vec<AuditEntry>, bool)> {
    let (after, before, order) = cursor.range();
    let rows = connection
        .prepare_cached(&format!(
            "SELECT id, at, who, remote, action, target, detail, outcome FROM audit \
             WHERE id > ?1 AND id < ?2 ORDER BY id {order} LIMIT ?3"
        ))?
        .query_map((after, before, i64::from(limit) + 1), from_row)?
        .collect::<Result<_, _>>()?;
    Ok(cursor.cut(rows, limit))
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<AuditEntry> {
    Ok(AuditEntry {
        id: row.get("id")?,
        at: Timestamp::from_millis(row.get("at")?),
        who: row.get("who")?,
        remote: row.get("remote")?,
        action: row.get("action")?,
        target: row.get("target")?,
        detail: row.get("detail")?,
        outcome: row.get("outcome")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(connection: &Connection, entry: &Entry, outcome: Option<&str>) -> i64 {
        let (recording, id) = Recording::new(entry, outcome.map(str::to_owned));
        recording.persist(connection).unwrap();
        *id.get().unwrap()
    }

    fn rows(connection: &Connection) -> Vec<(i64, String)> {
        let (rows, _) = page(connection, Cursor::After(0), 10).unwrap();
        rows.into_iter().map(|row| (row.id, row.outcome)).collect()
    }

    #[test]
    fn a_command_that_was_begun_has_one_row_that_says_how_it_ended() {
        let folder = tempfile::tempdir().unwrap();
        let connection = crate::store::open::writer(&folder.path().join("etlmon.db")).unwrap();
        let mut entry = Entry::new("/api/v1/processes/7/kill", None);
        entry.id = Some(write(&connection, &entry, None));
        let other = write(
            &connection,
            &Entry::new("/api/v1/paths/scan", None),
            Some("busy"),
        );
        assert_eq!(
            rows(&connection),
            [(1, BEGUN.to_owned()), (2, "busy".to_owned())]
        );
        assert_eq!((write(&connection, &entry, Some("done")), other), (1, 2));
        assert_eq!(
            rows(&connection),
            [(1, "done".to_owned()), (2, "busy".to_owned())]
        );
        connection
            .execute("DELETE FROM audit WHERE id = 1", [])
            .unwrap();
        write(&connection, &entry, Some("done"));
        assert_eq!(rows(&connection)[0], (1, "done".to_owned()));
    }

    #[test]
    fn an_id_is_never_used_twice() {
        let folder = tempfile::tempdir().unwrap();
        let connection = crate::store::open::writer(&folder.path().join("etlmon.db")).unwrap();
        let entry = Entry::new("/api/v1/paths/scan", None);
        assert_eq!(write(&connection, &entry, Some("done")), 1);
        connection.execute("DELETE FROM audit", []).unwrap();
        assert_eq!(write(&connection, &entry, Some("done")), 2);
    }
}
