//! The arguments of `etlmon ui`.

use std::path::PathBuf;

use clap::Args;
use etlmon_tui::Screen;

/// Arguments of `etlmon ui`.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  etlmon ui
  etlmon ui --node http://etl-01:8080 --node unix:/run/etlmon/etlmon.sock
  etlmon ui --readonly
  etlmon ui --once filesystems --node etl-01

`?` shows the keys. With --once one frame is printed as plain text, as large as the terminal, else
COLUMNS and LINES, else 80 by 24.

Environment:
  ETLMON_NODE   the node, when neither --node nor the configuration names one
  ETLMON_TOKEN  the token for the nodes that --node or ETLMON_NODE names
  NO_COLOR      shows no colours

Exit status:
  0  left by the operator or a signal; with --once: some node answered
  1  cannot start, or broke
  2  wrong arguments
  3  with --once: no node answered")]
pub(crate) struct UiArgs {
    /// The configuration [default: ~/.config/etlmon/ui.yaml if it exists]
    #[arg(short, long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// A node instead of the configured ones: HOST:PORT, http://HOST:PORT or unix:/PATH; repeatable
    #[arg(long, value_name = "URL")]
    pub(crate) node: Vec<String>,
    /// Hide every command that changes something on a node
    #[arg(long)]
    pub(crate) readonly: bool,
    /// Print one frame of a screen and exit: nodes, overview, filesystems, paths, logs, processes,
    /// cron, transfers or audit
    #[arg(long, value_name = "SCREEN", value_parser = etlmon_tui::screen)]
    pub(crate) once: Option<Screen>,
}
