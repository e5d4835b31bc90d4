//! The follower of one configured log: what a caller sees of the engine.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::time::{Instant, SystemTime};

use super::checkpoint::{Checkpoint, Identity, Inside, State, TailHash};
use super::chunk::{Chunk, Gap, GapReason};
use super::doubt::Unjudged;
use super::file::Followed;
use super::news::News;
use super::settings::{Budget, TailSettings};
use super::slots::Slots;
use super::source::{self, Facts, Source};
use super::split::Splitter;

/// One configured log, a path or a glob, with all its files.
pub struct Follower {
    pub(crate) settings: TailSettings,
    pub(crate) splitter: Splitter,
    /// Ordered by sequence.
    pub(crate) files: Vec<Followed>,
    pub(crate) slots: Slots,
    /// The log's own row, and whether it is still to be stored.
    pub(crate) log: Checkpoint,
    pub(crate) log_is_new: bool,
    /// Whether the log was ever looked at, by this process or one before.
    pub(crate) first_look: bool,
    pub(crate) gaps: Vec<Gap>,
    pub(crate) forgotten: Vec<u64>,
    pub(crate) next_sequence: u64,
    pub(crate) cut: Vec<Cut>,
    /// Files beside the log that are of no use as long as they stay as they are.
    pub(crate) dismissed: HashMap<PathBuf, Facts>,
    pub(crate) unjudged: Unjudged,
    pub(crate) news: News,
    pub(crate) directories: BTreeSet<PathBuf>,
    /// Whether files wait to be taken up until handles of others are put away.
    pub(crate) waiting: bool,
    /// Why the glob may match more than was found.
    pub(crate) unlisted: Option<String>,
    pub(crate) buffer: Vec<u8>,
    pub(crate) looked_at: Option<Instant>,
    pub(crate) looked_back_at: Option<Instant>,
    pub(crate) next_slot: usize,
    pub(crate) more: bool,
    pending: bool,
}

/// An open file that was cut: another content is in it, which may have no name any more.
pub(crate) struct Cut {
    pub(crate) slot: PathBuf,
    pub(crate) place: PathBuf,
    pub(crate) source: Source,
    pub(crate) facts: Facts,
}

impl Follower {
    /// A follower that goes on where the stored rows say. Nothing is opened before the first
    /// [`read`](Self::read).
    pub fn new(settings: TailSettings, known: Vec<Checkpoint>, now: Instant) -> Self {
        let (logs, files): (Vec<_>, Vec<_>) =
            known.into_iter().partition(|row| row.state == State::Log);
        let log = logs.into_iter().find(|row| row.path == settings.path);
        let first_look = log.is_none();
        let mut files: Vec<_> = files
            .into_iter()
            .map(|row| Followed::stored(row, now))
            .collect();
        files.sort_by_key(|file| file.sequence);
        let last = files.last().map_or(0, |file| file.sequence);
        // The last ones may be forgotten already; a number is never given twice.
        let next_sequence = last.max(log.as_ref().map_or(0, |log| log.offset)) + 1;
        let mut forgotten = Vec::new();
        if first_look {
            // The log's path was changed: what it does not name any more is not followed.
            files.retain(|file| {
                let keep = match &settings.pattern {
                    Some(pattern) => pattern.matches(&file.slot),
                    None => settings.path == file.slot,
                };
                forgotten.extend((!keep).then_some(file.sequence));
                keep
            });
        }
        Self {
            splitter: Splitter::new(&settings),
            log: log.unwrap_or_else(|| log_row(&settings.path)),
            log_is_new: first_look,
            first_look,
            files,
            slots: Slots::default(),
            gaps: Vec::new(),
            forgotten,
            next_sequence,
            cut: Vec::new(),
            dismissed: HashMap::new(),
            unjudged: Unjudged::default(),
            news: News::default(),
            directories: BTreeSet::new(),
            waiting: false,
            unlisted: None,
            buffer: Vec::new(),
            looked_at: None,
            looked_back_at: None,
            next_slot: 0,
            more: false,
            pending: false,
            settings,
        }
    }

    /// Reads what there is, within the budget, without waiting. What it hands out counts as read
    /// only after [`commit`](Self::commit); a `read` without one rolls back first. `now` must not
    /// go back.
    pub fn read(&mut self, budget: Budget, now: Instant) -> Chunk {
        if self.pending {
            self.roll_back();
        }
        let due = self
            .looked_at
            .is_none_or(|at| now.saturating_duration_since(at) >= self.settings.look_every);
        if !self.more || due {
            self.look(now);
            self.looked_at = Some(now);
        }
        let mut chunk = Chunk::default();
        self.read_files(budget, now, &mut chunk);
        let needed = |file: &&Followed| file.source.is_some() && !file.is_at_rest();
        let makes_room = self.waiting
            && self.files.iter().filter(needed).count() < self.settings.max_open_files.max(1);
        if self.first_look {
            // What there was at first sight is not settled yet.
        } else if self.log_is_new || self.log.offset + 1 != self.next_sequence {
            self.log_is_new = true;
            self.log.offset = self.next_sequence - 1;
            chunk.checkpoints.push(self.log.clone());
        }
        let dirty = self.files.iter().filter(|file| file.dirty);
        chunk.checkpoints.extend(dirty.map(Followed::checkpoint));
        chunk.forgotten.clone_from(&self.forgotten);
        chunk.gaps.extend_from_slice(&self.gaps);
        if !chunk.more {
            // Hundreds of followers at rest must not keep what a backlog needed.
            self.buffer = Vec::new();
        }
        self.more = chunk.more && !makes_room;
        chunk.more |= makes_room;
        self.pending = true;
        chunk
    }

    /// The last chunk is stored, with its checkpoints, in one transaction.
    pub fn commit(&mut self) {
        if !std::mem::take(&mut self.pending) {
            return;
        }
        self.log_is_new = false;
        self.forgotten.clear();
        self.gaps.clear();
        for file in &mut self.files {
            file.commit();
        }
    }

    /// The last chunk was not stored: the next `read` hands it out again.
    pub fn roll_back(&mut self) {
        self.pending = false;
        self.more = false;
        for file in &mut self.files {
            file.roll_back();
        }
    }

    /// Adds a content that was not known before.
    pub(crate) fn add(
        &mut self,
        slot: &Path,
        place: &Path,
        source: Source,
        facts: Facts,
        now: Instant,
    ) -> &mut Followed {
        let sequence = self.next_sequence;
        self.next_sequence += 1;
        let seen_ms = source::nanoseconds(SystemTime::now()) / 1_000_000;
        let file = Followed::new(sequence, slot, place, source, facts, seen_ms, now);
        self.files.push_mut(file)
    }

    /// Gives a content up.
    pub(crate) fn forget(&mut self, index: usize, gap: Option<(u64, GapReason)>) {
        let file = self.files.remove(index);
        self.gaps
            .extend(gap.map(|(from, reason)| file.gap(from, reason)));
        self.forgotten.push(file.sequence);
    }
}

fn log_row(path: &Path) -> Checkpoint {
    Checkpoint {
        sequence: 0,
        state: State::Log,
        path: path.to_path_buf(),
        path_changed: false,
        place: path.to_path_buf(),
        identity: Identity {
            device: 0,
            inode: 0,
            born_ns: None,
        },
        head: Vec::new(),
        head_changed: false,
        offset: 0,
        tail: TailHash::default(),
        inside: Inside::Nothing,
        first_seen_ms: source::nanoseconds(SystemTime::now()) / 1_000_000,
    }
}
