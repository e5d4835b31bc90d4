//! What is not found though it may be there: it is neither found nor lost until that is known.

use std::collections::{HashMap, HashSet};
use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::fs::FsWord;

use super::census::Beside;
use super::chunk::GapReason;
use super::file::Followed;
use super::follower::Follower;
use super::hidden::Hidden;
use super::listing::Entry;
use super::look::is_missing;
use super::source::Facts;

/// For so long a file system is waited for that is not there: it may be mounted later than the node
/// starts. After that its files count as gone.
const AWAY_PATIENCE: Duration = Duration::from_hours(1);
/// `f_type` of overlayfs in statfs(2).
const OVERLAYFS: FsWord = 0x794c_7630;

/// Files that a rotation has just made, and that nobody could look into when they were found.
#[derive(Debug, Default)]
pub(crate) struct Unjudged(HashMap<(u64, u64), Waiting>);

#[derive(Debug)]
struct Waiting {
    slot: PathBuf,
    place: PathBuf,
    facts: Facts,
    since: Instant,
}

impl Unjudged {
    /// Whether this file waits to be judged: then it is what it was when it was found.
    pub(crate) fn has(&self, facts: &Facts) -> bool {
        self.0.contains_key(&facts.identity.number())
    }

    /// It is judged.
    pub(crate) fn settle(&mut self, facts: &Facts) {
        self.0.remove(&facts.identity.number());
    }

    /// The paths beside which there is one.
    pub(crate) fn slots(&self) -> impl Iterator<Item = &Path> {
        self.0.values().map(|waiting| waiting.slot.as_path())
    }

    /// Has a file judged later; false when it has waited for so long.
    fn keep(&mut self, slot: &Path, entry: &Entry, now: Instant, patience: Duration) -> bool {
        let waiting = self
            .0
            .entry(entry.facts.identity.number())
            .or_insert_with(|| Waiting {
                slot: slot.to_path_buf(),
                place: entry.path.clone(),
                facts: entry.facts,
                since: now,
            });
        waiting.place.clone_from(&entry.path);
        now.saturating_duration_since(waiting.since) < patience
    }
}

impl Follower {
    /// Why a content that was found nowhere may be somewhere all the same.
    pub(crate) fn doubt(
        file: &mut Followed,
        sought: Result<(), String>,
        beside: &Beside,
        now: Instant,
    ) -> Option<String> {
        if let Err(reason) = sought {
            return Some(reason);
        }
        if let Some(reason) = &beside.unseen {
            return Some(reason.clone());
        }
        let above = directory(file);
        (is_elsewhere(&above, file.identity.device) && file.is_waited_for(now))
            .then(|| is_away(&above))
    }

    /// Paths whose contents can't be anywhere at present, because of their directories alone: these
    /// are told apart thousands at a time, where a census of each would ask all files each time.
    pub(crate) fn out_of_reach(&mut self, now: Instant) -> HashSet<OsString> {
        let mut known: HashMap<(PathBuf, u64), Option<Away>> = HashMap::new();
        let (mut away, mut sought) = (HashSet::new(), HashSet::new());
        for file in self.files.iter_mut().filter(|file| file.is_homeless()) {
            let slot = self.slots.get(&file.slot);
            if slot.is_none_or(|slot| slot.present.is_some()) {
                continue;
            }
            let key = (directory(file), file.identity.device);
            let found = known
                .entry(key)
                .or_insert_with_key(|(above, device)| Away::of(above, *device));
            let path = file.slot.clone().into_os_string();
            match found {
                Some(found) if !found.may_be_for_good || file.is_waited_for(now) => {
                    file.error = Some(found.reason.clone());
                    away.insert(path);
                }
                _ => {
                    sought.insert(path);
                }
            }
        }
        away.retain(|path| !sought.contains(path));
        away
    }

    /// A file with a rotated name can't be looked into at present, for this reason. If it may hold
    /// what nobody has read it is tried again, and in the end it is in the ledger.
    pub(crate) fn judge_later(
        &mut self,
        path: &Path,
        entry: &Entry,
        may_be_lost: bool,
        reason: String,
        now: Instant,
    ) {
        let patience = self.settings.finish_unproven;
        let is_known = self.unjudged.has(&entry.facts);
        if (is_known || may_be_lost) && !self.unjudged.keep(path, entry, now, patience) {
            self.unjudged.settle(&entry.facts);
            self.dismissed.insert(entry.path.clone(), entry.facts);
            self.account(path, &entry.path, &entry.facts, UNREADABLE);
            return;
        }
        self.slots.at(path).error = Some(reason);
    }

    /// Files of a path that waited to be judged and are not there any more.
    pub(crate) fn give_up_unjudged(&mut self, path: &Path, beside: &Beside) {
        if beside.unseen.is_some() {
            return;
        }
        let is_there = |facts: &Facts| {
            let mut entries = beside.entries.iter();
            entries.any(|entry| entry.facts.identity.number() == facts.identity.number())
        };
        let gone: Vec<_> = self
            .unjudged
            .0
            .extract_if(|_, waiting| waiting.slot == path && !is_there(&waiting.facts))
            .collect();
        for (_, waiting) in gone {
            self.account(path, &waiting.place, &waiting.facts, UNREADABLE);
        }
    }
}

/// Why nothing in a directory can be looked at.
struct Away {
    reason: String,
    may_be_for_good: bool,
}

impl Away {
    /// Where files of this device were in it.
    fn of(directory: &Path, device: u64) -> Option<Self> {
        match fs::read_dir(directory) {
            Err(error) if !is_missing(error.kind()) => Some(Self {
                reason: format!("{}: {error}", directory.display()),
                may_be_for_good: false,
            }),
            _ => is_elsewhere(directory, device).then(|| Self {
                reason: is_away(directory),
                may_be_for_good: true,
            }),
        }
    }
}

impl Followed {
    /// It is being read, and nobody knows from where.
    pub(crate) fn is_homeless(&self) -> bool {
        self.is_following() && self.source.is_none() && !self.live
    }

    /// Whether its file system may still come.
    fn is_waited_for(&mut self, now: Instant) -> bool {
        let since = *self.missed_since.get_or_insert(now);
        now.saturating_duration_since(since) < AWAY_PATIENCE
    }
}

fn directory(file: &Followed) -> PathBuf {
    file.place.parent().unwrap_or(&file.place).to_path_buf()
}

fn is_away(directory: &Path) -> String {
    format!("{}: the file system is not there", directory.display())
}

/// What nobody could look into.
const UNREADABLE: Hidden = Hidden {
    reason: GapReason::Unreadable,
    may_be_lost: true,
};

/// Whether what is at the place of a directory now is another file system than that of the files
/// in it. On overlayfs a directory never has the device of the files in it.
fn is_elsewhere(directory: &Path, device: u64) -> bool {
    let mut above = directory.ancestors();
    above
        .find_map(|directory| Some((directory, fs::metadata(directory).ok()?.dev())))
        .is_some_and(|(directory, there)| {
            there != device
                && rustix::fs::statfs(directory)
                    .is_ok_and(|file_system| file_system.f_type != OVERLAYFS)
        })
}
