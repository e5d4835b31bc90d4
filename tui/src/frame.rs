//! What a screen looks like: styled lines of text that is safe on any terminal.

use std::borrow::Cow;

use etlmon_shared::text::for_terminal;
use unicode_width::UnicodeWidthStr;

/// What a piece of text means; the theme says how that looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Role {
    /// Nothing special.
    #[default]
    Plain,
    /// Of less interest, or out of date.
    Dim,
    /// The name of a screen or section.
    Title,
    /// The heading of a column.
    Heading,
    /// As it should be.
    Good,
    /// Will need a look.
    Warn,
    /// Needs a look now.
    Bad,
    /// Found by the search.
    Found,
    /// A key that can be pressed.
    Key,
}

/// The size of a terminal in columns and lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Columns.
    pub width: usize,
    /// Lines.
    pub height: usize,
}

/// A piece of a line in one style.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    text: String,
    role: Role,
}

impl Span {
    /// A piece of text; control characters in it are shown escaped.
    pub fn new(role: Role, text: &str) -> Self {
        Self {
            text: for_terminal(text).into_owned(),
            role,
        }
    }

    /// The text, safe to print.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What it means.
    pub fn role(&self) -> Role {
        self.role
    }
}

/// One line of a screen.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Line {
    spans: Vec<Span>,
    /// Whether it is the chosen one.
    pub chosen: bool,
}

impl Line {
    /// A line in one style.
    pub fn new(role: Role, text: &str) -> Self {
        let mut line = Self::default();
        line.push(role, text);
        line
    }

    /// Adds a piece of text.
    pub fn push(&mut self, role: Role, text: &str) {
        self.spans.push(Span::new(role, text));
    }

    /// Adds the pieces of another line.
    pub fn append(&mut self, other: Self) {
        self.spans.extend(other.spans);
    }

    /// Adds blanks up to a column.
    pub fn pad_to(&mut self, column: usize) {
        let missing = column.saturating_sub(self.width());
        self.push(Role::Plain, &" ".repeat(missing));
    }

    /// The pieces.
    pub fn spans(&self) -> &[Span] {
        &self.spans
    }

    /// Columns that it takes.
    pub fn width(&self) -> usize {
        self.spans.iter().map(|span| width(&span.text)).sum()
    }

    /// Its text without styles.
    pub fn text(&self) -> String {
        self.spans.iter().map(|span| span.text.as_str()).collect()
    }

    /// The line in pieces of a width; never none.
    #[must_use]
    pub fn wrap(self, columns: usize) -> Vec<Self> {
        let columns = columns.max(2);
        let mut lines = Vec::new();
        let mut line = Self {
            spans: Vec::new(),
            chosen: self.chosen,
        };
        for span in self.spans {
            let mut rest = span.text.as_str();
            loop {
                let fits = fitting(rest, columns.saturating_sub(line.width()));
                let (text, behind) = rest.split_at_checked(fits).unwrap_or((rest, ""));
                let text = text.to_owned();
                line.spans.push(Span {
                    text,
                    role: span.role,
                });
                rest = behind;
                if rest.is_empty() {
                    break;
                }
                let next = Self {
                    spans: Vec::new(),
                    chosen: self.chosen,
                };
                lines.push(std::mem::replace(&mut line, next));
            }
        }
        lines.push(line);
        lines
    }

    /// The line cut to a width; an ellipsis tells that something is missing.
    #[must_use]
    pub fn cut(mut self, columns: usize) -> Self {
        if self.width() <= columns {
            return self;
        }
        let Some(mut left) = columns.checked_sub(1) else {
            return Self::default();
        };
        let mut spans = Vec::with_capacity(self.spans.len());
        for span in std::mem::take(&mut self.spans) {
            let kept = cut_hard(&span.text, left);
            left = left.saturating_sub(width(kept));
            if kept.len() < span.text.len() {
                let text = format!("{kept}…");
                spans.push(Span { text, ..span });
                break;
            }
            spans.push(span);
        }
        self.spans = spans;
        self
    }
}

/// A whole screen: at most as many lines as it is high, none wider than it.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Frame {
    /// From top to bottom.
    pub lines: Vec<Line>,
}

impl Frame {
    /// The lines, cut to the size.
    pub fn new(lines: Vec<Line>, size: Size) -> Self {
        let lines = lines.into_iter().take(size.height);
        Self {
            lines: lines.map(|line| line.cut(size.width)).collect(),
        }
    }

    /// As plain text, without blanks at the ends of lines.
    pub fn text(&self) -> String {
        let mut text = String::new();
        for line in &self.lines {
            text.push_str(line.text().trim_end());
            text.push('\n');
        }
        text
    }
}

/// Columns that a text takes.
pub fn width(text: &str) -> usize {
    if text.is_ascii() {
        return text.len();
    }
    text.width()
}

/// The text cut to a width, with an ellipsis if something is missing.
pub fn cut(text: &str, columns: usize) -> Cow<'_, str> {
    if width(text) <= columns {
        return Cow::Borrowed(text);
    }
    if columns == 0 {
        return Cow::Borrowed("");
    }
    Cow::Owned(format!("{}…", cut_hard(text, columns - 1)))
}

/// As many characters as fit.
pub fn cut_hard(text: &str, columns: usize) -> &str {
    text.split_at_checked(fitting(text, columns))
        .map_or("", |(kept, _)| kept)
}

/// How many bytes of a text fit; a combining character stays with the one before it.
pub fn fitting(text: &str, columns: usize) -> usize {
    if text.is_ascii() {
        return columns.min(text.len());
    }
    let too_wide = |at: usize, character: char| {
        let prefix = text.get(..at + character.len_utf8());
        prefix.is_none_or(|prefix| width(prefix) > columns)
    };
    text.char_indices()
        .find(|(at, character)| too_wide(*at, *character))
        .map_or(text.len(), |(at, _)| at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_cut_line_says_so() {
        let mut line = Line::new(Role::Plain, "etl");
        line.push(Role::Bad, "mon is down");
        assert_eq!(line.clone().cut(7).text(), "etlmon…");
        assert_eq!(line.clone().cut(3).text(), "et…");
        assert_eq!(line.clone().cut(14).text(), "etlmon is down");
        assert_eq!(line.cut(0).text(), "");
    }

    #[test]
    fn wide_and_combining_characters_are_not_torn() {
        assert_eq!(cut("자료실", 5), "자료…");
        assert_eq!(cut("자료실", 4), "자…");
        assert_eq!(cut("e\u{301}a", 1), "…");
        assert_eq!(cut_hard("e\u{301}a", 1), "e\u{301}");
    }

    #[test]
    fn control_characters_are_escaped() {
        assert_eq!(Line::new(Role::Plain, "a\x1b[2J").text(), "a\\u{1b}[2J");
    }

    proptest! {
        #[test]
        fn a_cut_line_is_never_too_wide(
            parts in proptest::collection::vec("\\PC{0,8}", 0..4),
            columns in 0_usize..20,
        ) {
            let mut line = Line::default();
            for part in &parts {
                line.push(Role::Plain, part);
            }
            let whole = line.width();
            let shorter = line.cut(columns);
            prop_assert!(shorter.width() <= columns);
            if whole > columns && columns > 0 {
                prop_assert!(shorter.text().ends_with('…'));
            }
        }
    }
}
