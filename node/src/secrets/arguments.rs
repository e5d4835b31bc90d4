//! Secrets in the arguments of a process, whose bounds tell more than a line of text does.

use std::borrow::Cow;

use super::{Patterns, mask};

/// What would end a secret in a line, and what stands for it within an argument: characters for
/// private use, which no pattern takes for a blank or a quote.
const INNER: [(char, char); 5] = [
    (' ', '\u{f8f0}'),
    ('\t', '\u{f8f1}'),
    ('\n', '\u{f8f2}'),
    ('"', '\u{f8f3}'),
    ('\'', '\u{f8f4}'),
];

/// The arguments as one line, with [`super::MASK`] in the place of every secret.
///
/// An argument is first taken for a line of its own, as that behind `sh -c` is. In any other, and
/// behind `--password=`, blanks and quotes are part of the secret.
#[must_use]
pub fn mask_arguments(arguments: &[String], patterns: &Patterns) -> String {
    let words: Vec<Cow<'_, str>> = arguments
        .iter()
        .map(|argument| match mask(argument, patterns) {
            Cow::Owned(line) if !is_assignment(argument) => Cow::Owned(line),
            // A line that was masked before is nothing else.
            line @ Cow::Borrowed(_) if !patterns.secrets(argument).is_empty() => line,
            _ => bound(argument),
        })
        .collect();
    let line = words.join(" ");
    let masked = mask(&line, patterns);
    INNER
        .iter()
        .fold(masked.into_owned(), |line, (inner, outer)| {
            line.replace(*outer, inner.encode_utf8(&mut [0; 4]))
        })
}

/// Whether it is `NAME=value`, `--name=value` or `-Dname=value`, the value reaching to its end.
fn is_assignment(argument: &str) -> bool {
    let Some((name, _)) = argument.split_once('=') else {
        return false;
    };
    let is_of_name = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
    !name.is_empty() && name.chars().all(is_of_name)
}

/// An argument as one word. Blanks before and behind its value stay blanks: between arguments of
/// which some are empty they would look no different.
fn bound(argument: &str) -> Cow<'_, str> {
    let outer = |c: char| {
        INNER
            .iter()
            .find(|(inner, _)| *inner == c)
            .map_or(c, |(_, outer)| *outer)
    };
    let value = match argument.split_once('=') {
        Some((_, value)) if is_assignment(argument) => value,
        _ => argument,
    };
    let behind = value.trim_start();
    let core = behind.trim_end();
    if core.chars().all(|c| outer(c) == c) {
        return Cow::Borrowed(argument);
    }
    let (before, _) = argument.split_at(argument.len() - behind.len());
    let (_, after) = behind.split_at(core.len());
    let core = core.chars().map(outer);
    Cow::Owned(before.chars().chain(core).chain(after.chars()).collect())
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use proptest::prelude::*;

    use super::*;

    static PATTERNS: LazyLock<Patterns> = LazyLock::new(|| Patterns::new([]).unwrap());

    fn masked(arguments: &[&str]) -> String {
        let arguments: Vec<String> = arguments.iter().map(|&word| word.to_owned()).collect();
        mask_arguments(&arguments, &PATTERNS)
    }

    #[test]
    fn a_secret_ends_with_its_argument() {
        for (arguments, shown) in [
            (
                &["job", "--password=two words", "x"][..],
                "job --password=*** x",
            ),
            (
                &["job", "--password", "it's \"it\"", "x"],
                "job --password *** x",
            ),
            (&["job", "DB_PASSWORD=a\nb", "x"], "job DB_PASSWORD=*** x"),
            (
                &["job", "--password=  a b ", "x"],
                "job --password=  ***  x",
            ),
            (&["job", "--token", "  a b", "x"], "job --token   *** x"),
            (&["job", "pw=", ""], "job pw= "),
            (&["job a=pw: *** b"], "job a=pw: *** b"),
            (&["mysql", "-pa b", "db"], "mysql -p*** db"),
            (&["curl", "-u", "me:a b", "h"], "curl -u me:*** h"),
        ] {
            assert_eq!(masked(arguments), shown);
        }
    }

    #[test]
    fn what_a_shell_is_to_run_is_masked_as_a_line() {
        assert_eq!(
            masked(&["sh", "-c", "export A_TOKEN=x; mysql -psecret -e 'select 1'"]),
            "sh -c export A_TOKEN=*** mysql -p*** -e 'select 1'"
        );
        assert_eq!(
            masked(&["curl", "-d", r#"{"user": "u", "password": "a b"}"#, "h"]),
            r#"curl -d {"user": "u", "password": "***"} h"#
        );
    }

    #[test]
    fn arguments_without_secrets_are_joined_as_they_are() {
        let arguments = ["awk", "{ print \"a\tb\" }", "", "it's\n", "-v", "x=y z"];
        assert_eq!(masked(&arguments), arguments.join(" "));
        assert_eq!(masked(&[]), "");
    }

    proptest! {
        #[test]
        fn no_part_of_an_option_s_secret_is_left(secret in "[A-Z][A-Z '\"\t\n]{0,20}[A-Z]") {
            let behind = format!("--password={secret}");
            prop_assert_eq!(masked(&["job", &behind, "x"]), "job --password=*** x");
            prop_assert_eq!(masked(&["job", "--token", &secret, "x"]), "job --token *** x");
        }

        #[test]
        fn what_has_been_masked_stays_as_it_is(
            arguments in proptest::collection::vec("[a-z=:' -]{0,9}|.{0,30}", 0..5)
        ) {
            let shown = mask_arguments(&arguments, &PATTERNS);
            prop_assert_eq!(mask_arguments(std::slice::from_ref(&shown), &PATTERNS), shown);
        }
    }
}
