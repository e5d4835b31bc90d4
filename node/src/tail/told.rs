//! What people are told of a follower's files: one row a path, whatever it was rotated into.

use std::collections::BTreeMap;

use etlmon_shared::log::LogStatus;

use super::chunk::{FileState, FileStatus};
use super::settings::TailSettings;
use super::table::{FileRow, path_text};

/// The rows, by path. A glob that matches nothing is a row of its own, which waits.
pub(super) fn files(states: Vec<FileState>, settings: &TailSettings) -> BTreeMap<String, FileRow> {
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
        size_bytes: state.size_bytes,
        offset_bytes: state.sequence.map(|_| state.offset_bytes),
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
