//! Which groups of three bytes occur in some lines, and what follows each: with no false "no".
//!
//! A byte of the bitmap stands for a group of three bytes, by a hash of it, and a bit of it for the
//! byte that follows. Three letters are looked up by a byte, and longer texts by bits, which tell
//! much more: of any three digits in a number or an id there are some in every thousand lines.

/// The bitmap of many lines.
const FULL_BYTES: usize = 16_384;
/// The bitmap of few lines, folded: bytes whose places share their low bits become one.
const FOLDED_BYTES: usize = 1024;
/// Bits that are set at most: more lines would make the bitmap useless.
const FULL_BITS: u32 = 49_152;
const FOLDED_BITS: u32 = 2048;

/// The trigrams of lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trigrams(Box<[u8; FULL_BYTES]>);

impl Default for Trigrams {
    fn default() -> Self {
        Self(Box::new([0; FULL_BYTES]))
    }
}

impl Trigrams {
    /// Adds those of a line.
    pub fn add(&mut self, line: &[u8]) {
        let Some((first, rest)) = line.split_first_chunk::<3>() else {
            return;
        };
        let [a, b, c] = first.map(u32::from);
        let mut group = a << 16 | b << 8 | c;
        rest.iter().chain([&LINE_END]).for_each(|next| {
            group = group << 8 | u32::from(*next);
            if let Some(byte) = self.0.get_mut(usize::from(place(group >> 8))) {
                *byte |= 1 << follower(group);
            }
        });
    }

    /// Whether so many bits are set that more lines would make it useless.
    pub fn is_full(&self) -> bool {
        bits_set(&self.0[..]) > FULL_BITS
    }

    /// The bitmap as it is stored: folded where few bits are set.
    pub fn stored(&self) -> Vec<u8> {
        let folded = self.folded();
        if bits_set(&folded) <= FOLDED_BITS {
            return folded;
        }
        self.0.to_vec()
    }

    /// Adds those of other lines.
    pub fn merge(&mut self, others: &Self) {
        for (byte, other) in self.0.iter_mut().zip(others.0.iter()) {
            *byte |= other;
        }
    }

    fn folded(&self) -> Vec<u8> {
        let none = vec![0; FOLDED_BYTES];
        let parts = self.0.chunks_exact(FOLDED_BYTES);
        parts.fold(none, |folded, part| either(&folded, part))
    }
}

/// What the lines of a block must hold so that one of them can match: of each set one text.
#[derive(Clone, Debug, Default)]
pub struct Needs(Vec<Vec<Text>>);

/// Of a text each place in the bitmap, with bits of which one must be set.
type Text = Vec<(u16, u8)>;

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

    /// Whether a block with this bitmap, whose size is a power of two, may hold what is needed.
    pub fn may_be_in(&self, stored: &[u8]) -> bool {
        let low_bits = stored.len().wrapping_sub(1);
        let there = |(place, bits): &(u16, u8)| {
            let byte = stored.get(usize::from(*place) & low_bits);
            byte.is_none_or(|byte| byte & bits != 0)
        };
        let has = |text: &Text| text.iter().all(there);
        self.0.iter().all(|set| set.iter().any(has))
    }
}

fn places(text: &[u8]) -> Text {
    let number = |bytes: &[u8]| {
        bytes
            .iter()
            .fold(0, |group, byte| group << 8 | u32::from(*byte))
    };
    let followed = text.windows(4).map(number);
    let followed = followed.map(|group| (place(group >> 8), 1 << follower(group)));
    // What follows the last three is not known.
    let last = text
        .last_chunk::<3>()
        .map(|last| (place(number(last)), 0xff));
    followed.chain(last).collect()
}

/// What follows the last three bytes of a line.
const LINE_END: u8 = b'\n';

/// Where three bytes, the low ones of the number, are in the bitmap: multiply-shift, whose high
/// bits depend on every bit of the number.
fn place(group: u32) -> u16 {
    const SHIFT: u32 = u64::BITS - FULL_BYTES.trailing_zeros();
    let hash = u64::from(group).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> SHIFT;
    // Fourteen bits are left.
    u16::try_from(hash).unwrap_or_default()
}

/// The bit, 0 to 7, of three bytes and the one that follows them.
fn follower(group: u32) -> u32 {
    group.wrapping_mul(0x9e37_79b1) >> 29
}

fn either(a: &[u8], b: &[u8]) -> Vec<u8> {
    a.iter().zip(b).map(|(a, b)| a | b).collect()
}

fn bits_set(bitmap: &[u8]) -> u32 {
    let (words, _) = bitmap.as_chunks();
    words
        .iter()
        .map(|word| u64::from_ne_bytes(*word).count_ones())
        .sum()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(lines: &[String]) -> Trigrams {
        let mut trigrams = Trigrams::default();
        for line in lines {
            trigrams.add(line.as_bytes());
        }
        trigrams
    }

    fn needs(text: &str) -> Needs {
        let mut needs = Needs::default();
        needs.one_of([text]);
        needs
    }

    #[test]
    fn what_is_not_there_is_seen_in_either_size() {
        let few = of(&["user anna logged in".to_owned()]).stored();
        let many = of(&(0..30_000).map(|n| format!("{n:x}")).collect::<Vec<_>>()).stored();
        assert_eq!((few.len(), many.len()), (FOLDED_BYTES, FULL_BYTES));
        for stored in [few, many] {
            assert!(!needs("timeout").may_be_in(&stored));
        }
    }

    #[test]
    fn of_each_set_one_text_must_be_there() {
        let stored = of(&["user anna logged in".to_owned()]).stored();
        let mut both = Needs::default();
        both.one_of(["bert", "anna"]);
        assert!(both.may_be_in(&stored));
        both.one_of(["logged in", "logged out"]);
        assert!(both.may_be_in(&stored));
        both.one_of(["bert", "carl"]);
        assert!(!both.may_be_in(&stored));
    }

    #[test]
    fn short_texts_need_nothing_and_no_text_at_all_is_never_there() {
        let mut needs = Needs::default();
        needs.one_of(["anna", "in"]);
        assert!(needs.is_empty());
        needs.one_of([""; 0]);
        assert!(!needs.may_be_in(&[0xff; FOLDED_BYTES]));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn what_is_in_a_line_is_never_denied(
            batches in proptest::collection::vec(
                proptest::collection::vec("[a-f0-9 가-힣]{0,60}|\\PC{0,40}", 1..20), 1..8),
            pick in any::<(prop::sample::Index, prop::sample::Index, prop::sample::Index, prop::sample::Index)>(),
        ) {
            let mut trigrams = Trigrams::default();
            for batch in &batches {
                trigrams.merge(&of(batch));
            }
            let stored = trigrams.stored();
            let batch = pick.0.get(&batches);
            let bytes = pick.1.get(batch).as_bytes();
            let (a, b) = (pick.2.index(bytes.len() + 1), pick.3.index(bytes.len() + 1));
            let mut needs = Needs::default();
            needs.one_of([&bytes[a.min(b)..a.max(b)]]);
            prop_assert!(needs.may_be_in(&stored));
        }
    }
}
