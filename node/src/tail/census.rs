//! Looking through the files beside a log: where each known content is now, and what is new.

use std::path::Path;
use std::time::Instant;

use super::checkpoint::Identity;
use super::file::Followed;
use super::follower::Follower;
use super::identify;
use super::listing::{Entry, Listing};
use super::slots::Slot;
use super::source::{Facts, Source};

/// Looks after which a directory that never rests is taken as it is.
const LOOKS: u32 = 50;

/// The files beside a log, and which content has been found in which.
pub(crate) struct Beside {
    pub(crate) entries: Vec<Entry>,
    /// By the sequence of the content.
    pub(crate) claims: Vec<Option<u64>>,
    /// The entry that is the log's path itself.
    pub(crate) present: Option<usize>,
    /// What is at the path, if nobody has it open yet.
    pub(crate) unknown: Option<Unknown>,
    /// Contents that could not be asked now; they are neither found nor lost.
    pub(crate) unsettled: Vec<u64>,
    /// Why there may be more than these: then what is not among them is neither found nor lost.
    pub(crate) unseen: Option<String>,
}

/// A file at the log's path that was just opened, and what was seen of its first bytes.
pub(crate) struct Unknown {
    pub(crate) source: Source,
    pub(crate) facts: Facts,
    pub(crate) head: Vec<u8>,
}

impl Follower {
    /// Finds every content of one path, and what is new beside it. Says whether that is done; if
    /// not, all that is not settled is looked at again with the next look.
    pub(crate) fn census(&mut self, path: &Path, now: Instant) -> bool {
        let was_empty = self.slots.get(path).is_some_and(|slot| slot.was_empty);
        if was_empty {
            // What was written to it meanwhile may be in a copy, and comes before what is in it
            // now: it is taken up anew, behind that.
            let empty = |file: &Followed| {
                file.slot == path && file.live && file.head.is_empty() && file.is_following()
            };
            while let Some(index) = self.files.iter().position(empty) {
                self.forget(index, None);
            }
        }
        let mut beside = self.beside(path);
        // Files beside a path that is new to a glob are older than it.
        let is_known = self.files.iter().any(|file| file.slot == path);
        let tells = |slot: &Slot| slot.gone > 0 || (slot.has_news && is_known);
        let is_told = self.slots.get(path).is_some_and(tells);
        let is_rotation = was_empty || is_told || self.is_rotation(path, &beside);
        self.claim_by_identity(path, &mut beside, now);
        let searches = self.search_contents(path, &mut beside);
        if !self.is_unchanged(path, &mut beside) {
            return false;
        }
        let gone = self.settle_contents(searches, &beside, now);
        self.open_unknown(path, &mut beside);
        let news = self.judge_new(path, is_rotation, &mut beside, now);
        if !self.is_unchanged(path, &mut beside) {
            return false;
        }
        if beside.unseen.is_none() {
            let is_absent = beside.present.is_none();
            for sequence in gone {
                if is_absent && self.may_come_back(sequence, now) {
                    continue;
                }
                self.forget_gone(sequence);
            }
        }
        self.take_new(path, news, now);
        self.take_cut(path, &beside, now);
        self.take_present(path, beside, now);
        true
    }

    /// Whether the directories are as they were, so that what was found out is true: a rotation
    /// under way shows a copy without its cut, or hides the file that is being renamed.
    fn is_unchanged(&mut self, path: &Path, beside: &mut Beside) -> bool {
        fn of_the_log(entries: &[Entry]) -> Vec<&Entry> {
            let mut own: Vec<_> = entries.iter().filter(|entry| !entry.unrelated).collect();
            own.sort_by(|one, other| one.path.cmp(&other.path));
            own
        }
        let is_same = |(new, old): (&&Entry, &Entry)| {
            new.path == old.path
                && new.facts.identity.same_file(&old.facts.identity)
                && new.facts.size >= old.facts.size
        };
        let Listing { entries, unseen } = self.list(path);
        beside.unseen = beside.unseen.take().or(unseen);
        let (new, old) = (of_the_log(&entries), of_the_log(&beside.entries));
        let mut is_same = new.len() == old.len() && new.iter().zip(old).all(is_same);
        // What was compared with an open file holds only if that was not cut meanwhile.
        for file in self.files.iter_mut().filter(|file| file.slot == path) {
            is_same &= identify::is_intact(file).unwrap_or(true);
        }
        if let Some(Unknown { source, head, .. }) = &mut beside.unknown {
            is_same &= source.bytes_at(0, head.len()).is_ok_and(|now| now == *head);
        }
        let slot = self.slots.at(path);
        slot.unsettled = if is_same { 0 } else { slot.unsettled + 1 };
        is_same || slot.unsettled > LOOKS
    }

    fn beside(&self, path: &Path) -> Beside {
        let Listing { entries, unseen } = self.list(path);
        let claims = entries
            .iter()
            .map(|entry| self.opened(&entry.facts.identity));
        Beside {
            claims: claims.collect(),
            present: entries
                .first()
                .filter(|entry| entry.path == path)
                .map(|_| 0),
            entries,
            unknown: None,
            unsettled: Vec::new(),
            unseen,
        }
    }

    /// The content whose open file this is.
    fn opened(&self, identity: &Identity) -> Option<u64> {
        let open = self
            .files
            .iter()
            .filter(|file| file.source.is_some() || file.live);
        open.into_iter()
            .find(|file| file.identity.same_file(identity))
            .map(|file| file.sequence)
    }

    /// Whether the path's file was replaced, so that others may have been in its place in between.
    fn is_rotation(&self, path: &Path, beside: &Beside) -> bool {
        let mut own = self.files.iter().filter(|file| file.slot == path);
        let present = beside.present.and_then(|index| beside.entries.get(index));
        match own.rfind(|file| file.is_following()) {
            Some(last) => !present
                .is_some_and(|entry| entry.facts.identity.same_file(&last.identity) && last.live),
            // Files beside a path that is new to a glob are older than it.
            None => {
                let is_known = self.files.iter().any(|file| file.slot == path);
                !self.first_look && (is_known || self.settings.pattern.is_none())
            }
        }
    }
}

impl Beside {
    /// Whether the content's old file is there still, with another content in it.
    pub(crate) fn has_other(&self, found: Option<usize>, identity: &Identity) -> bool {
        let mut entries = self.entries.iter().enumerate();
        entries
            .any(|(index, entry)| found != Some(index) && entry.facts.identity.same_file(identity))
    }
}
