//! The lines of a log as they are shown.

use std::ops::Range;

use etlmon_shared::log::LogLine;
use etlmon_shared::text::for_terminal;
use etlmon_shared::{Timestamp, human};

use super::{LinesView, Times};
use crate::frame::{Line, Role, Size, cut_hard, fitting};
use crate::screens::moment;

impl LinesView {
    /// One line of what one should know, and the lines of the log below it.
    pub fn draw(&self, size: Size, now: Timestamp) -> Vec<Line> {
        let mut lines = vec![self.standing()];
        let room = size.height.saturating_sub(1);
        let held = self.following_range(room);
        let mut shown = Vec::new();
        for line in self.lines.range(held) {
            shown.extend(self.rows_of(line, size.width, now));
        }
        // With wrapped lines there may be more than fit: those at the edge that is not looked at go.
        let excess = shown.len().saturating_sub(room);
        if self.following {
            shown.drain(..excess);
        } else {
            shown.truncate(room);
        }
        lines.extend(shown);
        lines
    }

    fn following_range(&self, room: usize) -> Range<usize> {
        let all = self.lines.len();
        let from = if self.following {
            all.saturating_sub(room)
        } else {
            self.top.min(all)
        };
        from..all.min(from + room)
    }

    fn standing(&self) -> Line {
        let mut line = Line::new(Role::Title, &self.log);
        match (self.following, self.is_first && self.top == 0) {
            (true, _) => line.push(Role::Good, "  following"),
            (false, true) => line.push(Role::Warn, "  paused at the first line"),
            (false, false) => line.push(Role::Warn, "  paused"),
        }
        if self.unseen > 0 {
            let text = format!("  {} came faster than shown", self.unseen);
            line.push(Role::Warn, &text);
        }
        match self.missed {
            Some(0) => {}
            Some(missed) => line.push(
                Role::Bad,
                &format!("  {missed} deleted before they could be sent"),
            ),
            None => line.push(Role::Bad, "  some deleted before they could be sent"),
        }
        if let Some(trouble) = &self.trouble {
            line.push(Role::Warn, &format!("  {trouble}"));
        } else if self.awaited.is_some() {
            line.push(Role::Dim, "  asking");
        }
        if !self.filter.is_empty() {
            line.push(Role::Plain, &format!("  &{}", self.filter));
        }
        if let Some(search) = &self.search {
            line.push(Role::Plain, &format!("  /{}", search.as_str()));
        }
        line
    }

    /// One line of the log: one line of the screen, or several if it is wrapped.
    fn rows_of(&self, line: &LogLine, columns: usize, now: Timestamp) -> Vec<Line> {
        let time = match self.times {
            Times::Absolute => moment(line.created_at),
            Times::Relative => format!("{:>8}", human::age(line.created_at, now)),
            Times::Off => String::new(),
        };
        let indent = self.indent(columns);
        let time = cut_hard(&time, indent.saturating_sub(1));
        let text = for_terminal(&line.line);
        let found = self.found_in(&text);
        let mut rows = Vec::new();
        for part in self.parts(&text, columns) {
            let mut row = Line::new(Role::Dim, if rows.is_empty() { time } else { "" });
            row.pad_to(indent);
            let is_cut = !self.wrap && part.end < text.len();
            highlighted(&mut row, &text, part, &found);
            if is_cut {
                row.push(Role::Plain, "…");
            }
            rows.push(row);
        }
        if line.truncated
            && let Some(row) = rows.last_mut()
        {
            row.push(Role::Warn, " [cut]");
        }
        if self.found == Some(line.id) {
            rows.iter_mut().for_each(|row| row.chosen = true);
        }
        rows
    }

    /// The columns that times take; a narrow screen is for the text.
    fn indent(&self, columns: usize) -> usize {
        let indent = match self.times {
            Times::Absolute => 20,
            Times::Relative => 9,
            Times::Off => 0,
        };
        if columns < 3 * indent { 0 } else { indent }
    }

    /// What of a text stands in each line of the screen; never nothing.
    fn parts(&self, text: &str, columns: usize) -> Vec<Range<usize>> {
        let room = columns.saturating_sub(self.indent(columns)).max(1);
        let part = |from: usize| {
            let rest = text.get(from..).unwrap_or_default();
            let taken = match fitting(rest, room) {
                // A character that is wider than the screen.
                0 => rest.chars().next().map_or(0, char::len_utf8),
                taken => taken,
            };
            from..from + taken
        };
        if !self.wrap {
            return vec![part(cut_hard(text, self.left).len())];
        }
        let mut parts = vec![part(0)];
        while let Some(last) = parts.last().filter(|last| last.end < text.len()) {
            parts.push(part(last.end));
        }
        parts
    }

    /// How many lines of the screen a line of the log takes.
    pub(super) fn rows_taken(&self, line: &LogLine) -> usize {
        match self.wrap {
            true => self.parts(&for_terminal(&line.line), self.width).len(),
            false => 1,
        }
    }

    fn found_in(&self, text: &str) -> Vec<Range<usize>> {
        let all = self.search.iter().flat_map(|search| search.find_iter(text));
        all.map(|hit| hit.range())
            .filter(|range| !range.is_empty())
            .collect()
    }
}

/// Adds a part of a text, with what is found in it highlighted.
fn highlighted(row: &mut Line, text: &str, part: Range<usize>, found: &[Range<usize>]) {
    let mut at = part.start;
    for hit in found {
        let (start, end) = (hit.start.max(at), hit.end.min(part.end));
        if start >= end {
            continue;
        }
        row.push(Role::Plain, text.get(at..start).unwrap_or_default());
        row.push(Role::Found, text.get(start..end).unwrap_or_default());
        at = end;
    }
    row.push(Role::Plain, text.get(at..part.end).unwrap_or_default());
}
