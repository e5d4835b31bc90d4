//! `etlmon ui`: the operator console, or one frame of it.

use std::io;

use etlmon_tui::{ConsoleError, Options};

use crate::args::UiArgs;
use crate::exit::Exit;
use crate::output;

/// Runs the console until the operator leaves it.
pub(crate) fn run(args: UiArgs) -> Exit {
    let once = args.once;
    let options = Options {
        config: args.config,
        nodes: args.node,
        default_node: variable("ETLMON_NODE"),
        token: variable("ETLMON_TOKEN"),
        readonly: args.readonly,
        no_colours: variable("NO_COLOR").is_some(),
    };
    let ended = match once {
        Some(screen) => etlmon_tui::once(options, screen, size()).map(|(text, answered)| {
            let exit = if answered {
                Exit::Ok
            } else {
                Exit::Unreachable
            };
            output::print(&text, exit)
        }),
        None => etlmon_tui::run(options).map(|()| Exit::Ok),
    };
    ended.unwrap_or_else(|error| {
        output::complain(&error.to_string());
        match error {
            ConsoleError::Client(_) => Exit::Usage,
            _ => Exit::NotOk,
        }
    })
}

/// An empty variable is as good as none.
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Columns and lines of the terminal, else of the environment, else the usual ones.
fn size() -> (u16, u16) {
    if let Ok(size) = rustix::termios::tcgetwinsize(io::stdout())
        && size.ws_col > 0
        && size.ws_row > 0
    {
        return (size.ws_col, size.ws_row);
    }
    let given = |name| {
        variable(name)
            .and_then(|text| text.parse().ok())
            .filter(|number| *number > 0)
    };
    (given("COLUMNS").unwrap_or(80), given("LINES").unwrap_or(24))
}
