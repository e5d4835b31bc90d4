//! What can go wrong between a batch or a question and the database.

use std::path::PathBuf;

use etlmon_schema::SchemaError;

/// Why the database can't be opened, written or read.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The folder of the database can't be made or used.
    #[error("cannot use the folder {}: {source}", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The file can't be made, read or written.
    #[error("cannot write the database {}: {source}", path.display())]
    File {
        /// The database.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// SQLite opened the file for reading only.
    #[error(
        "cannot write the database {}: it is read-only for this user; change its owner or \
         set node.db_path",
        path.display()
    )]
    ReadOnly {
        /// The database.
        path: PathBuf,
    },
    /// Another node has it.
    #[error(
        "the database {} is in use by another etlmon node{}; stop it or set another node.db_path",
        path.display(),
        holder.map_or(String::new(), |pid| format!(" (pid {pid})"))
    )]
    InUse {
        /// The database.
        path: PathBuf,
        /// The process that holds the lock, where it has said so.
        holder: Option<u32>,
    },
    /// The file is not an etlmon database of this or an earlier version.
    #[error("cannot use {} as the database: {source}; set another node.db_path", path.display())]
    Schema {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: SchemaError,
    },
    /// SQLite can't open the file, or set it up: a full disk, a lock, damage.
    #[error("cannot open the database {}: {source}", path.display())]
    Open {
        /// The database.
        path: PathBuf,
        /// What SQLite says.
        source: rusqlite::Error,
    },
    /// A pragma did not take effect.
    #[error("the database {} does not keep `{pragma} = {wanted}` (it says {found})", path.display())]
    Pragma {
        /// The database.
        path: PathBuf,
        /// The pragma's name.
        pragma: &'static str,
        /// What was set.
        wanted: String,
        /// What was read back.
        found: String,
    },
    /// A statement failed.
    #[error("the database refused {operation}: {source}")]
    Sql {
        /// What was being done.
        operation: &'static str,
        /// What SQLite says.
        source: rusqlite::Error,
    },
    /// The batch of a cycle that was given up.
    #[error("the cycle was given up before its batch was stored")]
    GivenUp,
    /// A batch that was made from rows which have changed since.
    #[error("the rows that the batch was made from have changed since")]
    Outdated,
    /// The writer is gone; root is starting it again.
    #[error("the database writer is restarting")]
    WriterGone,
    /// The database did not answer in time.
    #[error("the database did not answer within {} ms", waited.as_millis())]
    TimedOut {
        /// How long it was waited for.
        waited: std::time::Duration,
    },
    /// No read connection came free, or none can be opened.
    #[error("no read connection: {0}")]
    Pool(#[from] r2d2::Error),
    /// As many long queries as may run at once are under way.
    #[error("other searches by regular expression are under way; ask again later")]
    Crowded,
    /// A reader panicked.
    #[error("a query panicked")]
    QueryPanicked,
}
