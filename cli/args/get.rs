//! The arguments of `etlmon get`: what to ask, of whom, and how to print it.

use std::path::PathBuf;
use std::time::Duration;

use clap::builder::NonEmptyStringValueParser;
use clap::{Args, Subcommand, ValueEnum};
use etlmon_shared::Timestamp;

use super::rows::{LogArgs, PageArgs, TransferArgs};
use super::value::{moment, step, timeout};

/// Arguments of `etlmon get`.
#[derive(Args, Debug)]
#[command(arg_required_else_help = true)]
#[command(after_help = "\
Examples:
  etlmon get health
  etlmon get fs --node http://etl-01:8080
  etlmon get fs --node unix:/run/etlmon/etlmon.sock --output json | jq .
  etlmon get history --mount-point /data --from 6h --step 5m
  etlmon get log app --contains ERROR --from 1h
  etlmon get log app --follow
  etlmon get processes
  etlmon get xferlog --user alice --status incomplete
  etlmon get cron

Tables show sizes as df -h does (Gi = 1024 Mi) and `-` for what is not known; `!` marks what
needs a look, with the reason below the table. They are coloured on a terminal unless NO_COLOR
is set. JSON is the node's answer as it came, indented on a terminal; with --follow it is one
object a line.

Environment:
  ETLMON_NODE   the node, when --node is not given
  ETLMON_TOKEN  the token, when --token-file is not given

Exit status:
  0  all is well
  1  not well: the node's health is not ok, a file system is STALE or ERROR, a path, a log or a
     transfer log is ERROR, or a cron job does not run; or the node refused the question (the
     reason is on standard error)
  2  wrong arguments
  3  no node answers there, or not in time, or not as etlmon does")]
pub(crate) struct GetArgs {
    /// What to ask for.
    #[command(subcommand)]
    pub(crate) what: What,
    /// The node: HOST:PORT, http://HOST:PORT or unix:/PATH [default: $ETLMON_NODE, else
    /// http://localhost:8080]
    #[arg(long, global = true, value_name = "URL")]
    pub(crate) node: Option<String>,
    /// How to print the answer
    #[arg(short, long, global = true, value_enum, default_value_t = Output::Table)]
    pub(crate) output: Output,
    /// How long to wait for an answer, from 1ms to 1h
    #[arg(long, global = true, value_name = "TIME", default_value = "5s", value_parser = timeout)]
    pub(crate) timeout: Duration,
    /// A file that holds the token to send
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) token_file: Option<PathBuf>,
}

/// What `etlmon get` asks for.
#[derive(Debug, Subcommand)]
pub(crate) enum What {
    /// The node's own state: its database and collectors
    #[command(after_help = "Examples:\n  etlmon get health || echo not well")]
    Health,
    /// The mounted file systems
    #[command(after_help = "Examples:\n  etlmon get fs\n  etlmon get fs -o json | jq .")]
    Fs,
    /// The past of one file system
    #[command(after_help = "\
Examples:
  etlmon get history --mount-point /data
  etlmon get history --mount-point / --from 2026-01-15T00:00:00Z --to 2026-01-16T00:00:00Z
  etlmon get history --mount-point /data --from 7d --step 1h")]
    History {
        /// Where it is mounted
        #[arg(long, value_name = "DIR")]
        mount_point: String,
        /// The first moment: a time such as 2026-01-15T10:23:45Z, or how long ago, such as 6h
        #[arg(long, value_name = "TIME", value_parser = moment)]
        from: Option<Timestamp>,
        /// The last moment, written likewise
        #[arg(long, value_name = "TIME", value_parser = moment)]
        to: Option<Timestamp>,
        /// One row for so long, such as 5m
        #[arg(long, value_name = "TIME", value_parser = step)]
        step: Option<String>,
    },
    /// The configured paths: files, directories, sizes
    #[command(after_help = "Examples:\n  etlmon get paths")]
    Paths {
        /// At most so many rows
        #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..=10_000))]
        limit: u32,
        /// Leave out so many rows at the beginning
        #[arg(long, default_value_t = 0)]
        offset: u64,
    },
    /// The biggest entries of a path whose sizes are measured
    #[command(after_help = "Examples:\n  etlmon get top --path /data/in --limit 10")]
    Top {
        /// The configured path
        #[arg(long, value_name = "DIR")]
        path: String,
        /// At most so many rows
        #[arg(long, value_parser = clap::value_parser!(u32).range(1..=10_000))]
        limit: Option<u32>,
    },
    /// The files of the followed logs: how far they are read, and what could not be
    #[command(after_help = "\
Examples:
  etlmon get logs
  etlmon get logs -o json | jq '.[] | select(.lag_bytes > 1000000)'")]
    Logs,
    /// The lines of a log, and with --follow those to come
    #[command(after_help = "\
Examples:
  etlmon get log app
  etlmon get log app --lines 1000 --contains 'order 4711'
  etlmon get log app --regex 'ERROR|FATAL' --from 6h --to 1h
  etlmon get log app --after 81234 -o json
  etlmon get log app --follow
  etlmon get log app --follow --lines 0 --regex '^ERROR' -o json

The lines are printed as they stand in the file, but for control characters, which are escaped:
tabs stay, and an entry of several lines takes several. JSON has all characters, ids and times.

With --follow, lines are printed as the node reads them, each once, until it is interrupted. A
connection that breaks off is made again, and no line is lost by that; it ends with status 3 when
the node is gone for longer than --timeout. Lines that were deleted before they could be sent are
counted on standard error.")]
    Log(LogArgs),
    /// What of a log is known never to have been read
    #[command(after_help = "Examples:\n  etlmon get gaps app -n 10000")]
    Gaps {
        /// The log's configured name
        #[arg(value_parser = NonEmptyStringValueParser::new())]
        name: String,
        #[command(flatten)]
        page: PageArgs,
    },
    /// The watched processes and the busiest
    #[command(visible_alias = "ps")]
    #[command(after_help = "\
Examples:
  etlmon get processes
  etlmon get processes -o json | jq '.[] | select(.status == \"STOPPED\")'

CPU% 100 is one core busy over the last interval. WATCH is the rule that keeps the process; `-` is
for one that is only among the busiest. A watched process that has ended stays for a while, as
STOPPED, with its last figures.")]
    Processes,
    /// The rules by which processes are watched, and how many each matches
    #[command(after_help = "Examples:\n  etlmon get process-rules")]
    ProcessRules,
    /// Every command that the node was sent, accepted or refused
    #[command(after_help = "\
Examples:
  etlmon get audit
  etlmon get audit --limit 1000 -o json | jq '.[] | select(.action == \"kill\")'")]
    Audit(PageArgs),
    /// The transfers of FTP servers
    #[command(visible_alias = "transfers")]
    #[command(after_help = "\
Examples:
  etlmon get xferlog
  etlmon get xferlog --user alice --direction upload --limit 20
  etlmon get xferlog --filename .csv --status incomplete -o json")]
    Xferlog(TransferArgs),
    /// The files that transfers are read from: how far they are read, and what could not be
    #[command(after_help = "Examples:\n  etlmon get xferlog-files")]
    XferlogFiles,
    /// The lines of transfer logs that say no transfer
    #[command(after_help = "Examples:\n  etlmon get xferlog-damaged --limit 20")]
    XferlogDamaged(PageArgs),
    /// What of the transfer logs is known never to have been read
    #[command(after_help = "Examples:\n  etlmon get xferlog-gaps --limit 20")]
    XferlogGaps(PageArgs),
    /// The cron jobs: when each runs next, whether it ran, and why it does not
    #[command(after_help = "\
Examples:
  etlmon get cron
  etlmon get cron -o json | jq '.[] | select(.missed_count > 0)'")]
    Cron,
}

/// How `etlmon get` prints an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Output {
    /// For people
    Table,
    /// For programs
    Json,
}
