//! The operator console: every node on one terminal, seen only through the HTTP API.

mod app;
mod backend;
mod clipboard;
mod command;
mod command_line;
mod config;
mod console;
mod frame;
mod input;
mod keys;
mod kill;
mod lines;
mod model;
mod once;
mod poll;
mod query;
#[cfg(test)]
mod samples;
mod screens;
mod table;
mod terminal;
mod theme;

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use etlmon_shared::client::{ClientOptions, read_token};
use etlmon_shared::{Client, ClientError};

use app::{App, Settings};
use config::{Config, NodeConfig};
use console::Console;
use frame::Size;
use model::Node;
use theme::Theme;

pub use config::ConfigError;
pub use screens::Screen;

/// Where a node is that nobody configured otherwise.
const DEFAULT_NODE: &str = "http://localhost:8080";
/// For one answer; a node that is slower is as good as away.
const TIMEOUT: Duration = Duration::from_secs(5);

/// What the console is told by its arguments and environment.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The configuration instead of the user's own.
    pub config: Option<PathBuf>,
    /// Addresses of nodes instead of the configured ones.
    pub nodes: Vec<String>,
    /// The address of the node when neither those nor the configuration name one.
    pub default_node: Option<String>,
    /// The token for those nodes.
    pub token: Option<String>,
    /// Whether commands are hidden.
    pub readonly: bool,
    /// Whether there are no colours, whatever the configuration says.
    pub no_colours: bool,
}

/// The console does not start, or ended otherwise than it should.
#[derive(Debug, thiserror::Error)]
pub enum ConsoleError {
    /// Its configuration is refused.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A token can't be read.
    #[error("cannot read the token file {}: {source}", file.display())]
    TokenFile {
        /// The file.
        file: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// A node's address or token is none.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// There is no terminal to show it on.
    #[error("there is no terminal for the console: {0}; `etlmon ui --once SCREEN` needs none")]
    Terminal(io::Error),
    /// A defect.
    #[error("the console broke, which is a defect: {0}")]
    Panicked(String),
}

/// Runs the console until the operator leaves it.
///
/// # Errors
/// Why it does not start, or that it broke.
pub fn run(options: Options) -> Result<(), ConsoleError> {
    let (app, clients, interval) = prepare(options)?;
    terminal::run(|screen| Console::start(app, clients, interval, screen.cb_sink().clone()))
}

/// One frame of a screen as plain text of so many columns and lines, and whether any node answered.
///
/// # Errors
/// Why it can't be asked for.
pub fn once(
    options: Options,
    screen: Screen,
    (width, height): (u16, u16),
) -> Result<(String, bool), ConsoleError> {
    let (mut app, clients, _) = prepare(options)?;
    let size = Size {
        width: width.into(),
        height: height.into(),
    };
    Ok(once::print(&mut app, &clients, screen, size))
}

/// The screen of this name, or the names that there are.
///
/// # Errors
/// The names.
pub fn screen(name: &str) -> Result<Screen, String> {
    Screen::named(name).ok_or_else(|| {
        let names = screens::ALL.map(Screen::name).join(", ");
        format!("expected one of {names}")
    })
}

fn prepare(options: Options) -> Result<(App, Vec<Client>, Duration), ConsoleError> {
    let Config { mut nodes, ui } = config::load(options.config.as_deref())?;
    let given = |address: &String| NodeConfig {
        name: address.clone(),
        address: address.clone(),
        token_file: None,
    };
    // The token is for the nodes that were named beside it, not for all that a file knows.
    let mut token = options.token;
    if !options.nodes.is_empty() {
        nodes = options.nodes.iter().map(given).collect();
    } else if nodes.is_empty() {
        nodes = vec![given(
            &options
                .default_node
                .unwrap_or_else(|| DEFAULT_NODE.to_owned()),
        )];
    } else {
        token = None;
    }
    let mut clients = Vec::with_capacity(nodes.len());
    for node in &nodes {
        let token = match &node.token_file {
            Some(file) => Some(read_token(file).map_err(|source| ConsoleError::TokenFile {
                file: file.clone(),
                source,
            })?),
            None => token.clone(),
        };
        let timeout = TIMEOUT;
        clients.push(Client::new(
            &node.address,
            ClientOptions { timeout, token },
        )?);
    }
    let chosen = nodes
        .iter()
        .position(|node| Some(&node.name) == ui.default_node.as_ref());
    let settings = Settings {
        readonly: options.readonly,
        theme: if options.no_colours {
            Theme::Mono
        } else {
            ui.theme
        },
        thresholds: ui.thresholds,
    };
    let nodes = nodes
        .iter()
        .map(|node| Node::new(&node.name, &node.address))
        .collect();
    Ok((
        App::new(nodes, chosen.unwrap_or(0), settings),
        clients,
        ui.refresh_interval,
    ))
}
