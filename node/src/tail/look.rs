//! Looking at the paths of a log: what is there, what changed, what is finished.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::ffi::OsStr;
use std::fs;
use std::io::ErrorKind;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::Instant;

use super::checkpoint::State;
use super::follower::{Cut, Follower, Slot};
use super::identify;
use super::listing;
use super::names;
use super::source::{Facts, Source};

impl Follower {
    /// Brings what is known up to date with the directories. Nothing is read here but what tells
    /// contents apart.
    pub(crate) fn look(&mut self, now: Instant) {
        self.look_at_paths();
        self.look_at_files(now);
        self.look_back(now);
        self.place_files(now);
        // By identity: comparing paths of hundreds of files with each other takes too long.
        let live = self.files.iter().filter(|file| file.live);
        let live: HashSet<_> = live.map(|file| file.identity.number()).collect();
        let due = self.slots.iter().filter(|(_, slot)| {
            let unknown = slot
                .present
                .is_some_and(|one| !live.contains(&one.identity.number()));
            let unsettled = self.first_look && !slot.settled;
            unsettled || slot.census || slot.was_empty || unknown
        });
        let due: Vec<PathBuf> = due.map(|(path, _)| path.clone()).collect();
        let mut done = true;
        self.waiting = false;
        if !due.is_empty() {
            let mut around = self.surroundings();
            for path in due {
                let taken = self.take_lone(&path, &mut around, now);
                let settled = taken.unwrap_or_else(|| self.census(&path, now));
                if let Some(slot) = self.slots.get_mut(&path) {
                    slot.settled |= settled;
                }
                done &= settled;
            }
        }
        self.first_look &= !done;
        self.finish_rotated(now);
        self.limit_handles();
    }

    fn look_at_paths(&mut self) {
        let mut named = match &self.settings.pattern {
            Some(pattern) => {
                let found = pattern.expand();
                self.directories = found.directories;
                self.unlisted = found.error;
                found.paths
            }
            None => BTreeSet::from([self.settings.path.clone()]),
        };
        named.retain(|path| !self.settings.elsewhere.has(path));
        self.join_rotated(&named);
        let used: BTreeSet<_> = self.files.iter().map(|file| file.slot.clone()).collect();
        self.slots
            .retain(|path, _| named.contains(path) || used.contains(path));
        for slot in self.slots.values_mut() {
            *slot = Slot {
                first_sight: slot.first_sight,
                is_new: slot.is_new,
                settled: slot.settled,
                unsettled: slot.unsettled,
                ..Slot::default()
            };
        }
        for path in used {
            self.slots.entry(path).or_default();
        }
        let mut beside = Vec::new();
        for path in &named {
            if self.settings.pattern.is_some() {
                if names::is_compressed(listing::name(path)) {
                    continue;
                }
                if let Some(original) = self.original(path, &named) {
                    beside.push((path, original));
                    continue;
                }
            }
            let first_sight = self.first_look;
            let slot = self.slots.entry(path.clone()).or_insert_with(|| Slot {
                first_sight,
                is_new: true,
                ..Slot::default()
            });
            slot.matched = true;
            match fs::metadata(path) {
                Ok(metadata) if metadata.is_file() => slot.present = Some(Facts::from(&metadata)),
                Ok(_) => slot.error = Some("not a regular file".to_owned()),
                Err(error) if is_missing(error.kind()) => slot.first_sight = false,
                Err(error) => slot.error = Some(error.to_string()),
            }
        }
        for (path, original) in beside {
            let wanted = self.is_news(path);
            self.slots.entry(original).or_default().census |= wanted;
        }
    }

    /// A file that was first seen under a rotated name belongs to the log of which it turns out
    /// to be an older one.
    fn join_rotated(&mut self, named: &BTreeSet<PathBuf>) {
        if self.settings.pattern.is_none() {
            return;
        }
        for index in 0..self.files.len() {
            let original = self
                .files
                .get(index)
                .and_then(|file| self.original(&file.slot, named));
            if let (Some(original), Some(file)) = (original, self.files.get_mut(index)) {
                file.slot = original;
                file.live = false;
                file.dirty = true;
            }
        }
    }

    /// The path of this log from which a rotation made `path`: one that is there, or was, or that
    /// the glob would match. One that would be no less a rotated name, as `job-20260131` would be
    /// to `job-20260131-1015`, is not expected: those are logs of their own.
    fn original(&self, path: &Path, named: &BTreeSet<PathBuf>) -> Option<PathBuf> {
        let own = listing::name(path);
        names::originals(own)
            .map(|name| path.with_file_name(OsStr::from_bytes(&name)))
            .find(|original| {
                let name = listing::name(original);
                let expected = own.starts_with(name)
                    && names::originals(name).next().is_none()
                    && self
                        .settings
                        .pattern
                        .as_ref()
                        .is_some_and(|one| one.matches(original));
                expected || named.contains(original) || self.slots.contains_key(original)
            })
    }

    /// Whether a rotated name that the glob matches holds something that was not seen before.
    fn is_news(&self, path: &Path) -> bool {
        let Ok(facts) = fs::metadata(path).map(|metadata| Facts::from(&metadata)) else {
            return false;
        };
        match self
            .files
            .iter()
            .find(|file| file.identity.same_file(&facts.identity))
        {
            Some(file) => {
                !file.is_following() && file.facts.is_some_and(|known| known.size != facts.size)
            }
            None => facts.size > 0 && facts.regular && self.dismissed.get(path) != Some(&facts),
        }
    }

    /// Asks the open files themselves: they are the same whatever happened to their names.
    fn look_at_files(&mut self, now: Instant) {
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
                            self.slots.entry(file.slot.clone()).or_default().was_empty = true;
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
                        self.slots.entry(file.slot.clone()).or_default().census = true;
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

    /// Files that were read to their end seldom grow, so they are looked at seldom.
    fn look_back(&mut self, now: Instant) {
        let every = self.settings.look_back_every;
        if self
            .looked_back_at
            .is_some_and(|at| now.saturating_duration_since(at) < every)
        {
            return;
        }
        self.looked_back_at = Some(now);
        for file in self
            .files
            .iter()
            .filter(|file| file.mark.state == State::Finished)
        {
            if file.facts.is_some_and(|facts| facts.links == 0) {
                // It lives on compressed, or is forgotten.
                self.slots.entry(file.slot.clone()).or_default().census = true;
                continue;
            }
            let Ok(facts) = fs::metadata(&file.place).map(|metadata| Facts::from(&metadata)) else {
                continue;
            };
            let compressed = names::is_compressed(listing::name(&file.place));
            if facts.identity.same_file(&file.identity)
                && facts.size > file.mark.offset
                && !compressed
            {
                self.slots.entry(file.slot.clone()).or_default().census = true;
            }
        }
    }

    /// Says of each file whether it is at its path. One without a handle is opened again there.
    fn place_files(&mut self, now: Instant) {
        let (mut paths, mut empty) = (HashMap::new(), Vec::new());
        for (path, slot) in &self.slots {
            if let Some(facts) = slot.present {
                paths.insert(facts.identity.number(), (path, facts));
            }
        }
        for file in self.files.iter_mut().filter(|file| file.is_following()) {
            file.live = false;
            let own = self.slots.get(&file.slot).and_then(|slot| slot.present);
            let own = own.filter(|facts| facts.identity.same_file(&file.identity));
            let Some(facts) = own else {
                let key = file.identity.number();
                // Renamed to another path of the same log.
                if let Some((path, facts)) = paths.get(&key)
                    && file.source.is_some()
                    && facts.identity.same_file(&file.identity)
                {
                    file.slot.clone_from(path);
                    file.dirty = true;
                    file.live = true;
                }
                continue;
            };
            // At rest since it was put away, or found whole where it was.
            let at_rest = file.facts == Some(facts) && file.error.is_none() && !file.was_cut;
            file.live = file.source.is_some() || at_rest;
            if !file.live
                && let Ok((mut source, opened)) = Source::open(&file.slot, false)
                && opened.identity.same_file(&file.identity)
                && let Ok(identify::Holds::Continues) = identify::holds(&mut source, file)
            {
                let place = file.place.clone();
                file.live = file.attach(source, opened, &place, now).is_ok();
                if file.head.is_empty() {
                    empty.push(file.slot.clone());
                }
            }
        }
        for path in empty {
            self.slots.entry(path).or_default().was_empty = true;
        }
        let homeless = |file: &&super::file::Followed| {
            file.is_following() && file.source.is_none() && !file.live
        };
        for file in self.files.iter().filter(homeless) {
            self.slots.entry(file.slot.clone()).or_default().census = true;
        }
    }
}

/// Whether an error says that there is no file, and not that it can't be reached.
pub(crate) fn is_missing(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::NotFound | ErrorKind::NotADirectory)
}
