//! Which groups of three and four bytes occur where in some lines: with no false "no".
//!
//! The lines are cut into up to eight slices. A byte of the bitmap stands for groups of bytes, by a
//! hash of them, and a bit of it for the slice that they occur in. So one look tells of eight
//! places: in a thousand lines there is any address and any number of five digits, or so it seems
//! from its parts, but not in a hundred.

use std::ops::Range;

/// The bitmap of many lines.
const FULL_BYTES: usize = 16_384;
/// The least that a bitmap of few lines is folded to: bytes whose places share their low bits
/// become one.
const LEAST_BYTES: usize = 1024;
/// Slices at most: the bits of a byte.
const SLICES: usize = 8;
/// Lines of a slice, where so many come at once.
const SLICE_LINES: usize = 128;
/// Lines of a slice at most that is made of several batches.
const JOINED_LINES: usize = 160;
/// Lines of a last slice that need not be joined by more.
const ENOUGH_LINES: usize = 96;
/// Text after which it is looked at whether a slice is full.
const CHECK_BYTES: usize = 8192;
/// Where slices begin, at the end of what is stored: two bytes each.
const STARTS_BYTES: usize = 2 * SLICES;

/// The groups of bytes in some lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trigrams {
    bitmap: Box<[u8; FULL_BYTES]>,
    slices: Vec<Slice>,
    /// Text since it was looked at whether the last slice is full.
    unchecked_bytes: usize,
}

/// Lines that share a bit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Slice {
    /// How far its first line's id is from that of the first line of all.
    start: u16,
    lines: usize,
    /// More lines would make its bit useless.
    full: bool,
}

impl Default for Trigrams {
    fn default() -> Self {
        Self {
            bitmap: Box::new([0; FULL_BYTES]),
            slices: Vec::with_capacity(SLICES),
            unchecked_bytes: 0,
        }
    }
}

/// How many lines of a batch go into a slice, so that all slices have about as many.
pub fn slice_lines(batch_lines: usize) -> usize {
    let slices = (batch_lines + SLICE_LINES / 2) / SLICE_LINES;
    batch_lines.div_ceil(slices.max(1))
}

impl Trigrams {
    /// Adds those of a line whose id follows that of the last one, to a slice of so many lines;
    /// false, and nothing is added, when there is no slice left.
    #[must_use]
    pub fn add(&mut self, line: &[u8], slice_lines: usize) -> bool {
        let last = self.slices.last();
        if last.is_none_or(|slice| slice.full || slice.lines >= slice_lines) {
            let Ok(start) = u16::try_from(self.lines()) else {
                return false;
            };
            if self.slices.len() == SLICES {
                return false;
            }
            self.slices.push(Slice {
                start,
                lines: 0,
                full: false,
            });
        }
        let bit = self.last_bit();
        set(&mut self.bitmap, line, bit);
        self.unchecked_bytes += line.len();
        let check = self.unchecked_bytes >= CHECK_BYTES;
        let full = check && self.is_full(bit);
        if check {
            self.unchecked_bytes = 0;
        }
        if let Some(slice) = self.slices.last_mut() {
            slice.lines += 1;
            slice.full = full;
        }
        true
    }

    /// Adds those of later lines, whose first id is so far from the first of these; false, and
    /// nothing is added, when they do not fit.
    #[must_use]
    pub fn merge(&mut self, later: &Self, distance: u16) -> bool {
        let joins = match (self.slices.last(), later.slices.as_slice()) {
            (Some(last), [only]) => !last.full && last.lines + only.lines <= JOINED_LINES,
            _ => false,
        };
        let shift = self.slices.len() - usize::from(joins);
        if shift + later.slices.len() > SLICES {
            return false;
        }
        for (byte, other) in self.bitmap.iter_mut().zip(later.bitmap.iter()) {
            *byte |= other << shift;
        }
        if joins {
            let full = self.is_full(self.last_bit());
            if let (Some(last), [only]) = (self.slices.last_mut(), later.slices.as_slice()) {
                last.lines += only.lines;
                last.full = full;
            }
        } else {
            let later = later.slices.iter().map(|slice| Slice {
                start: slice.start.saturating_add(distance),
                ..*slice
            });
            self.slices.extend(later);
        }
        true
    }

    /// How many lines there are.
    pub fn lines(&self) -> usize {
        self.slices.iter().map(|slice| slice.lines).sum()
    }

    /// Whether so little room is left that nothing more should be added.
    pub fn is_used_up(&self) -> bool {
        self.slices.len() == SLICES
            && (self.slices.last()).is_some_and(|last| last.full || last.lines >= ENOUGH_LINES)
    }

    /// The bitmap as it is stored, folded where few bits are set, and where its slices begin.
    pub fn stored(&self) -> Vec<u8> {
        let mut stored = self.bitmap.to_vec();
        while stored.len() > LEAST_BYTES {
            let (low, high) = stored.split_at(stored.len() / 2);
            let folded: Vec<u8> = low.iter().zip(high).map(|(a, b)| a | b).collect();
            let crowded = |bit| bits_set(&folded, bit) > folded.len() / 4;
            if (0..self.slices.len()).any(|slice| crowded(1 << slice)) {
                break;
            }
            stored = folded;
        }
        let starts = self.slices.iter().map(|slice| slice.start);
        let starts = starts.chain(std::iter::repeat(u16::MAX)).take(SLICES);
        stored.extend(starts.flat_map(u16::to_be_bytes));
        stored
    }

    fn last_bit(&self) -> u8 {
        1 << (self.slices.len().max(1) - 1)
    }

    fn is_full(&self, bit: u8) -> bool {
        bits_set(&self.bitmap[..], bit) > FULL_BYTES / 2
    }
}

/// What lines must hold to match: of each set one text.
#[derive(Clone, Debug, Default)]
pub struct Needs(Vec<Vec<Text>>);

/// Of a text each place in the bitmap.
type Text = Vec<u16>;

impl Needs {
    /// Adds that one of these texts must be there. Nothing can be said of texts under three bytes.
    pub fn one_of<T: AsRef<[u8]>>(&mut self, texts: impl IntoIterator<Item = T>) {
        let texts = texts.into_iter().map(|text| places(text.as_ref()));
        let set: Vec<Text> = texts.collect();
        if set.iter().all(|text| !text.is_empty()) {
            self.0.push(set);
        }
    }

    /// Adds what others need.
    pub fn and(&mut self, others: &Self) {
        self.0.extend_from_slice(&others.0);
    }

    /// Whether there are none, so that no bitmap need be read.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Where what is needed may be, by what [`Trigrams::stored`] made of the lines: how far from
    /// the id of the first line, in ascending order. All lines, where nothing is stored.
    pub fn parts(&self, stored: &[u8]) -> Vec<Range<u16>> {
        let all = 0..u16::MAX;
        let Some((bitmap, starts)) = stored.split_last_chunk::<STARTS_BYTES>() else {
            return vec![all];
        };
        let slices = self.slices(bitmap);
        let (starts, _) = starts.as_chunks();
        let starts = starts.iter().map(|start| u16::from_be_bytes(*start));
        let ends = starts.clone().skip(1).chain([u16::MAX]);
        let mut parts: Vec<Range<u16>> = Vec::new();
        for (slice, (start, end)) in starts.zip(ends).enumerate() {
            if slices & 1 << slice == 0 {
                continue;
            }
            match parts.last_mut() {
                Some(part) if part.end == start => part.end = end,
                _ => parts.push(start..end),
            }
        }
        parts
    }

    /// The slices that may hold what is needed, a bit each.
    fn slices(&self, bitmap: &[u8]) -> u8 {
        let low_bits = bitmap.len().wrapping_sub(1);
        let byte = |place: &u16| bitmap.get(usize::from(*place) & low_bits).copied();
        let with = |text: &Text| {
            let bytes = text.iter().map(|place| byte(place).unwrap_or(u8::MAX));
            bytes.fold(u8::MAX, |slices, byte| slices & byte)
        };
        let with_one = |set: &Vec<Text>| set.iter().map(with).fold(0, |slices, text| slices | text);
        self.0
            .iter()
            .map(with_one)
            .fold(u8::MAX, |slices, set| slices & set)
    }
}

/// Sets a bit for each group of bytes in a line. On its own so that nothing but the bitmap seems to
/// change with each of them, which makes it twice as fast.
fn set(bitmap: &mut [u8; FULL_BYTES], line: &[u8], bit: u8) {
    let mut set = |place: u16| {
        if let Some(byte) = bitmap.get_mut(usize::from(place)) {
            *byte |= bit;
        }
    };
    let Some((first, rest)) = line.split_first_chunk::<3>() else {
        return;
    };
    let mut group = number(first);
    set(three(group));
    for next in rest {
        group = group << 8 | u32::from(*next);
        set(three(group));
        set(four(group));
    }
}

fn number(bytes: &[u8]) -> u32 {
    bytes
        .iter()
        .fold(0, |group, byte| group << 8 | u32::from(*byte))
}

fn places(text: &[u8]) -> Text {
    let threes = text.windows(3).map(|group| three(number(group)));
    let fours = text.windows(4).map(|group| four(number(group)));
    threes.chain(fours).collect()
}

/// Where the last three of these four bytes are in the bitmap.
fn three(group: u32) -> u16 {
    // No four bytes make this number.
    place(u64::from(group & 0x00ff_ffff) | 1 << 32)
}

/// Where these four bytes are in the bitmap.
fn four(group: u32) -> u16 {
    place(u64::from(group))
}

/// Multiply-shift, whose high bits depend on every bit of the number.
fn place(group: u64) -> u16 {
    const SHIFT: u32 = u64::BITS - FULL_BYTES.trailing_zeros();
    // Fourteen bits are left.
    u16::try_from(group.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> SHIFT).unwrap_or_default()
}

/// In how many bytes this bit is set.
fn bits_set(bitmap: &[u8], bit: u8) -> usize {
    let of_part = |part: &[u8]| {
        part.iter()
            .fold(0_u8, |count, byte| count + u8::from(byte & bit != 0))
    };
    // Counted in bytes, sixteen of which are added at once.
    let parts = bitmap.chunks(usize::from(u8::MAX));
    parts.map(|part| usize::from(of_part(part))).sum()
}

#[cfg(test)]
mod tests;
