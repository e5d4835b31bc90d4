//! The node's configuration: defaults, then the YAML file, then `ETLMON_SECTION__KEY` variables, checked as a whole.

mod auth;
mod cron;
mod duration;
mod encoding;
mod error;
mod filesystem;
mod followed;
mod format;
mod item;
mod kill;
mod live;
mod logs;
mod node;
mod paths;
mod processes;
mod refresh;
mod retention;
mod secrets;
mod source;
#[cfg(test)]
mod tests;
mod variables;
mod xferlog;

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use serde::Serialize;

pub use auth::{AuthConfig, Reads, Token, TokenHash};
pub use cron::CronConfig;
pub use error::{ConfigError, Place, Problem};
pub use filesystem::FilesystemConfig;
pub use kill::{KillPolicy, Killable};
pub use live::LiveConfig;
pub use logs::{LogConfig, MultilineConfig};
pub use node::{ListenAddress, ListenAddressError, NodeConfig};
pub use paths::PathConfig;
pub use processes::{Pattern, ProcessConfig, ProcessRule};
pub use refresh::Refresh;
pub use retention::{Limits, Retention};
pub use secrets::SecretsConfig;
pub use xferlog::XferlogConfig;

/// A duration as the configuration writes it, such as `1h 30m`.
pub(crate) fn parse_duration(text: &str) -> Option<std::time::Duration> {
    duration::parse(text).ok()
}

use error::Problems;
use format::Tree;
use item::Item;
use variables::Variables;

/// Everything a node is told. Parts are comparable, so that a reload restarts only what changed. It
/// serialises to a file that [`load`] reads back equal.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Config {
    /// Where the node listens, what it is called and where it stores.
    pub node: NodeConfig,
    /// How often collectors run.
    pub refresh: Refresh,
    /// Which file systems are shown.
    pub filesystem: FilesystemConfig,
    /// Directories whose entries are counted.
    pub paths: Vec<PathConfig>,
    /// Logs that are followed.
    pub logs: Vec<LogConfig>,
    /// Processes that are watched by name or id.
    pub process_watch: Vec<ProcessRule>,
    /// Processes that are kept beside the watched.
    pub process: ProcessConfig,
    /// The cron table reader.
    pub cron: CronConfig,
    /// The FTP server's transfer logs.
    pub xferlog: XferlogConfig,
    /// What is hidden in command lines.
    pub secrets: SecretsConfig,
    /// Who may read and command.
    pub auth: AuthConfig,
    /// How much is kept, and how long.
    pub retention: Retention,
}

/// A configuration that has been checked, and where it came from.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// Valid throughout.
    pub config: Config,
    /// The file that was read, as it was given.
    pub file: Option<PathBuf>,
    /// The top-level keys that the file or a variable gave, in the order of [`Config`].
    pub sections: Vec<&'static str>,
    /// What was ignored but probably meant, a line each.
    pub warnings: Vec<String>,
}

/// Loads the configuration from `explicit`, or else from `default_file` where it exists, and from `env`.
///
/// # Errors
/// A file that cannot be read, or everything that is wrong with the file and the variables.
pub fn load(
    explicit: Option<&Path>,
    default_file: &Path,
    env: impl Iterator<Item = (OsString, OsString)>,
) -> Result<Loaded, ConfigError> {
    let (file, bytes) = source::read(explicit, default_file)?;
    read(bytes.as_deref(), &env.collect())
        .map(|loaded| Loaded {
            file: file.clone(),
            ..loaded
        })
        .map_err(|problems| ConfigError::Invalid { file, problems })
}

/// The same without touching a file.
fn read(bytes: Option<&[u8]>, variables: &Variables) -> Result<Loaded, Vec<Problem>> {
    let mut root = match bytes {
        Some(bytes) => source::text(bytes)
            .and_then(format::parse)
            .map_err(|fault| vec![fault])?,
        None => Tree::empty(Place::File { line: 1, column: 1 }),
    };
    let problems = Problems::default();
    variables::overlay(&mut root, variables, &problems);
    let mut config = Config {
        node: NodeConfig::with_variables(variables),
        ..Config::default()
    };
    let keys = config.read(&Item::root(&root, &problems));
    match (keys, problems.into_sorted()) {
        (Some((known, sections)), problems) if problems.is_empty() => {
            let warnings = variables::near_misses(variables, &known);
            Ok(Loaded {
                config,
                file: None,
                sections,
                warnings,
            })
        }
        (_, problems) => Err(problems),
    }
}

impl Config {
    /// Takes over what the tree gives. Answers the known top-level keys and those that are given.
    fn read(&mut self, item: &Item<'_>) -> Option<(Vec<&'static str>, Vec<&'static str>)> {
        item.table(|top| {
            top.section("node", |item| self.node.read(item));
            top.section("refresh", |item| self.refresh.read(item));
            top.section("filesystem", |item| self.filesystem.read(item));
            let scan_interval = self.refresh.default_path_scan;
            top.set("paths", &mut self.paths, |item| {
                paths::read(item, scan_interval)
            });
            top.set("logs", &mut self.logs, logs::read);
            top.set(
                "process_watch",
                &mut self.process_watch,
                processes::read_rules,
            );
            top.section("process", |item| self.process.read(item));
            top.section("cron", |item| self.cron.read(item));
            top.section("xferlog", |item| self.xferlog.read(item));
            top.section("secrets", |item| self.secrets.read(item));
            top.section("auth", |item| self.auth.read(item));
            top.section("retention", |item| self.retention.read(item));
            Some(top.keys())
        })
    }
}
