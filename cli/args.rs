//! The arguments of the command, and its help.

mod get;
mod rows;
#[cfg(test)]
mod tests;
mod ui;
mod value;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use clap_complete::Shell;
use etlmon_node::config::ListenAddress;

pub(crate) use get::{GetArgs, Output, What};
pub(crate) use rows::LogArgs;
pub(crate) use ui::UiArgs;

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
    Ui(UiArgs),
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
