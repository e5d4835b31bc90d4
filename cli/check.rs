//! `etlmon check`: says whether a configuration would be accepted.

use etlmon_shared::text::for_terminal;

use crate::args::CheckArgs;
use crate::exit::Exit;
use crate::output;

/// Reads the configuration as `etlmon node` does, and starts nothing.
pub(crate) fn run(args: &CheckArgs) -> Exit {
    match etlmon_node::check(args.config.as_deref()) {
        Ok(report) => {
            for warning in &report.warnings {
                output::complain(&format!("warning: {warning}"));
            }
            let verdict = match &report.file {
                Some(file) => format!("{}: ok\n", for_terminal(&file.to_string_lossy())),
                None => "no configuration file; the built-in defaults apply: ok\n".to_owned(),
            };
            output::print(&verdict, Exit::Ok)
        }
        Err(error) => {
            output::complain(&error.to_string());
            Exit::NotOk
        }
    }
}
