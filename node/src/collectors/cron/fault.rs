//! What is wrong with a line of a crontab, in cron's own words and in plain English.

use thiserror::Error;

/// A line that cron refuses.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("line {line_number}: {fault}")]
pub struct BadLine {
    /// The line of the file, from 1. (Debian's `crontab` command counts from 0.)
    pub line_number: u32,
    /// The line itself, at most its first 200 bytes, with damaged UTF-8 replaced.
    pub text: String,
    /// What is wrong.
    pub fault: Fault,
}

/// Why cron refuses a line. The words before the colon are those of cron's own message in syslog.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Fault {
    /// First field. `hint` says what is often meant by such a line.
    #[error("bad minute: `{field}` is not a list of 0-59{hint}")]
    Minute {
        /// The field as it stands in the line.
        field: String,
        /// Empty, or a guess that begins with "; ".
        hint: &'static str,
    },
    /// Second field.
    #[error("bad hour: `{0}` is not a list of 0-23")]
    Hour(String),
    /// Third field.
    #[error("bad day-of-month: `{0}` is not a list of 1-31")]
    DayOfMonth(String),
    /// Fourth field.
    #[error("bad month: `{0}` is not a list of 1-12 or jan-dec")]
    Month(String),
    /// Fifth field.
    #[error("bad day-of-week: `{0}` is not a list of 0-7 or sun-sat")]
    DayOfWeek(String),
    /// `@` and a word cron does not know; the words are case-sensitive.
    #[error("bad time specifier: `@{0}` is not known to cron")]
    TimeSpecifier(String),
    /// No command, or one that begins with `*`, which looks like a sixth field.
    #[error("bad command: there is none, or it begins with `*`")]
    Command,
    /// 999 bytes and more, in Debian's cron.
    #[error("command too long: cron takes at most 998 bytes")]
    CommandTooLong,
    /// The user column of a system crontab names nobody.
    #[error("bad username: there is no user `{0}`")]
    Username(String),
    /// `-` before the minute in a crontab that is not root's (cronie).
    #[error("bad option: only root may switch off logging with `-`")]
    Option,
    /// The last line does not end with a newline.
    #[error("missing newline before EOF: the last line must end with a newline")]
    MissingNewline,
    /// Debian's cron reads no more than that.
    #[error("crontab must not be longer than 10000 lines")]
    TooManyLines,
}

impl Fault {
    /// Of a line whose first field is no list of minutes.
    pub(super) fn minute(field: String) -> Self {
        Self::Minute {
            hint: hint(&field),
            field,
        }
    }
}

/// What is often meant by a line whose first field is no list of minutes.
fn hint(field: &str) -> &'static str {
    let field_is = |end: &str| field.ends_with(end);
    if field == "\r" {
        "; the line is empty but for the carriage return of CRLF line ends"
    } else if field.starts_with('\u{feff}') {
        "; the file begins with a UTF-8 byte order mark"
    } else if field_is("=") {
        "; an empty value must be quoted: NAME=\"\""
    } else if field.contains('=') {
        "; if a variable is meant, its quotes do not match"
    } else {
        ""
    }
}
