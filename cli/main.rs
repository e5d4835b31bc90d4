//! The `etlmon` command: reads its arguments and hands over to one subcommand.

mod args;
mod check;
mod completions;
mod exit;
mod get;
mod human;
mod json;
mod logging;
mod node;
mod output;
mod render;
mod table;

use std::process::ExitCode;

use clap::Parser;

use args::{Cli, Command};
use exit::Exit;

fn main() -> ExitCode {
    // Leaves with status 2 when the arguments are wrong.
    let cli = Cli::parse();
    if let Err(error) = logging::init() {
        output::complain(&error.to_string());
    }
    let exit = match cli.command {
        Command::Node(args) => node::run(args),
        Command::Check(args) => check::run(&args),
        Command::Ui => console(),
        Command::Get(args) => get::run(&args),
        Command::Completions { shell } => completions::run(shell),
    };
    exit.into()
}

fn console() -> Exit {
    match etlmon_tui::run() {
        Ok(()) => Exit::Ok,
        Err(error) => {
            output::complain(&error.to_string());
            Exit::NotOk
        }
    }
}
