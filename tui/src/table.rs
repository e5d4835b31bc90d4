//! A table that can be sorted, filtered and scrolled, and drops columns when the screen is narrow.

#[cfg(test)]
mod tests;
mod widths;

use std::cmp::Ordering;

use crate::frame::{Line, Role, Size, cut, width};

/// Blanks between two columns.
const GAP: usize = 2;

/// A column's heading and its place among the others.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// Its heading.
    pub title: &'static str,
    /// The higher, the earlier it is dropped; 0 never is.
    pub priority: u8,
    /// Whether its text ends at the right edge, as numbers do.
    pub right: bool,
    /// The least width at which it is of use; it is as wide as its text where there is room.
    pub least: usize,
}

impl Column {
    /// One of texts: heading, priority and least width.
    pub const fn left(title: &'static str, priority: u8, least: usize) -> Self {
        Self {
            title,
            priority,
            right: false,
            least,
        }
    }

    /// One of numbers.
    pub const fn right(title: &'static str, priority: u8, least: usize) -> Self {
        Self {
            right: true,
            ..Self::left(title, priority, least)
        }
    }
}

/// How a cell compares with others of its column.
#[derive(Clone, Debug, PartialEq)]
pub enum SortKey {
    /// By number.
    Number(f64),
    /// By its text, in lower case.
    Text(String),
    /// Not known: always last.
    Unknown,
}

/// One cell.
#[derive(Clone, Debug)]
pub struct Cell {
    /// What it says.
    pub text: String,
    /// How it looks.
    pub role: Role,
    /// Where it belongs.
    pub key: SortKey,
}

impl Cell {
    /// A text, sorted as such.
    pub fn text(text: impl Into<String>) -> Self {
        let text = text.into();
        let key = SortKey::Text(text.to_lowercase());
        let role = Role::Plain;
        Self { text, role, key }
    }

    /// A number as people read it; a dash where it is not known.
    pub fn number(number: Option<f64>, show: impl FnOnce(f64) -> String) -> Self {
        match number {
            Some(number) => Self {
                text: show(number),
                role: Role::Plain,
                key: SortKey::Number(number),
            },
            None => Self {
                text: "-".to_owned(),
                role: Role::Dim,
                key: SortKey::Unknown,
            },
        }
    }

    /// The same in another style.
    #[must_use]
    pub fn role(mut self, role: Role) -> Self {
        self.role = role;
        self
    }
}

/// One row.
#[derive(Clone, Debug)]
pub struct Row {
    /// What it is of; no other row has the same.
    pub id: String,
    /// In the order of the columns.
    pub cells: Vec<Cell>,
}

/// What a screen shows.
#[derive(Clone, Debug)]
pub struct Table {
    /// What each cell of a row is.
    pub columns: &'static [Column],
    /// In the order in which they are shown until somebody sorts them.
    pub rows: Vec<Row>,
}

/// What an operator did to a table.
#[derive(Clone, Debug, Default)]
pub struct TableState {
    /// The id of the chosen row, so that it stays chosen when others come and go.
    pub chosen: Option<String>,
    /// Where it was, for when it goes.
    pub index: usize,
    /// The column to sort by; none is the screen's own order.
    pub sort: Option<usize>,
    /// Whether the order is turned round.
    pub inverted: bool,
    /// Only rows that hold this are shown.
    pub filter: String,
}

impl TableState {
    /// Nothing done yet.
    pub const fn new() -> Self {
        Self {
            chosen: None,
            index: 0,
            sort: None,
            inverted: false,
            filter: String::new(),
        }
    }
}

impl Table {
    /// Leaves and orders the rows as the operator wants them.
    pub fn arrange(&mut self, state: &TableState) {
        let filter = state.filter.to_lowercase();
        if !filter.is_empty() {
            let holds = |cell: &Cell| cell.text.to_lowercase().contains(&filter);
            self.rows.retain(|row| row.cells.iter().any(holds));
        }
        if let Some(column) = state.sort {
            // Stable: rows that are equal keep the screen's own order.
            self.rows.sort_by(|a, b| {
                let keys = (a.cells.get(column), b.cells.get(column));
                let (Some(a), Some(b)) = keys else {
                    return Ordering::Equal;
                };
                compare(&a.key, &b.key, state.inverted)
            });
        } else if state.inverted {
            self.rows.reverse();
        }
    }

    /// Where the chosen row is: the same one as before, or else what took its place.
    pub fn position(&self, state: &TableState) -> usize {
        let chosen = state.chosen.as_deref();
        let found = chosen.and_then(|id| self.rows.iter().position(|row| row.id == id));
        found.unwrap_or(state.index.min(self.rows.len().saturating_sub(1)))
    }

    /// The heading and the rows around the chosen one; without a state, the first rows.
    pub fn lines(&self, state: Option<&TableState>, size: Size) -> Vec<Line> {
        let room = size.height.saturating_sub(1);
        let chosen = state.map(|state| self.position(state));
        let top = first_shown(chosen.unwrap_or(0), room, self.rows.len());
        let shown = self.rows.get(top..).unwrap_or_default();
        let shown = shown.get(..room.min(shown.len())).unwrap_or_default();
        let widths = self.widths(shown, state.and_then(|state| state.sort), size.width);
        let mut lines = vec![self.heading(&widths, state)];
        for (at, row) in shown.iter().enumerate() {
            let mut line = Line::default();
            for ((column, cell), width) in self.columns.iter().zip(&row.cells).zip(&widths) {
                if let Some(width) = width {
                    put(&mut line, cell.role, &cell.text, *width, column.right);
                }
            }
            line.chosen = chosen == Some(top + at);
            if line.chosen {
                line.pad_to(size.width);
            }
            lines.push(line);
        }
        lines
    }

    /// The id of the row that is shown so many lines below the heading.
    pub fn row_at(&self, state: &TableState, offset: usize, height: usize) -> Option<&Row> {
        let room = height.saturating_sub(1);
        let top = first_shown(self.position(state), room, self.rows.len());
        self.rows.get(top + offset).filter(|_| offset < room)
    }

    fn heading(&self, widths: &[Option<usize>], state: Option<&TableState>) -> Line {
        let mut line = Line::default();
        for (index, (column, width)) in self.columns.iter().zip(widths).enumerate() {
            let Some(width) = width else { continue };
            let mark = match state {
                Some(state) if state.sort == Some(index) && state.inverted => "▼",
                Some(state) if state.sort == Some(index) => "▲",
                _ => "",
            };
            let title = format!("{}{mark}", column.title);
            put(&mut line, Role::Heading, &title, *width, column.right);
        }
        line
    }
}

fn put(line: &mut Line, role: Role, text: &str, columns: usize, right: bool) {
    if !line.spans().is_empty() {
        line.push(Role::Plain, &" ".repeat(GAP));
    }
    let safe = etlmon_shared::text::for_terminal(text);
    let kept = cut(&safe, columns);
    let blanks = " ".repeat(columns.saturating_sub(width(&kept)));
    if right {
        line.push(Role::Plain, &blanks);
    }
    line.push(role, &kept);
    if !right {
        line.push(Role::Plain, &blanks);
    }
}

/// The first of the rows that are shown, so that the chosen one is among them.
fn first_shown(chosen: usize, room: usize, rows: usize) -> usize {
    let last_top = rows.saturating_sub(room);
    chosen.saturating_sub(room / 2).min(last_top)
}

fn compare(a: &SortKey, b: &SortKey, inverted: bool) -> Ordering {
    let order = match (a, b) {
        (SortKey::Unknown, SortKey::Unknown) => return Ordering::Equal,
        (SortKey::Unknown, _) => return Ordering::Greater,
        (_, SortKey::Unknown) => return Ordering::Less,
        (SortKey::Number(a), SortKey::Number(b)) => a.total_cmp(b),
        (SortKey::Text(a), SortKey::Text(b)) => a.cmp(b),
        (SortKey::Number(_), SortKey::Text(_)) => Ordering::Less,
        (SortKey::Text(_), SortKey::Number(_)) => Ordering::Greater,
    };
    if inverted { order.reverse() } else { order }
}
