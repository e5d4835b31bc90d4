//! Stores lines: the tables `log_sources` and `log_lines`.

use std::os::unix::ffi::OsStrExt;
use std::sync::LazyLock;

use etlmon_shared::{Timestamp, text};
use rusqlite::{Connection, OptionalExtension as _, Statement, params};

use super::blocks::{self, OpenBlock, Run};
use super::trigrams::{Trigrams, slice_lines};
use crate::store::PersistError;
use crate::store::column::{count, moment};
use crate::tail::{Chunk, Line};

/// Rows that one statement inserts: of 1 to 128 the first was the fastest; then for what is left.
static GROUPS: LazyLock<[(usize, String); 3]> =
    LazyLock::new(|| [32, 4, 1].map(|rows| (rows, insert_of(rows))));
/// So many ids are set aside for a source at once, which saves writing its row with every batch.
const SPARE_IDS: i64 = 65_536;

/// What of a chunk's lines is worked out before they are stored, outside of the transaction.
#[derive(Debug)]
pub struct LogRows {
    runs: Vec<Trigrams>,
}

impl LogRows {
    /// Divides the lines into runs and finds out what is in each.
    pub fn new(chunk: &Chunk) -> Self {
        let slice_lines = slice_lines(chunk.lines().len());
        let (mut runs, mut run) = (Vec::new(), Trigrams::default());
        for line in chunk.lines() {
            if !run.add(line.text.as_bytes(), slice_lines) {
                runs.push(std::mem::take(&mut run));
                // It has room for one line.
                let _ = run.add(line.text.as_bytes(), slice_lines);
            }
        }
        if run.lines() > 0 {
            runs.push(run);
        }
        Self { runs }
    }

    /// Stores the lines of the chunk that these rows were made from, within the writer's
    /// transaction: they are of this log, and were read at this time.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn persist(
        &self,
        chunk: &Chunk,
        log_name: &str,
        open: &mut OpenBlock,
        at: Timestamp,
        connection: &Connection,
    ) -> Result<(), PersistError> {
        if chunk.lines().len() == 0 {
            return Ok(());
        }
        let (last_id, mut newest) = blocks::newest(connection, log_name)?;
        let mut first_id = last_id + 1;
        let sources = store_sources(chunk, log_name, first_id, connection)?;
        store_lines(chunk, &sources, first_id, at, connection)?;
        for trigrams in &self.runs {
            let line_count = width(trigrams.lines());
            let run = Run {
                first_line_id: first_id,
                line_count,
                at,
                trigrams,
            };
            blocks::store(connection, log_name, &run, &mut newest, open)?;
            first_id += line_count;
        }
        Ok(())
    }
}

/// The ids of the chunk's files in `log_sources`; of no use where a file has no line in it.
fn store_sources(
    chunk: &Chunk,
    log_name: &str,
    first_id: i64,
    connection: &Connection,
) -> rusqlite::Result<Vec<i64>> {
    let mut last_ids = vec![None; chunk.files.len()];
    for (line, id) in chunk.lines().zip(first_id..) {
        if let Some(last_id) = last_ids.get_mut(line.file) {
            *last_id = Some(id);
        }
    }
    let mut known = connection.prepare_cached(
        "SELECT id FROM log_sources \
         WHERE log_name = ?1 AND log_path = ?2 AND source_inode = ?3 AND line_id_limit >= ?4",
    )?;
    let mut ids = Vec::with_capacity(chunk.files.len());
    for (file, last_id) in chunk.files.iter().zip(last_ids) {
        let Some(last_id) = last_id else {
            ids.push(0);
            continue;
        };
        let path = text::from_bytes(file.path.as_os_str().as_bytes());
        let inode = file.inode.cast_signed();
        let id = known
            .query_row(params![log_name, path, inode, last_id], |row| row.get(0))
            .optional()?;
        ids.push(match id {
            Some(id) => id,
            None => connection
                .prepare_cached(
                    "INSERT INTO log_sources (log_name, log_path, source_inode, line_id_limit) \
                     VALUES (?1, ?2, ?3, ?4) ON CONFLICT (log_name, log_path, source_inode) \
                     DO UPDATE SET line_id_limit = excluded.line_id_limit RETURNING id",
                )?
                .query_row(params![log_name, path, inode, last_id + SPARE_IDS], |row| {
                    row.get(0)
                })?,
        });
    }
    Ok(ids)
}

fn store_lines(
    chunk: &Chunk,
    sources: &[i64],
    first_id: i64,
    at: Timestamp,
    connection: &Connection,
) -> rusqlite::Result<()> {
    let at = moment(at);
    let mut left = chunk.lines().len();
    let mut rest = chunk.lines().zip(first_id..);
    for (rows, insert) in &*GROUPS {
        let rows = *rows;
        if left < rows {
            continue;
        }
        let mut insert = connection.prepare_cached(insert)?;
        while left >= rows {
            insert.raw_bind_parameter(1, at)?;
            for (row, (line, id)) in rest.by_ref().take(rows).enumerate() {
                let source = sources.get(line.file).copied().unwrap_or_default();
                bind(&mut insert, 2 + 4 * row, id, source, &line)?;
            }
            insert.raw_execute()?;
            left -= rows;
        }
    }
    Ok(())
}

fn insert_of(rows: usize) -> String {
    let rows = vec!["(?1, ?, ?, ?, ?)"; rows].join(", ");
    // A batch that fails is taken back as a whole. With FAIL, SQLite does not prepare to take back
    // a single statement.
    format!(
        "INSERT OR FAIL INTO log_lines (created_at, id, source_id, line, truncated) VALUES {rows}"
    )
}

fn bind(
    insert: &mut Statement<'_>,
    at: usize,
    id: i64,
    source: i64,
    line: &Line<'_>,
) -> rusqlite::Result<()> {
    insert.raw_bind_parameter(at, id)?;
    insert.raw_bind_parameter(at + 1, source)?;
    insert.raw_bind_parameter(at + 2, line.text)?;
    insert.raw_bind_parameter(at + 3, line.truncated)
}

fn width(lines: usize) -> i64 {
    count(u64::try_from(lines).unwrap_or(u64::MAX))
}
