//! Looking at the files that are known: what changed, what is at its path, what has grown.

use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use super::checkpoint::State;
use super::file::Followed;
use super::follower::{Cut, Follower};
use super::identify;
use super::listing;
use super::look::is_missing;
use super::names;
use super::source::{Facts, Source};

/// What was read to its end and then moved away may come back, and is not read again then.
const MISSED: Duration = Duration::from_hours(24);

impl Follower {
    /// Asks the open files themselves: they are the same whatever happened to their names.
    pub(crate) fn look_at_files(&mut self, now: Instant) {
        for file in &mut self.files {
            let Some(source) = &file.source else {
                continue;
            };
            match source.facts() {
                Ok(facts) if file.facts == Some(facts) => {}
                Ok(facts) => match identify::is_intact(file) {
                    Ok(true) => {
                        if file
                            .source
                            .as_ref()
                            .is_some_and(|source| !source.is_plain())
                        {
                            file.drained_at = None;
                        }
                        let known = file.facts.replace(facts);
                        if known.is_none_or(|known| {
                            (known.size, known.modified_ns) != (facts.size, facts.modified_ns)
                        }) {
                            file.changed_at = now;
                        }
                        if file.head.is_empty() && file.live {
                            self.slots.at(&file.slot).was_empty = true;
                        }
                        file.error = None;
                    }
                    // Its content must be somewhere else, if anywhere. What was known of its
                    // size stays, for the ledger.
                    Ok(false) => {
                        // One beside the log that is written over is no part of the log.
                        let source = file.source.take().map(|source| (source, facts));
                        let source = source.filter(|_| file.live);
                        self.cut.extend(source.map(|(source, facts)| Cut {
                            slot: file.slot.clone(),
                            place: file.place.clone(),
                            source,
                            facts,
                        }));
                        file.was_cut = true;
                        file.live = false;
                        self.slots.at(&file.slot).census = true;
                    }
                    Err(error) => file.error = Some(error.to_string()),
                },
                // ESTALE: the file server forgot the handle; the file may still be there.
                Err(error) => {
                    file.error = Some(error.to_string());
                    file.source = None;
                }
            }
        }
    }

    /// Files that were read to their end seldom grow or go, so they are looked at seldom.
    pub(crate) fn look_back(&mut self, now: Instant) {
        let every = self.settings.look_back_every;
        if self
            .looked_back_at
            .is_some_and(|at| now.saturating_duration_since(at) < every)
        {
            return;
        }
        self.looked_back_at = Some(now);
        for file in (self.files.iter_mut()).filter(|file| !file.is_following()) {
            let facts = fs::metadata(&file.place).map(|metadata| Facts::from(&metadata));
            let is_gone = match &facts {
                _ if file.facts.is_some_and(|facts| facts.links == 0) => true,
                Ok(_) => {
                    file.missed_since = None;
                    false
                }
                Err(error) if is_missing(error.kind()) => {
                    let since = *file.missed_since.get_or_insert(now);
                    now.saturating_duration_since(since) >= MISSED
                }
                Err(_) => false,
            };
            if is_gone {
                // It lives on under another name or compressed, or is forgotten.
                self.slots.at(&file.slot).census = true;
                continue;
            }
            let (Ok(facts), State::Finished) = (facts, file.mark.state) else {
                continue;
            };
            let compressed = names::is_compressed(listing::name(&file.place));
            if facts.identity.same_file(&file.identity)
                && facts.size > file.mark.offset
                && !compressed
            {
                self.slots.at(&file.slot).census = true;
            }
        }
    }

    /// Whether a content that was read and is gone is waited for.
    pub(crate) fn may_come_back(&self, sequence: u64, now: Instant) -> bool {
        let mut files = self.files.iter().filter(|file| file.sequence == sequence);
        files.any(|file| {
            let is_missed = |since| now.saturating_duration_since(since) >= MISSED;
            file.facts.is_none_or(|facts| facts.links > 0)
                && !file.missed_since.is_some_and(is_missed)
        })
    }

    /// Says of each file whether it is at its path. One without a handle is opened again there, if
    /// a handle is to be had; says whether some wait for one.
    pub(crate) fn place_files(&mut self, now: Instant) -> bool {
        let most = self.settings.max_open_files.max(1);
        // Rotated files are put away in favour of these.
        let open = self
            .files
            .iter()
            .filter(|file| file.source.is_some() && file.live);
        let mut room = most.saturating_sub(open.count());
        let (is_crowded, mut has_waiting) = (self.files.len() > most, false);
        let (mut paths, mut empty) = (HashMap::new(), Vec::new());
        for (path, slot) in self.slots.iter() {
            if let Some(facts) = slot.present {
                paths.insert(facts.identity.number(), (path, facts));
            }
        }
        for file in self.files.iter_mut().filter(|file| file.is_following()) {
            file.live = false;
            let own = self.slots.get(&file.slot).and_then(|slot| slot.present);
            if let Some(present) = own
                && is_copied_up(file, &present)
                && let Ok((mut source, facts)) = Source::open(&file.slot, false)
                && facts.identity == present.identity
                && let Ok(identify::Holds::Continues) = identify::holds(&mut source, file)
            {
                let place = file.place.clone();
                let _ = file.attach(source, facts, &place, now);
            }
            let own = own.filter(|facts| facts.identity.same_file(&file.identity));
            let Some(facts) = own else {
                let key = file.identity.number();
                // Renamed to another path of the same log.
                if let Some((path, facts)) = paths.get(&key)
                    && facts.identity.same_file(&file.identity)
                    && (file.source.is_some() || is_there(file, path, now))
                {
                    file.join(path);
                    file.live = true;
                }
                continue;
            };
            // At rest since it was put away, or found whole where it was.
            let at_rest = file.facts == Some(facts) && file.error.is_none() && !file.was_cut;
            file.live = file.source.is_some() || at_rest;
            if file.live {
                continue;
            }
            let is_read = facts.size == file.mark.offset;
            if room == 0 && !is_read && !file.was_cut {
                // Whether it still holds what it held is asked when a handle is free.
                file.live = true;
                has_waiting = true;
                continue;
            }
            if let Ok((mut source, opened)) = Source::open(&file.slot, false)
                && opened.identity.same_file(&file.identity)
                && let Ok(identify::Holds::Continues) = identify::holds(&mut source, file)
            {
                let place = file.place.clone();
                file.live = file.attach(source, opened, &place, now).is_ok();
                if file.head.is_empty() {
                    empty.push(file.slot.clone());
                }
                room = room.saturating_sub(1);
                if file.live && is_crowded && file.mark.offset == opened.size {
                    file.drained_at = Some(opened.size);
                    file.put_away();
                    room += 1;
                }
            }
        }
        for path in empty {
            self.slots.at(&path).was_empty = true;
        }
        for file in self.files.iter().filter(|file| file.is_homeless()) {
            self.slots.at(&file.slot).census = true;
        }
        has_waiting
    }
}

/// Whether a content goes on in the file at another path, which is opened for it then.
fn is_there(file: &mut Followed, path: &Path, now: Instant) -> bool {
    let Ok((mut source, facts)) = Source::open(path, false) else {
        return false;
    };
    facts.identity.same_file(&file.identity)
        && !file.head.is_empty()
        && matches!(
            identify::holds(&mut source, file),
            Ok(identify::Holds::Continues)
        )
        && file.attach(source, facts, path, now).is_ok()
}

/// Whether an open file has become another one of its number. overlayfs copies a file of a lower
/// layer when it is first written to, and what has it open stays with the old one; anywhere else no
/// file gets the number of one that is open.
fn is_copied_up(file: &Followed, present: &Facts) -> bool {
    file.source.is_some()
        && file.identity.number() == present.identity.number()
        && !file.identity.same_file(&present.identity)
}
