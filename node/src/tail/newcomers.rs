//! Taking up contents that were not known: at the log's path, beside it, in a file that was cut.

use std::io;
use std::path::{Path, PathBuf};
use std::time::{Instant, SystemTime};

use super::census::{Beside, Unknown};
use super::checkpoint::{HEAD_BYTES, Identity, State};
use super::chunk::GapReason;
use super::file::Followed;
use super::follower::Follower;
use super::hidden::{self, Hidden};
use super::identify;
use super::listing::Entry;
use super::look::is_missing;
use super::names;
use super::source::{self, Facts, Source};

/// The clock of a file system runs behind that of the system, by less than this.
pub(crate) const CLOCKS_DIFFER_MS: i64 = 2_000;

/// So many different control characters in the first bytes of a file are in no text.
const KINDS_OF_NOISE: usize = 12;

/// A content that was not known.
pub(crate) struct New {
    pub(crate) path: PathBuf,
    pub(crate) source: Source,
    pub(crate) facts: Facts,
    pub(crate) head: Vec<u8>,
    pub(crate) state: State,
    /// What it is if it can't be read.
    pub(crate) hidden: Option<Hidden>,
}

impl Follower {
    /// Opens what is at the log's path if nobody has.
    pub(crate) fn open_unknown(&mut self, path: &Path, beside: &mut Beside) {
        let entry = beside
            .present
            .filter(|&index| beside.claims.get(index) == Some(&None));
        let Some(entry) = entry.and_then(|index| beside.entries.get(index)) else {
            return;
        };
        match Source::open(path, false) {
            Ok((mut source, facts)) if facts.identity.same_file(&entry.facts.identity) => {
                let head = source.bytes_at(0, HEAD_BYTES).unwrap_or_default();
                beside.unknown = Some(Unknown {
                    source,
                    facts,
                    head,
                });
            }
            Ok(_) => {}
            Err(error) if is_missing(error.kind()) => {}
            Err(error) => {
                self.slots.at(path).error = Some(error.to_string());
            }
        }
    }

    /// Judges files with rotated names that nobody knew.
    pub(crate) fn judge_new(
        &mut self,
        path: &Path,
        is_rotation: bool,
        beside: &mut Beside,
        now: Instant,
    ) -> Vec<New> {
        let mut news: Vec<New> = Vec::new();
        for (index, entry) in beside.entries.iter().enumerate() {
            let known = |file: &Followed| file.identity.same_file(&entry.facts.identity);
            if beside.claims.get(index) != Some(&None)
                || !entry.rotated
                || entry.facts.size == 0
                || self.dismissed.get(&entry.path) == Some(&entry.facts)
                || self
                    .files
                    .iter()
                    .any(|file| file.slot != path && known(file))
            {
                continue;
            }
            let mut judged =
                self.judge(path, entry, is_rotation, beside.unknown.as_mut(), &mut news);
            if let Err(error) = &judged
                && hidden::is_damage(error.kind())
            {
                let hidden = self.hidden(path, entry, is_rotation, GapReason::Damaged);
                judged = hidden::hide(entry, hidden).map(Some);
            }
            if judged.is_ok() {
                self.unjudged.settle(&entry.facts);
            }
            match judged {
                Ok(Some(new)) if new.hidden.is_some() && hidden::is_being_made(entry, beside) => {}
                Ok(Some(new)) => news.push(new),
                Ok(None) => {
                    self.dismissed.insert(entry.path.clone(), entry.facts);
                }
                Err(error) if is_missing(error.kind()) => {}
                Err(error) if hidden::is_passing(error.kind()) => {
                    let reason = format!("{}: {error}", entry.path.display());
                    let may_be_lost = self.is_wanted(path, &entry.path, &entry.facts, is_rotation);
                    self.judge_later(path, entry, may_be_lost, reason, now);
                }
                Err(_) => {
                    self.dismissed.insert(entry.path.clone(), entry.facts);
                }
            }
        }
        self.give_up_unjudged(path, beside);
        // Some compressors keep whole seconds only; their files are made in the same order.
        news.sort_by_key(|new| (new.facts.modified_ns, new.facts.identity.born_ns));
        news
    }

    /// Takes up files with rotated names: they were the log in between, or are only to be known.
    pub(crate) fn take_new(&mut self, path: &Path, news: Vec<New>, now: Instant) {
        for New {
            path: place,
            source,
            facts,
            head,
            state,
            hidden,
        } in news
        {
            if let Some(hidden) = hidden {
                self.account(path, &place, &facts, hidden);
            }
            let end = if source.is_plain() {
                facts.size
            } else {
                head.len() as u64
            };
            let decoding = self.splitter.decoding;
            let file = self.add(path, &place, source, facts, now);
            file.see(0, &head);
            let begun = match state {
                State::Following => file.start_after_hole(decoding),
                _ => file.put_aside(state, end),
            };
            if let Err(error) = begun {
                file.error = Some(error.to_string());
            }
        }
        if let Some(slot) = self.slots.get_mut(path) {
            slot.gone = 0;
        }
    }

    /// Whether a file was written when a content was not at its path any more, but the next one.
    pub(crate) fn is_later(&self, facts: &Facts, than: &Followed) -> bool {
        let is_next = |file: &&Followed| {
            file.slot == than.slot
                && file.sequence > than.sequence
                && file.mark.state != State::Copy
        };
        let next = self.files.iter().filter(is_next);
        next.map(|file| file.first_seen_ms)
            .min()
            .is_some_and(|seen_ms| facts.modified_ns / 1_000_000 > seen_ms)
    }

    /// Whether a file was written since the last one of the path was first seen.
    fn is_young(&self, path: &Path, facts: &Facts) -> bool {
        let own = self.files.iter().filter(|file| file.slot == path);
        let since = own
            .map(|file| file.first_seen_ms)
            .max()
            .unwrap_or(self.log.first_seen_ms);
        let now = source::nanoseconds(SystemTime::now()) / 1_000_000;
        let since = since - CLOCKS_DIFFER_MS;
        let is_later = |time_ns: i64| time_ns / 1_000_000 >= since;
        // The time of the last write can be set to anything. But while somebody looks, what is made
        // with an old one is an old file that was brought back.
        let was_made = self.looked_at.is_none() && facts.identity.born_ns.is_some_and(is_later);
        // Where the clock was set back, times tell nothing.
        is_later(facts.modified_ns) || was_made || since > now
    }

    /// Whether a file with a rotated name that holds nothing of what is known is to be read.
    fn is_wanted(&self, path: &Path, place: &Path, facts: &Facts, is_rotation: bool) -> bool {
        if self.is_first_look(path) {
            return false;
        }
        let matched = (self.settings.pattern.as_ref()).is_some_and(|one| one.matches(place));
        matched || (is_rotation && self.is_young(path, facts)) || self.was_missed(path, facts)
    }

    /// Whether the first file of a path that is new to a glob was rotated before anybody looked: it
    /// was made since the log is followed.
    fn was_missed(&self, path: &Path, facts: &Facts) -> bool {
        let since = self.log.first_seen_ms;
        let is_later = |time_ns: i64| time_ns / 1_000_000 >= since;
        self.settings.pattern.is_some()
            && !self.files.iter().any(|file| file.slot == path)
            && is_later(facts.modified_ns)
            && facts.identity.born_ns.is_some_and(is_later)
    }

    /// Whether what is beside the path was there before it was looked at for the first time.
    fn is_first_look(&self, path: &Path) -> bool {
        self.first_look && self.slots.get(path).is_none_or(|slot| slot.is_new)
    }

    fn hidden(&self, path: &Path, entry: &Entry, is_rotation: bool, reason: GapReason) -> Hidden {
        let facts = &entry.facts;
        let is_new = (is_rotation && self.is_young(path, facts)) || self.was_missed(path, facts);
        Hidden {
            reason,
            may_be_lost: is_new && !self.is_first_look(path),
        }
    }

    /// What a file with a rotated name is to this log; nothing as long as it is empty, or where it
    /// can't be read.
    fn judge(
        &mut self,
        path: &Path,
        entry: &Entry,
        is_rotation: bool,
        unknown: Option<&mut Unknown>,
        news: &mut [New],
    ) -> io::Result<Option<New>> {
        let (mut source, facts) = Source::open(&entry.path, true)?;
        if source.is_plain() && names::is_compressed(entry.path.as_os_str().as_encoded_bytes()) {
            // By a compressor whose files are not read: those bytes are no lines.
            let hidden = self.hidden(path, entry, is_rotation, GapReason::Unreadable);
            return hidden::hide(entry, hidden).map(Some);
        }
        let head = source.bytes_at(0, HEAD_BYTES)?;
        if head.is_empty() || (self.splitter.decoding.unit() == 1 && is_noise(&head)) {
            return Ok(None);
        }
        let wanted =
            self.unjudged.has(&facts) || self.is_wanted(path, &entry.path, &facts, is_rotation);
        let mut is_copy = false;
        let passing = names::passing(path);
        let is_own = |slot: &Path| slot == path || slot == passing;
        let is_content = |file: &Followed| is_own(&file.slot) && file.mark.state != State::Copy;
        let own = self.files.iter().filter(|file| is_content(file));
        let later: Vec<bool> = own.map(|file| self.is_later(&facts, file)).collect();
        let own = self.files.iter_mut().filter(|file| is_content(file));
        for (file, is_later) in own.zip(later) {
            is_copy |= identify::is_copy(&mut source, file, is_later)?;
        }
        let present = unknown.as_ref().map(|unknown| unknown.facts.identity);
        for cut in self.cut.iter_mut().filter(|cut| cut.slot == path) {
            let is_other = |one: Identity| !one.same_file(&cut.facts.identity);
            if is_other(facts.identity) && present.is_none_or(is_other) {
                is_copy |= identify::is_beginning(&mut source, &mut cut.source)?;
            }
        }
        if let Some(unknown) = unknown {
            is_copy |= identify::is_copy_of(&mut source, &mut unknown.source, &mut unknown.head)?;
        }
        // Most begin differently, which is known without reading on.
        let is_alike = |new: &&mut New| new.head.iter().zip(&head).all(|(one, own)| one == own);
        let others = news.iter_mut().filter(|new| new.state != State::Copy);
        for new in others.filter(is_alike) {
            is_copy |= identify::is_beginning(&mut source, &mut new.source)?;
            if !is_copy && identify::is_beginning(&mut new.source, &mut source)? {
                new.state = State::Copy;
            }
        }
        let first_look = self.is_first_look(path);
        let state = if is_copy || (first_look && !source.is_plain()) {
            State::Copy
        } else if first_look {
            let pattern = self.settings.pattern.as_ref();
            let matched = pattern.is_some_and(|one| one.matches(&entry.path));
            if matched && self.settings.from_beginning {
                State::Following
            } else {
                State::Finished
            }
        } else if wanted {
            State::Following
        } else if source.is_plain() {
            State::Finished
        } else {
            State::Copy
        };
        Ok(Some(New {
            path: entry.path.clone(),
            source,
            facts,
            head,
            state,
            hidden: None,
        }))
    }
}

/// Whether these first bytes of a file are no text, but what shred(1) writes over it before it is
/// removed: random bytes are of all kinds, where a text knows few control characters.
fn is_noise(head: &[u8]) -> bool {
    let controls = (1..=8).chain(14..=26).chain(28..=31);
    let known = controls.filter(|control| memchr::memchr(*control, head).is_some());
    head.len() == HEAD_BYTES && known.count() >= KINDS_OF_NOISE
}
