//! The arguments for lists that grow: lines and transfers, by id, time and content.

use clap::Args;
use clap::builder::NonEmptyStringValueParser;
use etlmon_shared::Timestamp;
use etlmon_shared::client::Cursor;

use super::value::moment;

/// Rows that are printed when nobody says how many.
const ROWS: u32 = 100;
/// Lines of the past that are printed before those to come, as `tail -f` does.
const LINES_BEFORE_FOLLOWING: u32 = 10;

/// Arguments of `etlmon get log`.
#[derive(Args, Clone, Debug)]
pub(crate) struct LogArgs {
    /// The log's configured name
    #[arg(value_parser = NonEmptyStringValueParser::new())]
    pub(crate) name: String,
    /// At most so many lines, the newest that fit the rest [default: 100, with --follow 10]
    #[arg(short = 'n', long, visible_alias = "limit")]
    #[arg(value_parser = clap::value_parser!(u32).range(0..=10_000))]
    lines: Option<u32>,
    /// Only lines that hold this text; case matters
    #[arg(long, value_name = "TEXT")]
    contains: Option<String>,
    /// Only lines that match this regular expression (syntax of Rust's regex; (?i) for any case)
    #[arg(long, value_name = "RE")]
    regex: Option<String>,
    /// Only lines read since: a time such as 2026-01-15T10:23:45Z, or how long ago, such as 6h
    #[arg(long, value_name = "TIME", value_parser = moment)]
    from: Option<Timestamp>,
    /// Only lines read until, written likewise
    #[arg(long, value_name = "TIME", value_parser = moment, conflicts_with = "follow")]
    to: Option<Timestamp>,
    #[command(flatten)]
    cursor: CursorArgs,
    /// Go on with the lines that come, until interrupted
    #[arg(short, long, conflicts_with = "before")]
    pub(crate) follow: bool,
}

impl LogArgs {
    /// What is wrong with arguments that are right one by one.
    pub(crate) fn check(&self) -> Result<(), &'static str> {
        let is_begun_twice = self.lines.is_some() || self.from.is_some();
        match (self.follow, self.cursor.after, self.lines) {
            (true, Some(_), _) if is_begun_twice => {
                Err("--follow begins with --after, or with --lines and --from, not with both")
            }
            (false, _, Some(0)) => Err("--lines 0 prints nothing without --follow"),
            _ => Ok(()),
        }
    }

    /// At most how many lines of the past.
    pub(crate) fn lines(&self) -> u32 {
        let default = if self.follow {
            LINES_BEFORE_FOLLOWING
        } else {
            ROWS
        };
        self.lines.unwrap_or(default)
    }

    /// Where to begin.
    pub(crate) fn cursor(&self) -> Option<Cursor> {
        self.cursor.cursor()
    }

    /// The id after which the lines begin.
    pub(crate) fn after(&self) -> Option<i64> {
        self.cursor.after
    }

    /// What the text of a line must be.
    pub(crate) fn filters(&self) -> Vec<(&'static str, String)> {
        let contains = self.contains.clone().map(|text| ("contains", text));
        let regex = self.regex.clone().map(|regex| ("regex", regex));
        contains.into_iter().chain(regex).collect()
    }

    /// What a line of the past must be.
    pub(crate) fn past(&self) -> Vec<(&'static str, String)> {
        let mut query = self.filters();
        query.extend(self.from.map(|from| ("from", from.to_string())));
        query.extend(self.to.map(|to| ("to", to.to_string())));
        query
    }
}

/// Arguments of `etlmon get xferlog`.
#[derive(Args, Clone, Debug)]
pub(crate) struct TransferArgs {
    /// Only transfers of users whose name holds this
    #[arg(long, value_name = "TEXT")]
    user: Option<String>,
    /// Only transfers of clients whose address or name holds this
    #[arg(long, value_name = "TEXT")]
    host: Option<String>,
    /// Only files whose path holds this
    #[arg(long, value_name = "TEXT")]
    filename: Option<String>,
    /// Only this way, from the server's side
    #[arg(long, value_parser = ["upload", "download", "delete"])]
    direction: Option<String>,
    /// Only transfers that ended so
    #[arg(long, value_parser = ["complete", "incomplete"])]
    status: Option<String>,
    #[command(flatten)]
    pub(crate) page: PageArgs,
}

impl TransferArgs {
    /// What a transfer must be.
    pub(crate) fn filters(&self) -> Vec<(&'static str, String)> {
        let filters = [
            ("user", &self.user),
            ("host", &self.host),
            ("filename", &self.filename),
            ("direction", &self.direction),
            ("status", &self.status),
        ];
        let given = |(name, value): (_, &Option<String>)| Some((name, value.clone()?));
        filters.into_iter().filter_map(given).collect()
    }
}

/// Which rows of a list.
#[derive(Args, Clone, Debug)]
pub(crate) struct PageArgs {
    /// At most so many rows, the newest that fit the rest
    #[arg(short = 'n', long, default_value_t = ROWS)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(crate) limit: u32,
    #[command(flatten)]
    cursor: CursorArgs,
}

impl PageArgs {
    /// Where to begin.
    pub(crate) fn cursor(&self) -> Option<Cursor> {
        self.cursor.cursor()
    }
}

#[derive(Args, Clone, Debug)]
struct CursorArgs {
    /// Only what was stored after this id, the oldest first
    #[arg(long, value_name = "ID", value_parser = clap::value_parser!(i64).range(0..))]
    after: Option<i64>,
    /// Only what was stored before this id
    #[arg(long, value_name = "ID", value_parser = clap::value_parser!(i64).range(0..))]
    #[arg(conflicts_with = "after")]
    before: Option<i64>,
}

impl CursorArgs {
    fn cursor(&self) -> Option<Cursor> {
        let after = self.after.map(Cursor::After);
        after.or(self.before.map(Cursor::Before))
    }
}
