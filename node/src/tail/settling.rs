//! Where each known content is now: in its own file, in another one, or nowhere.

use std::cmp::Reverse;
use std::collections::VecDeque;
use std::path::Path;
use std::time::Instant;

use super::census::Beside;
use super::checkpoint::State;
use super::chunk::GapReason;
use super::claim::{self, Found, ask};
use super::file::Followed;
use super::follower::Follower;
use super::identify::Holds;
use super::look::is_missing;
use super::source::Facts;

/// Where a content is now; nowhere, if there is no file.
pub(crate) struct Search {
    sequence: u64,
    state: State,
    /// An error says why that is not known.
    found: Result<Option<(usize, Found)>, String>,
}

impl Follower {
    /// Looks for each content in the file it was in before, whatever its name is now.
    pub(crate) fn claim_by_identity(&mut self, path: &Path, beside: &mut Beside, now: Instant) {
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
    /// that are being read come first, and of those that begin alike the longest; one that was taken
    /// for a copy may be what one of them needs.
    pub(crate) fn search_contents(&self, path: &Path, beside: &mut Beside) -> Vec<Search> {
        let mut searches = Vec::new();
        let of = |state| {
            self.files
                .iter()
                .filter(move |file| file.mark.state == state)
        };
        let copies: Vec<u64> = of(State::Copy).map(|file| file.sequence).collect();
        let is_sought = |file: &&Followed| {
            let is_open = file.is_following() && (file.source.is_some() || file.live);
            file.slot == path
                && !is_open
                && !beside.claims.contains(&Some(file.sequence))
                && !beside.unsettled.contains(&file.sequence)
        };
        let states = [State::Following, State::Finished, State::Copy];
        let sought = states.into_iter().flat_map(|state| {
            let mut sought: Vec<&Followed> = of(state).filter(is_sought).collect();
            sought.sort_by_key(|file| Reverse(file.mark.offset));
            sought.into_iter().map(|file| (file, false))
        });
        let mut sought: VecDeque<(&Followed, bool)> = sought.collect();
        while let Some((file, any_part)) = sought.pop_front() {
            let state = file.mark.state;
            let is_free = |entry: usize| match beside.claims.get(entry) {
                Some(Some(owner)) => state != State::Copy && copies.contains(owner),
                Some(None) => true,
                None => false,
            };
            let may_be_part = |facts: &Facts| any_part && !self.is_later(facts, file);
            let found = claim::search(file, &beside.entries, beside.present, is_free, may_be_part);
            if matches!(found, Ok(None)) && !any_part && state == State::Following {
                // A part of it is left to one of which it is the whole.
                sought.push_back((file, true));
                continue;
            }
            if let Ok(Some((place, _))) = &found
                && let Some(claim) = beside.claims.get_mut(*place)
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
    pub(crate) fn settle_contents(
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
            let (found, sought) = match found {
                Ok(found) => (found, Ok(())),
                Err(reason) => (None, Err(reason)),
            };
            let Some((place, found)) = found else {
                let doubt = Self::doubt(file, sought, beside, now);
                if doubt.is_some() {
                    file.error = doubt;
                    continue;
                }
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
                let (from, slot) = (file.mark.offset, file.slot.clone());
                if is_loss {
                    self.note_gone(&slot);
                }
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

    /// Gives up a content of which nothing is lost, and which has no file any more.
    pub(crate) fn forget_gone(&mut self, sequence: u64) {
        let file = self.files.iter().find(|file| file.sequence == sequence);
        let is_read = |file: &&Followed| file.mark.state != State::Copy && !file.is_replaced;
        if let Some(path) = file.filter(is_read).map(|file| file.slot.clone()) {
            self.note_gone(&path);
        }
        self.forget_sequence(sequence);
    }

    fn forget_sequence(&mut self, sequence: u64) {
        if let Some(index) = self.files.iter().position(|file| file.sequence == sequence) {
            self.forget(index, None);
        }
    }
}
