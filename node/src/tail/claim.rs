//! Settling a content in the file that it was found in.

use std::io::{self, ErrorKind};
use std::path::PathBuf;
use std::time::Instant;

use rustix::fs::SeekFrom;

use super::checkpoint::{Inside, State, TAIL_BYTES, TailHash};
use super::chunk::{Gap, GapReason};
use super::file::{Followed, Tail};
use super::hidden::is_passing;
use super::identify::{self, Holds};
use super::listing::Entry;
use super::newcomers::CLOCKS_DIFFER_MS;
use super::settings::StartAt;
use super::source::{Facts, Source};
use super::text::Decoding;

/// How far back the beginning of an unterminated last line is looked for.
const LAST_LINE: u64 = 64 << 10;
/// In what steps the end of zeros is looked for.
const BLOCK: usize = 64 << 10;

/// A file that holds a content, or its beginning.
pub(crate) struct Found {
    pub(crate) source: Source,
    pub(crate) facts: Facts,
    pub(crate) place: PathBuf,
    pub(crate) holds: Holds,
}

/// What the file at an entry has to do with a content.
pub(crate) fn ask(file: &Followed, entry: &Entry, may_be_compressed: bool) -> io::Result<Found> {
    let (mut source, mut facts) = Source::open(&entry.path, may_be_compressed)?;
    let mut holds = identify::holds(&mut source, file);
    let is_known = holds.as_ref().is_ok_and(|holds| *holds == Holds::Continues);
    if !is_known && !source.is_plain() && file.mark.state == State::Copy {
        // One that can't be read is known by its own bytes.
        (source, facts) = Source::open(&entry.path, false)?;
        holds = identify::holds(&mut source, file);
    }
    if !facts.identity.same_file(&entry.facts.identity) {
        // Renamed since the directory was read.
        return Err(ErrorKind::NotFound.into());
    }
    let holds = holds?;
    let place = entry.path.clone();
    Ok(Found {
        source,
        facts,
        place,
        holds,
    })
}

/// Looks for a content in other files than its own: one that holds all that was read of a finished
/// one and nothing else, else the longest that continues it, else the longest with a rotated name
/// that has its beginning and may be a part of it.
///
/// # Errors
/// Why it may be in a file that can't be asked at present.
pub(crate) fn search(
    file: &Followed,
    entries: &[Entry],
    present: Option<usize>,
    is_free: impl Fn(usize) -> bool,
    may_be_part: impl Fn(&Facts) -> bool,
) -> Result<Option<(usize, Found)>, String> {
    if file.head.is_empty() {
        return Ok(None);
    }
    let mut order: Vec<usize> = (0..entries.len()).filter(|&index| is_free(index)).collect();
    // Device numbers can change with a reboot, inode numbers do not.
    order.sort_by_key(|&index| {
        entries
            .get(index)
            .is_some_and(|one| one.facts.identity.inode != file.identity.inode)
    });
    // Of several that continue it the longest: an older copy may lie beside the last one.
    let mut best: Option<((bool, bool, u64), usize, Found)> = None;
    let mut doubt = None;
    for index in order {
        let Some(entry) = entries.get(index) else {
            continue;
        };
        let is_present = present == Some(index);
        if is_present && !file.is_following() {
            continue;
        }
        let mut found = match ask(file, entry, !is_present) {
            Ok(found) => found,
            Err(error) => {
                if is_passing(error.kind()) && may_be_later(file, entry) {
                    let reason = || format!("{}: {error}", entry.path.display());
                    doubt.get_or_insert_with(reason);
                }
                continue;
            }
        };
        let rank = match found.holds {
            Holds::Continues if entry.facts.identity.same_on_its_device(&file.identity) => {
                return Ok(Some((index, found)));
            }
            Holds::Continues => {
                let len = found.source.len().unwrap_or(0);
                let is_whole = file.mark.state == State::Finished && len == file.mark.offset;
                (true, is_whole, len)
            }
            Holds::Shorter(len)
                if entry.rotated && file.is_following() && may_be_part(&entry.facts) =>
            {
                (false, false, len)
            }
            Holds::Shorter(_) | Holds::Differs => continue,
        };
        if best.as_ref().is_none_or(|(longest, ..)| rank > *longest) {
            best = Some((rank, index, found));
        }
    }
    match doubt {
        Some(reason) if best.as_ref().is_none_or(|((continues, ..), ..)| !continues) => Err(reason),
        _ => Ok(best.map(|(_, index, found)| (index, found))),
    }
}

/// Whether a file is one that a rotation may have made of the content since it was first seen.
fn may_be_later(file: &Followed, entry: &Entry) -> bool {
    entry.rotated && entry.facts.modified_ns / 1_000_000 >= file.first_seen_ms - CLOCKS_DIFFER_MS
}

impl Followed {
    /// The content is in its own file, perhaps under another name.
    pub(crate) fn settle(&mut self, found: Found, now: Instant) -> io::Result<()> {
        let Found {
            mut source,
            facts,
            place,
            ..
        } = found;
        let grown = match self.mark.state {
            State::Following => true,
            State::Finished if source.is_plain() => facts.size > self.mark.offset,
            State::Finished => !source.bytes_at(self.mark.offset, 1)?.is_empty(),
            State::Copy | State::Log => false,
        };
        if !grown {
            self.move_to(facts, &place);
            return Ok(());
        }
        self.attach(source, facts, &place, now)?;
        if !self.is_following() {
            self.mark.state = State::Following;
            self.dirty = true;
        }
        Ok(())
    }

    /// The content is in another file than before. `cut` says that its old file was cut, which
    /// means that what was written after the copy was made is lost.
    pub(crate) fn settle_elsewhere(
        &mut self,
        found: Found,
        cut: bool,
        now: Instant,
    ) -> Option<Gap> {
        let Found {
            mut source,
            facts,
            place,
            holds,
        } = found;
        let (offset, len) = match holds {
            Holds::Shorter(len) => (self.mark.offset, len),
            _ if cut => (self.mark.offset, source.len().unwrap_or(u64::MAX)),
            _ => (self.mark.offset, u64::MAX),
        };
        let gap = (len < u64::MAX).then(|| self.gap(offset.max(len), GapReason::CopyTruncated));
        self.head
            .truncate(usize::try_from(len).unwrap_or(usize::MAX));
        if len < offset {
            // More is read of it than is in the copy.
            let start = len.saturating_sub(TAIL_BYTES as u64);
            let tail = source.bytes_at(
                start,
                TAIL_BYTES.min(usize::try_from(len).unwrap_or(TAIL_BYTES)),
            );
            self.mark.tail = Tail::Hash(TailHash::of(&tail.unwrap_or_default()));
            self.mark.offset = len;
            self.mark.inside = Inside::Nothing;
            self.mark.state = State::Finished;
            self.dirty = true;
            self.move_to(facts, &place);
            return gap;
        }
        let found = Found {
            source,
            facts,
            place,
            holds: Holds::Continues,
        };
        match self.settle(found, now) {
            Ok(()) => gap,
            // Looked for again with the next look.
            Err(error) => {
                self.error = Some(error.to_string());
                None
            }
        }
    }

    /// Starts with the lines that end behind so many bytes; one that is being written is one.
    pub(crate) fn start_behind(&mut self, bytes: u64, decoding: Decoding) -> io::Result<()> {
        let Some(source) = self.source.as_mut() else {
            return Ok(());
        };
        let unit = decoding.unit() as u64;
        let end = bytes - bytes % unit;
        let start = end.saturating_sub(LAST_LINE);
        let last = source.bytes_at(start, usize::try_from(end - start).unwrap_or(0))?;
        let mut line = None;
        while let Some(at) = decoding.line_end(&last, line.unwrap_or(0)) {
            line = Some(at + decoding.unit());
        }
        let (offset, inside) = match line {
            Some(line) => (start + line as u64, Inside::Nothing),
            None if start == 0 => (0, Inside::Nothing),
            None => (end, Inside::CutLine),
        };
        self.begin_at(offset)?;
        self.mark.inside = inside;
        Ok(())
    }

    /// Starts with the line that a search finds.
    pub(crate) fn start_at(&mut self, search: &dyn StartAt) -> io::Result<()> {
        let (Some(Source::Plain(file)), Some(facts)) = (&self.source, self.facts) else {
            return Ok(());
        };
        let offset = search.start_at(file, facts.size)?;
        self.begin_at(offset.min(facts.size))
    }

    /// Starts behind the zeros that a file begins with when it was cut under a writer that goes on
    /// at its old offset: nobody wrote them, and the first line is the one behind them.
    pub(crate) fn start_after_hole(&mut self, decoding: Decoding) -> io::Result<()> {
        if decoding.unit() > 1 || self.head.first() != Some(&0) {
            return Ok(());
        }
        let Some(source) = self.source.as_mut() else {
            return Ok(());
        };
        let mut at = match source {
            // What reads gives its own positions. An error says that the file system doesn't know.
            Source::Plain(file) => rustix::fs::seek(file, SeekFrom::Data(0)).unwrap_or(0),
            Source::Compressed(_) => 0,
        };
        loop {
            let block = source.bytes_at(at, BLOCK)?;
            match block.iter().position(|byte| *byte != 0) {
                Some(zeros) => return self.begin_at(at + zeros as u64),
                // Zeros only: room that was made, to be written to.
                None if block.is_empty() => return Ok(()),
                None => at += block.len() as u64,
            }
        }
    }

    fn begin_at(&mut self, offset: u64) -> io::Result<()> {
        let Some(source) = self.source.as_mut() else {
            return Ok(());
        };
        let len = offset.min(TAIL_BYTES as u64);
        let tail = source.bytes_at(offset - len, usize::try_from(len).unwrap_or(0))?;
        self.mark.tail = Tail::Bytes(tail);
        self.mark.offset = offset;
        Ok(())
    }

    /// A content of which nothing up to `end` is to be read.
    pub(crate) fn put_aside(&mut self, state: State, end: u64) -> io::Result<()> {
        let Some(mut source) = self.source.take() else {
            return Ok(());
        };
        let len = end.min(TAIL_BYTES as u64);
        let tail = source.bytes_at(end - len, usize::try_from(len).unwrap_or(0))?;
        self.mark.tail = Tail::Hash(TailHash::of(&tail));
        self.mark.offset = end;
        self.mark.state = state;
        Ok(())
    }
}
