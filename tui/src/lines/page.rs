//! A page of stored lines, asked of the node when it is scrolled to.

use etlmon_shared::client::Cursor;
use etlmon_shared::log::LogLine;
use etlmon_shared::{Client, ClientError, routes};
use regex::Regex;

use super::Way;
use crate::query::refusal;

/// Lines of a page.
const LINES: u32 = 500;
/// Lines that a search reads at once.
const SEARCHED: u32 = 5_000;

/// A page to be asked for.
#[derive(Clone, Debug)]
pub struct Ask {
    /// Which one it is, so that one that comes too late is known.
    pub number: u64,
    /// The node's place in the list.
    pub node: usize,
    /// The log's name.
    pub log: String,
    /// Only lines that match this; empty for all.
    pub filter: String,
    /// Which lines.
    pub want: Want,
}

/// Which lines.
#[derive(Clone, Debug)]
pub enum Want {
    /// The last ones.
    Newest,
    /// The first ones.
    First,
    /// Those before an id.
    Before(i64),
    /// Those behind an id.
    After(i64),
    /// Those around the next one that matches.
    Find {
        /// Where to.
        way: Way,
        /// From this id, itself left out.
        from: i64,
        /// What to find.
        regex: Regex,
    },
}

/// What came.
#[derive(Debug)]
pub struct Page {
    /// That of the question.
    pub number: u64,
    /// That of the question.
    pub want: Want,
    /// The lines, or why there are none.
    pub rows: Result<Vec<LogLine>, String>,
    /// The id of the log's newest line when the last ones were asked for; 0 without lines.
    pub newest: i64,
    /// The line that was searched.
    pub found: Option<i64>,
}

impl Ask {
    /// Asks the node. A search may take several questions.
    pub fn fetch(self, client: &Client) -> Page {
        let (mut newest, mut found) = (0, None);
        let rows = self
            .rows(client, &mut newest, &mut found)
            .map_err(|error| refusal(&error));
        Page {
            number: self.number,
            want: self.want,
            rows,
            newest,
            found,
        }
    }

    fn rows(
        &self,
        client: &Client,
        newest: &mut i64,
        found: &mut Option<i64>,
    ) -> Result<Vec<LogLine>, ClientError> {
        match &self.want {
            Want::Newest => {
                // Asked first: what comes while the past is searched belongs to the stream.
                let last = client.rows::<LogLine>(&routes::log_lines(&self.log), &[], None, 1)?;
                *newest = last.rows.last().map_or(0, |line| line.id);
                let cursor = Cursor::Before(newest.saturating_add(1));
                self.page(client, cursor, LINES)
            }
            Want::First => self.page(client, Cursor::After(0), LINES),
            Want::Before(id) => self.page(client, Cursor::Before(*id), LINES),
            Want::After(id) => self.page(client, Cursor::After(*id), LINES),
            Want::Find { way, from, regex } => self.find(client, (*way, *from), regex, found),
        }
    }

    fn find(
        &self,
        client: &Client,
        (way, mut from): (Way, i64),
        regex: &Regex,
        found: &mut Option<i64>,
    ) -> Result<Vec<LogLine>, ClientError> {
        loop {
            let cursor = match way {
                Way::Older => Cursor::Before(from),
                Way::Newer => Cursor::After(from),
            };
            let rows = self.page(client, cursor, SEARCHED)?;
            let matches = |line: &&LogLine| regex.is_match(&line.line);
            let (edge, hit) = match way {
                Way::Older => (rows.first(), rows.iter().rev().find(matches)),
                Way::Newer => (rows.last(), rows.iter().find(matches)),
            };
            let Some(edge) = edge.map(|line| line.id) else {
                return Ok(rows);
            };
            if let Some(line) = hit {
                *found = Some(line.id);
                return Ok(rows);
            }
            from = edge;
        }
    }

    fn page(
        &self,
        client: &Client,
        cursor: Cursor,
        limit: u32,
    ) -> Result<Vec<LogLine>, ClientError> {
        let query = [("regex", self.filter.as_str())];
        let query = if self.filter.is_empty() {
            [].as_slice()
        } else {
            query.as_slice()
        };
        let rows = client.rows(&routes::log_lines(&self.log), query, Some(cursor), limit)?;
        Ok(rows.rows)
    }
}
