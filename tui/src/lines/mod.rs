//! The lines of one log: those around what is looked at, fetched as one scrolls, and those that come.

pub mod draw;
mod held;
pub mod page;
pub mod tail;

use std::collections::VecDeque;
use std::sync::Arc;

use etlmon_shared::log::LogLine;
use regex::Regex;

use crate::frame::Size;
use page::{Ask, Want};
use tail::{Tail, TailState};

/// Lines that are held; all others are fetched when they are scrolled to.
const HELD: usize = 4_000;
/// Columns that one step to the side moves.
const STEP: usize = 16;

/// How the time of a line is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Times {
    /// As date and time in UTC.
    Absolute,
    /// As how long ago.
    Relative,
    /// Not at all.
    Off,
}

/// A direction in a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Towards what was read earlier.
    Older,
    /// Towards what was read later.
    Newer,
}

/// One log that is looked at.
#[derive(Debug)]
pub struct LinesView {
    /// The node's place in the list.
    pub node: usize,
    /// The log's name.
    pub log: String,
    /// The node sends only lines that match this; empty for all.
    pub filter: String,
    /// How times are shown.
    pub times: Times,
    /// Whether long lines take several lines of the screen.
    pub wrap: bool,
    /// Columns that are left out at the left.
    pub left: usize,
    /// What is highlighted.
    pub search: Option<Regex>,
    /// The line that was found last.
    pub found: Option<i64>,
    /// Why there is nothing, or nothing more.
    pub trouble: Option<String>,
    /// Whether the screen moves with what comes.
    pub following: bool,
    /// Lines that came and went by faster than the screen was drawn.
    pub unseen: u64,
    /// Lines that were deleted before the node could send them; `None` if nobody knows how many.
    pub missed: Option<u64>,
    lines: VecDeque<LogLine>,
    /// Of the first line on the screen, when it does not move.
    top: usize,
    /// Whether the first of the lines is the first that is stored.
    is_first: bool,
    /// The page that is awaited.
    awaited: Option<u64>,
    asked: u64,
    tail: Option<Arc<Tail>>,
    /// Lines and columns of the screen.
    height: usize,
    width: usize,
}

/// What the view wants done.
#[derive(Debug)]
pub enum Need {
    /// A page.
    Page(Ask),
    /// The lines after this id, as they come.
    Tail(Arc<Tail>, i64),
}

impl LinesView {
    /// Begins at the end of a log, and follows it.
    pub fn new(node: usize, log: &str) -> (Self, Need) {
        let mut view = Self {
            node,
            log: log.to_owned(),
            filter: String::new(),
            times: Times::Absolute,
            wrap: false,
            left: 0,
            search: None,
            found: None,
            trouble: None,
            following: true,
            unseen: 0,
            missed: Some(0),
            lines: VecDeque::new(),
            top: 0,
            is_first: false,
            awaited: None,
            asked: 0,
            tail: None,
            height: 1,
            width: 80,
        };
        let need = view.follow();
        (view, need)
    }

    /// The number of the page that was asked for last.
    #[cfg(test)]
    pub fn asked(&self) -> u64 {
        self.asked
    }

    /// Goes to the end and moves with it.
    pub fn follow(&mut self) -> Need {
        self.following = true;
        self.tail = None;
        self.ask(Want::Newest)
    }

    /// Begins again where the node did not answer when it was asked, now that it does.
    pub fn try_again(&mut self) -> Option<Need> {
        let is_left = self.following && self.tail.is_none() && self.awaited.is_none();
        is_left.then(|| self.follow())
    }

    /// Leaves the lines where they are.
    pub fn stay(&mut self) {
        if self.following {
            self.following = false;
            self.tail = None;
            self.top = self.last_top();
        }
    }

    /// How many lines of the log, taken in this order, the screen has room for; at least one.
    fn fitting<'a>(&self, lines: impl Iterator<Item = &'a LogLine>) -> usize {
        let mut rows = 0;
        let fits = |line: &&LogLine| {
            rows += self.rows_taken(line);
            rows <= self.height
        };
        lines.take_while(fits).count().max(1)
    }

    /// Where the screen begins when it shows the last line.
    fn last_top(&self) -> usize {
        let shown = self.fitting(self.lines.iter().rev());
        self.lines.len().saturating_sub(shown)
    }

    /// Behind the last line that is on the screen.
    fn shown_end(&self) -> usize {
        let shown = self.fitting(self.lines.iter().skip(self.top));
        self.lines.len().min(self.top + shown)
    }

    /// Wraps long lines, or not; what was found last stays on the screen.
    pub fn turn_wrap(&mut self) {
        self.wrap = !self.wrap;
        self.top = self.top.min(self.last_top());
        if let Some(found) = self.found {
            self.show(found);
        }
    }

    /// Has the node choose lines by another expression.
    pub fn choose(&mut self, filter: &str) -> Need {
        filter.clone_into(&mut self.filter);
        self.lines.clear();
        self.is_first = false;
        self.follow()
    }

    /// Moves by so many lines.
    pub fn scroll(&mut self, way: Way, by: usize) -> Option<Need> {
        self.stay();
        let last = self.last_top();
        match way {
            Way::Older => self.top = self.top.saturating_sub(by),
            Way::Newer => self.top = self.top.saturating_add(by).min(last),
        }
        self.fetch_near_edge(way)
    }

    /// To the first line that is stored.
    pub fn go_first(&mut self) -> Need {
        self.stay();
        self.ask(Want::First)
    }

    /// Moves to the side.
    pub fn shift(&mut self, to_right: bool) {
        self.left = match to_right {
            true => self.left.saturating_add(STEP),
            false => self.left.saturating_sub(STEP),
        };
    }

    fn ask(&mut self, want: Want) -> Need {
        self.asked += 1;
        self.awaited = Some(self.asked);
        Need::Page(Ask {
            number: self.asked,
            node: self.node,
            log: self.log.clone(),
            filter: self.filter.clone(),
            want,
        })
    }

    fn fetch_near_edge(&mut self, way: Way) -> Option<Need> {
        if self.awaited.is_some() {
            return None;
        }
        let margin = self.height.max(50);
        match way {
            Way::Older if self.top < margin && !self.is_first => {
                let before = self.lines.front()?.id;
                Some(self.ask(Want::Before(before)))
            }
            Way::Newer if self.top + self.height + margin > self.lines.len() => {
                let after = self.lines.back()?.id;
                Some(self.ask(Want::After(after)))
            }
            _ => None,
        }
    }

    /// Takes what has come since the last time, and learns how large the screen is.
    pub fn settle(&mut self, size: Size) {
        self.height = size.height.max(1);
        self.width = size.width;
        let Some(tail) = &self.tail else {
            return;
        };
        let came = tail.drain();
        let passed = came.lines.len().saturating_sub(self.height);
        let passed = u64::try_from(passed).unwrap_or(u64::MAX);
        self.unseen = self
            .unseen
            .saturating_add(passed)
            .saturating_add(came.overflowed);
        self.missed = self
            .missed
            .zip(came.missed)
            .map(|(all, new)| all.saturating_add(new));
        if came.overflowed > 0 {
            // What is held would have a hole.
            self.lines.clear();
            self.is_first = false;
        }
        self.lines.extend(came.lines);
        let excess = self.lines.len().saturating_sub(HELD);
        self.lines.drain(..excess);
        self.is_first &= excess == 0;
        self.trouble = match came.state {
            TailState::Broken(reason) => Some(reason),
            TailState::Live => None,
        };
    }
}
