//! What people are told of a follower's files: one row a path, whatever it was rotated into.

use std::collections::BTreeMap;
use std::path::Path;

use etlmon_shared::log::LogStatus;

use super::chunk::{FileRef, FileState, FileStatus};
use super::settings::TailSettings;
use super::table::{FileRow, path_text};

/// What people were told last of each path, and what they are told with the batch under way.
#[derive(Debug, Default)]
pub(super) struct Told {
    /// None where it is not known what is stored of the path.
    stored: BTreeMap<String, Option<FileRow>>,
    under_way: BTreeMap<String, FileRow>,
}

impl Told {
    /// Of these paths something is stored.
    pub(super) fn of_unknown(paths: Vec<String>) -> Self {
        Self {
            stored: paths.into_iter().map(|path| (path, None)).collect(),
            under_way: BTreeMap::new(),
        }
    }

    /// Something may be stored of this path.
    pub(super) fn expect(&mut self, path: &Path) {
        self.stored.entry(path_text(path)).or_default();
    }

    /// What people are to be told of each path, if it differs from what they were told, and of each
    /// whose last lines were `read` and that is gone; and the paths of which nothing is to be told
    /// any more.
    pub(super) fn tell(
        &mut self,
        states: Vec<FileState>,
        read: &[FileRef],
        settings: &TailSettings,
    ) -> (Vec<FileRow>, Vec<String>) {
        self.under_way = files(states, settings);
        let changed = self
            .under_way
            .values()
            .filter(|row| self.stored.get(&row.path).and_then(Option::as_ref) != Some(*row));
        // Finished with this batch, and gone since.
        let finished = read.iter().map(|file| path_text(&file.path));
        let finished = finished.filter(|path| !self.under_way.contains_key(path));
        let gone = self
            .stored
            .keys()
            .filter(|path| !self.under_way.contains_key(*path));
        let rows = changed.cloned().chain(finished.map(FileRow::waiting));
        (rows.collect(), gone.cloned().collect())
    }

    /// The batch under way is stored.
    pub(super) fn batch_stored(&mut self) {
        let rows = std::mem::take(&mut self.under_way).into_iter();
        self.stored = rows.map(|(path, row)| (path, Some(row))).collect();
    }

    /// The batch under way turned out to be stored after all: its paths are told once more.
    pub(super) fn batch_found_stored(&mut self) {
        let paths = std::mem::take(&mut self.under_way).into_keys();
        self.stored.extend(paths.map(|path| (path, None)));
    }

    /// Whether anything is left to read of a path.
    pub(super) fn has_lag(&self) -> bool {
        let mut rows = self.under_way.values();
        rows.any(|row| row.lag_bytes.is_some_and(|lag| lag > 0))
    }
}

/// The rows, by path. A glob that matches nothing is a row of its own, which waits.
fn files(states: Vec<FileState>, settings: &TailSettings) -> BTreeMap<String, FileRow> {
    let mut rows: BTreeMap<String, FileRow> = BTreeMap::new();
    // Older files of a path come before newer ones.
    for state in states {
        let path = path_text(&state.path);
        let row = match rows.remove(&path) {
            Some(older) => joined(older, row(path.clone(), state)),
            None => row(path.clone(), state),
        };
        rows.insert(path, row);
    }
    if rows.is_empty() {
        let path = path_text(&settings.path);
        rows.insert(path.clone(), FileRow::waiting(path));
    }
    rows
}

fn row(path: String, state: FileState) -> FileRow {
    FileRow {
        path,
        status: match state.status {
            FileStatus::Tailing => LogStatus::Tailing,
            FileStatus::Waiting => LogStatus::Waiting,
            FileStatus::Error => LogStatus::Error,
        },
        error_message: state.error_message,
        inode: state.inode,
        sequence: state.sequence,
        unread_bytes: (state.size_bytes).map(|size| size.saturating_sub(state.offset_bytes)),
        lag_bytes: state.lag_bytes,
    }
}

/// Where the path is now, and what is left to read in all its files.
fn joined(older: FileRow, newer: FileRow) -> FileRow {
    let lag_bytes = match (older.lag_bytes, newer.lag_bytes) {
        (Some(older), Some(newer)) => Some(older.saturating_add(newer)),
        // Nothing is there yet under the path's own name.
        (lag, None) if newer.status == LogStatus::Waiting => lag,
        _ => None,
    };
    let status = match (older.status, newer.status) {
        (LogStatus::Error, _) | (_, LogStatus::Error) => LogStatus::Error,
        (LogStatus::Tailing, _) | (_, LogStatus::Tailing) => LogStatus::Tailing,
        (_, status) => status,
    };
    FileRow {
        status,
        error_message: newer.error_message.or(older.error_message),
        lag_bytes,
        ..newer
    }
}
