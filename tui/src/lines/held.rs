//! Which lines are held: pages are put before and behind them, and the search goes through them.

use std::sync::Arc;

use etlmon_shared::log::LogLine;

use super::page::{Page, Want};
use super::tail::Tail;
use super::{HELD, LinesView, Need, Way};

impl LinesView {
    /// Searches from what was found, or from what is on the screen.
    pub fn find(&mut self, way: Way) -> Option<Need> {
        let regex = self.search.clone()?;
        self.stay();
        let at = |id: i64| self.lines.iter().position(|line| line.id == id);
        let from = self.found.and_then(at);
        let hit = match way {
            Way::Older => {
                let end = from.unwrap_or_else(|| self.shown_end());
                let mut before = self.lines.iter().take(end).rev();
                before
                    .find(|line| regex.is_match(&line.line))
                    .map(|line| line.id)
            }
            Way::Newer => {
                let begin = from.map_or(self.top, |at| at + 1);
                let mut behind = self.lines.iter().skip(begin);
                behind
                    .find(|line| regex.is_match(&line.line))
                    .map(|line| line.id)
            }
        };
        if let Some(id) = hit {
            self.show(id);
            return None;
        }
        let edge = match way {
            Way::Older => self.lines.front(),
            Way::Newer => self.lines.back(),
        };
        let from = edge.map(|line| line.id)?;
        self.trouble = Some("searching".to_owned());
        Some(self.ask(Want::Find { way, from, regex }))
    }

    pub(super) fn show(&mut self, id: i64) {
        self.found = Some(id);
        self.trouble = None;
        let at = self
            .lines
            .iter()
            .position(|line| line.id == id)
            .unwrap_or(0);
        if !(self.top..self.shown_end()).contains(&at) {
            let before = self.lines.iter().take(at + 1).rev();
            let above = self.fitting(before).div_ceil(2);
            self.top = (at + 1).saturating_sub(above);
        }
    }

    /// Takes a page, if it is the one that is awaited.
    pub fn take(&mut self, page: Page) -> Option<Need> {
        if self.awaited != Some(page.number) {
            return None;
        }
        self.awaited = None;
        let rows = match page.rows {
            Ok(rows) => rows,
            Err(reason) => {
                self.trouble = Some(reason);
                return None;
            }
        };
        self.trouble = None;
        match page.want {
            Want::Newest => {
                self.is_first = rows.is_empty();
                self.lines = rows.into();
                let tail = Arc::new(Tail::default());
                self.tail = Some(Arc::clone(&tail));
                // With a filter the newest line that matches may be old: lines in between don't.
                let after = self
                    .lines
                    .back()
                    .map_or(page.newest, |line| line.id.max(page.newest));
                return Some(Need::Tail(tail, after));
            }
            Want::First => {
                self.is_first = true;
                self.lines = rows.into();
                self.top = 0;
            }
            Want::Before(_) => self.prepend(rows),
            Want::After(_) => self.append(rows),
            Want::Find { way, .. } => match page.found {
                Some(id) => {
                    self.is_first = false;
                    self.lines = rows.into();
                    self.show(id);
                }
                None => {
                    let text = match way {
                        Way::Older => "not found before this; n searches towards newer lines",
                        Way::Newer => "not found behind this; N searches towards older lines",
                    };
                    self.trouble = Some(text.to_owned());
                }
            },
        }
        None
    }

    fn prepend(&mut self, rows: Vec<LogLine>) {
        self.is_first = rows.is_empty();
        self.top += rows.len();
        for row in rows.into_iter().rev() {
            self.lines.push_front(row);
        }
        // What is held is bounded; what is cut off at the end is fetched again.
        self.lines.truncate(HELD.max(self.top + self.height));
    }

    fn append(&mut self, rows: Vec<LogLine>) {
        self.lines.extend(rows);
        let excess = self.lines.len().saturating_sub(HELD).min(self.top);
        self.lines.drain(..excess);
        self.is_first &= excess == 0;
        self.top -= excess;
    }
}
