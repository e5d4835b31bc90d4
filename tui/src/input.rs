//! One line that is being typed at the bottom of the screen.

use cursive::event::{Event, Key};

use crate::frame::{Line, Role};

/// What a line is typed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To leave only some rows of a table.
    Filter,
    /// To give a command.
    Command,
    /// To find lines of a log.
    Search,
    /// To have the node choose lines of a log.
    Match,
}

/// A line that is being typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
    /// What for.
    pub purpose: Purpose,
    /// What is typed so far.
    pub text: String,
}

/// What a key did to the line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Typed {
    /// The text is another one.
    Changed,
    /// It is complete.
    Done,
    /// It is given up.
    GivenUp,
    /// A completion is asked for.
    Complete,
    /// An earlier line is asked for.
    Earlier,
    /// Nothing.
    Ignored,
}

impl Input {
    /// Begins with a text.
    pub fn new(purpose: Purpose, text: &str) -> Self {
        let text = text.to_owned();
        Self { purpose, text }
    }

    /// Takes a key.
    pub fn press(&mut self, event: &Event) -> Typed {
        match event {
            Event::Char(character) => self.text.push(*character),
            Event::CtrlChar('u') => self.text.clear(),
            Event::CtrlChar('w') => {
                let kept = self.text.trim_end().rfind(' ').map_or(0, |blank| blank + 1);
                self.text.truncate(kept);
            }
            Event::Key(Key::Backspace) if self.text.is_empty() => return Typed::GivenUp,
            Event::Key(Key::Backspace) => drop(self.text.pop()),
            Event::Key(Key::Enter) => return Typed::Done,
            Event::Key(Key::Esc) | Event::CtrlChar('c') => return Typed::GivenUp,
            Event::Key(Key::Tab) => return Typed::Complete,
            Event::Key(Key::Up) => return Typed::Earlier,
            _ => return Typed::Ignored,
        }
        Typed::Changed
    }

    /// As it is shown; of a long text its end.
    pub fn line(&self, width: usize) -> Line {
        let sign = match self.purpose {
            Purpose::Filter | Purpose::Search => "/",
            Purpose::Command => ":",
            Purpose::Match => "&",
        };
        let mut shown = self.text.as_str();
        while crate::frame::width(shown) + 2 > width.max(3) {
            let mut rest = shown.chars();
            rest.next();
            shown = rest.as_str();
        }
        let mut line = Line::new(Role::Key, sign);
        line.push(Role::Plain, shown);
        line.push(Role::Key, "▏");
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_typed_and_taken_back() {
        let mut input = Input::new(Purpose::Command, "");
        for character in "scan /데이터".chars() {
            assert_eq!(input.press(&Event::Char(character)), Typed::Changed);
        }
        assert_eq!(input.press(&Event::Key(Key::Backspace)), Typed::Changed);
        assert_eq!(input.text, "scan /데이");
        input.press(&Event::CtrlChar('w'));
        assert_eq!(input.text, "scan ");
        input.press(&Event::CtrlChar('u'));
        assert_eq!(input.press(&Event::Key(Key::Backspace)), Typed::GivenUp);
    }

    #[test]
    fn of_a_long_text_the_end_is_shown() {
        let input = Input::new(Purpose::Filter, "0123456789");
        assert_eq!(input.line(6).text(), "/6789▏");
        assert_eq!(input.line(80).text(), "/0123456789▏");
    }
}
