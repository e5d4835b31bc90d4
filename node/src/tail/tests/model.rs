//! Random histories of a log against a model of what was written and what was destroyed.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::history::{History, Step};
use super::*;

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => (1..6u8).prop_map(Step::Write),
        3 => Just(Step::Begin),
        3 => any::<bool>().prop_map(|reopen| Step::Rename { reopen }),
        2 => Just(Step::Reopen),
        3 => (0..3u8).prop_map(|between| Step::CopyTruncate { between }),
        1 => Just(Step::Copy),
        1 => Just(Step::Truncate),
        1 => Just(Step::Delete),
        2 => Just(Step::Compress),
        5 => (1..5u8).prop_map(Step::ReadSome),
        4 => Just(Step::Read),
        2 => (1..5u8).prop_map(Step::RollBack),
        2 => Just(Step::Restart),
        2 => (1..5u8).prop_map(Step::Crash),
        2 => (1..70u8).prop_map(Step::Wait),
    ]
}

impl History {
    fn check(mut self) {
        // What was renamed before anybody saw it is taken up when it has a successor.
        self.reopen();
        self.write(1);
        for _ in 0..4 {
            self.look();
            self.world.read();
            self.world.wait(61);
        }
        let stored = &self.world.stored;
        let mut texts: BTreeMap<u64, (String, u64)> = BTreeMap::new();
        for line in &stored.lines {
            let (text, end) = texts.entry(line.sequence).or_default();
            assert!(line.end_offset > *end, "lines go forwards");
            text.push_str(&line.text);
            *end = line.end_offset;
        }
        let mut lost: Vec<(String, bool)> = Vec::new();
        for content in &self.contents {
            let text = String::from_utf8(content.bytes.clone())
                .unwrap()
                .replace('\n', "");
            let whole = texts
                .iter()
                .find(|(_, (read, _))| *read == text)
                .map(|(key, _)| *key);
            match whole {
                Some(sequence) => drop(texts.remove(&sequence)),
                None if text.is_empty() => {}
                None => {
                    assert!(content.destroyed, "all of it was there to be read: {text}");
                    lost.push((text, content.seen));
                }
            }
        }
        // Only a header may have been read of several of them: who has more of one goes first.
        lost.sort_by_key(|(_, seen)| !seen);
        let mut texts: Vec<_> = texts.into_iter().collect();
        texts.sort_by_key(|(_, (read, _))| std::cmp::Reverse(read.len()));
        for (sequence, (read, end)) in texts {
            let of = lost.iter().position(|(text, _)| text.starts_with(&read));
            let of = of.unwrap_or_else(|| panic!("nobody wrote this: {read}"));
            if !lost.remove(of).1 {
                continue;
            }
            let gaps: Vec<_> = stored
                .gaps
                .iter()
                .filter(|gap| gap.sequence == sequence)
                .collect();
            assert!(
                gaps.iter()
                    .any(|gap| gap.from_offset == end || gap.from_offset == end + 1),
                "read to {end}, and then? {gaps:?}"
            );
        }
        let known = |gap: &&Gap| {
            !stored
                .lines
                .iter()
                .any(|line| line.sequence == gap.sequence)
        };
        let untold = lost.iter().filter(|(_, seen)| *seen).count();
        let told = stored.gaps.iter().filter(known).count();
        assert!(
            untold <= told,
            "{untold} contents are lost, {told} are in the ledger"
        );
    }
}

/// Each of the four ways of following is tried with as many histories, 5,000 in all;
/// `PROPTEST_CASES` asks for more.
const CASES: u32 = 1250;

fn config() -> ProptestConfig {
    let config = ProptestConfig::default();
    ProptestConfig {
        cases: config.cases.max(CASES),
        max_shrink_iters: 4000,
        ..config
    }
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    prop::collection::vec(step(), 1..40)
}

/// Every line is stored once, or its loss is in the ledger.
fn nothing_is_lost_or_doubled(mut history: History, steps: &[Step]) {
    for step in steps {
        history.take(step);
    }
    history.check();
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn any_history_of_one_file_is_stored_once_or_told_as_lost(steps in steps()) {
        nothing_is_lost_or_doubled(History::new("app.log", false), &steps);
    }

    #[test]
    fn any_history_of_files_with_one_header_is_stored_once_or_told_as_lost(steps in steps()) {
        nothing_is_lost_or_doubled(History::new("app.log", true), &steps);
    }

    #[test]
    fn any_history_of_a_glob_is_stored_once_or_told_as_lost(steps in steps()) {
        nothing_is_lost_or_doubled(History::new("app.log*", false), &steps);
    }

    #[test]
    fn any_history_of_a_glob_with_one_header_is_stored_once_or_told_as_lost(steps in steps()) {
        nothing_is_lost_or_doubled(History::new("app.log*", true), &steps);
    }
}
