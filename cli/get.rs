//! `etlmon get`: asks a node once and prints the answer.

#[cfg(test)]
mod tests;

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, IsTerminal, Read};
use std::path::Path;

use etlmon_shared::client::ClientOptions;
use etlmon_shared::filesystem::{Filesystem, FilesystemSample, FilesystemStatus};
use etlmon_shared::health::{Health, HealthStatus};
use etlmon_shared::path::{PathStats, PathStatus, PathTopEntry};
use etlmon_shared::{Client, ClientError, Timestamp, routes};

use crate::args::{GetArgs, Output, What};
use crate::exit::Exit;
use crate::render::{self, Style};
use crate::{json, output};

const DEFAULT_NODE: &str = "http://localhost:8080";
const TOKEN_LIMIT_BYTES: u64 = 4096;

/// Asks, prints, and tells by the exit whether all is well.
pub(crate) fn run(args: &GetArgs) -> Exit {
    let env = |name: &str| std::env::var_os(name);
    let result = client(args, env).and_then(|client| Ok(ask(&client, &args.what)?));
    match result {
        Ok((text, answer)) => {
            let exit = if answer.is_well() {
                Exit::Ok
            } else {
                Exit::NotOk
            };
            output::print(&show(&text, &answer, args.output), exit)
        }
        Err(error) => {
            output::complain(&error.to_string());
            error.exit()
        }
    }
}

/// Why there is nothing to print.
#[derive(Debug, thiserror::Error)]
enum GetError {
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
            Self::Environment { .. }
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

/// The token in a file, without the white space around it.
fn read_token(file: &Path) -> io::Result<String> {
    let mut text = String::new();
    let length = File::open(file)?
        .take(TOKEN_LIMIT_BYTES + 1)
        .read_to_string(&mut text)?;
    if u64::try_from(length).is_ok_and(|length| length > TOKEN_LIMIT_BYTES) {
        return Err(io::Error::other(format!(
            "longer than {TOKEN_LIMIT_BYTES} bytes"
        )));
    }
    Ok(text.trim_ascii().to_owned())
}

/// What the node answered.
#[derive(Debug)]
enum Answer {
    Health(Health),
    Filesystems(Vec<Filesystem>),
    History(Vec<FilesystemSample>),
    Paths(Vec<PathStats>),
    Top(Vec<PathTopEntry>),
}

impl Answer {
    /// Whether nothing in it needs anybody's attention at once.
    fn is_well(&self) -> bool {
        match self {
            Self::Health(health) => health.status == HealthStatus::Ok,
            Self::Filesystems(rows) => rows.iter().all(|row| row.status == FilesystemStatus::Ok),
            Self::Paths(rows) => rows.iter().all(path_is_well),
            Self::History(_) | Self::Top(_) => true,
        }
    }

    fn table(&self, style: Style) -> String {
        match self {
            Self::Health(health) => render::health(health, style),
            Self::Filesystems(rows) => render::filesystems(rows, style),
            Self::History(rows) => render::history(rows, style),
            Self::Paths(rows) => render::paths(rows, style),
            Self::Top(rows) => render::top(rows, style),
        }
    }
}

/// A scan that has begun after a failed one does not make the path well.
fn path_is_well(row: &PathStats) -> bool {
    match row.status {
        PathStatus::Ok => true,
        PathStatus::Error => false,
        PathStatus::Scanning => {
            row.error_message.is_none() || row.unreadable_count.is_some_and(|count| count > 0)
        }
    }
}

/// The answer as it came, and what it says.
fn ask(client: &Client, what: &What) -> Result<(String, Answer), ClientError> {
    let (route, query) = question(what);
    let query: Vec<_> = query
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    let text = client.get_text(route, &query)?;
    let answer = match what {
        What::Health => Answer::Health(client.decode(&text)?),
        What::Fs => Answer::Filesystems(client.decode(&text)?),
        What::History { .. } => Answer::History(client.decode(&text)?),
        What::Paths { .. } => Answer::Paths(client.decode(&text)?),
        What::Top { .. } => Answer::Top(client.decode(&text)?),
    };
    Ok((text, answer))
}

fn question(what: &What) -> (&'static str, Vec<(&'static str, String)>) {
    match what {
        What::Health => (routes::HEALTH, Vec::new()),
        What::Fs => (routes::FS, Vec::new()),
        What::History {
            mount_point,
            from,
            to,
            step,
        } => {
            let mut query = vec![("mount_point", mount_point.clone())];
            query.extend(from.map(|from| ("from", from.to_string())));
            query.extend(to.map(|to| ("to", to.to_string())));
            query.extend(step.clone().map(|step| ("step", step)));
            (routes::FS_HISTORY, query)
        }
        What::Paths { limit, offset } => (
            routes::PATHS,
            vec![("limit", limit.to_string()), ("offset", offset.to_string())],
        ),
        What::Top { path, limit } => {
            let mut query = vec![("path", path.clone())];
            query.extend(limit.map(|limit| ("limit", limit.to_string())));
            (routes::PATHS_TOP, query)
        }
    }
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
