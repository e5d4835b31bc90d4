//! What each key does.

use cursive::event::{Event, Key, MouseButton, MouseEvent};
use etlmon_shared::Timestamp;

use super::{App, Effect, Overlay};
use crate::input::{Input, Purpose};
use crate::keys::{self, Action, Place};
use crate::kill::Pressed;
use crate::screens::{ALL, Screen};

impl App {
    /// Takes a key or the mouse; answers what is to be done beyond the console's own state.
    pub fn press(&mut self, event: &Event, now: Timestamp) -> Vec<Effect> {
        // A terminal sends the same for Escape and a quick key behind it as for Alt with that key,
        // and nothing here is bound to Alt.
        if let Event::AltChar(behind) = event {
            let mut effects = self.press(&Event::Key(Key::Esc), now);
            effects.extend(self.press(&Event::Char(*behind), now));
            return effects;
        }
        // A line feed is what Enter was before the terminal was the console's.
        if matches!(event, Event::CtrlChar('j')) {
            return self.press(&Event::Key(Key::Enter), now);
        }
        // Also over a dialog, and while something is typed.
        match keys::action(event, &[Place::Everywhere], self.settings.readonly) {
            Some(Action::Suspend) => return vec![Effect::Suspend],
            Some(Action::Redraw) => return vec![Effect::Redraw],
            _ => {}
        }
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
}
