//! Taking up what is at a log's path, and what was in a file that was cut there.

use std::fs;
use std::path::Path;
use std::time::Instant;

use super::census::{Beside, Unknown};
use super::checkpoint::{HEAD_BYTES, State};
use super::follower::Follower;
use super::identify;
use super::source::{Facts, Source};

impl Follower {
    /// Takes up what was written to a file after it was cut, if it is no more at the path.
    pub(crate) fn take_cut(&mut self, path: &Path, beside: &Beside, now: Instant) {
        let present = beside.present.and_then(|index| beside.entries.get(index));
        let present = present.map(|entry| entry.facts.identity);
        let cuts: Vec<_> = self.cut.extract_if(.., |cut| cut.slot == path).collect();
        for mut cut in cuts {
            let identity = cut.facts.identity;
            let is_known = present.is_some_and(|present| present.same_file(&identity))
                || self.files.iter_mut().any(|file| {
                    let own = file.slot == path && file.mark.state != State::Copy;
                    file.identity.same_file(&identity)
                        || own && identify::is_copy(&mut cut.source, file, false).unwrap_or(false)
                });
            if !is_known {
                let head = cut.source.bytes_at(0, HEAD_BYTES).unwrap_or_default();
                self.add(path, &cut.place, cut.source, cut.facts, now)
                    .see(0, &head);
            }
        }
    }

    /// Takes up what is at the log's path if it is new.
    pub(crate) fn take_present(&mut self, path: &Path, beside: Beside, now: Instant) {
        if let Some(unknown) = beside.unknown {
            self.take_unknown(path, unknown, now);
        }
    }

    /// How much of a file at the log's path is a copy of the one that it was put in place of, which
    /// is still open and read on: editors, rsync(1) and mv(1) replace a file by its own copy. A short
    /// one may begin like its successor by chance.
    fn copied(&mut self, path: &Path, source: &mut Source, facts: &Facts) -> u64 {
        let own = self.files.iter_mut().filter(|file| file.slot == path);
        for file in own.filter(|file| file.is_following()) {
            let Some(theirs) = file.source.as_mut().filter(|theirs| theirs.is_plain()) else {
                continue;
            };
            let Ok(before) = theirs.facts() else {
                continue;
            };
            let is_whole = facts.size > before.size
                || (facts.size == before.size && facts.modified_ns == before.modified_ns);
            if before.links == 0
                && before.size >= HEAD_BYTES as u64
                && is_whole
                && identify::is_beginning(theirs, source).unwrap_or(false)
            {
                return before.size;
            }
        }
        0
    }

    /// Takes up a file at one of the log's paths.
    pub(crate) fn take_unknown(&mut self, path: &Path, unknown: Unknown, now: Instant) {
        let Some(slot) = self.slots.get_mut(path) else {
            return;
        };
        let first_sight = std::mem::take(&mut slot.first_sight);
        let at_end = first_sight && !self.settings.from_beginning;
        let search = self.settings.start_at.clone().filter(|_| first_sight);
        let place = fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
        let decoding = self.splitter.decoding;
        let Unknown {
            mut source,
            facts,
            head,
        } = unknown;
        let copied = self.copied(path, &mut source, &facts);
        let file = self.add(path, &place, source, facts, now);
        file.live = true;
        file.see(0, &head);
        let begun = match search {
            _ if at_end => file.start_behind(facts.size, decoding),
            _ if copied > 0 => file.start_behind(copied, decoding),
            Some(search) => file.start_at(search.as_ref()),
            None => file.start_after_hole(decoding),
        };
        if let Err(error) = begun {
            file.error = Some(error.to_string());
        }
    }
}
