//! The whole screen as lines: what it is, the screens there are, the rows, and what can be done.

use etlmon_shared::{Timestamp, human};

use super::{App, Overlay};
use crate::command_line;
use crate::frame::{Frame, Line, Role, Size, width};
use crate::keys::{self, Binding};
use crate::model::Link;
use crate::screens::{ALL, Screen, detail, nodes, overview};
use crate::table::Table;

/// Screens lower than this have no line with the names of the screens.
const WITH_NAMES: usize = 12;
/// Screens lower than this have no line that says why a node is down.
const WITH_REASON: usize = 6;

impl App {
    /// Learns how high the screen is, and takes what has come for it.
    pub fn settle(&mut self, size: Size, now: Timestamp) {
        let reason = self.why_silent(size, now);
        self.above = 1 + usize::from(reason.is_some()) + usize::from(size.height >= WITH_NAMES);
        self.height = size.height.saturating_sub(self.above + 1);
        if let Some(lines) = &mut self.lines {
            let height = self.height.saturating_sub(1);
            lines.settle(Size { height, ..size });
        }
    }

    /// The screen.
    pub fn frame(&self, size: Size, now: Timestamp) -> Frame {
        let table = self.table(now);
        let mut lines = self.top(size, now, table.as_ref());
        let height = size.height.saturating_sub(lines.len() + 1);
        let mut body = self.body(Size { height, ..size }, now, table.as_ref());
        body.resize(height, Line::default());
        lines.extend(body);
        lines.push(self.bottom(size.width));
        Frame::new(lines, size)
    }

    fn top(&self, size: Size, now: Timestamp, table: Option<&Table>) -> Vec<Line> {
        let mut lines = vec![self.heading(now, table)];
        lines.extend(self.why_silent(size, now));
        if size.height >= WITH_NAMES {
            lines.push(self.names(size.width));
        }
        lines
    }

    /// Why nothing new comes from the node, where there is room for it.
    fn why_silent(&self, size: Size, now: Timestamp) -> Option<Line> {
        if self.screen == Screen::Nodes || size.height < WITH_REASON {
            return None;
        }
        let node = self.node();
        let Link::Down {
            reason,
            since,
            retry_at,
        } = &node.link
        else {
            let waited = human::age(node.slow_since(now)?, now);
            return Some(Line::new(Role::Warn, &format!("no answer for {waited}")));
        };
        let seen = match node.seen_at {
            Some(at) => format!("last seen {} ago", human::age(at, now)),
            None => "never seen".to_owned(),
        };
        let text = format!(
            "down for {}, {seen}, next try in {}: {reason}",
            human::age(*since, now),
            human::age(now, *retry_at),
        );
        Some(Line::new(Role::Bad, &text))
    }

    fn heading(&self, now: Timestamp, table: Option<&Table>) -> Line {
        let mut line = Line::default();
        if self.screen == Screen::Nodes {
            line.push(Role::Title, "etlmon");
        } else {
            let (state, role) = nodes::state(self.node(), now);
            line.push(Role::Title, &self.node().name);
            if self.nodes.len() > 1 {
                line.push(
                    Role::Dim,
                    &format!(" {}/{}", self.node + 1, self.nodes.len()),
                );
            }
            line.push(Role::Plain, " ");
            line.push(role, state);
        }
        line.push(Role::Plain, "  ");
        line.push(Role::Title, self.screen.title());
        let filter = &self.table_state().filter;
        if !filter.is_empty() {
            line.push(Role::Warn, &format!(" /{filter}"));
        }
        if self.screen == Screen::Transfers {
            for (name, value) in &self.transfer_filter {
                line.push(Role::Warn, &format!(" {name}={value}"));
            }
        }
        if let Some(table) = table {
            let rows = table.rows.len();
            let word = if rows == 1 { "row" } else { "rows" };
            line.push(Role::Dim, &format!("  {rows} {word}"));
        }
        let (refused, at) = self.screen.standing(self.node());
        if let Some(reason) = refused {
            line.push(Role::Warn, &format!("  {reason}"));
        }
        if let Some(at) = at.filter(|_| self.screen != Screen::Nodes) {
            let ms = now.as_millis().saturating_sub(at.as_millis());
            // What is not asked again would come every few seconds.
            let role = if ms > 15_000 { Role::Warn } else { Role::Dim };
            line.push(role, &format!("  {} old", human::age(at, now)));
        }
        if self.settings.readonly {
            line.push(Role::Dim, "  read-only");
        }
        line
    }

    /// The screens with their numbers, with shorter names where there is little room.
    fn names(&self, columns: usize) -> Line {
        let with = |longest: usize| {
            let mut line = Line::default();
            for (at, screen) in ALL.into_iter().enumerate() {
                let name: String = screen.title().chars().take(longest).collect();
                line.push(Role::Key, &format!("{}", at + 1));
                let wrong = overview::wrong(self.node(), screen);
                let role = match (screen == self.screen, wrong) {
                    (true, _) => Role::Title,
                    (false, 0) => Role::Dim,
                    (false, _) => Role::Bad,
                };
                line.push(role, &format!(" {name}  "));
            }
            line
        };
        let fits = |line: &Line| line.text().trim_end().chars().count() <= columns;
        let choices = [11, 5, 3].map(with);
        let fitting = choices.iter().find(|line| fits(line));
        fitting.cloned().unwrap_or_else(|| with(0))
    }

    fn body(&self, size: Size, now: Timestamp, table: Option<&Table>) -> Vec<Line> {
        match &self.overlay {
            Overlay::Help(top) => return scrolled(self.help(), *top, size),
            Overlay::Detail(id, top) => {
                let context = self.context(now);
                let lines = detail::lines(self.screen, &self.nodes, self.node(), id, context);
                let gone = || vec![Line::new(Role::Warn, "this row is gone; Esc goes back")];
                let lines = lines.unwrap_or_else(gone);
                return scrolled(wrapped(lines, size.width), *top, size);
            }
            Overlay::Kill(dialog) => {
                let current = self.process(dialog.pid());
                return wrapped(dialog.lines(current), size.width);
            }
            Overlay::None | Overlay::Input(_) => {}
        }
        if let Some(lines) = &self.lines {
            return lines.draw(size, now);
        }
        if self.screen == Screen::Overview {
            return overview::lines(self.node(), size, self.context(now));
        }
        let Some(table) = table else {
            return Vec::new();
        };
        let mut lines = table.lines(Some(self.table_state()), size);
        if table.rows.is_empty() {
            lines.push(Line::new(Role::Dim, self.why_empty()));
        }
        lines
    }

    fn why_empty(&self) -> &'static str {
        let (refused, at) = self.screen.standing(self.node());
        match (refused, at) {
            (Some(_), None) => "nothing: the node refuses to answer",
            (_, Some(_)) if !self.table_state().filter.is_empty() => {
                "no row holds this; Esc takes the filter away"
            }
            (_, Some(_)) => "none",
            (None, None) => "nothing has come yet",
        }
    }

    fn help(&self) -> Vec<Line> {
        let places = keys::places(self.screen, self.lines.is_some());
        let mut lines = Vec::new();
        let mut last = None;
        for key in keys::working(&places, self.settings.readonly) {
            if last != Some(key.place) {
                lines.push(Line::new(Role::Title, key.place.title()));
                last = Some(key.place);
            }
            lines.push(entry(key.shown, key.says));
        }
        lines.push(Line::new(Role::Title, "command line"));
        lines.push(entry(":SCREEN", "to a screen by its name, such as :paths"));
        for (word, says) in command_line::help(self.settings.readonly) {
            lines.push(entry(&word, says));
        }
        lines
    }

    fn bottom(&self, columns: usize) -> Line {
        if let Overlay::Input(input) = &self.overlay {
            let mut line = input.line(columns);
            if let Some(notice) = &self.notice {
                line.push(notice.role, &format!("  {}", notice.text));
            }
            return line;
        }
        if let Some(notice) = &self.notice {
            return Line::new(notice.role, &notice.text);
        }
        if let Overlay::Kill(dialog) = &self.overlay {
            return dialog.prompt();
        }
        self.hints(columns)
    }

    /// The keys of this screen, as many as fit, and always the one that shows all.
    fn hints(&self, columns: usize) -> Line {
        let mut line = Line::new(Role::Key, "?");
        line.push(Role::Plain, " help");
        let places = keys::places(self.screen, self.lines.is_some());
        let overlaid = !matches!(self.overlay, Overlay::None);
        let is_special = |key: &&Binding| key.place != keys::Place::Everywhere || overlaid;
        let is_back = |key: &&Binding| !overlaid || key.action == keys::Action::Back;
        let hints = keys::working(&places, self.settings.readonly);
        for key in hints.filter(is_special).filter(is_back) {
            let word = key.says.split([';', ':', ',']).next().unwrap_or_default();
            let taken = width(key.shown) + width(word) + 3;
            if line.width() + taken > columns {
                continue;
            }
            line.push(Role::Plain, "  ");
            line.push(Role::Key, key.shown);
            line.push(Role::Dim, &format!(" {word}"));
        }
        line
    }

    /// What is shown between the first and the last lines, as text.
    pub(super) fn body_text(&self, now: Timestamp) -> String {
        let size = Size {
            width: 500,
            height: self.height.max(1),
        };
        let frame = Frame::new(self.body(size, now, self.table(now).as_ref()), size);
        frame.text().trim_end().to_owned()
    }
}

fn entry(key: &str, says: &str) -> Line {
    let mut line = Line::new(Role::Key, key);
    line.pad_to(14.max(line.width() + 1));
    line.push(Role::Plain, says);
    line
}

/// The lines from one on, without leaving the screen empty.
fn scrolled(lines: Vec<Line>, top: usize, size: Size) -> Vec<Line> {
    let last = lines.len().saturating_sub(size.height);
    lines
        .into_iter()
        .skip(top.min(last))
        .take(size.height)
        .collect()
}

/// Long lines go on in the next one.
fn wrapped(lines: Vec<Line>, columns: usize) -> Vec<Line> {
    lines
        .into_iter()
        .flat_map(|line| line.wrap(columns))
        .collect()
}
