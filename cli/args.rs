//! The arguments of the command, and its help.

#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use etlmon_node::config::ListenAddress;
use etlmon_shared::Timestamp;

/// Monitors Linux servers that move data: disks, files, logs, processes, cron jobs, transfers
#[derive(Debug, Parser)]
#[command(
    name = "etlmon",
    version,
    arg_required_else_help = true,
    subcommand_required = true
)]
#[command(after_help = "\
Examples:
  etlmon node -c /etc/etlmon/node.yaml
  etlmon get fs
  etlmon get health --node http://etl-01:8080 --output json

Environment:
  RUST_LOG  what is logged to standard error, such as info or etlmon_node=debug [default: warn]

`etlmon <COMMAND> --help` says more, such as the meaning of exit statuses.")]
pub(crate) struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the daemon in the foreground until SIGTERM or SIGINT
    Node(NodeArgs),
    /// Say whether a configuration would be accepted; start nothing
    Check(CheckArgs),
    /// Open the operator console
    #[command(after_help = "Examples:\n  etlmon ui")]
    Ui,
    /// Ask a node, for people and scripts
    Get(GetArgs),
    /// Print what a shell needs to complete etlmon's arguments
    #[command(after_help = "\
Examples:
  etlmon completions bash > /etc/bash_completion.d/etlmon
  etlmon completions zsh > /usr/local/share/zsh/site-functions/_etlmon
  etlmon completions fish > /etc/fish/completions/etlmon.fish")]
    Completions {
        /// The shell
        shell: Shell,
    },
}

/// Arguments of `etlmon node`.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  etlmon node
  etlmon node -c /etc/etlmon/node.yaml
  etlmon node --listen 127.0.0.1:9000 --listen unix:/run/etlmon/etlmon.sock

Environment:
  ETLMON_NODE__LISTEN and so on (two underscores between levels) override the file; flags
  override both.

Exit status:
  0  ended by SIGTERM or SIGINT
  1  cannot start, or cannot go on
  2  wrong arguments")]
pub(crate) struct NodeArgs {
    /// The configuration [default: /etc/etlmon/node.yaml if it exists, else built-in defaults]
    #[arg(short, long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Listen here instead of where the configuration says: HOST:PORT or unix:/PATH; repeatable
    #[arg(long, value_name = "ADDR")]
    pub(crate) listen: Vec<ListenAddress>,
    /// Keep the database here instead of where the configuration says
    #[arg(long, value_name = "FILE")]
    pub(crate) db_path: Option<PathBuf>,
}

/// Arguments of `etlmon check`.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  etlmon check
  etlmon check -c node.yaml

Exit status:
  0  accepted; warnings, if any, are on standard error
  1  refused; every problem found is on standard error, one a line
  2  wrong arguments")]
pub(crate) struct CheckArgs {
    /// The configuration [default: /etc/etlmon/node.yaml if it exists, else built-in defaults]
    #[arg(short, long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
}

/// Arguments of `etlmon get`.
#[derive(Args, Debug)]
#[command(arg_required_else_help = true)]
#[command(after_help = "\
Examples:
  etlmon get health
  etlmon get fs --node http://etl-01:8080
  etlmon get fs --node unix:/run/etlmon/etlmon.sock --output json | jq .
  etlmon get history --mount-point /data --from 6h --step 5m
  etlmon get top --path /data/in --limit 10

Tables show sizes as df -h does (Gi = 1024 Mi) and `-` for what is not known; `!` marks what
needs a look, with the reason below the table. They are coloured on a terminal unless NO_COLOR
is set. JSON is the node's answer as it came, indented on a terminal.

Environment:
  ETLMON_NODE   the node, when --node is not given
  ETLMON_TOKEN  the token, when --token-file is not given

Exit status:
  0  all is well
  1  not well: the node's health is not ok, a file system is STALE or ERROR, or a path is ERROR;
     or the node refused the question (the reason is on standard error)
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
    /// How long the whole question may take, from 1ms to 1h
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
}

/// How `etlmon get` prints an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Output {
    /// For people
    Table,
    /// For programs
    Json,
}

fn timeout(text: &str) -> Result<Duration, String> {
    let expected = "expected a time from 1ms to 1h, such as 5s";
    let timeout = humantime::parse_duration(text).map_err(|_| expected.to_owned())?;
    let accepted = Duration::from_millis(1)..=Duration::from_secs(3_600);
    if accepted.contains(&timeout) {
        Ok(timeout)
    } else {
        Err(expected.to_owned())
    }
}

fn moment(text: &str) -> Result<Timestamp, String> {
    if let Ok(ago) = humantime::parse_duration(text) {
        return Ok(Timestamp::now().before(ago));
    }
    text.parse().map_err(|_| {
        "expected a time such as 2026-01-15T10:23:45Z, or how long ago, such as 6h".to_owned()
    })
}

/// The node takes the text as it is.
fn step(text: &str) -> Result<String, String> {
    match humantime::parse_duration(text) {
        Ok(step) if !step.is_zero() => Ok(text.to_owned()),
        _ => Err("expected a time such as 5m".to_owned()),
    }
}
