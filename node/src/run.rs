//! The process: configuration, signals, the service manager, the exit.

use std::path::{Path, PathBuf};
use std::process;
use std::time::Duration;

use sd_notify::NotifyState;
use tokio::sync::mpsc;
use tokio::task::{JoinError, JoinHandle};

use crate::collectors::{KINDS, idle_sections};
use crate::config::{self, Config, ConfigError, ListenAddress, Loaded};
use crate::node::{Node, StartError};
use crate::signals::{Order, orders};
use crate::supervisor::install_panic_log;

/// Where the configuration is when nobody says where.
const DEFAULT_FILE: &str = "/etc/etlmon/node.yaml";

/// Threads that may block at once: running cycles, and hung ones.
const MAX_BLOCKING_THREADS: usize = 1536;

/// A blocking thread that had nothing to do for so long ends. Most collectors look every five
/// seconds, all at once: their threads would be made anew for each look.
const IDLE_THREAD: Duration = Duration::from_secs(6);

/// What the command line says.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The configuration file; `/etc/etlmon/node.yaml`, where it exists, when it is not said.
    pub config_file: Option<PathBuf>,
    /// Addresses to listen on instead of the configured ones.
    pub listen: Vec<ListenAddress>,
    /// The database instead of the configured one.
    pub db_path: Option<PathBuf>,
}

/// What a check of the configuration found.
#[derive(Clone, Debug)]
pub struct CheckReport {
    /// The file that was read, if any.
    pub file: Option<PathBuf>,
    /// What is accepted and yet will not do what it says.
    pub warnings: Vec<String>,
}

/// Reads and validates the configuration, and does nothing else.
///
/// # Errors
/// All that is wrong with it.
pub fn check(config_file: Option<&Path>) -> Result<CheckReport, ConfigError> {
    let options = Options {
        config_file: config_file.map(Path::to_owned),
        ..Options::default()
    };
    let loaded = load(&options)?;
    Ok(CheckReport {
        warnings: loaded.warnings.clone(),
        file: loaded.file,
    })
}

/// Runs a node until it is told to stop; then ends the process, with status 0. When the node
/// can't go on, the status is 1, for the service manager to start it again.
///
/// # Errors
/// Why it did not start.
pub fn run(options: &Options) -> Result<(), StartError> {
    install_panic_log();
    let loaded = load(options)?;
    for warning in &loaded.warnings {
        log::warn!("{warning}");
    }
    let orders = orders().map_err(|source| StartError::System {
        action: "wait for signals",
        source,
    })?;
    actix::System::with_tokio_rt(runtime).block_on(serve_until_told(options, loaded.config, orders))
}

/// The runtime of the main thread. Each path on a dead file server holds a thread for as long as
/// it hangs; with so many others still find one.
#[expect(
    clippy::expect_used,
    reason = "without threads and a poller there is no node, and no one to tell"
)]
fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .max_blocking_threads(MAX_BLOCKING_THREADS)
        .thread_keep_alive(IDLE_THREAD)
        .build()
        .expect("a runtime")
}

fn load(options: &Options) -> Result<Loaded, ConfigError> {
    let file = options.config_file.as_deref();
    let mut loaded = config::load(file, Path::new(DEFAULT_FILE), std::env::vars_os())?;
    let idle = idle_sections(KINDS, &loaded.sections);
    loaded.warnings.extend(idle.iter().map(|section| {
        format!("`{section}` is configured, but this version has no collector for it")
    }));
    let overrides = &mut loaded.config.node;
    if !options.listen.is_empty() {
        overrides.listen.clone_from(&options.listen);
    }
    if let Some(db_path) = &options.db_path {
        overrides.db_path.clone_from(db_path);
    }
    Ok(loaded)
}

async fn serve_until_told(
    options: &Options,
    config: Config,
    mut orders: mpsc::UnboundedReceiver<Order>,
) -> Result<(), StartError> {
    let mut node = Node::start(config, KINDS)?;
    log::info!(
        "listening on {}, database {}",
        node.addresses().join(", "),
        node.database().display()
    );
    tell_manager(&[NotifyState::Ready, NotifyState::Status("collecting")]);
    let mut watchdog = actix_rt::time::interval(watchdog_period());
    // At most one: signals that come while a file is read are answered by reading it once more.
    let mut loading: Option<JoinHandle<Result<Loaded, ConfigError>>> = None;
    let mut again = false;
    loop {
        tokio::select! {
            order = orders.recv() => match order {
                Some(Order::Reload) if loading.is_some() => again = true,
                Some(Order::Reload) => loading = Some(begin_reload(options)),
                Some(Order::Stop) | None => break,
            },
            loaded = arrival(&mut loading) => {
                loading = again.then(|| begin_reload(options));
                again = false;
                end_reload(loaded, &mut node);
            }
            // Comes from the thread that all collectors report to: it beats while they can.
            _ = watchdog.tick() => tell_manager(&[NotifyState::Watchdog]),
            () = node.root_gone() => process::exit(1),
        }
    }
    log::info!("stopping");
    tell_manager(&[NotifyState::Stopping]);
    node.stop().await;
    // Not by return: a hung file system would hold the end of the runtime as long as it hangs.
    process::exit(0)
}

/// Reads the configuration again on a thread of its own: its file may lie where reading hangs.
fn begin_reload(options: &Options) -> JoinHandle<Result<Loaded, ConfigError>> {
    if let Ok(now) = NotifyState::monotonic_usec_now() {
        tell_manager(&[NotifyState::Reloading, now]);
    }
    let options = options.clone();
    actix_rt::task::spawn_blocking(move || load(&options))
}

/// Waits for what is being read; for ever when nothing is.
async fn arrival(
    loading: &mut Option<JoinHandle<Result<Loaded, ConfigError>>>,
) -> Result<Result<Loaded, ConfigError>, JoinError> {
    match loading {
        Some(loading) => loading.await,
        None => std::future::pending().await,
    }
}

/// Takes a changed configuration, or goes on with the old one when the new one is refused.
fn end_reload(loaded: Result<Result<Loaded, ConfigError>, JoinError>, node: &mut Node) {
    match loaded {
        Ok(Ok(loaded)) => {
            for warning in &loaded.warnings {
                log::warn!("{warning}");
            }
            for key in node.reload(loaded.config) {
                log::warn!("{key} has changed; it takes effect when the node is restarted");
            }
            log::info!("the configuration was read again");
        }
        Ok(Err(error)) => {
            log::error!("the new configuration is refused, the old one stays: {error}");
        }
        Err(error) => log::error!("the configuration could not be read again: {error}"),
    }
    tell_manager(&[NotifyState::Ready]);
}

/// Half of what the service manager waits for, sd_watchdog_enabled(3); an hour without one.
fn watchdog_period() -> Duration {
    let limit = sd_notify::watchdog_enabled().unwrap_or(Duration::from_secs(7200));
    (limit / 2).max(Duration::from_millis(1))
}

/// sd_notify(3); does nothing where no service manager asked for it.
fn tell_manager(state: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(state) {
        log::warn!("the service manager could not be told: {error}");
    }
}
