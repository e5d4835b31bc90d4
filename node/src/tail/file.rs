//! One followed content: where it is, how far it is read, and how that is taken back.

use std::path::{Path, PathBuf};
use std::time::Instant;

use super::checkpoint::{Checkpoint, HEAD_BYTES, Identity, Inside, State, TAIL_BYTES, TailHash};
use super::chunk::{Gap, GapReason};
use super::source::{Facts, Source};

/// How far a content is read: what a roll-back restores.
#[derive(Clone, Debug)]
pub(crate) struct Mark {
    pub(crate) offset: u64,
    pub(crate) tail: Tail,
    pub(crate) inside: Inside,
    pub(crate) state: State,
}

/// The bytes before the offset; from a checkpoint only their hash is known.
#[derive(Clone, Debug)]
pub(crate) enum Tail {
    Bytes(Vec<u8>),
    Hash(TailHash),
}

impl Tail {
    pub(crate) fn hash(&self) -> TailHash {
        match self {
            Self::Bytes(bytes) => TailHash::of(bytes),
            Self::Hash(hash) => *hash,
        }
    }

    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Bytes(bytes) => bytes.len(),
            Self::Hash(hash) => usize::from(hash.len),
        }
    }

    pub(crate) fn matches(&self, bytes: &[u8]) -> bool {
        match self {
            Self::Bytes(own) => own == bytes,
            Self::Hash(hash) => TailHash::of(bytes) == *hash,
        }
    }
}

/// A followed content.
pub(crate) struct Followed {
    pub(crate) sequence: u64,
    /// The log's path that it belongs to.
    pub(crate) slot: PathBuf,
    pub(crate) place: PathBuf,
    pub(crate) identity: Identity,
    pub(crate) head: Vec<u8>,
    pub(crate) mark: Mark,
    /// The mark of the last commit, if reading has gone on since.
    saved: Option<Mark>,
    pub(crate) source: Option<Source>,
    /// What the file was like at the last look.
    pub(crate) facts: Option<Facts>,
    /// Whether it is at the log's path.
    pub(crate) live: bool,
    /// Whether nothing will be written to it any more.
    pub(crate) finishing: bool,
    /// Whether it is stored as finished though its file, which has no name any more, is read on: after
    /// a restart nobody could, and nothing is known to be lost.
    pub(crate) seems_finished: bool,
    /// Whether something is written to another file at its path.
    pub(crate) is_succeeded: bool,
    /// Whether its file was seen to be cut while it was open.
    pub(crate) was_cut: bool,
    /// Whether a compressed file that can't be read is taken for what became of it.
    pub(crate) is_replaced: bool,
    /// Whether it was asked who holds its file, which has no name.
    pub(crate) is_sought: bool,
    /// Since when it is not where it was, or the file system is away that it was on.
    pub(crate) missed_since: Option<Instant>,
    /// The size up to which there is nothing more to read.
    pub(crate) drained_at: Option<u64>,
    pub(crate) changed_at: Instant,
    /// Since when it is known to be quiet and not at its path: nobody opens it by that any more.
    pub(crate) left_at: Option<Instant>,
    pub(crate) first_seen_ms: i64,
    pub(crate) error: Option<String>,
    /// Whether the row differs from the stored one.
    pub(crate) dirty: bool,
    stored_head: usize,
    /// Whether it belongs to another path of the log than the stored row says.
    has_moved: bool,
}

impl Followed {
    /// A content that was not known before, of which nothing is read.
    pub(crate) fn new(
        sequence: u64,
        slot: &Path,
        place: &Path,
        source: Source,
        facts: Facts,
        first_seen_ms: i64,
        now: Instant,
    ) -> Self {
        Self {
            sequence,
            slot: slot.to_path_buf(),
            place: place.to_path_buf(),
            identity: facts.identity,
            head: Vec::new(),
            mark: Mark {
                offset: 0,
                tail: Tail::Bytes(Vec::new()),
                inside: Inside::Nothing,
                state: State::Following,
            },
            saved: None,
            finishing: !source.is_plain(),
            seems_finished: false,
            is_succeeded: false,
            source: Some(source),
            facts: Some(facts),
            live: false,
            was_cut: false,
            is_replaced: false,
            is_sought: false,
            missed_since: None,
            drained_at: None,
            changed_at: now,
            left_at: None,
            first_seen_ms,
            error: None,
            dirty: true,
            stored_head: 0,
            has_moved: false,
        }
    }

    /// A content as it was stored.
    pub(crate) fn stored(row: Checkpoint, now: Instant) -> Self {
        Self {
            sequence: row.sequence,
            slot: row.path,
            place: row.place,
            identity: row.identity,
            stored_head: row.head.len(),
            head: row.head,
            mark: Mark {
                offset: row.offset,
                tail: Tail::Hash(row.tail),
                inside: row.inside,
                state: row.state,
            },
            saved: None,
            source: None,
            facts: None,
            live: false,
            was_cut: false,
            is_replaced: false,
            is_sought: false,
            missed_since: None,
            finishing: false,
            seems_finished: false,
            is_succeeded: false,
            drained_at: None,
            changed_at: now,
            left_at: None,
            first_seen_ms: row.first_seen_ms,
            error: None,
            dirty: false,
            has_moved: false,
        }
    }

    pub(crate) fn checkpoint(&self) -> Checkpoint {
        Checkpoint {
            sequence: self.sequence,
            state: match self.mark.state {
                State::Following if self.seems_finished => State::Finished,
                state => state,
            },
            path: self.slot.clone(),
            path_changed: self.has_moved,
            place: self.place.clone(),
            identity: self.identity,
            head_changed: self.stored_head != self.head.len(),
            head: self.head.clone(),
            offset: self.mark.offset,
            tail: self.mark.tail.hash(),
            inside: self.mark.inside,
            first_seen_ms: self.first_seen_ms,
        }
    }

    pub(crate) fn is_following(&self) -> bool {
        self.mark.state == State::Following
    }

    /// Whether it is to be stored as finished while it is followed.
    pub(crate) fn seem_finished(&mut self, seems: bool) {
        self.dirty |= self.seems_finished != seems;
        self.seems_finished = seems;
    }

    /// Whether it has a handle at its path that is of no use before the file changes.
    pub(crate) fn is_at_rest(&self) -> bool {
        let size = self.facts.map(|facts| facts.size);
        self.live
            && self.source.is_some()
            && self.drained_at == size
            && Some(self.mark.offset) == size
    }

    /// Whether some of it was read since the last commit.
    pub(crate) fn is_being_read(&self) -> bool {
        self.saved.is_some()
    }

    /// Notes what was seen of the first bytes, read or not: the sooner a file is told from
    /// another one, the better.
    pub(crate) fn see(&mut self, offset: u64, data: &[u8]) {
        let known = self.head.len();
        let Some(new) = usize::try_from(offset)
            .ok()
            .and_then(|offset| known.checked_sub(offset))
            .and_then(|skip| data.get(skip..))
            .filter(|new| known < HEAD_BYTES && !new.is_empty())
        else {
            return;
        };
        let new = new.get(..HEAD_BYTES - known).unwrap_or(new);
        self.head.extend_from_slice(new);
        self.dirty = true;
    }

    /// The mark, to be changed by reading: a roll-back restores it as it was.
    pub(crate) fn mark_to_read(&mut self) -> &mut Mark {
        if self.saved.is_none() {
            self.saved = Some(self.mark.clone());
        }
        self.dirty = true;
        &mut self.mark
    }

    /// Goes on over bytes that were read.
    pub(crate) fn advance(&mut self, read: &[u8], inside: Inside) {
        let mark = self.mark_to_read();
        mark.offset += read.len() as u64;
        mark.inside = inside;
        if let Tail::Bytes(tail) = &mut mark.tail {
            let fresh = read
                .get(read.len().saturating_sub(TAIL_BYTES)..)
                .unwrap_or(read);
            let excess = (tail.len() + fresh.len()).saturating_sub(TAIL_BYTES);
            tail.drain(..excess.min(tail.len()));
            tail.extend_from_slice(fresh);
        }
    }

    /// What was read is stored.
    pub(crate) fn commit(&mut self) {
        self.saved = None;
        self.dirty = false;
        self.has_moved = false;
        self.stored_head = self.head.len();
        if !self.is_following() {
            self.source = None;
        }
    }

    /// What was read is to be read again.
    pub(crate) fn roll_back(&mut self) {
        if let Some(mark) = self.saved.take() {
            self.mark = mark;
            self.drained_at = None;
        }
    }

    /// The content is in this file, wherever it was before. `read` goes on at the offset.
    pub(crate) fn attach(
        &mut self,
        mut source: Source,
        facts: Facts,
        place: &Path,
        now: Instant,
    ) -> std::io::Result<()> {
        let len = self.mark.offset.min(TAIL_BYTES as u64);
        let bytes = source.bytes_at(
            self.mark.offset - len,
            usize::try_from(len).unwrap_or(TAIL_BYTES),
        )?;
        if bytes.len() < self.mark.tail.len() || !self.mark.tail.matches(&bytes) {
            // Cut since it was recognised.
            return Err(std::io::ErrorKind::NotFound.into());
        }
        self.mark.tail = Tail::Bytes(bytes);
        self.finishing = !source.is_plain();
        self.source = Some(source);
        self.drained_at = None;
        self.changed_at = now;
        self.move_to(facts, place);
        Ok(())
    }

    /// It belongs to another path of the log than it seemed.
    pub(crate) fn join(&mut self, path: &Path) {
        self.has_moved |= self.slot != path;
        self.slot = path.to_path_buf();
        self.dirty = true;
    }

    /// The content was found in this file.
    pub(crate) fn move_to(&mut self, facts: Facts, place: &Path) {
        self.dirty |= self.identity != facts.identity || self.place != place;
        self.identity = facts.identity;
        self.facts = Some(facts);
        self.place = place.to_path_buf();
        self.error = None;
        self.was_cut = false;
        self.is_sought = false;
        self.missed_since = None;
    }

    /// Puts its handle away, and what is of use only with it.
    pub(crate) fn put_away(&mut self) {
        self.source = None;
        self.mark.tail = Tail::Hash(self.mark.tail.hash());
    }

    /// A row of the ledger: nothing from `from` on will be read. How far that goes is known if
    /// the file was once seen to be longer.
    pub(crate) fn gap(&self, from: u64, reason: GapReason) -> Gap {
        let seen = self
            .facts
            .map_or(0, |facts| facts.size)
            .max(self.head.len() as u64);
        Gap {
            sequence: self.sequence,
            path: self.slot.clone(),
            place: self.place.clone(),
            inode: self.identity.inode,
            from_offset: from,
            to_offset: (seen > from && self.source.as_ref().is_none_or(Source::is_plain))
                .then_some(seen),
            reason,
        }
    }
}
