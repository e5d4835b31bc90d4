//! `ui.yaml`: which nodes there are, and how the console shows them.

mod value;

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;

use crate::theme::Theme;

/// A larger file is not a configuration.
const LARGEST_BYTES: u64 = 1 << 20;

/// Everything that a console is told.
#[derive(Clone, Debug, PartialEq, Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The nodes, in the order of their keys `[` and `]`.
    pub nodes: Vec<NodeConfig>,
    /// How they are shown.
    pub ui: UiConfig,
}

/// One node.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NodeConfig {
    /// As the console calls it.
    #[serde(deserialize_with = "value::name")]
    pub name: String,
    /// `http://host:port` or `unix:/path`.
    #[serde(deserialize_with = "value::address")]
    pub address: String,
    /// A file that holds the token to send.
    #[serde(default)]
    pub token_file: Option<PathBuf>,
}

/// How nodes are shown.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct UiConfig {
    /// How often each node is asked.
    #[serde(deserialize_with = "value::interval")]
    pub refresh_interval: Duration,
    /// The node that is chosen at the start; the first one without it.
    pub default_node: Option<String>,
    /// The colours.
    #[serde(deserialize_with = "value::theme")]
    pub theme: Theme,
    /// When a value is shown as a warning, and when as bad.
    pub thresholds: Thresholds,
}

impl Default for UiConfig {
    fn default() -> Self {
        Self {
            refresh_interval: Duration::from_secs(2),
            default_node: None,
            theme: Theme::default(),
            thresholds: Thresholds::default(),
        }
    }
}

/// When a value is shown as a warning, and when as bad.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Thresholds {
    /// Use of a file system.
    #[serde(deserialize_with = "value::rising")]
    pub disk_percent: [f64; 2],
    /// Use of its inodes.
    #[serde(deserialize_with = "value::rising")]
    pub inode_percent: [f64; 2],
    /// Time until it is full.
    #[serde(deserialize_with = "value::falling")]
    pub full_in: [Duration; 2],
    /// Use of a core by a process; 100 is one core.
    #[serde(deserialize_with = "value::rising")]
    pub cpu_percent: [f64; 2],
    /// What of a log is not read yet.
    #[serde(deserialize_with = "value::rising")]
    pub lag_bytes: [f64; 2],
}

impl Default for Thresholds {
    fn default() -> Self {
        Self {
            disk_percent: [80.0, 90.0],
            inode_percent: [80.0, 90.0],
            full_in: [Duration::from_hours(24), Duration::from_hours(4)],
            cpu_percent: [80.0, 400.0],
            lag_bytes: [1_048_576.0, 104_857_600.0],
        }
    }
}

/// Why a configuration was refused.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// It can't be read.
    #[error("{}: cannot read the configuration: {cause}", file.display())]
    Read {
        /// The file.
        file: PathBuf,
        /// The system's answer.
        cause: io::Error,
    },
    /// What it says is not accepted.
    #[error("{}{place}: {message}", file.display())]
    Invalid {
        /// The file.
        file: PathBuf,
        /// Where in it.
        place: Place,
        /// What is wrong, and what is accepted.
        message: String,
    },
}

/// A line and a column, from 1; empty where the file as a whole is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place(Option<(u64, u64)>);

impl fmt::Display for Place {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some((line, column)) => write!(out, ":{line}:{column}"),
            None => Ok(()),
        }
    }
}

/// Reads `explicit`, which must exist, or the user's own file where it exists.
///
/// # Errors
/// A file that can't be read, or the first thing in it that is not accepted.
pub fn load(explicit: Option<&Path>) -> Result<Config, ConfigError> {
    let Some(file) = explicit.map(Path::to_owned).or_else(default_file) else {
        return Ok(Config::default());
    };
    match read(&file) {
        Ok(text) => parse(&file, &text),
        Err(cause) if explicit.is_none() && cause.kind() == io::ErrorKind::NotFound => {
            Ok(Config::default())
        }
        Err(cause) => Err(ConfigError::Read { file, cause }),
    }
}

fn default_file() -> Option<PathBuf> {
    let folder = |name: &str| {
        std::env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    let configs = folder("XDG_CONFIG_HOME").filter(|path| path.is_absolute());
    let configs = configs.or_else(|| folder("HOME").map(|home| home.join(".config")))?;
    Some(configs.join("etlmon/ui.yaml"))
}

fn read(file: &Path) -> io::Result<String> {
    let mut text = String::new();
    let length = File::open(file)?
        .take(LARGEST_BYTES + 1)
        .read_to_string(&mut text)?;
    match u64::try_from(length) {
        Ok(length) if length <= LARGEST_BYTES => Ok(text),
        _ => Err(io::Error::other("it is larger than 1 MiB")),
    }
}

/// Reads the text of a file.
///
/// # Errors
/// The first thing that is not accepted.
pub fn parse(file: &Path, text: &str) -> Result<Config, ConfigError> {
    let invalid = |place, message| ConfigError::Invalid {
        file: file.to_owned(),
        place: Place(place),
        message,
    };
    let options = serde_saphyr::options! { with_snippet: false, strict_booleans: true };
    // An empty document is as good as none.
    let read: Option<Config> =
        serde_saphyr::from_str_with_options(text, options).map_err(|error| {
            let place = error.location().map(|at| (at.line(), at.column()));
            let formatter = serde_saphyr::DefaultMessageFormatter;
            let message =
                serde_saphyr::MessageFormatter::format_message(&formatter, error.without_snippet());
            invalid(place, message.into_owned())
        })?;
    let config = read.unwrap_or_default();
    let mut names = std::collections::BTreeSet::new();
    if let Some(twice) = config
        .nodes
        .iter()
        .find(|node| !names.insert(node.name.as_str()))
    {
        let message = format!(
            "two nodes are called `{}`; give each its own name",
            twice.name
        );
        return Err(invalid(None, message));
    }
    if let Some(name) = &config.ui.default_node
        && !names.contains(name.as_str())
    {
        let message = format!("ui.default_node is `{name}`, and no node is called so");
        return Err(invalid(None, message));
    }
    Ok(config)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(text: &str) -> String {
        parse(Path::new("ui.yaml"), text).unwrap_err().to_string()
    }

    #[test]
    fn the_file_that_is_shipped_says_the_defaults() {
        let shipped = include_str!("../../../conf/ui.yaml");
        let config = parse(Path::new("ui.yaml"), shipped).unwrap();
        assert_eq!(config, Config::default());
        // With its disabled settings enabled it is right as well.
        let enabled: String = shipped
            .lines()
            .map(|line| match line.strip_prefix('#') {
                Some(setting) if !setting.starts_with(' ') || setting.starts_with("  ") => {
                    format!("{setting}\n")
                }
                _ => format!("{line}\n"),
            })
            .collect();
        let config = parse(Path::new("ui.yaml"), &enabled).unwrap();
        assert_eq!(config.nodes.len(), 2);
        assert_eq!(config.ui.default_node.as_deref(), Some("prod-etl-01"));
    }

    #[test]
    fn an_empty_file_is_as_good_as_none() {
        for text in ["", "# nothing\n", "nodes: []\n"] {
            assert_eq!(
                parse(Path::new("ui.yaml"), text).unwrap(),
                Config::default(),
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place_and_what_is_accepted() {
        for (text, place, words) in [
            ("ui:\n  colour: red\n", "ui.yaml:2:", "theme"),
            ("ui:\n  theme: red\n", "ui.yaml:2:", "colourblind"),
            ("ui:\n  refresh_interval: 2\n", "ui.yaml:2:", "such as 2s"),
            (
                "ui:\n  refresh_interval: 0s\n",
                "ui.yaml:2:",
                "from 200ms to 1h",
            ),
            (
                "ui:\n  thresholds:\n    disk_percent: [90, 80]\n",
                "ui.yaml:3:",
                "the first below the second",
            ),
            (
                "ui:\n  thresholds:\n    full_in: [1h, 1d]\n",
                "ui.yaml:3:",
                "the first above the second",
            ),
            (
                "nodes:\n  - { name: a, address: 'https://b' }\n",
                "ui.yaml:2:",
                "no TLS",
            ),
            ("nodes:\n  - { name: a }\n", "ui.yaml:2:", "address"),
            (
                "nodes: [{ name: a, address: b }, { name: a, address: c }]",
                "ui.yaml:",
                "called `a`",
            ),
            (
                "ui: { default_node: x }",
                "ui.yaml:",
                "no node is called so",
            ),
            ("nodes: [", "ui.yaml:1:", ""),
        ] {
            let told = refusal(text);
            assert!(told.starts_with(place), "{text}: {told}");
            assert!(told.contains(words), "{text}: {told}");
        }
    }
}
