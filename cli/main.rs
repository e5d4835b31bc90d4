//! The `etlmon` command: reads its arguments and hands over to one subcommand.

mod args;
mod check;
mod completions;
mod exit;
mod get;
mod json;
mod logging;
mod node;
mod output;
mod render;
mod table;
mod ui;

use std::process::ExitCode;

use clap::Parser;
use etlmon_shared::human;

use args::{Cli, Command};

fn main() -> ExitCode {
    // Leaves with status 2 when the arguments are wrong.
    let cli = Cli::parse();
    // A log would write over the console.
    if !matches!(cli.command, Command::Ui(_))
        && let Err(error) = logging::init()
    {
        output::complain(&error.to_string());
    }
    let exit = match cli.command {
        Command::Node(args) => node::run(args),
        Command::Check(args) => check::run(&args),
        Command::Ui(args) => ui::run(args),
        Command::Get(args) => get::run(&args),
        Command::Completions { shell } => completions::run(shell),
    };
    exit.into()
}
