//! Looking at the paths of a log: what is there, what changed, what is finished.

use std::collections::{BTreeSet, HashSet};
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::ErrorKind;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::Instant;

use super::follower::Follower;
use super::listing;
use super::names;
use super::slots::Slot;
use super::source::Facts;

impl Follower {
    /// Brings what is known up to date with the directories. Nothing is read here but what tells
    /// contents apart.
    pub(crate) fn look(&mut self, now: Instant) {
        self.look_at_paths();
        for path in self.unjudged.slots() {
            self.slots.at(path).census = true;
        }
        self.look_at_files(now);
        self.look_back(now);
        self.look_for_news(now);
        let crowded = self.place_files(now);
        self.reach_held(now);
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
        let mut due: Vec<PathBuf> = due.map(|(path, _)| path.to_path_buf()).collect();
        if !due.is_empty() && !self.first_look {
            let away = self.out_of_reach(now);
            due.retain(|path| !away.contains(path.as_os_str()));
        }
        let mut done = true;
        self.waiting = crowded;
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
            None => BTreeSet::from([self.settings.path.clone().into_os_string()]),
        };
        named.retain(|path| !self.settings.elsewhere.has(Path::new(path)));
        self.join_rotated(&named);
        let used: HashSet<_> = self
            .files
            .iter()
            .map(|file| file.slot.as_os_str())
            .collect();
        self.slots
            .retain(|path| named.contains(path) || used.contains(path));
        for slot in self.slots.iter_mut() {
            *slot = Slot {
                first_sight: slot.first_sight,
                is_new: slot.is_new,
                settled: slot.settled,
                unsettled: slot.unsettled,
                gone: slot.gone,
                ..Slot::default()
            };
        }
        for path in used {
            self.slots.at(Path::new(path));
        }
        let mut beside = Vec::new();
        for path in named.iter().map(Path::new) {
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
            let slot = self.slots.at_or(path, || Slot {
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
            self.slots.at(&original).census |= wanted;
        }
    }

    /// A file that was first seen under a rotated name belongs to the log of which it turns out
    /// to be an older one.
    fn join_rotated(&mut self, named: &BTreeSet<OsString>) {
        if self.settings.pattern.is_none() {
            return;
        }
        for index in 0..self.files.len() {
            let original = self
                .files
                .get(index)
                .and_then(|file| self.original(&file.slot, named));
            if let (Some(original), Some(file)) = (original, self.files.get_mut(index)) {
                file.join(&original);
                file.live = false;
            }
        }
    }

    /// The path of this log from which a rotation made `path`: one that is there, or was, or that
    /// the glob would match. One that would be no less a rotated name, as `job-20260131` would be
    /// to `job-20260131-1015`, is not expected: those are logs of their own, as are `worker-1.log`
    /// and `worker-2.log`, though a glob would match `worker`.
    fn original(&self, path: &Path, named: &BTreeSet<OsString>) -> Option<PathBuf> {
        let own = listing::name(path);
        let directory = path.parent().unwrap_or(path);
        let is_old = self.is_old_directory(directory);
        names::originals(own).find_map(|name| {
            let beside = path.with_file_name(OsStr::from_bytes(&name));
            let expected = names::is_surely_rotated(&name, own)
                && names::originals(&name).next().is_none()
                && self
                    .settings
                    .pattern
                    .as_ref()
                    .is_some_and(|one| one.matches(&beside));
            if named.contains(beside.as_os_str()) || self.slots.get(&beside).is_some() {
                return Some(beside);
            }
            // `olddir` takes it to another directory than that of its log.
            let away = is_old.then(|| {
                let slots = self.slots.iter().map(|(path, _)| path);
                let known = named.iter().map(Path::new).chain(slots);
                let path = self.moved_from(known, &name, directory).next();
                path.map(Path::to_path_buf)
            });
            away.flatten().or_else(|| expected.then_some(beside))
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
}

/// Whether an error says that there is no file, and not that it can't be reached.
pub(crate) fn is_missing(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::NotFound | ErrorKind::NotADirectory)
}
