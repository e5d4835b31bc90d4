//! Compressed files that can't be read: copies of what was read before, or lines that are lost.

use std::io::{self, ErrorKind};
use std::path::Path;

use super::census::Beside;
use super::checkpoint::{HEAD_BYTES, State};
use super::chunk::{Gap, GapReason};
use super::follower::Follower;
use super::listing::{self, Entry};
use super::look::is_missing;
use super::names;
use super::newcomers::New;
use super::source::{Facts, Source};

/// What compressors make of an empty file is no longer than this, and what they make of a line is
/// longer.
const EMPTY_BYTES: u64 = 15;

/// Why a file can't be read, and whether nobody has read what is in it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hidden {
    pub(crate) reason: GapReason,
    pub(crate) may_be_lost: bool,
}

/// Whether an error says that what is in a file is no content.
pub(crate) fn is_damage(kind: ErrorKind) -> bool {
    // xz and Zstandard files that ask for too much memory as well.
    matches!(
        kind,
        ErrorKind::InvalidData
            | ErrorKind::InvalidInput
            | ErrorKind::UnexpectedEof
            | ErrorKind::OutOfMemory
            | ErrorKind::Other
    )
}

/// Whether an error says nothing of a file but that it can't be asked at present.
pub(crate) fn is_passing(kind: ErrorKind) -> bool {
    !is_missing(kind) && !is_damage(kind)
}

/// Whether the file that a compressed one is made of is still there: then that one counts, and
/// this one may not be written to its end.
pub(crate) fn is_being_made(entry: &Entry, beside: &Beside) -> bool {
    let name = listing::name(&entry.path);
    let plain = names::without_compression(name);
    // In whatever directory: scripts compress to another one.
    let mut others = beside.entries.iter();
    plain != name && others.any(|other| listing::name(&other.path) == plain)
}

/// A file that can't be read. Its own bytes only tell it from other files, so that it is judged
/// once, whatever its name becomes.
pub(crate) fn hide(entry: &Entry, hidden: Hidden) -> io::Result<New> {
    let (mut source, facts) = Source::open(&entry.path, false)?;
    let head = source.bytes_at(0, HEAD_BYTES)?;
    Ok(New {
        path: entry.path.clone(),
        source,
        facts,
        head,
        state: State::Copy,
        hidden: Some(hidden),
    })
}

impl Follower {
    /// A content of a path has lost its file, and what was made of that is not found yet.
    pub(crate) fn note_gone(&mut self, path: &Path) {
        self.slots.at(path).gone += 1;
    }

    /// Whether a file that can't be read is what became of a known content: one for each content
    /// that has no file any more. What was seen of those was read, and the rest is in the ledger.
    fn take_gone(&mut self, path: &Path) -> bool {
        if let Some(slot) = self.slots.get_mut(path).filter(|slot| slot.gone > 0) {
            slot.gone -= 1;
            return true;
        }
        let unlinked = |source: &Source| source.facts().is_ok_and(|facts| facts.links == 0);
        let open = self.files.iter_mut().find(|file| {
            let is_open = file.source.as_ref().is_some_and(unlinked);
            file.slot == path && !file.is_replaced && is_open
        });
        open.map(|file| file.is_replaced = true).is_some()
    }

    /// Writes a file that can't be read into the ledger, unless a known content is in it.
    pub(crate) fn account(&mut self, path: &Path, place: &Path, facts: &Facts, hidden: Hidden) {
        let is_compressed = names::is_compressed(listing::name(place));
        let is_empty = facts.size <= if is_compressed { EMPTY_BYTES } else { 0 };
        if is_empty || self.take_gone(path) || !hidden.may_be_lost {
            return;
        }
        self.gaps.push(Gap {
            sequence: self.next_sequence,
            path: path.to_path_buf(),
            place: place.to_path_buf(),
            inode: facts.identity.inode,
            from_offset: 0,
            to_offset: None,
            reason: hidden.reason,
        });
    }
}
