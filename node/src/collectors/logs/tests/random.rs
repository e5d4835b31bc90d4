//! Random logs, searches and purges beside a model that knows every line there ever was.

use etlmon_shared::Timestamp;
use etlmon_shared::log::LogLine;
use proptest::prelude::*;
use regex::Regex;

use super::super::missed::{missed, position};
use super::super::page::Search;
use super::super::pattern::Pattern;
use super::Lines;
use crate::http::Cursor;

impl Lines {
    /// The page as it has to be: all lines that match, and whether there are more.
    fn expected(
        &self,
        log: &str,
        find: &Find,
        cursor: Cursor,
        limit: usize,
    ) -> (Vec<LogLine>, bool) {
        let in_range = |line: &LogLine| match cursor {
            Cursor::Newest => true,
            Cursor::After(id) => line.id > id,
            Cursor::Before(id) => line.id < id,
        };
        let regex = find.regex.as_ref();
        let regex = regex.map(|regex| Regex::new(regex).unwrap());
        let stored = self.ever.iter().filter(|line| line.id >= self.kept_from);
        let mut found: Vec<LogLine> = stored
            .filter(|line| {
                line.log_name == log && in_range(line) && find.matches(line, regex.as_ref())
            })
            .cloned()
            .collect();
        let more = found.len() > limit;
        match cursor {
            Cursor::After(_) => found.truncate(limit),
            _ => drop(found.drain(..found.len().saturating_sub(limit))),
        }
        (found, more)
    }
}

/// A search for the model.
#[derive(Clone, Debug, Default)]
struct Find {
    contains: Option<String>,
    regex: Option<String>,
    from: Option<i64>,
    to: Option<i64>,
}

impl Find {
    fn matches(&self, line: &LogLine, regex: Option<&Regex>) -> bool {
        let at = line.created_at.as_millis();
        self.contains
            .as_ref()
            .is_none_or(|text| line.line.contains(text))
            && regex.is_none_or(|regex| regex.is_match(&line.line))
            && self.from.is_none_or(|from| at >= from)
            && self.to.is_none_or(|to| at <= to)
    }

    fn search(&self) -> Search {
        Search {
            contains: self.contains.clone(),
            regex: self
                .regex
                .as_ref()
                .map(|regex| Pattern::new(regex).unwrap()),
            from: self.from.map(Timestamp::from_millis),
            to: self.to.map(Timestamp::from_millis),
        }
    }
}

#[derive(Clone, Debug)]
enum Act {
    Store {
        log: usize,
        at: i64,
        texts: Vec<String>,
        often: usize,
    },
    Purge(prop::sample::Index),
}

const LOGS: [&str; 3] = ["app", "db", "cron"];

fn text() -> impl Strategy<Value = String> {
    let word = prop::sample::select(vec![
        "error",
        "timeout",
        "user=anna",
        "id=7f3a",
        "한국어",
        "x",
        "",
        "Error",
    ]);
    proptest::collection::vec(word, 0..4).prop_map(|words| words.join(" "))
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let store = (
        0..LOGS.len(),
        0_i64..50,
        proptest::collection::vec(text(), 0..12),
        prop_oneof![8 => Just(1), 1 => Just(20_usize), 1 => Just(120)],
    )
        .prop_map(|(log, at, texts, often)| Act::Store {
            log,
            at,
            texts,
            often,
        });
    let act = prop_oneof![8 => store, 1 => any::<prop::sample::Index>().prop_map(Act::Purge)];
    proptest::collection::vec(act, 1..25)
}

fn find() -> impl Strategy<Value = Find> {
    let contains = prop_oneof![
        3 => Just(None),
        5 => prop::sample::select(vec!["error", "time", "nna", "국어", "x", "", "absent", "rr", "error timeout", "error  "])
            .prop_map(|text| Some(text.to_owned())),
    ];
    let regex = prop_oneof![
        2 => Just(None),
        1 => prop::sample::select(vec!["(?i)error", r"user=\w+", "^timeout", "x$", r"\w+ timeout", "absent|7f3a", "."])
            .prop_map(|text| Some(text.to_owned())),
    ];
    let time = || prop_oneof![2 => Just(None), 1 => (0_i64..50).prop_map(Some)];
    (contains, regex, time(), time()).prop_map(|(contains, regex, from, to)| Find {
        contains,
        regex,
        from,
        to,
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    #[test]
    fn pages_and_positions_are_those_of_the_model(
        acts in acts(),
        asked in proptest::collection::vec(
            (find(), 0..LOGS.len(), any::<prop::sample::Index>(), 0..3_u8, 1..30_u32), 1..20),
    ) {
        let mut lines = Lines::new();
        // Positions that readers took in time, while their lines were stored.
        let mut readers = Vec::new();
        for act in acts {
            match act {
                Act::Store { log, at, texts, often } => {
                    let texts = vec![texts; often].concat();
                    lines.store(LOGS[log], at, &texts);
                    let end = i64::try_from(lines.ever.len()).unwrap();
                    for log in LOGS {
                        let id = lines.kept_from - 1 + (end - lines.kept_from + 1) / 2;
                        let reached = position(&lines.connection, log, id).unwrap();
                        prop_assert_eq!(reached, Some(lines.count_of(log, |line| line <= id)));
                        readers.push((log, id, reached));
                    }
                }
                Act::Purge(index) => {
                    let kept_from = 1 + index.index(lines.ever.len() + 1);
                    lines.purge(i64::try_from(kept_from).unwrap());
                }
            }
        }
        for (log, after, reached) in readers {
            let gone = lines.count_of(log, |id| id > after && id < lines.kept_from);
            let told = missed(&lines.connection, log, after, reached).unwrap();
            prop_assert_eq!(told, Some(gone));
            let guessed = missed(&lines.connection, log, after, None).unwrap();
            prop_assert!(guessed.is_none() || guessed == Some(gone), "{:?} {}", guessed, gone);
        }
        for (find, log, index, way, limit) in asked {
            let id = i64::try_from(index.index(lines.ever.len() + 2)).unwrap();
            let cursor = [Cursor::Newest, Cursor::After(id), Cursor::Before(id)][usize::from(way)];
            let page = lines.page(LOGS[log], &find.search(), cursor, limit);
            let (found, more) =
                lines.expected(LOGS[log], &find, cursor, usize::try_from(limit).unwrap());
            prop_assert_eq!(page.lines, found, "{:?} {:?}", find, cursor);
            prop_assert_eq!(page.more, more);
        }
    }
}
