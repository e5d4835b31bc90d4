//! What a follower has read, on its way into the database in one transaction.

use std::collections::HashMap;
use std::sync::Arc;

use etlmon_shared::Timestamp;
use rusqlite::Connection;

use super::chunk::Chunk;
use super::table::{self, Additions, FileRow, path_text};
use crate::store::{Persist, PersistError};

/// Where the lines of a kind of followed files go.
pub trait Lines: Send + Sync + 'static {
    /// What is made of the lines beside the writer's thread.
    type Rows: Send + 'static;

    /// Makes as much of them as can be made without the database.
    fn rows(&self, chunk: &Chunk, read_at: Timestamp) -> Self::Rows;

    /// Stores them.
    ///
    /// # Errors
    /// What SQLite says.
    fn persist(
        &self,
        rows: &Self::Rows,
        chunk: &Chunk,
        read_at: Timestamp,
        connection: &Connection,
    ) -> Result<(), PersistError>;

    /// Lines were stored. Called on an actor's thread, so it must not block.
    fn stored(&self) {}
}

/// A batch of one follower.
pub struct TailBatch<D: Lines> {
    pub(super) kind: &'static str,
    pub(super) name: String,
    pub(super) rows: TailRows<D>,
}

pub(super) enum TailRows<D: Lines> {
    /// What was read.
    Read {
        /// The revision and the state that it was made from.
        from: (i64, bool),
        lines: Arc<D>,
        rows: D::Rows,
        chunk: Chunk,
        /// What people are told anew.
        files: Vec<FileRow>,
        /// Paths that are followed no more.
        gone: Vec<String>,
        read_at: Timestamp,
        /// Whether people were told of a failure that is over.
        clears_failure: bool,
    },
    /// Nothing could be read, for this reason.
    Failed(String),
}

impl<D: Lines> Persist for TailBatch<D> {
    fn persist(&self, connection: &Connection) -> Result<(), PersistError> {
        match &self.rows {
            TailRows::Failed(reason) => Ok(table::store_failure(
                connection, self.kind, &self.name, reason,
            )?),
            TailRows::Read {
                from,
                lines,
                rows,
                chunk,
                files,
                gone,
                read_at,
                ..
            } => {
                let follower = table::advance(connection, self.kind, &self.name, *from)?;
                table::store_places(connection, follower, chunk, *read_at)?;
                if chunk.lines().len() > 0 {
                    lines.persist(rows, chunk, *read_at, connection)?;
                }
                let mut additions = additions(chunk);
                for file in files {
                    let add = additions.remove(&file.path).unwrap_or_default();
                    table::store_file(connection, follower, file, &add, *read_at)?;
                }
                for (path, add) in additions {
                    // A file that was finished with this batch, or lost.
                    let file = FileRow::waiting(path);
                    table::store_file(connection, follower, &file, &add, *read_at)?;
                }
                for path in gone {
                    table::drop_file(connection, follower, path)?;
                }
                Ok(())
            }
        }
    }

    fn is_empty(&self) -> bool {
        match &self.rows {
            TailRows::Failed(_) => false,
            TailRows::Read {
                chunk,
                files,
                gone,
                clears_failure,
                ..
            } => chunk.is_empty() && files.is_empty() && gone.is_empty() && !clears_failure,
        }
    }
}

/// What the chunk adds to the counts of each path.
fn additions(chunk: &Chunk) -> HashMap<String, Additions> {
    let mut lines = vec![0_u64; chunk.files.len()];
    for line in chunk.lines() {
        if let Some(lines) = lines.get_mut(line.file) {
            *lines += 1;
        }
    }
    let mut by_path: HashMap<String, Additions> = HashMap::new();
    for (file, lines) in chunk.files.iter().zip(lines) {
        let add = by_path.entry(path_text(&file.path)).or_default();
        add.lines += lines;
        add.skipped_bytes += file.skipped_bytes;
    }
    for gap in &chunk.gaps {
        let add = by_path.entry(path_text(&gap.path)).or_default();
        add.gaps += 1;
        match gap.to_offset {
            Some(to) => add.gap_bytes += to.saturating_sub(gap.from_offset),
            None => add.unmeasured_gaps += 1,
        }
    }
    by_path
}
