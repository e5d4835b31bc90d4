//! A table without lines: columns two spaces apart, as wide as their widest cell, never cut.

use std::fmt::Write as _;

use etlmon_shared::text::for_terminal;
use unicode_width::UnicodeWidthStr;

use crate::human::UNKNOWN;

/// What a cell's colour says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Tone {
    /// No colour.
    #[default]
    Plain,
    /// Yellow.
    Warning,
    /// Red.
    Critical,
}

impl Tone {
    /// Puts `text` in the tone's colour (ECMA-48, SGR).
    pub(crate) fn paint(self, text: &str, colours: bool) -> String {
        match self {
            Self::Warning if colours => format!("\x1b[33m{text}\x1b[0m"),
            Self::Critical if colours => format!("\x1b[31m{text}\x1b[0m"),
            _ => text.to_owned(),
        }
    }
}

/// One value, safe for a terminal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cell {
    text: String,
    tone: Tone,
}

impl Cell {
    /// Any text; what could steer a terminal is escaped.
    pub(crate) fn new(text: impl AsRef<str>) -> Self {
        Self {
            text: for_terminal(text.as_ref()).into_owned(),
            tone: Tone::Plain,
        }
    }

    /// A value that may not be known.
    pub(crate) fn maybe<T, S: AsRef<str>>(value: Option<T>, show: impl FnOnce(T) -> S) -> Self {
        value.map_or_else(|| Self::new(UNKNOWN), |value| Self::new(show(value)))
    }

    /// The same in a colour.
    pub(crate) fn tone(self, tone: Tone) -> Self {
        Self { tone, ..self }
    }
}

/// To which side a column's cells are pushed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Align {
    /// Words.
    Left,
    /// Numbers.
    Right,
}

/// A header and rows of `N` cells. The column that may be long belongs last: it is not padded.
#[derive(Debug)]
pub(crate) struct Table<const N: usize> {
    columns: [(&'static str, Align); N],
    rows: Vec<[Cell; N]>,
}

impl<const N: usize> Table<N> {
    /// A table with titled columns.
    pub(crate) fn new(columns: [(&'static str, Align); N]) -> Self {
        Self {
            columns,
            rows: Vec::new(),
        }
    }

    /// Adds a row.
    pub(crate) fn push(&mut self, row: [Cell; N]) {
        self.rows.push(row);
    }

    /// The header and the rows, a line each.
    pub(crate) fn render(&self, colours: bool) -> String {
        let mut widths = self.columns.map(|(title, _)| title.width());
        for row in &self.rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = cell.text.width().max(*width);
            }
        }
        let header = self.columns.map(|(title, _)| Cell::new(title));
        let mut out = String::new();
        for row in std::iter::once(&header).chain(&self.rows) {
            self.line(row, &widths, colours, &mut out);
        }
        out
    }

    fn line(&self, row: &[Cell; N], widths: &[usize; N], colours: bool, out: &mut String) {
        let start = out.len();
        for ((cell, width), (_, align)) in row.iter().zip(widths).zip(&self.columns) {
            let space = width.saturating_sub(cell.text.width());
            let text = cell.tone.paint(&cell.text, colours);
            // Writing to a String does not fail.
            let _ = match align {
                Align::Left => write!(out, "{text}{:space$}  ", ""),
                Align::Right => write!(out, "{:space$}{text}  ", ""),
            };
        }
        out.truncate(out.trim_end().len().max(start));
        out.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table<3> {
        let mut table = Table::new([
            ("SIZE", Align::Right),
            ("NAME", Align::Left),
            ("PATH", Align::Left),
        ]);
        table.push([Cell::new("1.5Gi"), Cell::new("자료"), Cell::new("/data")]);
        table.push([
            Cell::maybe(None::<u64>, |size| size.to_string()),
            Cell::new("a\x1b[2J").tone(Tone::Critical),
            Cell::new("/mnt/a long one"),
        ]);
        table
    }

    #[test]
    fn columns_line_up_also_under_wide_characters() {
        assert_eq!(
            table().render(false),
            " SIZE  NAME        PATH\n\
             1.5Gi  자료        /data\n    \
                 -  a\\u{1b}[2J  /mnt/a long one\n"
        );
    }

    #[test]
    fn colours_change_no_width() {
        let painted = table().render(true);
        assert!(
            painted.contains("\x1b[31ma\\u{1b}[2J\x1b[0m  /mnt"),
            "{painted:?}"
        );
        let plain = painted.replace("\x1b[31m", "").replace("\x1b[0m", "");
        assert_eq!(plain, table().render(false));
    }
}
