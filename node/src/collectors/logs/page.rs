//! Finds lines of a log, one page at a time: by cursor, by time, by what is in them.

use std::collections::HashMap;
use std::ops::Range;
use std::time::{Duration, Instant};

use etlmon_shared::Timestamp;
use etlmon_shared::log::LogLine;
use memchr::memmem::Finder;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row};

use super::pattern::Pattern;
use super::trigrams::Needs;
use crate::http::Cursor;
use crate::store::Effort;
use crate::store::column::moment;

/// How long a page is looked for: clients wait 5 s by default.
const PATIENCE: Duration = Duration::from_secs(2);
/// Text of a page, which one line may exceed: a page of the longest lines would take gigabytes.
const PAGE_BYTES: usize = 8 << 20;
/// Rows and bytes of text between two looks at the clock.
const CHECK_ROWS: usize = 64;
const CHECK_BYTES: usize = 256 << 10;

const NEWER_BLOCKS: &str = "SELECT first_line_id, last_line_id, first_at, last_at, \
     iif(?3, trigrams, NULL) FROM log_blocks WHERE log_name = ?1 AND last_line_id > ?2 \
     AND first_line_id >= coalesce((SELECT first_line_id FROM log_blocks WHERE log_name = ?1 \
     AND first_line_id <= ?2 ORDER BY first_line_id DESC LIMIT 1), 0) ORDER BY first_line_id";
const OLDER_BLOCKS: &str = "SELECT first_line_id, last_line_id, first_at, last_at, \
     iif(?3, trigrams, NULL) FROM log_blocks WHERE log_name = ?1 AND first_line_id < ?2 \
     ORDER BY first_line_id DESC";
const NEWER_LINES: &str = "SELECT id, line FROM log_lines WHERE id BETWEEN ?1 AND ?2 ORDER BY id";
const OLDER_LINES: &str =
    "SELECT id, line FROM log_lines WHERE id BETWEEN ?1 AND ?2 ORDER BY id DESC";
/// Of most lines no more than the text is looked at, which is what a search takes its time for.
const WHOLE_LINE: &str =
    "SELECT id, source_id, line, truncated, created_at FROM log_lines WHERE id = ?1";

/// What a line must be like; each that is given must hold.
#[derive(Clone, Debug, Default)]
pub struct Search {
    /// The line has this in it, in the same case.
    pub contains: Option<String>,
    /// This matches somewhere in the line.
    pub regex: Option<Pattern>,
    /// It was read then or later.
    pub from: Option<Timestamp>,
    /// It was read then or earlier.
    pub to: Option<Timestamp>,
}

impl Search {
    /// An expression can take a minute for one line of a megabyte.
    pub fn effort(&self) -> Effort {
        match self.regex {
            Some(_) => Effort::Long,
            None => Effort::Short,
        }
    }
}

/// Some lines of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// In ascending order of their ids.
    pub lines: Vec<LogLine>,
    /// Whether there are, or may be, more in the same direction: the page is full, of lines or of
    /// text, or the time for the search was over.
    pub more: bool,
    /// Up to and with this id nothing was left out: where the next page goes on.
    pub scanned_to: i64,
}

/// Looks for lines of a log. A search that takes too long answers what it has; `scanned_to` leads
/// on from there, so nothing is left out.
///
/// # Errors
/// What SQLite says.
pub fn page(
    connection: &Connection,
    log_name: &str,
    search: &Search,
    cursor: Cursor,
    limit: u32,
) -> rusqlite::Result<Page> {
    page_within(connection, log_name, search, cursor, limit, PATIENCE)
}

pub(super) fn page_within(
    connection: &Connection,
    log_name: &str,
    search: &Search,
    cursor: Cursor,
    limit: u32,
    patience: Duration,
) -> rusqlite::Result<Page> {
    let (newer, start) = match cursor {
        Cursor::After(id) => (true, id),
        Cursor::Before(id) => (false, id),
        Cursor::Newest => (false, i64::MAX),
    };
    let filter = Filter::new(connection, log_name, search)?;
    let mut scan = Scan {
        filter: &filter,
        newer,
        start,
        limit: usize::try_from(limit).unwrap_or(usize::MAX),
        deadline: Instant::now() + patience,
        unchecked: (0, 0),
        lines: Vec::new(),
        bytes: 0,
        scanned_to: start,
    };
    let more = scan.blocks(connection, log_name)?;
    let (mut lines, scanned_to) = (scan.lines, scan.scanned_to);
    if !newer {
        lines.reverse();
    }
    Ok(Page {
        lines,
        more,
        scanned_to,
    })
}

/// The search, ready for one line after the other.
struct Filter<'a> {
    sources: HashMap<i64, Source>,
    log_name: &'a str,
    needs: Needs,
    contains: Option<Finder<'a>>,
    regex: Option<&'a Pattern>,
    from: i64,
    to: i64,
}

struct Source {
    path: String,
    inode: u64,
}

impl<'a> Filter<'a> {
    fn new(
        connection: &Connection,
        log_name: &'a str,
        search: &'a Search,
    ) -> rusqlite::Result<Self> {
        let sources = connection
            .prepare_cached(
                "SELECT id, log_path, source_inode FROM log_sources WHERE log_name = ?1",
            )?
            .query_map([log_name], |row| {
                let source = Source {
                    path: row.get("log_path")?,
                    inode: row.get::<_, i64>("source_inode")?.cast_unsigned(),
                };
                Ok((row.get("id")?, source))
            })?
            .collect::<Result<_, _>>()?;
        let mut needs = Needs::default();
        if let Some(text) = &search.contains {
            needs.one_of([text]);
        }
        if let Some(pattern) = &search.regex {
            needs.and(pattern.needs());
        }
        Ok(Self {
            sources,
            log_name,
            needs,
            contains: search.contains.as_ref().map(Finder::new),
            regex: search.regex.as_ref(),
            from: search.from.map_or(i64::MIN, moment),
            to: search.to.map_or(i64::MAX, moment),
        })
    }

    /// In which parts of the block a line can match, as [`Needs::parts`] has them.
    fn parts_of(&self, block: &Row<'_>) -> rusqlite::Result<Vec<Range<u16>>> {
        let (first_at, last_at): (i64, i64) = (block.get(2)?, block.get(3)?);
        if last_at < self.from || first_at > self.to {
            return Ok(Vec::new());
        }
        let trigrams = block.get_ref(4)?.as_blob_or_null()?;
        Ok(self.needs.parts(trigrams.unwrap_or_default()))
    }

    /// Whether a line's text matches.
    fn takes(&self, line: ValueRef<'_>) -> rusqlite::Result<bool> {
        if let Some(text) = &self.contains
            && text.find(line.as_bytes()?).is_none()
        {
            return Ok(false);
        }
        match self.regex {
            Some(pattern) => Ok(pattern.is_match(line.as_str()?)),
            None => Ok(true),
        }
    }

    /// The line, if it is of this log and of this time.
    fn line(&self, row: &Row<'_>) -> rusqlite::Result<Option<LogLine>> {
        let Some(source) = self.sources.get(&row.get(1)?) else {
            return Ok(None);
        };
        let at: i64 = row.get(4)?;
        if at < self.from || at > self.to {
            return Ok(None);
        }
        Ok(Some(LogLine {
            id: row.get(0)?,
            log_name: self.log_name.to_owned(),
            log_path: source.path.clone(),
            line: row.get(2)?,
            truncated: row.get(3)?,
            created_at: Timestamp::from_millis(at),
            source_inode: source.inode,
        }))
    }
}

/// A search under way.
struct Scan<'a> {
    filter: &'a Filter<'a>,
    newer: bool,
    /// The cursor's id, which is not in the page.
    start: i64,
    limit: usize,
    deadline: Instant,
    /// Rows and bytes since the clock was looked at.
    unchecked: (usize, usize),
    /// In the order of the search.
    lines: Vec<LogLine>,
    /// Of their text.
    bytes: usize,
    scanned_to: i64,
}

impl Scan<'_> {
    /// Goes through the log's blocks; true when there is or may be more.
    fn blocks(&mut self, connection: &Connection, log_name: &str) -> rusqlite::Result<bool> {
        let sql = if self.newer {
            NEWER_BLOCKS
        } else {
            OLDER_BLOCKS
        };
        let mut blocks = connection.prepare_cached(sql)?;
        let with_trigrams = !self.filter.needs.is_empty();
        let mut blocks = blocks.query((log_name, self.start, with_trigrams))?;
        while let Some(block) = blocks.next()? {
            let (first, last): (i64, i64) = (block.get(0)?, block.get(1)?);
            let mut parts = self.filter.parts_of(block)?;
            if !self.newer {
                parts.reverse();
            }
            for part in parts {
                let from = first + i64::from(part.start);
                let to = last.min(first + i64::from(part.end) - 1);
                let (from, to) = if self.newer {
                    (from.max(self.start.saturating_add(1)), to)
                } else {
                    (from, to.min(self.start.saturating_sub(1)))
                };
                if self.lines(connection, from, to)? {
                    return Ok(true);
                }
            }
            self.scanned_to = if self.newer { last } else { first };
            if self.is_late(block.get_ref(4)?.as_blob_or_null()?.map_or(0, <[u8]>::len)) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Goes through the lines with these ids; true when the page is full or the time is over.
    fn lines(&mut self, connection: &Connection, from: i64, to: i64) -> rusqlite::Result<bool> {
        let sql = if self.newer { NEWER_LINES } else { OLDER_LINES };
        let mut lines = connection.prepare_cached(sql)?;
        let mut lines = lines.query((from, to))?;
        let mut whole = connection.prepare_cached(WHOLE_LINE)?;
        while let Some(row) = lines.next()? {
            let id: i64 = row.get(0)?;
            let line = row.get_ref(1)?;
            if self.filter.takes(line)?
                && let Some(line) = whole.query_row([id], |row| self.filter.line(row))?
            {
                if self.lines.len() == self.limit {
                    return Ok(true);
                }
                self.bytes += line.line.len();
                self.lines.push(line);
            }
            self.scanned_to = id;
            if self.bytes >= PAGE_BYTES || self.is_late(line.as_bytes()?.len()) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn is_late(&mut self, bytes: usize) -> bool {
        self.unchecked.0 += 1;
        self.unchecked.1 += bytes;
        if self.unchecked.0 < CHECK_ROWS && self.unchecked.1 < CHECK_BYTES {
            return false;
        }
        self.unchecked = (0, 0);
        Instant::now() >= self.deadline
    }
}
