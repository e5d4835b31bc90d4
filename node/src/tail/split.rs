//! Splitting blocks of bytes into lines, straight into a chunk.

use super::checkpoint::Inside;
use super::chunk::{Chunk, Span};
use super::settings::{Budget, Multiline, TailSettings};
use super::text::Decoding;

/// Whether an unterminated last line is a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rest {
    /// No: its end is still to come.
    Waits,
    /// Entries of several lines are complete, an unterminated line is not.
    EndsEntry,
    /// Yes, as far as it has whole characters: nothing was written for a while.
    Quiet,
    /// Yes: nothing will be written any more.
    Final,
}

/// How a log is split.
#[derive(Clone, Debug)]
pub(crate) struct Splitter {
    pub(crate) decoding: Decoding,
    pub(crate) max_line_bytes: usize,
    pub(crate) multiline: Option<Multiline>,
}

/// Where lines go.
pub(crate) struct Sink<'a> {
    pub(crate) chunk: &'a mut Chunk,
    pub(crate) budget: Budget,
    /// The file the lines are from.
    pub(crate) file: usize,
}

impl Sink<'_> {
    pub(crate) fn is_full(&self) -> bool {
        self.is_full_with(0)
    }

    fn is_full_with(&self, bytes: usize) -> bool {
        self.chunk.spans.len() >= self.budget.lines
            || self.chunk.text.len() + bytes >= self.budget.bytes
    }

    fn push(&mut self, text: &str, end_offset: u64, truncated: bool) {
        let start = self.chunk.text.len();
        self.chunk.text.push_str(text);
        let end = self.chunk.text.len();
        self.push_span(start, end, end_offset, truncated);
    }

    fn push_span(&mut self, start: usize, end: usize, end_offset: u64, truncated: bool) {
        self.chunk.spans.push(Span {
            start,
            end,
            file: self.file,
            end_offset,
            truncated,
        });
    }
}

impl Splitter {
    pub(crate) fn new(settings: &TailSettings) -> Self {
        Self {
            decoding: Decoding::new(settings.encoding),
            max_line_bytes: settings.max_line_bytes.max(4),
            multiline: settings.multiline.clone(),
        }
    }

    /// Splits `data`, which begins at `offset` of its file, and says how much of it is done. What
    /// is left is to be handed in again, with what comes after it.
    pub(crate) fn split(
        &self,
        data: &[u8],
        offset: u64,
        inside: &mut Inside,
        rest: Rest,
        sink: &mut Sink<'_>,
    ) -> usize {
        let Some(mut at) = self.finish_line(data, inside, rest, sink) else {
            return 0;
        };
        if *inside != Inside::Nothing {
            return at;
        }
        if self.decoding.is_utf8() && self.multiline.is_none() {
            at = self.split_utf8(data, at, offset, sink);
        }
        while !sink.is_full() {
            let Some((end, next)) = self.entry(data, at, rest) else {
                return self.split_rest(data, at, offset, inside, rest, sink);
            };
            self.push_entry(data, at..end, offset, offset + next as u64, sink);
            at = next;
        }
        at
    }

    /// Skips what belongs to a line that was delivered before; `None` if that can't be told yet.
    fn finish_line(
        &self,
        data: &[u8],
        inside: &mut Inside,
        rest: Rest,
        sink: &mut Sink<'_>,
    ) -> Option<usize> {
        let unit = self.decoding.unit();
        match *inside {
            Inside::Nothing => Some(0),
            Inside::CutLine => {
                let end = self.decoding.line_end(data, 0);
                let skipped = end.unwrap_or(data.len() - data.len() % unit);
                sink.chunk.skipped_bytes += skipped as u64;
                if end.is_none() {
                    return Some(skipped);
                }
                *inside = Inside::Nothing;
                Some(skipped + unit)
            }
            Inside::QuietLine => {
                let end = self
                    .decoding
                    .line_end(data.get(..unit * 2).unwrap_or(data), 0);
                let only_return =
                    data.len() <= unit && self.decoding.without_return(data).is_empty();
                if only_return {
                    // Half of a line end, or nothing: what follows shows which line it ends.
                    let is_all = matches!(rest, Rest::Quiet | Rest::Final) && !data.is_empty();
                    return is_all.then_some(data.len());
                }
                *inside = Inside::Nothing;
                let line = end.and_then(|end| data.get(..end));
                match (line, end) {
                    (Some(line), Some(end)) if self.decoding.without_return(line).is_empty() => {
                        Some(end + unit)
                    }
                    _ => Some(0),
                }
            }
        }
    }

    /// All whole lines at once: checked and copied once, whatever their number.
    fn split_utf8(&self, data: &[u8], from: usize, offset: u64, sink: &mut Sink<'_>) -> usize {
        let (mut at, first_span) = (from, sink.chunk.spans.len());
        let base = sink.chunk.text.len();
        let region = data.get(from..).unwrap_or_default();
        for end in memchr::memchr_iter(b'\n', region) {
            if sink.is_full_with(at - from) {
                break;
            }
            let end = from + end;
            let line = self
                .decoding
                .without_return(data.get(at..end).unwrap_or_default());
            let first = offset == 0 && at == 0 && line.starts_with(b"\xef\xbb\xbf");
            let start = base + at - from + if first { 3 } else { 0 };
            let (kept, truncated) = self.kept(line, sink);
            let text_end = (base + at - from + kept).max(start);
            sink.push_span(start, text_end, offset + end as u64 + 1, truncated);
            at = end + 1;
        }
        let region = data.get(from..at).unwrap_or_default();
        if let Ok(text) = std::str::from_utf8(region) {
            sink.chunk.text.push_str(text);
            return at;
        }
        // Something in it is not UTF-8: line by line.
        let spans = sink.chunk.spans.split_off(first_span);
        let mut at = from;
        for span in spans {
            let next = usize::try_from(span.end_offset - offset).unwrap_or(data.len());
            let line = data.get(at..next.saturating_sub(1)).unwrap_or_default();
            let line = self.decoding.without_return(line);
            let text = if span.truncated {
                let part = line.get(..self.max_line_bytes).unwrap_or(line);
                self.decoding
                    .decode_cut(part, offset == 0 && at == 0)
                    .into()
            } else {
                self.decoding.decode(line, offset == 0 && at == 0)
            };
            sink.push(&text, span.end_offset, span.truncated);
            at = next;
        }
        at
    }

    /// How many bytes of a line are kept, and whether that is not all; counts the others.
    fn kept(&self, line: &[u8], sink: &mut Sink<'_>) -> (usize, bool) {
        if line.len() <= self.max_line_bytes {
            return (line.len(), false);
        }
        let part = line.get(..self.max_line_bytes).unwrap_or(line);
        sink.chunk.skipped_bytes += (line.len() - part.len()) as u64;
        (self.decoding.whole(part), true)
    }

    /// The entry that begins at `from`: where its text ends, and where the next one begins.
    fn entry(&self, data: &[u8], from: usize, rest: Rest) -> Option<(usize, usize)> {
        let unit = self.decoding.unit();
        let mut end = self.decoding.line_end(data, from)?;
        let Some(multiline) = &self.multiline else {
            return Some((end, end + unit));
        };
        loop {
            let next = end + unit;
            let following = match self.decoding.line_end(data, next) {
                Some(following) if end - from <= self.max_line_bytes => following,
                None if rest == Rest::Waits && end - from <= self.max_line_bytes => return None,
                // An unterminated line that ends the file belongs to the entry, or begins one.
                None if rest == Rest::Final && next < data.len() => data.len(),
                _ => return Some((end, next)),
            };
            let line = data.get(next..following).unwrap_or_default();
            if multiline.start.is_match(&self.decoding.decode(line, false)) {
                return Some((end, next));
            }
            end = following;
            if end == data.len() {
                return Some((end, end));
            }
        }
    }

    fn push_entry(
        &self,
        data: &[u8],
        range: std::ops::Range<usize>,
        offset: u64,
        end_offset: u64,
        sink: &mut Sink<'_>,
    ) {
        let first = offset == 0 && range.start == 0;
        let line = self
            .decoding
            .without_return(data.get(range).unwrap_or_default());
        let (kept, truncated) = self.kept(line, sink);
        if truncated {
            let part = line.get(..kept).unwrap_or(line);
            let text = self.decoding.decode_cut(part, first);
            sink.push(&text, end_offset, true);
        } else {
            sink.push(&self.decoding.decode(line, first), end_offset, false);
        }
    }

    /// What has no line end: cut if it is too long already, a line if it is complete.
    fn split_rest(
        &self,
        data: &[u8],
        at: usize,
        offset: u64,
        inside: &mut Inside,
        rest: Rest,
        sink: &mut Sink<'_>,
    ) -> usize {
        let left = data.get(at..).unwrap_or_default();
        let end = if left.len() > self.max_line_bytes {
            *inside = Inside::CutLine;
            data.len() - left.len() % self.decoding.unit()
        } else {
            let whole = match rest {
                Rest::Final => left.len(),
                Rest::Quiet => self.decoding.whole(left),
                Rest::Waits | Rest::EndsEntry => 0,
            };
            if whole == 0 {
                return at;
            }
            *inside = Inside::QuietLine;
            at + whole
        };
        self.push_entry(data, at..end, offset, offset + end as u64, sink);
        end
    }
}
