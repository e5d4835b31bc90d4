//! Looking through the files beside a log: where each known content is now, and what is new.

use std::path::Path;
use std::time::Instant;

use super::checkpoint::{Identity, State};
use super::chunk::GapReason;
use super::claim::{self, Found, ask};
use super::file::Followed;
use super::follower::Follower;
use super::identify::{self, Holds};
use super::listing::Entry;
use super::look::is_missing;
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
    unsettled: Vec<u64>,
}

/// A file at the log's path that was just opened, and what was seen of its first bytes.
pub(crate) struct Unknown {
    pub(crate) source: Source,
    pub(crate) facts: Facts,
    pub(crate) head: Vec<u8>,
}

/// Where a content is now; nowhere, if there is no file.
struct Search {
    sequence: u64,
    state: State,
    found: Option<(usize, Found)>,
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
        let is_rotation = was_empty || self.is_rotation(path, &beside);
        self.claim_by_identity(path, &mut beside, now);
        let searches = self.search_contents(path, &mut beside);
        if !self.is_unchanged(path, &mut beside) {
            return false;
        }
        let gone = self.settle_contents(searches, &beside, now);
        self.open_unknown(path, &mut beside);
        let news = self.judge_new(path, is_rotation, &mut beside);
        if !self.is_unchanged(path, &mut beside) {
            return false;
        }
        for sequence in gone {
            self.forget_sequence(sequence);
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
        let entries = self.entries(path);
        let (new, old) = (of_the_log(&entries), of_the_log(&beside.entries));
        let mut is_same = new.len() == old.len() && new.iter().zip(old).all(is_same);
        // What was compared with an open file holds only if that was not cut meanwhile.
        for file in self.files.iter_mut().filter(|file| file.slot == path) {
            is_same &= identify::is_intact(file).unwrap_or(true);
        }
        if let Some(Unknown { source, head, .. }) = &mut beside.unknown {
            is_same &= source.bytes_at(0, head.len()).is_ok_and(|now| now == *head);
        }
        let slot = self.slots.entry(path.to_path_buf()).or_default();
        slot.unsettled = if is_same { 0 } else { slot.unsettled + 1 };
        is_same || slot.unsettled > LOOKS
    }

    fn beside(&self, path: &Path) -> Beside {
        let entries = self.entries(path);
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
            None => !self.first_look && self.settings.pattern.is_none(),
        }
    }

    /// Looks for each content in the file it was in before, whatever its name is now.
    fn claim_by_identity(&mut self, path: &Path, beside: &mut Beside, now: Instant) {
        let Beside {
            entries,
            claims,
            present,
            unsettled,
            ..
        } = beside;
        let mut changed_copies = Vec::new();
        for file in self.files.iter_mut().filter(|file| file.slot == path) {
            let found =
                entries
                    .iter()
                    .zip(claims.iter_mut())
                    .enumerate()
                    .find(|(_, (entry, claim))| {
                        let own = claim.is_none_or(|sequence| sequence == file.sequence);
                        own && entry.facts.identity.same_file(&file.identity)
                    });
            let Some((index, (entry, claim))) = found else {
                continue;
            };
            if *claim == Some(file.sequence) {
                file.place.clone_from(&entry.path);
                continue;
            }
            let at_rest = !file.is_following() && file.facts == Some(entry.facts);
            let (settled, grown) = match ask(file, entry, *present != Some(index)) {
                _ if at_rest => {
                    file.move_to(entry.facts, &entry.path);
                    (Ok(()), false)
                }
                Ok(found) if found.holds == Holds::Continues => {
                    let grown = found.source.is_plain() && found.facts.size > file.mark.offset;
                    (file.settle(found, now), grown)
                }
                Ok(_) => continue,
                Err(error) => (Err(error), false),
            };
            if let Err(error) = settled {
                if !is_missing(error.kind()) {
                    file.error = Some(error.to_string());
                }
                unsettled.push(file.sequence);
            }
            *claim = Some(file.sequence);
            file.live = *present == Some(index) && file.source.is_some();
            if file.mark.state == State::Copy && grown {
                changed_copies.push(file.sequence);
                *claim = None;
            }
        }
        // Still a copy, or a file that only began like another one: it is judged anew.
        for sequence in changed_copies {
            self.forget_sequence(sequence);
        }
    }

    /// Looks for contents that are not where they were: in a copy, in a compressed file. Those
    /// that are being read come first; one that was taken for a copy may be what one of them needs.
    fn search_contents(&self, path: &Path, beside: &mut Beside) -> Vec<Search> {
        let mut searches = Vec::new();
        let of = |state| {
            self.files
                .iter()
                .filter(move |file| file.mark.state == state)
        };
        let copies: Vec<u64> = of(State::Copy).map(|file| file.sequence).collect();
        for file in [State::Following, State::Finished, State::Copy]
            .into_iter()
            .flat_map(of)
        {
            let state = file.mark.state;
            let is_open = file.is_following() && (file.source.is_some() || file.live);
            if file.slot != path
                || is_open
                || beside.claims.contains(&Some(file.sequence))
                || beside.unsettled.contains(&file.sequence)
            {
                continue;
            }
            let is_free = |entry: usize| match beside.claims.get(entry) {
                Some(Some(owner)) => state == State::Following && copies.contains(owner),
                Some(None) => true,
                None => false,
            };
            let found = claim::search(file, &beside.entries, beside.present, is_free);
            if let Some((place, _)) = found
                && let Some(claim) = beside.claims.get_mut(place)
            {
                *claim = Some(file.sequence);
            }
            searches.push(Search {
                sequence: file.sequence,
                state,
                found,
            });
        }
        searches
    }

    /// Goes on where contents were found, and gives up the others. Those of which nothing is lost
    /// are answered: what is new beside them may still be an older copy of one.
    fn settle_contents(
        &mut self,
        searches: Vec<Search>,
        beside: &Beside,
        now: Instant,
    ) -> Vec<u64> {
        let mut gone = Vec::new();
        for Search {
            sequence,
            state,
            found,
        } in searches
        {
            let Some(index) = self.files.iter().position(|file| file.sequence == sequence) else {
                continue;
            };
            let Some(file) = self.files.get_mut(index) else {
                continue;
            };
            let Some((place, found)) = found else {
                if state != State::Following {
                    gone.push(sequence);
                    continue;
                }
                let cut = file.was_cut || beside.has_other(None, &file.identity);
                let reason = if cut {
                    GapReason::Truncated
                } else {
                    GapReason::Vanished
                };
                let is_loss = !file.head.is_empty();
                let from = file.mark.offset;
                self.forget(index, is_loss.then_some((from, reason)));
                continue;
            };
            // Renamed and compressed it is whole. Of a plain copy whose original is gone nobody
            // knows.
            let copied =
                found.source.is_plain() && found.facts.identity.inode != file.identity.inode;
            let cut = copied || file.was_cut || beside.has_other(Some(place), &file.identity);
            let identity = found.facts.identity;
            let gap = file.settle_elsewhere(found, cut && file.is_following(), now);
            file.live = beside.present == Some(place) && file.source.is_some();
            self.gaps.extend(gap);
            let copy = |file: &Followed| {
                file.sequence != sequence
                    && file.mark.state == State::Copy
                    && file.identity.same_file(&identity)
            };
            if let Some(copy) = self.files.iter().position(copy) {
                self.forget(copy, None);
            }
        }
        gone
    }

    fn forget_sequence(&mut self, sequence: u64) {
        if let Some(index) = self.files.iter().position(|file| file.sequence == sequence) {
            self.forget(index, None);
        }
    }
}

impl Beside {
    /// Whether the content's old file is there still, with another content in it.
    fn has_other(&self, found: Option<usize>, identity: &Identity) -> bool {
        let mut entries = self.entries.iter().enumerate();
        entries
            .any(|(index, entry)| found != Some(index) && entry.facts.identity.same_file(identity))
    }
}
