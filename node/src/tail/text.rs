//! Bytes of a log as text: where its lines end, and what they say.

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};
use memchr::{memchr, memmem};

/// How bytes become lines of text.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Decoding {
    encoding: &'static Encoding,
}

impl Decoding {
    pub(crate) fn new(encoding: &'static Encoding) -> Self {
        Self { encoding }
    }

    pub(crate) fn is_utf8(self) -> bool {
        self.encoding == UTF_8
    }

    /// Bytes of one unit, which is also the length of a line end. In every encoding of the
    /// standard but UTF-16 the byte 0x0A is a line end and nothing else.
    pub(crate) fn unit(self) -> usize {
        if self.encoding == UTF_16LE || self.encoding == UTF_16BE {
            2
        } else {
            1
        }
    }

    /// Where the first line end at or after `from` begins; `data` begins with a whole unit.
    pub(crate) fn line_end(self, data: &[u8], from: usize) -> Option<usize> {
        let (needle, mut from): (&[u8], usize) = match self.encoding {
            one if one == UTF_16LE => (b"\n\0", from),
            one if one == UTF_16BE => (b"\0\n", from),
            _ => return memchr(b'\n', data.get(from..)?).map(|at| from + at),
        };
        loop {
            let at = from + memmem::find(data.get(from..)?, needle)?;
            if at % 2 == 0 {
                return Some(at);
            }
            from = at + 1;
        }
    }

    /// Whether `data`, which begins with a whole unit, ends with a line end.
    pub(crate) fn ends_line(self, data: &[u8]) -> bool {
        let last = data.len().checked_sub(self.unit());
        last.is_some_and(|last| self.line_end(data, last).is_some())
    }

    /// A line without the carriage return at its end.
    pub(crate) fn without_return(self, line: &[u8]) -> &[u8] {
        let end: &[u8] = match self.encoding {
            one if one == UTF_16LE => b"\r\0",
            one if one == UTF_16BE => b"\0\r",
            _ => b"\r",
        };
        line.strip_suffix(end).unwrap_or(line)
    }

    /// The text of a line; a byte order mark goes if it is the file's first.
    pub(crate) fn decode(self, line: &[u8], first: bool) -> Cow<'_, str> {
        if first {
            self.encoding.decode_with_bom_removal(line).0
        } else {
            self.encoding.decode_without_bom_handling(line).0
        }
    }

    /// The text of the kept part of a line: a character that is cut in two is left away.
    pub(crate) fn decode_cut(self, part: &[u8], first: bool) -> String {
        let mut decoder = if first {
            self.encoding.new_decoder_with_bom_removal()
        } else {
            self.encoding.new_decoder_without_bom_handling()
        };
        let room = decoder
            .max_utf8_buffer_length(part.len())
            .unwrap_or(part.len());
        let mut text = String::with_capacity(room);
        // Room for the worst case was made, so it is all read at once.
        let _ = decoder.decode_to_string(part, &mut text, false);
        text
    }

    /// How many bytes of `part` are whole characters, as far as that can be seen from behind.
    pub(crate) fn whole(self, part: &[u8]) -> usize {
        if self.unit() == 2 {
            return part.len() - part.len() % 2;
        }
        if self.encoding.is_single_byte() {
            return part.len();
        }
        if !self.is_utf8() {
            return self.whole_of_legacy(part);
        }
        let incomplete = part.utf8_chunks().last().map_or(0, |chunk| {
            let bad = chunk.invalid();
            // A broken sequence at the very end may still be completed.
            let wanted = match bad.first() {
                Some(0xc2..=0xdf) => 2,
                Some(0xe0..=0xef) => 3,
                Some(0xf0..=0xf4) => 4,
                _ => 0,
            };
            if bad.len() < wanted { bad.len() } else { 0 }
        });
        part.len() - incomplete
    }

    /// The same in EUC-KR and its like, which say only by decoding where a character ends: what is
    /// incomplete at the end is left away as long as more may come, else it is replaced.
    fn whole_of_legacy(self, part: &[u8]) -> usize {
        let text = self.decode_cut(part, false);
        let is_whole = |end: &usize| {
            let part = part.get(..*end).unwrap_or_default();
            self.decode(part, false) == text
        };
        // The longest characters are those of GB 18030, four bytes.
        let shortest = part.len().saturating_sub(3);
        (shortest..=part.len())
            .rev()
            .find(is_whole)
            .unwrap_or(part.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utf16(text: &str) -> Vec<u8> {
        text.encode_utf16().flat_map(u16::to_le_bytes).collect()
    }

    #[test]
    fn a_line_end_in_utf16_is_a_unit_and_not_a_byte() {
        let decoding = Decoding::new(UTF_16LE);
        // U+0A00 U+000A, and U+010A U+000A whose bytes hold 0A 01 0A 00.
        assert_eq!(decoding.line_end(&utf16("\u{a00}\n"), 0), Some(2));
        assert_eq!(decoding.line_end(&utf16("\u{10a}\n"), 0), Some(2));
        assert_eq!(decoding.line_end(&utf16("\u{a00}"), 0), None);
        let decoding = Decoding::new(UTF_16BE);
        assert_eq!(
            decoding.line_end(&[0x0a, 0x00, 0x0a, 0x00, 0x00, 0x0a], 0),
            Some(4)
        );
    }

    #[test]
    fn a_character_that_is_only_half_there_is_waited_for() {
        let decoding = Decoding::new(UTF_8);
        let korean = "가".as_bytes();
        assert_eq!(decoding.whole(&[b"a", &korean[..2]].concat()), 1);
        assert_eq!(decoding.whole(&[b"a", korean].concat()), 4);
        assert_eq!(decoding.whole(b"a\xff"), 2);
        assert_eq!(decoding.whole(b""), 0);
        let decoding = Decoding::new(encoding_rs::EUC_KR);
        assert_eq!(decoding.whole(b"a\xb0\xa1"), 3);
        assert_eq!(decoding.whole(b"a\xb0\xa1\xb0"), 3);
        assert_eq!(decoding.whole(b"a\xff"), 2);
        let decoding = Decoding::new(encoding_rs::GB18030);
        assert_eq!(decoding.whole(b"a\x81\x30\x81"), 1);
    }

    #[test]
    fn a_cut_line_ends_with_a_whole_character() {
        let decoding = Decoding::new(encoding_rs::EUC_KR);
        assert_eq!(decoding.decode_cut(b"\xb0\xa1\xb0", false), "가");
        assert_eq!(decoding.decode(b"\xb0\xa1", false), "가");
    }
}
