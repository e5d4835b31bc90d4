//! What a read hands out: lines in one arena, checkpoints, gaps; and the state of each file.

use std::collections::HashMap;
use std::path::PathBuf;

pub use etlmon_shared::log::LogGapReason as GapReason;

use super::checkpoint::Checkpoint;

/// What was read, to be stored in one transaction.
#[derive(Debug, Default)]
pub struct Chunk {
    pub(crate) text: String,
    pub(crate) spans: Vec<Span>,
    /// The files that lines refer to.
    pub files: Vec<FileRef>,
    /// Rows to insert or change, by their sequence.
    pub checkpoints: Vec<Checkpoint>,
    /// Sequences of rows to delete.
    pub forgotten: Vec<u64>,
    /// Bytes that will never be read.
    pub gaps: Vec<Gap>,
    /// Bytes of over-long lines that were skipped so far.
    pub(crate) skipped_bytes: u64,
    /// Whether there is more to read right now.
    pub more: bool,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Span {
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) file: usize,
    pub(crate) end_offset: u64,
    pub(crate) truncated: bool,
}

/// One line, without its line end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line<'a> {
    /// Its text; what is not valid in the encoding is U+FFFD.
    pub text: &'a str,
    /// Index into [`Chunk::files`].
    pub file: usize,
    /// The offset in its file after it and its line end (or after the part that was kept).
    pub end_offset: u64,
    /// Whether the line was too long and its rest is missing.
    pub truncated: bool,
}

impl Chunk {
    /// The lines, in the order in which they are to be stored.
    pub fn lines(&self) -> impl ExactSizeIterator<Item = Line<'_>> {
        self.spans.iter().map(|span| Line {
            text: self.text.get(span.start..span.end).unwrap_or_default(),
            file: span.file,
            end_offset: span.end_offset,
            truncated: span.truncated,
        })
    }

    /// How many lines of each content there are, by its key.
    pub(super) fn line_counts(&self) -> HashMap<u64, u64> {
        let mut counts = vec![0; self.files.len()];
        for span in &self.spans {
            if let Some(count) = counts.get_mut(span.file) {
                *count += 1;
            }
        }
        let sequences = self.files.iter().map(|file| file.sequence);
        sequences.zip(counts).collect()
    }

    /// Whether there is nothing to store.
    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
            && self.checkpoints.is_empty()
            && self.forgotten.is_empty()
            && self.gaps.is_empty()
    }
}

/// A file that was read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileRef {
    /// The content's key, as in its checkpoint.
    pub sequence: u64,
    /// The path under which it is followed.
    pub path: PathBuf,
    /// The inode it was in.
    pub inode: u64,
    /// Bytes of its over-long lines that were skipped.
    pub skipped_bytes: u64,
}

/// Bytes that will never be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    /// The content's key.
    pub sequence: u64,
    /// The path under which it was followed.
    pub path: PathBuf,
    /// The path at which its file was last seen.
    pub place: PathBuf,
    /// The inode it was last in.
    pub inode: u64,
    /// The first byte that is missing.
    pub from_offset: u64,
    /// The end of what is known to be missing; `None` when nobody saw whether there was anything.
    pub to_offset: Option<u64>,
    /// Why.
    pub reason: GapReason,
}

/// How following a file goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileStatus {
    /// It is followed.
    Tailing,
    /// It does not exist yet, or not any more.
    Waiting,
    /// It can't be read at the moment; tried again with every look.
    Error,
}

/// One followed file, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileState {
    /// The path under which it is followed.
    pub path: PathBuf,
    /// Where it is now: another path after a rotation; `None` when there is no file.
    pub place: Option<PathBuf>,
    /// The content's key, if there is one.
    pub sequence: Option<u64>,
    /// Its inode.
    pub inode: Option<u64>,
    /// Its size when last looked at; `None` for compressed files.
    pub size_bytes: Option<u64>,
    /// How far it is read.
    pub offset_bytes: u64,
    /// What is left to read.
    pub lag_bytes: Option<u64>,
    /// How it goes.
    pub status: FileStatus,
    /// What is wrong.
    pub error_message: Option<String>,
}
