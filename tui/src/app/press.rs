//! What each key does.

use cursive::event::{Event, Key, MouseButton, MouseEvent};
use etlmon_shared::Timestamp;
use etlmon_shared::log::{LogFile, LogStatus};
use regex::Regex;

use super::{App, Effect, Overlay};
use crate::command::Command;
use crate::command_line::{self, Said};
use crate::input::{Input, Purpose, Typed};
use crate::keys::{self, Action};
use crate::kill::{KillDialog, Pressed};
use crate::lines::{LinesView, Times, Way};
use crate::screens::{ALL, Screen, logs, processes};

impl App {
    /// Takes a key or the mouse; answers what is to be done beyond the console's own state.
    pub fn press(&mut self, event: &Event, now: Timestamp) -> Vec<Effect> {
        self.notice = None;
        match &mut self.overlay {
            Overlay::Input(input) => {
                let typed = input.press(event);
                return self.typed(typed, now);
            }
            Overlay::Kill(dialog) => {
                let node = self.node;
                return match dialog.press(event) {
                    Pressed::Stay => Vec::new(),
                    Pressed::Close => {
                        self.overlay = Overlay::None;
                        Vec::new()
                    }
                    Pressed::Send(command) => vec![Effect::Send(node, command)],
                };
            }
            Overlay::None | Overlay::Help(_) | Overlay::Detail(..) => {}
        }
        if let Event::Mouse {
            event, position, ..
        } = event
        {
            return self.mouse(*event, position.y, now);
        }
        let places = keys::places(self.screen, self.lines.is_some());
        match keys::action(event, &places, self.settings.readonly) {
            Some(action) => self.act(action, now),
            None => Vec::new(),
        }
    }

    fn mouse(&mut self, event: MouseEvent, y: usize, now: Timestamp) -> Vec<Effect> {
        match event {
            MouseEvent::WheelDown => return self.act(Action::Down, now),
            MouseEvent::WheelUp => return self.act(Action::Up, now),
            MouseEvent::Press(MouseButton::Left)
                if matches!(self.overlay, Overlay::None) && self.lines.is_none() => {}
            _ => return Vec::new(),
        }
        // Two clicks on a row open it, as Enter does.
        let offset = y.checked_sub(self.above + 1);
        let row = offset.and_then(|offset| {
            let table = self.table(now)?;
            table
                .row_at(self.table_state(), offset, self.height)
                .map(|row| row.id.clone())
        });
        let Some(id) = row else { return Vec::new() };
        if self.table_state().chosen.as_ref() == Some(&id) {
            return self.act(Action::Open, now);
        }
        self.table_state_mut().chosen = Some(id);
        Vec::new()
    }

    fn act(&mut self, action: Action, now: Timestamp) -> Vec<Effect> {
        if let Some(effects) = self.act_in_overlay(action) {
            return effects;
        }
        match action {
            Action::Quit => return vec![Effect::Quit],
            Action::Help => self.overlay = Overlay::Help(0),
            Action::Back => self.back(),
            Action::Screen(index) => {
                if let Some(screen) = ALL.get(index) {
                    self.show(*screen);
                }
            }
            Action::NextScreen => self.turn(1),
            Action::PreviousScreen => self.turn(ALL.len() - 1),
            Action::NextNode => self.choose_node((self.node + 1) % self.nodes.len().max(1)),
            Action::PreviousNode => {
                let all = self.nodes.len().max(1);
                self.choose_node((self.node + all - 1) % all);
            }
            Action::Command => self.overlay = Overlay::Input(Input::new(Purpose::Command, "")),
            Action::Refresh => return vec![Effect::Refresh],
            Action::Copy => return self.copy(now),
            _ if self.lines.is_some() => return self.act_on_lines(action),
            _ => return self.act_on_table(action, now),
        }
        Vec::new()
    }

    /// Keys that move within help or detail; all others close it and do what they do.
    fn act_in_overlay(&mut self, action: Action) -> Option<Vec<Effect>> {
        let page = self.height.saturating_sub(1).max(1);
        let (Overlay::Help(top) | Overlay::Detail(_, top)) = &mut self.overlay else {
            return None;
        };
        match action {
            Action::Down => *top = top.saturating_add(1),
            Action::Up => *top = top.saturating_sub(1),
            Action::PageDown => *top = top.saturating_add(page),
            Action::PageUp => *top = top.saturating_sub(page),
            Action::First => *top = 0,
            Action::Last => *top = usize::MAX,
            Action::Back | Action::Help | Action::Open => self.overlay = Overlay::None,
            Action::Copy | Action::Refresh => return None,
            _ => {
                self.overlay = Overlay::None;
                return None;
            }
        }
        Some(Vec::new())
    }

    fn back(&mut self) {
        if self.lines.take().is_some() {
            return;
        }
        let state = self.table_state_mut();
        if !state.filter.is_empty() {
            state.filter.clear();
        } else if self.screen == Screen::Transfers && !self.transfer_filter.is_empty() {
            self.transfer_filter.clear();
        } else if self.screen != Screen::Nodes {
            let home = if self.screen == Screen::Overview {
                Screen::Nodes
            } else {
                Screen::Overview
            };
            self.show(home);
        }
    }

    fn turn(&mut self, by: usize) {
        let index = (self.screen.index() + by) % ALL.len();
        if let Some(screen) = ALL.get(index) {
            self.show(*screen);
        }
    }

    fn act_on_table(&mut self, action: Action, now: Timestamp) -> Vec<Effect> {
        let Some(table) = self.table(now) else {
            return Vec::new();
        };
        let (rows, page) = (table.rows.len(), self.height.saturating_sub(1).max(1));
        let at = table.position(self.table_state());
        let last = rows.saturating_sub(1);
        let to = match action {
            Action::Down => at + 1,
            Action::Up => at.saturating_sub(1),
            Action::PageDown => at + page,
            Action::PageUp => at.saturating_sub(page),
            Action::First => 0,
            Action::Last => last,
            _ => at,
        };
        let to = to.min(last);
        let id = table.rows.get(to).map(|row| row.id.clone());
        let columns = table.columns.len();
        let state = self.table_state_mut();
        state.index = to;
        state.chosen.clone_from(&id);
        match action {
            Action::Sort => {
                let next = state.sort.map_or(0, |column| column + 1);
                state.sort = Some(next).filter(|column| *column < columns);
                state.inverted = false;
            }
            Action::Invert => state.inverted = !state.inverted,
            Action::Filter => {
                let input = Input::new(Purpose::Filter, &state.filter);
                self.overlay = Overlay::Input(input);
            }
            _ => {
                if let Some(id) = id {
                    return self.act_on_row(action, &id, now);
                }
            }
        }
        Vec::new()
    }

    fn act_on_row(&mut self, action: Action, id: &str, now: Timestamp) -> Vec<Effect> {
        match (action, self.screen) {
            (Action::Open, Screen::Nodes) => {
                let index = self.nodes.iter().position(|node| node.name == id);
                self.choose_node(index.unwrap_or(self.node));
                self.show(Screen::Overview);
            }
            (Action::Open, Screen::Logs) | (Action::Follow, _) => {
                let Some(name) = self.log(id).map(|log| log.name.clone()) else {
                    return Vec::new();
                };
                return vec![self.open_log(&name)];
            }
            (Action::Open, _) => self.overlay = Overlay::Detail(id.to_owned(), 0),
            (Action::Scan, Screen::Paths) => {
                return self.send(Command::Scan(Some(vec![id.to_owned()])));
            }
            (Action::Scan, _) => return self.send(Command::RefreshCron),
            (Action::PauseLog, _) => {
                if let Some(log) = self.log(id) {
                    let name = log.name.clone();
                    let is_paused = log.status == LogStatus::Paused;
                    return self.send(if is_paused {
                        Command::ResumeLog(name)
                    } else {
                        Command::PauseLog(name)
                    });
                }
            }
            (Action::Kill, _) => self.open_kill(id, now),
            _ => {}
        }
        Vec::new()
    }

    fn log(&self, id: &str) -> Option<&LogFile> {
        self.node()
            .logs
            .rows
            .iter()
            .flatten()
            .find(|log| logs::id(log) == id)
    }

    /// Shows the lines of a log.
    pub(crate) fn open_log(&mut self, name: &str) -> Effect {
        self.show(Screen::Logs);
        let (lines, need) = LinesView::new(self.node, name);
        self.lines = Some(lines);
        Effect::Lines(need)
    }

    /// Opens the dialog for the process of a row.
    pub(crate) fn open_kill(&mut self, id: &str, now: Timestamp) {
        let mut rows = self.node().processes.rows.iter().flatten();
        if let Some(process) = rows.find(|row| processes::id(row) == id).cloned() {
            self.overlay = Overlay::Kill(Box::new(KillDialog::new(process, now)));
        }
    }

    fn send(&self, command: Command) -> Vec<Effect> {
        vec![Effect::Send(self.node, command)]
    }

    fn copy(&mut self, now: Timestamp) -> Vec<Effect> {
        let text = match (&self.overlay, &self.lines) {
            (Overlay::None, None) => self.table(now).and_then(|table| {
                let row = table.rows.get(table.position(self.table_state()))?;
                let cells: Vec<_> = row.cells.iter().map(|cell| cell.text.as_str()).collect();
                Some(cells.join("\t"))
            }),
            _ => Some(self.body_text(now)),
        };
        match text {
            Some(text) => vec![Effect::Copy(text)],
            None => vec![Effect::Copy(self.body_text(now))],
        }
    }

    fn act_on_lines(&mut self, action: Action) -> Vec<Effect> {
        let page = self.height.saturating_sub(2).max(1);
        let Some(lines) = &mut self.lines else {
            return Vec::new();
        };
        let need = match action {
            Action::Down => lines.scroll(Way::Newer, 1),
            Action::Up => lines.scroll(Way::Older, 1),
            Action::PageDown => lines.scroll(Way::Newer, page),
            Action::PageUp => lines.scroll(Way::Older, page),
            Action::First => Some(lines.go_first()),
            Action::Last | Action::Follow => Some(lines.follow()),
            Action::Pause if lines.following => {
                lines.stay();
                None
            }
            Action::Pause => Some(lines.follow()),
            Action::NextFound => lines.find(Way::Newer),
            Action::PreviousFound => lines.find(Way::Older),
            Action::Left | Action::Right => {
                lines.shift(action == Action::Right);
                None
            }
            Action::Wrap => {
                lines.wrap = !lines.wrap;
                None
            }
            Action::Times => {
                lines.times = match lines.times {
                    Times::Absolute => Times::Relative,
                    Times::Relative => Times::Off,
                    Times::Off => Times::Absolute,
                };
                None
            }
            Action::Search | Action::Match => {
                let (purpose, text) = match action {
                    Action::Search => (Purpose::Search, String::new()),
                    _ => (Purpose::Match, lines.filter.clone()),
                };
                self.overlay = Overlay::Input(Input::new(purpose, &text));
                None
            }
            _ => None,
        };
        need.map(Effect::Lines).into_iter().collect()
    }

    fn typed(&mut self, typed: Typed, now: Timestamp) -> Vec<Effect> {
        let Overlay::Input(input) = &mut self.overlay else {
            return Vec::new();
        };
        let (purpose, text) = (input.purpose, input.text.clone());
        match typed {
            Typed::Changed if purpose == Purpose::Filter => self.table_state_mut().filter = text,
            Typed::Complete if purpose == Purpose::Command => {
                let completed = command_line::complete(self, &text);
                self.overlay = Overlay::Input(Input::new(purpose, &completed.text));
                if let Some(choices) = completed.choices {
                    self.warn(choices);
                }
            }
            Typed::Earlier if purpose == Purpose::Command => {
                if let Some(last) = self.typed.pop() {
                    // The one that is left goes to the end of the ring.
                    self.typed.insert(0, last.clone());
                    self.overlay = Overlay::Input(Input::new(purpose, &last));
                }
            }
            Typed::GivenUp => {
                self.overlay = Overlay::None;
                if purpose == Purpose::Filter {
                    self.table_state_mut().filter.clear();
                }
            }
            Typed::Done => {
                self.overlay = Overlay::None;
                return self.entered(purpose, &text, now);
            }
            _ => {}
        }
        Vec::new()
    }

    fn entered(&mut self, purpose: Purpose, text: &str, now: Timestamp) -> Vec<Effect> {
        match (purpose, &mut self.lines) {
            (Purpose::Command, _) => {
                if !text.is_empty() {
                    self.typed.push(text.to_owned());
                }
                match command_line::run(self, text, now) {
                    Said::Nothing => {}
                    Said::Wrong(why) => self.warn(why),
                    Said::Do(effect) => return vec![effect],
                }
            }
            (Purpose::Search, Some(lines)) => match Regex::new(text) {
                _ if text.is_empty() => lines.search = None,
                Ok(regex) => {
                    lines.search = Some(regex);
                    lines.found = None;
                    return lines
                        .find(Way::Older)
                        .map(Effect::Lines)
                        .into_iter()
                        .collect();
                }
                Err(_) => self.warn(format!("`{text}` is no regular expression")),
            },
            (Purpose::Match, Some(lines)) => match Regex::new(text) {
                Ok(_) => return vec![Effect::Lines(lines.choose(text))],
                Err(_) => self.warn(format!("`{text}` is no regular expression")),
            },
            _ => {}
        }
        Vec::new()
    }

    /// Whether the key is one that stops a program until it is continued.
    pub fn is_suspend(event: &Event) -> bool {
        matches!(event, Event::CtrlChar('z'))
    }

    /// Whether a key redraws the whole terminal.
    pub fn is_redraw(event: &Event) -> bool {
        matches!(event, Event::CtrlChar('l') | Event::Key(Key::F5))
    }
}
