//! What a follower has read, on its way into the database in one transaction.

use std::collections::HashMap;
use std::sync::Arc;

use etlmon_shared::Timestamp;
use rusqlite::Connection;

use super::chunk::Chunk;
use super::table::{self, Additions, FileRow, Own, TakeOver, path_text};
use crate::store::{Persist, PersistError};

/// Where the lines of a kind of followed files go.
pub trait Lines: Send + Sync + 'static {
    /// What is made of the lines outside of the transaction.
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

    /// The paths of lines that are damaged, one for each, as text.
    fn damaged(_: &Self::Rows) -> impl Iterator<Item = &str> {
        std::iter::empty()
    }

    /// Lines were stored. It must not block.
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
    Read(Box<Read<D>>),
    /// Nothing could be read of this path or glob, for this reason.
    Failed { path: String, reason: String },
    /// Before it reads, the follower of this row takes over what others know of its files.
    TakenOver(Own, Vec<TakeOver>),
}

/// What was read, and what people are told of it.
pub(super) struct Read<D: Lines> {
    /// The follower's own row that it was made from.
    pub(super) from: Own,
    pub(super) lines: Arc<D>,
    pub(super) rows: D::Rows,
    pub(super) chunk: Chunk,
    /// What people are told anew.
    pub(super) files: Vec<FileRow>,
    /// Paths that are followed no more.
    pub(super) gone: Vec<String>,
    pub(super) read_at: Timestamp,
    /// Whether people were told of a failure that is over.
    pub(super) clears_failure: bool,
}

impl<D: Lines> Persist for TailBatch<D> {
    fn persist(&self, connection: &Connection) -> Result<(), PersistError> {
        match &self.rows {
            TailRows::Failed { path, reason } => Ok(table::store_failure(
                connection, self.kind, &self.name, path, reason,
            )?),
            TailRows::Read(read) => {
                table::advance(connection, self.kind, &self.name, read.from)?;
                read.persist(connection)
            }
            TailRows::TakenOver(own, taken) => {
                table::advance(connection, self.kind, &self.name, *own)?;
                table::take_over(connection, *own, taken)
            }
        }
    }

    fn stored(&self) {
        if let TailRows::Read(read) = &self.rows
            && read.chunk.lines().len() > 0
        {
            read.lines.stored();
        }
    }

    fn row_count(&self) -> usize {
        match &self.rows {
            TailRows::Failed { .. } => 1,
            TailRows::TakenOver(_, taken) => taken.len(),
            TailRows::Read(read) => read.chunk.lines().len(),
        }
    }

    fn is_empty(&self) -> bool {
        match &self.rows {
            TailRows::Failed { .. } | TailRows::TakenOver(..) => false,
            TailRows::Read(read) => {
                read.chunk.is_empty()
                    && read.files.is_empty()
                    && read.gone.is_empty()
                    && !read.clears_failure
            }
        }
    }
}

impl<D: Lines> Read<D> {
    fn persist(&self, connection: &Connection) -> Result<(), PersistError> {
        let (follower, chunk, at) = (self.from.id, &self.chunk, self.read_at);
        table::store_places(connection, follower, chunk, at)?;
        if chunk.lines().len() > 0 {
            self.lines.persist(&self.rows, chunk, at, connection)?;
        }
        let mut additions = additions(chunk);
        for path in D::damaged(&self.rows) {
            additions.entry(path.to_owned()).or_default().damaged += 1;
        }
        for file in &self.files {
            table::store_file(connection, follower, file)?;
        }
        for (path, add) in additions {
            if !table::add_counts(connection, follower, &path, &add)? {
                // A file that was lost.
                table::store_file(connection, follower, &FileRow::waiting(path.clone()))?;
                table::add_counts(connection, follower, &path, &add)?;
            }
        }
        for path in &self.gone {
            table::drop_file(connection, follower, path)?;
        }
        Ok(())
    }
}

/// What the chunk adds to the counts of each path to which it adds anything.
fn additions(chunk: &Chunk) -> HashMap<String, Additions> {
    let mut by_path: HashMap<String, Additions> = HashMap::new();
    for file in chunk.files.iter().filter(|file| file.skipped_bytes > 0) {
        let add = by_path.entry(path_text(&file.path)).or_default();
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
