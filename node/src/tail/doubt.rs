//! What is not found though it may be there: it is neither found nor lost until that is known.

use std::collections::HashMap;
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
        if !is_elsewhere(&file.place, file.identity.device) {
            return None;
        }
        let missed_since = *file.missed_since.get_or_insert(now);
        let waits = now.saturating_duration_since(missed_since) < AWAY_PATIENCE;
        waits.then(|| format!("{}: its file system is not there", file.place.display()))
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

/// What nobody could look into.
const UNREADABLE: Hidden = Hidden {
    reason: GapReason::Unreadable,
    may_be_lost: true,
};

/// Whether what is at the place of a file now is another file system than the one it was on. On
/// overlayfs a directory never has the device of the files in it.
fn is_elsewhere(place: &Path, device: u64) -> bool {
    let mut above = place.ancestors().skip(1);
    above
        .find_map(|directory| Some((directory, fs::metadata(directory).ok()?.dev())))
        .is_some_and(|(directory, there)| {
            there != device
                && rustix::fs::statfs(directory)
                    .is_ok_and(|file_system| file_system.f_type != OVERLAYFS)
        })
}
