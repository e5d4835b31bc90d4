//! What is said of lines beside the lines themselves.

use proptest::prelude::*;

use super::*;

/// Of lines that come at once, as many as fit.
fn of<T: AsRef<str>>(lines: &[T]) -> Trigrams {
    let mut trigrams = Trigrams::default();
    for line in lines {
        if !trigrams.add(line.as_ref().as_bytes(), slice_lines(lines.len())) {
            break;
        }
    }
    trigrams
}

fn needs(text: impl AsRef<[u8]>) -> Needs {
    let mut needs = Needs::default();
    needs.one_of([text]);
    needs
}

/// One part and no other.
fn only(part: Range<u16>) -> Vec<Range<u16>> {
    vec![part]
}

/// A thousand lines with nothing in common but digits.
fn numbers() -> Vec<String> {
    let number = |n: u64| n.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (1..=1000).map(|n| format!("{:x}", number(n))).collect()
}

#[test]
fn what_is_not_there_is_seen_in_either_size() {
    let few = of(&["user anna logged in"]).stored();
    let many = of(&numbers()).stored();
    assert_eq!(few.len(), LEAST_BYTES + STARTS_BYTES);
    assert_eq!(many.len(), FULL_BYTES + STARTS_BYTES);
    for stored in [few, many] {
        assert_eq!(needs("timeout").parts(&stored), []);
    }
}

#[test]
fn a_text_is_looked_for_where_it_is_and_neighbours_are_one_part() {
    let mut lines = numbers();
    lines[130].push_str("first");
    lines[999].push_str("last");
    let trigrams = of(&lines);
    assert_eq!((trigrams.lines(), trigrams.is_used_up()), (1000, true));
    let stored = trigrams.stored();
    assert_eq!(needs("first").parts(&stored), only(125..250));
    assert_eq!(needs("last").parts(&stored), only(875..u16::MAX));
    let mut either = Needs::default();
    either.one_of([&lines[1], &lines[130], &lines[999]]);
    assert_eq!(either.parts(&stored), [0..250, 875..u16::MAX]);
}

#[test]
fn lines_that_come_one_by_one_share_slices() {
    let mut trigrams = of(&["0"]);
    for (distance, line) in (1..).zip(numbers()) {
        assert!(trigrams.merge(&of(&[line]), distance));
    }
    assert_eq!(trigrams.slices.len(), 1001_usize.div_ceil(JOINED_LINES));
    let last = numbers().pop().unwrap();
    assert_eq!(needs(&last).parts(&trigrams.stored()), only(960..u16::MAX));
}

#[test]
fn a_slice_of_long_lines_without_repetition_has_few() {
    let lines: Vec<_> = numbers().chunks(50).map(<[_]>::concat).collect();
    let trigrams = of(&lines);
    assert_eq!(trigrams.slices.len(), 2);
    assert!(trigrams.slices[0].lines < 16, "{:?}", trigrams.slices);
}

#[test]
fn of_each_set_one_text_must_be_there() {
    let stored = of(&["user anna logged in"]).stored();
    let mut both = Needs::default();
    both.one_of(["bert", "anna"]);
    assert_eq!(both.parts(&stored).len(), 1);
    both.one_of(["logged in", "logged out"]);
    assert_eq!(both.parts(&stored).len(), 1);
    both.one_of(["bert", "carl"]);
    assert_eq!(both.parts(&stored), []);
}

#[test]
fn short_texts_need_nothing_and_no_text_at_all_is_never_there() {
    let mut needs = Needs::default();
    needs.one_of(["anna", "in"]);
    assert!(needs.is_empty());
    assert_eq!(needs.parts(&[]), only(0..u16::MAX));
    needs.one_of([""; 0]);
    assert_eq!(needs.parts(&[0xff; LEAST_BYTES + STARTS_BYTES]), []);
}

fn line() -> impl Strategy<Value = String> {
    "[a-f0-9 가-힣]{0,60}|\\PC{0,40}"
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_is_in_a_line_is_never_denied(
        batches in proptest::collection::vec(
            // How many lines of others come before, the lines, and how often they come.
            (0..500_u16, proptest::collection::vec(line(), 1..20), 1..40_usize), 1..12),
        pick in any::<[prop::sample::Index; 3]>(),
    ) {
        let mut all = Trigrams::default();
        let mut lines = Vec::new();
        let mut next = 0;
        for (others, batch, often) in batches {
            let batch = vec![batch; often].concat();
            let part = of(&batch);
            let distance = if lines.is_empty() { 0 } else { next + others };
            if lines.is_empty() {
                all = part.clone();
            } else if !all.merge(&part, distance) {
                continue;
            }
            let stored = batch.into_iter().take(part.lines());
            lines.extend((distance..).zip(stored));
            next = distance + u16::try_from(part.lines()).unwrap();
        }
        prop_assert_eq!(all.lines(), lines.len());
        let (id, line) = pick[0].get(&lines);
        let (a, b) = (pick[1].index(line.len() + 1), pick[2].index(line.len() + 1));
        let parts = needs(&line.as_bytes()[a.min(b)..a.max(b)]).parts(&all.stored());
        prop_assert!(parts.iter().any(|part| part.contains(id)), "{} {:?}", id, parts);
    }
}
