//! Every key of the console: what it is, where it works and what it does. Help, README and the keys
//! themselves come from this one list.

use cursive::event::{Event, Key};

use crate::screens::Screen;

/// What a key does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Leave the console.
    Quit,
    /// Give the terminal to the shell until it is told to go on.
    Suspend,
    /// Draw all of the screen anew.
    Redraw,
    /// Show the keys that work here.
    Help,
    /// One row or line down.
    Down,
    /// One row or line up.
    Up,
    /// A screen down.
    PageDown,
    /// A screen up.
    PageUp,
    /// To the first row or stored line.
    First,
    /// To the last row or line.
    Last,
    /// Show the left of long lines.
    Left,
    /// Show the right of long lines.
    Right,
    /// Show all of the chosen row.
    Open,
    /// Leave what was opened.
    Back,
    /// To the screen with this number.
    Screen(usize),
    /// To the next screen.
    NextScreen,
    /// To the screen before.
    PreviousScreen,
    /// To the next node.
    NextNode,
    /// To the node before.
    PreviousNode,
    /// Sort by the next column.
    Sort,
    /// Turn the order round.
    Invert,
    /// Leave only rows that hold a text.
    Filter,
    /// Type a command.
    Command,
    /// Ask now.
    Refresh,
    /// Copy the chosen row.
    Copy,
    /// Have a path scanned or the crontabs read.
    Scan,
    /// Send a signal to a process.
    Kill,
    /// Follow a log.
    Follow,
    /// Stop reading a log, or go on.
    PauseLog,
    /// Stop moving the lines.
    Pause,
    /// Search the lines.
    Search,
    /// To the next line that is found.
    NextFound,
    /// To the one before.
    PreviousFound,
    /// Have the node send only lines that match.
    Match,
    /// Show times otherwise.
    Times,
    /// Wrap long lines, or not.
    Wrap,
}

/// Where a key works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// On every screen.
    Everywhere,
    /// Where there are rows.
    Tables,
    /// On this screen.
    On(Screen),
    /// In the lines of a log.
    Lines,
}

impl Place {
    /// As help and README call it.
    pub fn title(self) -> &'static str {
        match self {
            Self::Everywhere => "everywhere",
            Self::Tables => "tables",
            Self::On(screen) => screen.title(),
            Self::Lines => "log lines",
        }
    }
}

/// One key.
#[derive(Debug)]
pub struct Binding {
    events: &'static [Event],
    /// The key as people call it.
    pub shown: &'static str,
    /// Where it works.
    pub place: Place,
    /// What it does.
    pub action: Action,
    /// The same for people.
    pub says: &'static str,
}

impl Binding {
    /// Whether it changes something on the node, which `--readonly` forbids.
    pub fn is_command(&self) -> bool {
        matches!(self.action, Action::Scan | Action::Kill | Action::PauseLog)
    }
}

macro_rules! keys {
    ($($place:expr, $shown:literal, [$($event:expr),+], $action:expr, $says:literal;)+) => {
        &[$(Binding {
            events: &[$($event),+],
            shown: $shown,
            place: $place,
            action: $action,
            says: $says,
        }),+]
    };
}

use Event::{Char, CtrlChar, Key as Press, Shift};
use Place::{Everywhere, Lines, On, Tables};

/// All keys.
pub const KEYS: &[Binding] = keys![
    Everywhere, "q, Ctrl-C", [Char('q'), CtrlChar('c')], Action::Quit, "quit";
    Everywhere, "Ctrl-Z", [CtrlChar('z')], Action::Suspend, "to the shell; `fg` goes on";
    Everywhere, "Ctrl-L", [CtrlChar('l'), Press(Key::F5)], Action::Redraw, "draw the screen anew";
    Everywhere, "?", [Char('?'), Press(Key::F1)], Action::Help, "the keys that work here";
    Everywhere, "j, ↓", [Char('j'), Press(Key::Down)], Action::Down, "down";
    Everywhere, "k, ↑", [Char('k'), Press(Key::Up)], Action::Up, "up";
    Everywhere, "PgDn, Ctrl-D", [Press(Key::PageDown), CtrlChar('d')], Action::PageDown, "a page down";
    Everywhere, "PgUp, Ctrl-U", [Press(Key::PageUp), CtrlChar('u')], Action::PageUp, "a page up";
    Everywhere, "g, Home", [Char('g'), Press(Key::Home)], Action::First, "to the first row, or the first stored line";
    Everywhere, "G, End", [Char('G'), Press(Key::End)], Action::Last, "to the last";
    Everywhere, "Esc", [Press(Key::Esc), Press(Key::Backspace)], Action::Back, "back; takes a filter away";
    Everywhere, "1", [Char('1')], Action::Screen(0), "Nodes";
    Everywhere, "2", [Char('2')], Action::Screen(1), "Overview";
    Everywhere, "3", [Char('3')], Action::Screen(2), "Filesystems";
    Everywhere, "4", [Char('4')], Action::Screen(3), "Paths";
    Everywhere, "5", [Char('5')], Action::Screen(4), "Logs";
    Everywhere, "6", [Char('6')], Action::Screen(5), "Processes";
    Everywhere, "7", [Char('7')], Action::Screen(6), "Cron";
    Everywhere, "8", [Char('8')], Action::Screen(7), "Transfers";
    Everywhere, "9", [Char('9')], Action::Screen(8), "Audit";
    Everywhere, "Tab", [Press(Key::Tab)], Action::NextScreen, "next screen";
    Everywhere, "Shift-Tab", [Shift(Key::Tab)], Action::PreviousScreen, "previous screen";
    Everywhere, "]", [Char(']')], Action::NextNode, "next node";
    Everywhere, "[", [Char('[')], Action::PreviousNode, "previous node";
    Everywhere, ":", [Char(':')], Action::Command, "command line; Tab completes";
    Everywhere, "r", [Char('r')], Action::Refresh, "ask the node now";
    Everywhere, "y", [Char('y')], Action::Copy, "copy the chosen row or what is shown (OSC 52)";
    Tables, "Enter", [Press(Key::Enter)], Action::Open, "open: detail, a node's overview, a log's lines";
    Tables, "/", [Char('/')], Action::Filter, "filter: only rows that hold a text";
    Tables, "s", [Char('s')], Action::Sort, "sort: by the next column";
    Tables, "S", [Char('S')], Action::Invert, "invert: turn the order round";
    On(Screen::Paths), "e", [Char('e')], Action::Scan, "scan: the path, now";
    On(Screen::Cron), "e", [Char('e')], Action::Scan, "read: the crontabs, now";
    On(Screen::Processes), "d", [Char('d')], Action::Kill, "kill: send the process a signal";
    On(Screen::Logs), "f", [Char('f')], Action::Follow, "follow: the log";
    On(Screen::Logs), "p", [Char('p')], Action::PauseLog, "pause: have the node stop reading the log, or go on";
    Lines, "f", [Char('f')], Action::Follow, "follow: to the end, and move with it";
    Lines, "p", [Char('p')], Action::Pause, "pause: the lines stay where they are";
    Lines, "/", [Char('/')], Action::Search, "search: a regular expression";
    Lines, "n", [Char('n')], Action::NextFound, "next: line found";
    Lines, "N", [Char('N')], Action::PreviousFound, "previous: line found";
    Lines, "&", [Char('&')], Action::Match, "match: only lines that do; the node chooses them";
    Lines, "t", [Char('t')], Action::Times, "times: absolute, relative, off";
    Lines, "w", [Char('w')], Action::Wrap, "wrap: long lines, or not";
    Lines, "h, ←", [Char('h'), Press(Key::Left)], Action::Left, "to the left of long lines";
    Lines, "l, →", [Char('l'), Press(Key::Right)], Action::Right, "to the right of long lines";
];

/// The places that are shown now, the special before the general.
pub fn places(screen: Screen, in_lines: bool) -> Vec<Place> {
    if in_lines {
        return vec![Place::Lines, Place::Everywhere];
    }
    match screen {
        Screen::Overview => vec![Place::On(screen), Place::Everywhere],
        _ => vec![Place::On(screen), Place::Tables, Place::Everywhere],
    }
}

/// The keys that work in these places.
pub fn working(places: &[Place], readonly: bool) -> impl Iterator<Item = &'static Binding> {
    let of_place = |place: Place| KEYS.iter().filter(move |key| key.place == place);
    let places = places.to_vec();
    let keys = places.into_iter().flat_map(of_place);
    keys.filter(move |key| !(readonly && key.is_command()))
}

/// What an event does in these places.
pub fn action(event: &Event, places: &[Place], readonly: bool) -> Option<Action> {
    working(places, readonly)
        .find(|key| key.events.contains(event))
        .map(|key| key.action)
}

/// The keys as the table in README, which a test compares.
#[cfg(test)]
pub fn markdown() -> String {
    let mut table = "| key | where | what |\n|---|---|---|\n".to_owned();
    for key in KEYS {
        let keys: Vec<_> = key
            .shown
            .split(", ")
            .map(|key| format!("`{key}`"))
            .collect();
        let row = [
            keys.join(", "),
            key.place.title().to_owned(),
            key.says.to_owned(),
        ];
        table.push_str(&format!("| {} |\n", row.join(" | ")));
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::screens::ALL;

    #[test]
    fn no_key_has_two_meanings_in_one_place() {
        for in_lines in [false, true] {
            for screen in ALL {
                for place in places(screen, in_lines) {
                    let mut events: Vec<_> = KEYS
                        .iter()
                        .filter(|key| key.place == place)
                        .flat_map(|key| key.events)
                        .collect();
                    let all = events.len();
                    events.sort_by_key(|event| format!("{event:?}"));
                    events.dedup();
                    assert_eq!(events.len(), all, "{place:?}");
                }
            }
        }
    }

    #[test]
    fn a_console_that_only_reads_knows_no_command() {
        let processes = places(Screen::Processes, false);
        assert_eq!(action(&Char('d'), &processes, false), Some(Action::Kill));
        assert_eq!(action(&Char('d'), &processes, true), None);
        for screen in ALL {
            assert!(!working(&places(screen, false), true).any(Binding::is_command));
        }
    }

    #[test]
    fn the_special_meaning_goes_before_the_general() {
        assert_eq!(
            action(&Char('/'), &places(Screen::Logs, true), false),
            Some(Action::Search)
        );
        assert_eq!(
            action(&Char('/'), &places(Screen::Logs, false), false),
            Some(Action::Filter)
        );
        assert_eq!(
            action(&Char('p'), &places(Screen::Cron, false), false),
            None
        );
    }

    #[test]
    fn the_table_in_the_readme_is_that_of_the_keys() {
        let readme = include_str!("../../README.md");
        assert!(
            readme.contains(&markdown()),
            "README.md should hold:\n{}",
            markdown()
        );
    }
}
