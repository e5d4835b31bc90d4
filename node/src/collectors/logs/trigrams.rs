//! Which groups of three bytes occur in some lines: a bitmap of their hashes, with no false "no".

/// The bitmap of many lines. Its size is every hash's own bit.
const FULL_BYTES: usize = 8192;
/// The bitmap of few lines, folded: the eight bits that share their low bits become one.
const FOLDED_BYTES: usize = 1024;
/// Bits that are set at most, so that a word of six letters is "perhaps there" by chance in one
/// block of some hundreds: 3/8 of a full bitmap, 1/4 of a folded one, which is yet to grow.
const FULL_BITS: u32 = 24_576;
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
    /// Adds those of a text.
    pub fn add(&mut self, text: &[u8]) {
        for hash in hashes(text) {
            if let Some(byte) = self.0.get_mut(usize::from(hash >> 3)) {
                *byte |= 1 << (hash & 7);
            }
        }
    }

    /// Whether so many bits are set that more lines would make it useless.
    pub fn is_full(&self) -> bool {
        bits_set(&self.0[..]) > FULL_BITS
    }

    /// The bitmap as it is stored: folded where few bits are set. A hash's low bits are its index
    /// in either size.
    pub fn stored(&self) -> Vec<u8> {
        let folded = self.folded();
        if bits_set(&folded) <= FOLDED_BITS {
            return folded;
        }
        self.0.to_vec()
    }

    /// Stored ones with these added; none when the bitmap would become useless.
    pub fn stored_with(&self, stored: &[u8]) -> Option<Vec<u8>> {
        if stored.len() == FOLDED_BYTES {
            let both = either(stored, &self.folded());
            if bits_set(&both) <= FOLDED_BITS {
                return Some(both);
            }
        }
        // What was one bit may have been each of those that were folded into it.
        let unfolded = stored.repeat(FULL_BYTES / stored.len().max(1));
        let both = either(&unfolded, &self.0[..]);
        (bits_set(&both) <= FULL_BITS).then_some(both)
    }

    fn folded(&self) -> Vec<u8> {
        let none = vec![0; FOLDED_BYTES];
        let parts = self.0.chunks_exact(FOLDED_BYTES);
        parts.fold(none, |folded, part| either(&folded, part))
    }
}

/// What the lines of a block must hold so that one of them can match: of each set one text.
#[derive(Clone, Debug, Default)]
pub struct Needs(Vec<Vec<Vec<u16>>>);

impl Needs {
    /// Adds that one of these texts must be there. Nothing can be said of texts under three bytes.
    pub fn one_of<T: AsRef<[u8]>>(&mut self, texts: impl IntoIterator<Item = T>) {
        let texts = texts
            .into_iter()
            .map(|text| hashes(text.as_ref()).collect());
        let set: Vec<Vec<u16>> = texts.collect();
        if set.iter().all(|hashes| !hashes.is_empty()) {
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

    /// Whether a block with this bitmap may hold what is needed.
    pub fn may_be_in(&self, stored: &[u8]) -> bool {
        let there = |hash: &u16| {
            let bit = usize::from(*hash) & (stored.len() * 8).wrapping_sub(1);
            stored
                .get(bit >> 3)
                .is_none_or(|byte| byte >> (bit & 7) & 1 == 1)
        };
        self.0
            .iter()
            .all(|set| set.iter().any(|hashes| hashes.iter().all(there)))
    }
}

/// The hash of each group of three bytes (multiply-shift, so that its low bits are good too).
fn hashes(text: &[u8]) -> impl Iterator<Item = u16> {
    let (first, rest) = text.split_at_checked(2).unwrap_or_default();
    let mut group = first
        .iter()
        .fold(0, |group, byte| group << 8 | u64::from(*byte));
    rest.iter().map(move |byte| {
        group = (group << 8 | u64::from(*byte)) & 0xff_ffff;
        let hash = group.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 48;
        // Sixteen bits are left.
        u16::try_from(hash).unwrap_or_default()
    })
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
        let many = of(&(0..9000).map(|n| format!("{n:x}")).collect::<Vec<_>>()).stored();
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

    #[test]
    fn a_bitmap_takes_no_more_when_it_would_become_useless() {
        let mut seed = 1_u64;
        let mut random = Trigrams::default();
        while !random.is_full() {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            random.add(&seed.to_be_bytes()[..4]);
        }
        let some = of(&["user anna logged in".to_owned()]);
        assert_eq!(some.stored_with(&random.stored()), None);
        assert_eq!(random.stored_with(&some.stored()), None);
        assert!(some.stored_with(&some.stored()).is_some());
    }

    proptest! {
        #[test]
        fn what_is_in_a_line_is_never_denied(
            batches in proptest::collection::vec(
                proptest::collection::vec("[a-f0-9 가-힣]{0,60}|\\PC{0,40}", 1..40), 1..12),
            pick in any::<(prop::sample::Index, prop::sample::Index, prop::sample::Index, prop::sample::Index)>(),
        ) {
            let mut stored = of(&batches[0]).stored();
            for batch in &batches[1..] {
                stored = of(batch).stored_with(&stored).unwrap();
            }
            let batch = pick.0.get(&batches);
            let bytes = pick.1.get(batch).as_bytes();
            let (a, b) = (pick.2.index(bytes.len() + 1), pick.3.index(bytes.len() + 1));
            let mut needs = Needs::default();
            needs.one_of([&bytes[a.min(b)..a.max(b)]]);
            prop_assert!(needs.may_be_in(&stored));
        }
    }
}
