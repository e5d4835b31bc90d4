//! `etlmon get`: asks a node and prints the answer.

mod answer;
mod follow;
#[cfg(test)]
mod tests;

use std::ffi::OsString;
use std::io::{self, IsTerminal};

use etlmon_shared::client::{ClientOptions, read_token};
use etlmon_shared::{Client, ClientError, Timestamp};

use crate::args::{GetArgs, Output, What};
use crate::exit::Exit;
use crate::render::Style;
use crate::{json, output};
use answer::{Answer, ask};
use follow::Follower;

const DEFAULT_NODE: &str = "http://localhost:8080";

/// Asks, prints, and tells by the exit whether all is well.
pub(crate) fn run(args: &GetArgs) -> Exit {
    ask_and_print(args).unwrap_or_else(|error| {
        output::complain(&error.to_string());
        error.exit()
    })
}

fn ask_and_print(args: &GetArgs) -> Result<Exit, GetError> {
    if let What::Log(log) = &args.what {
        log.check().map_err(GetError::Usage)?;
    }
    let client = client(args, |name| std::env::var_os(name))?;
    if let What::Log(log) = &args.what
        && log.follow
    {
        let follower = Follower::new(&client, log, args.output, args.timeout);
        return Ok(follower.follow(&mut output::say)?);
    }
    let (text, answer) = ask(&client, &args.what)?;
    let exit = if answer.is_well() {
        Exit::Ok
    } else {
        Exit::NotOk
    };
    Ok(output::print(&show(&text, &answer, args.output), exit))
}

/// Why there is nothing to print.
#[derive(Debug, thiserror::Error)]
enum GetError {
    #[error("{0}")]
    Usage(&'static str),
    #[error("{name} is not UTF-8")]
    Environment { name: &'static str },
    #[error("cannot read the token file {}: {source}", file.display())]
    TokenFile {
        file: std::path::PathBuf,
        source: io::Error,
    },
    #[error(transparent)]
    Client(#[from] ClientError),
}

impl GetError {
    fn exit(&self) -> Exit {
        match self {
            Self::Usage(_)
            | Self::Environment { .. }
            | Self::TokenFile { .. }
            | Self::Client(ClientError::Address { .. } | ClientError::Token) => Exit::Usage,
            Self::Client(ClientError::Problem(_)) => Exit::NotOk,
            Self::Client(ClientError::Unreachable { .. } | ClientError::Answer { .. }) => {
                Exit::Unreachable
            }
        }
    }
}

fn client(args: &GetArgs, env: impl Fn(&str) -> Option<OsString>) -> Result<Client, GetError> {
    // An empty variable is as good as none.
    let variable = |name: &'static str| match env(name).filter(|value| !value.is_empty()) {
        Some(value) => value
            .into_string()
            .map(Some)
            .map_err(|_| GetError::Environment { name }),
        None => Ok(None),
    };
    let address = match &args.node {
        Some(node) => node.clone(),
        None => variable("ETLMON_NODE")?.unwrap_or_else(|| DEFAULT_NODE.to_owned()),
    };
    let token = match &args.token_file {
        Some(file) => Some(read_token(file).map_err(|source| GetError::TokenFile {
            file: file.clone(),
            source,
        })?),
        None => variable("ETLMON_TOKEN")?,
    };
    Ok(Client::new(
        &address,
        ClientOptions {
            timeout: args.timeout,
            token,
        },
    )?)
}

fn show(text: &str, answer: &Answer, output: Output) -> String {
    let terminal = io::stdout().is_terminal();
    match output {
        Output::Json if terminal => json::pretty(text),
        Output::Json => format!("{}\n", text.trim_ascii_end()),
        Output::Table => {
            let colours = terminal && wants_colours(|name| std::env::var_os(name));
            answer.table(Style {
                now: Timestamp::now(),
                colours,
            })
        }
    }
}

/// Whether the user of a terminal wants colours: see no-color.org and terminfo(5).
fn wants_colours(env: impl Fn(&str) -> Option<OsString>) -> bool {
    env("NO_COLOR").is_none_or(|value| value.is_empty())
        && env("TERM").is_none_or(|value| value != "dumb")
}
