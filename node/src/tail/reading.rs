//! Reading what the looked-at files have, older files of a path first, paths in turn.

use std::io;
use std::time::Instant;

use super::checkpoint::{Inside, State};
use super::chunk::{Chunk, FileRef, GapReason};
use super::file::Followed;
use super::follower::Follower;
use super::identify;
use super::settings::{Budget, TailSettings};
use super::source::Source;
use super::split::{Rest, Sink, Splitter};

/// Bytes asked for at once.
const BLOCK: usize = 256 << 10;
const SMALLEST_BLOCK: usize = 16 << 10;
/// A file was being written when its copy was made if it was last written so shortly before:
/// rotating tools run scripts in between, and keep the time of the last write.
const JUST_WRITTEN_NS: i64 = 60_000_000_000;

/// How reading one file ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ended {
    /// There was no more in it.
    AtEnd,
    /// The budget is used up.
    Full,
    /// It could not be read on.
    Stuck,
}

impl Follower {
    /// Fills the chunk. The path that used up the budget is the last one next time.
    pub(crate) fn read_files(&mut self, budget: Budget, now: Instant, chunk: &mut Chunk) {
        let news = self.files.iter().enumerate();
        let news: Vec<_> = news
            .filter(|(_, file)| has_news(file, &self.settings, now))
            .collect();
        if news.is_empty() {
            return;
        }
        let slots = self.slots.sorted();
        let turn = self.next_slot.min(slots.len());
        let count = slots.len().max(1);
        let rank = |file: &Followed| {
            let rank = slots.binary_search(&file.slot.as_os_str()).unwrap_or(0);
            (rank + slots.len() - turn) % count
        };
        let news = news.into_iter();
        let mut order: Vec<(usize, u64, usize)> = news
            .map(|(index, file)| (rank(file), file.sequence, index))
            .collect();
        order.sort_unstable();
        for (rank, _, index) in order {
            let Some(file) = self.files.get_mut(index) else {
                continue;
            };
            let mut sink = Sink {
                file: chunk.files.len(),
                chunk,
                budget,
            };
            let before = (sink.chunk.spans.len(), sink.chunk.skipped_bytes);
            let reading = Reading {
                splitter: &self.splitter,
                settings: &self.settings,
                now,
            };
            let ended = reading.read(file, &mut self.buffer, &mut sink);
            if (chunk.spans.len(), chunk.skipped_bytes) != before {
                chunk.files.push(FileRef {
                    sequence: file.sequence,
                    path: file.slot.clone(),
                    inode: file.identity.inode,
                    skipped_bytes: chunk.skipped_bytes - before.1,
                });
            }
            if is_cut_off(file) {
                // With the lines, so that it is told again if they are read again.
                let gap = file.gap(file.mark.offset, GapReason::StillWritten);
                chunk.gaps.push(gap);
            }
            if ended == Ended::Stuck && file.finishing && is_given_up(file, &self.settings, now) {
                self.gaps
                    .push(file.gap(file.mark.offset, GapReason::Damaged));
                file.mark.state = State::Finished;
                file.dirty = true;
            }
            if ended == Ended::Full {
                chunk.more = true;
                self.next_slot = (turn + rank + 1) % count;
                return;
            }
        }
    }
}

/// Whether a compressed file that is read ends within a line, and was made when what it is made of
/// had just been written: its writer went on, or broke off at that very moment. Where the file
/// ends with a line nobody can tell.
fn is_cut_off(file: &Followed) -> bool {
    let is_plain = file.source.as_ref().is_none_or(Source::is_plain);
    let age = file
        .facts
        .and_then(|facts| Some(facts.identity.born_ns?.saturating_sub(facts.modified_ns)));
    !file.is_following()
        && !is_plain
        && file.mark.inside != Inside::Nothing
        && age.is_some_and(|age| age <= JUST_WRITTEN_NS)
}

/// Whether reading the file can give anything.
fn has_news(file: &Followed, settings: &TailSettings, now: Instant) -> bool {
    if !file.is_following() || file.source.is_none() {
        return false;
    }
    if !file.source.as_ref().is_some_and(Source::is_plain) {
        return file.drained_at.is_none() || is_given_up(file, settings, now);
    }
    let unread = file.drained_at.is_none_or(|end| end > file.mark.offset);
    file.finishing
        || file.drained_at.is_none()
        || file.drained_at != file.facts.map(|facts| facts.size)
        || (unread && rest_of(file, settings, now, true) != Rest::Waits)
}

/// What an unterminated last line of the file is, or the last entry if the last line `is_whole`: whoever
/// wrote that has gone on in another file where there is something in that.
fn rest_of(file: &Followed, settings: &TailSettings, now: Instant, is_whole: bool) -> Rest {
    let quiet = now.saturating_duration_since(file.changed_at);
    let entry_ends = settings.multiline.as_ref().is_some_and(|lines| {
        quiet >= lines.timeout || (file.is_succeeded && !file.live && is_whole)
    });
    if file.finishing {
        Rest::Final
    } else if quiet >= settings.partial_after {
        Rest::Quiet
    } else if entry_ends {
        Rest::EndsEntry
    } else {
        Rest::Waits
    }
}

/// A damaged compressed file may still be being written. Only what is stored already counts: the
/// gap must begin where the stored lines end.
fn is_given_up(file: &Followed, settings: &TailSettings, now: Instant) -> bool {
    !file.is_being_read()
        && now.saturating_duration_since(file.changed_at) >= settings.finish_unproven
}

/// One read's circumstances.
struct Reading<'a> {
    splitter: &'a Splitter,
    settings: &'a TailSettings,
    now: Instant,
}

impl Reading<'_> {
    /// Whether the zeros that a file begins with are a hole, which was cut under a writer that goes
    /// on behind it; if so, what comes behind it is next. There may be nothing yet.
    fn skips_hole(&self, file: &mut Followed) -> io::Result<bool> {
        let decoding = self.splitter.decoding;
        if decoding.unit() > 1 {
            return Ok(false);
        }
        file.start_after_hole(decoding)?;
        file.dirty = true;
        Ok(true)
    }

    fn read(&self, file: &mut Followed, buffer: &mut Vec<u8>, sink: &mut Sink<'_>) -> Ended {
        match self.try_read(file, buffer, sink) {
            Ok(ended) => {
                file.error = None;
                ended
            }
            Err(error) => {
                file.error = Some(error.to_string());
                if file
                    .source
                    .as_ref()
                    .is_some_and(|source| !source.is_plain())
                {
                    // Nothing to be had before it changes.
                    file.drained_at = Some(file.mark.offset);
                }
                Ended::Stuck
            }
        }
    }

    fn try_read(
        &self,
        file: &mut Followed,
        buffer: &mut Vec<u8>,
        sink: &mut Sink<'_>,
    ) -> io::Result<Ended> {
        let mut filled = 0;
        loop {
            let left = sink.budget.bytes.saturating_sub(sink.chunk.text.len());
            let wanted = left.min(unread(file, filled)).clamp(SMALLEST_BLOCK, BLOCK);
            if buffer.len() < filled + wanted {
                buffer.resize(filled + wanted, 0);
            }
            let (offset, at) = (file.mark.offset, file.mark.offset + filled as u64);
            let end = file.facts.map_or(u64::MAX, |facts| facts.size);
            let (Some(block), Some(source)) = (
                buffer.get_mut(filled..filled + wanted),
                file.source.as_mut(),
            ) else {
                return Ok(Ended::Stuck);
            };
            let read = source.read_up_to(block, at, end)?;
            // A compressed file can break off: its end is where it says so itself.
            let at_end = if source.is_plain() {
                read < wanted
            } else {
                read == 0
            };
            let block = block.get(..read).unwrap_or_default();
            if read > 0 && !is_good(file, at + read as u64)? {
                // Cut while it was read. The next look finds out what became of it.
                return Ok(Ended::Stuck);
            }
            file.see(at, block);
            if at == 0 && block.first() == Some(&0) && self.skips_hole(file)? {
                if file.mark.offset > 0 {
                    continue;
                }
                file.drained_at = file.facts.map(|facts| facts.size);
                if file.finishing {
                    file.mark_to_read().state = State::Finished;
                }
                return Ok(Ended::AtEnd);
            }
            filled += read;
            let data = buffer.get(..filled).unwrap_or_default();
            let rest = if at_end {
                let is_whole = self.splitter.decoding.ends_line(data);
                rest_of(file, self.settings, self.now, is_whole)
            } else {
                Rest::Waits
            };
            let mut inside = file.mark.inside;
            let done = self.splitter.split(data, offset, &mut inside, rest, sink);
            if done > 0 || inside != file.mark.inside {
                file.advance(data.get(..done).unwrap_or_default(), inside);
            }
            buffer.copy_within(done..filled, 0);
            filled -= done;
            if sink.is_full() && !(at_end && filled == 0) {
                return Ok(Ended::Full);
            }
            if at_end {
                file.drained_at = Some(file.mark.offset + filled as u64);
                if file.finishing && filled == 0 {
                    file.mark_to_read().state = State::Finished;
                }
                return Ok(if sink.is_full() {
                    Ended::Full
                } else {
                    Ended::AtEnd
                });
            }
        }
    }
}

/// How much there is to read after what the buffer holds, and a byte more, which shows the end.
fn unread(file: &Followed, filled: usize) -> usize {
    let plain = file.source.as_ref().is_some_and(Source::is_plain);
    let size = file.facts.filter(|_| plain).map(|facts| facts.size);
    size.map_or(usize::MAX, |size| {
        let read = file.mark.offset.saturating_add(filled as u64);
        usize::try_from(size.saturating_sub(read))
            .unwrap_or(usize::MAX)
            .saturating_add(1)
    })
}

/// Whether what was just read up to `end` is really what follows the bytes before the offset:
/// asked afterwards, because a file can be cut and written again at any moment.
fn is_good(file: &mut Followed, end: u64) -> io::Result<bool> {
    let Some(source) = &file.source else {
        return Ok(false);
    };
    let long_enough = !source.is_plain() || source.facts()?.size >= end;
    Ok(long_enough && identify::is_intact(file)?)
}
