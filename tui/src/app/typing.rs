//! What keys do to the lines of a log, and what typed lines do.

use etlmon_shared::Timestamp;
use regex::Regex;

use super::{App, Effect, Overlay};
use crate::command_line::{self, Said};
use crate::input::{Input, Purpose, Typed};
use crate::keys::Action;
use crate::lines::{Times, Way};

impl App {
    pub(super) fn act_on_lines(&mut self, action: Action) -> Vec<Effect> {
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
            Action::Last | Action::Follow if lines.following => None,
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
                lines.turn_wrap();
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

    pub(super) fn typed(&mut self, typed: Typed, now: Timestamp) -> Vec<Effect> {
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
}
