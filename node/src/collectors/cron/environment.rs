//! Lines of a crontab that set a variable, told from jobs as cron's `load_env` tells them.

use super::Dialect;

/// Name and value, if `line` (without its newline) sets a variable.
///
/// Blanks round `=` do not count; name and value may be quoted, each in its own quotes. Debian takes
/// `NAME=` with nothing after it for a job, and so for a bad one; cronie takes it for an empty value.
pub(super) fn setting(line: &[u8], dialect: Dialect) -> Option<(&[u8], &[u8])> {
    let (name, rest) = name(line)?;
    let value = trim_start(trim_start(rest).strip_prefix(b"=")?);
    match value {
        [] => (dialect == Dialect::Cronie).then_some((name, value)),
        [quote @ (b'"' | b'\''), quoted @ ..] => {
            let end = quoted.iter().position(|byte| byte == quote)?;
            let (value, rest) = quoted.split_at(end);
            trim_start(rest.get(1..)?)
                .is_empty()
                .then(|| (name, settled(value, dialect)))
        }
        _ => Some((name, settled(trim_end(value), dialect))),
    }
}

/// The name, and what follows it and its closing quote.
fn name(line: &[u8]) -> Option<(&[u8], &[u8])> {
    match line {
        [quote @ (b'"' | b'\''), quoted @ ..] => {
            let end = quoted
                .iter()
                .position(|byte| byte == quote || *byte == b'=')?;
            let (name, rest) = quoted.split_at(end);
            Some((name, rest.strip_prefix(&[*quote])?))
        }
        _ => {
            let end = line
                .iter()
                .position(|byte| *byte == b'=' || is_space(*byte))?;
            Some(line.split_at(end))
        }
    }
}

/// The value as it is kept: Debian's cron takes away blanks at the end even of a quoted value, and
/// then a second pair of quotes.
fn settled(value: &[u8], dialect: Dialect) -> &[u8] {
    if dialect == Dialect::Cronie {
        return value;
    }
    match trim_end(value) {
        [first @ (b'"' | b'\''), inner @ .., last] if first == last => inner,
        value => value,
    }
}

/// C's `isspace`: one more than Rust's `is_ascii_whitespace`, the vertical tab.
fn is_space(byte: u8) -> bool {
    byte.is_ascii_whitespace() || byte == 0x0b
}

fn trim_start(text: &[u8]) -> &[u8] {
    let blanks = text.iter().take_while(|byte| is_space(**byte)).count();
    text.get(blanks..).unwrap_or_default()
}

fn trim_end(text: &[u8]) -> &[u8] {
    let blanks = text
        .iter()
        .rev()
        .take_while(|byte| is_space(**byte))
        .count();
    text.get(..text.len() - blanks).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn debian(line: &str) -> Option<(&str, &str)> {
        let (name, value) = setting(line.as_bytes(), Dialect::Debian)?;
        Some((
            std::str::from_utf8(name).unwrap(),
            std::str::from_utf8(value).unwrap(),
        ))
    }

    #[test]
    fn blanks_and_quotes_are_taken_away() {
        assert_eq!(debian("A=b"), Some(("A", "b")));
        assert_eq!(debian("A =\t b c \r"), Some(("A", "b c")));
        assert_eq!(debian(r#"A=" b ""#), Some(("A", " b")));
        assert_eq!(debian(r#""A B" = 'x=y' "#), Some(("A B", "x=y")));
        assert_eq!(debian(r#"A='"x"'"#), Some(("A", "x")));
        assert_eq!(debian("A=x'y"), Some(("A", "x'y")));
        assert_eq!(debian("=x"), Some(("", "x")));
        assert_eq!(debian("* =x * * * command"), Some(("*", "x * * * command")));
    }

    #[test]
    fn what_cron_takes_for_a_job_is_none() {
        for line in [
            "A=",
            "A= ",
            "A",
            "",
            "A B=x",
            "A='x",
            r#"A="a"b"#,
            r#""A=b"=c"#,
            "5 * * * * x=y",
            "\"",
        ] {
            assert_eq!(debian(line), None, "{line:?}");
        }
    }

    #[test]
    fn cronie_takes_an_empty_value_and_leaves_inner_quotes() {
        let line = |line: &'static str| setting(line.as_bytes(), Dialect::Cronie);
        assert_eq!(line("A="), Some((&b"A"[..], &b""[..])));
        assert_eq!(line(r#"A='"x" '"#), Some((&b"A"[..], &b"\"x\" "[..])));
    }
}
