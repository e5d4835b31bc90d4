//! A regular expression, and the texts without which none of its matches can be.

use regex::{Regex, RegexBuilder};
use regex_syntax::hir::literal::Extractor;
use regex_syntax::hir::{Hir, HirKind};

use super::trigrams::Needs;

/// How large a compiled expression may be, so that a search stays fast in the worst case.
const SIZE_LIMIT_BYTES: usize = 1 << 20;
/// In how many places of an expression a search may be at once: each byte of a line that is a
/// megabyte long costs as many steps.
const MOST_PLACES: u32 = 128;
/// Of a sequence, so many places are looked at for texts that must be there.
const PLACES: usize = 16;
/// Texts of one set at most: `(?i)` has 32 for five letters.
const TEXTS: usize = 64;

/// A regular expression in the syntax of the crate `regex`.
#[derive(Clone, Debug)]
pub struct Pattern {
    regex: Regex,
    needs: Needs,
}

impl Pattern {
    /// Compiles an expression.
    ///
    /// # Errors
    /// What is wrong with it, in several lines, or that it is too large or too slow.
    pub fn new(expression: &str) -> Result<Self, regex::Error> {
        let regex = RegexBuilder::new(expression)
            .size_limit(SIZE_LIMIT_BYTES)
            .dfa_size_limit(SIZE_LIMIT_BYTES)
            .build()?;
        let mut needs = Needs::default();
        // It compiled, so it parses: with the same default flags.
        if let Ok(hir) = regex_syntax::parse(expression) {
            let places = places(&hir);
            if places > MOST_PLACES {
                return Err(regex::Error::Syntax(format!(
                    "its repetitions can be in {places} places at once, which is too slow; up to \
                     {MOST_PLACES} are taken: .* instead of .{{0,900}} is one"
                )));
            }
            collect(&hir, &mut needs);
        }
        Ok(Self { regex, needs })
    }

    /// Whether it matches somewhere in the line.
    pub fn is_match(&self, line: &str) -> bool {
        self.regex.is_match(line)
    }

    /// What every line that it matches holds.
    pub fn needs(&self) -> &Needs {
        &self.needs
    }
}

/// In how many places a search can be at once, roughly: plain text is in few.
fn places(hir: &Hir) -> u32 {
    match hir.kind() {
        HirKind::Empty | HirKind::Literal(_) | HirKind::Look(_) => 0,
        HirKind::Class(_) => 1,
        HirKind::Capture(capture) => places(&capture.sub),
        HirKind::Repetition(repetition) => {
            let times = repetition.max.unwrap_or(repetition.min).max(1);
            places(&repetition.sub).max(1).saturating_mul(times)
        }
        HirKind::Concat(parts) | HirKind::Alternation(parts) => parts
            .iter()
            .fold(0, |sum, part| places(part).saturating_add(sum)),
    }
}

/// Adds what every match holds. A match of a sequence holds a match of each of its ends, and that
/// begins with one of the end's prefixes.
fn collect(hir: &Hir, needs: &mut Needs) {
    match hir.kind() {
        HirKind::Capture(capture) => collect(&capture.sub, needs),
        HirKind::Repetition(repetition) if repetition.min > 0 => collect(&repetition.sub, needs),
        HirKind::Concat(parts) => {
            for place in 0..parts.len().min(PLACES) {
                let end = parts.get(place..).unwrap_or_default();
                prefixes(&Hir::concat(end.to_vec()), needs);
                if let Some(part) = end.first()
                    && matches!(part.kind(), HirKind::Capture(_) | HirKind::Repetition(_))
                {
                    collect(part, needs);
                }
            }
        }
        _ => prefixes(hir, needs),
    }
}

fn prefixes(hir: &Hir, needs: &mut Needs) {
    let prefixes = Extractor::new().limit_total(TEXTS).extract(hir);
    // None when there is no end of them.
    if let Some(texts) = prefixes.literals() {
        needs.one_of(texts.iter().map(|text| text.as_bytes()));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::trigrams::Trigrams;
    use super::*;

    #[test]
    fn an_expression_that_would_take_minutes_for_a_long_line_is_refused() {
        for fast in [
            "ERROR",
            "a.*b.*c",
            r"\d{1,3}(\.\d{1,3}){3}",
            "[0-9a-f]{64}",
            r"(?i)user=\w{3,16}",
            "(a*)*b",
            &(0..500)
                .map(|word| format!("word{word}"))
                .collect::<Vec<_>>()
                .join("|"),
        ] {
            assert!(Pattern::new(fast).is_ok(), "{fast}");
        }
        for slow in ["a.{0,900}b", "a(.{1,20}){1,20}b", "(?:a{0,30}){0,30}"] {
            let reason = Pattern::new(slow).unwrap_err().to_string();
            assert!(reason.contains("places at once"), "{reason}");
        }
    }

    fn may_match(expression: &str, line: &str) -> bool {
        let mut trigrams = Trigrams::default();
        assert!(trigrams.add(line.as_bytes(), 1));
        let parts = Pattern::new(expression)
            .unwrap()
            .needs()
            .parts(&trigrams.stored());
        !parts.is_empty()
    }

    #[test]
    fn texts_at_the_beginning_the_end_and_between_are_needed() {
        let line = "GET /index.html 200";
        for expression in [
            "POST",
            "^POST .*",
            r"\d+ timeout",
            r"\w+ timeout \d+",
            "(?i)timeout",
            "POST|PUT",
            r"(GET|PUT) (/static/)+\w*",
            r"[A-Z]+ ((?:/static)?\w+ timeout){2}",
        ] {
            assert!(!may_match(expression, line), "{expression}");
        }
    }

    #[test]
    fn what_can_match_without_a_text_needs_none() {
        for expression in [
            "",
            r"\d+",
            "a.c",
            "(POST)?",
            "(POST){0,3} *",
            "POST|..",
            "PO",
        ] {
            assert!(may_match(expression, "xyz"), "{expression}");
        }
    }

    #[test]
    fn an_expression_too_large_or_wrong_is_refused_with_the_reason() {
        let large = Pattern::new(r"\w{1000}").unwrap_err().to_string();
        assert!(large.contains("size limit"), "{large}");
        let wrong = Pattern::new("a(b").unwrap_err().to_string();
        assert!(wrong.contains("unclosed group"), "{wrong}");
    }

    fn expressions() -> impl Strategy<Value = String> {
        let leaf = prop_oneof![
            4 => "[abc]{1,4}",
            1 => Just(".".to_owned()),
            1 => Just("[ab]".to_owned()),
            1 => Just("^".to_owned()),
            1 => Just(r"\b".to_owned()),
            1 => Just("(?i)".to_owned()),
        ];
        leaf.prop_recursive(4, 24, 4, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 1..5).prop_map(|parts| parts.concat()),
                proptest::collection::vec(inner.clone(), 1..4)
                    .prop_map(|parts| format!("({})", parts.join("|"))),
                (
                    inner,
                    prop::sample::select(vec!["*", "+", "?", "{2,3}", "+?"])
                )
                    .prop_map(|(part, often)| format!("(?:{part}){often}")),
            ]
        })
    }

    proptest! {
        #[test]
        fn a_line_that_matches_is_never_denied(
            expression in expressions(),
            line in "[abcABC]{0,24}",
        ) {
            let pattern = Pattern::new(&expression).unwrap();
            if pattern.is_match(&line) {
                prop_assert!(may_match(&expression, &line));
            }
        }
    }
}
