//! `etlmon node`: runs the daemon in the foreground until it is told to end.

use crate::args::NodeArgs;
use crate::exit::Exit;
use crate::output;

/// Runs the node until SIGTERM or SIGINT.
pub(crate) fn run(args: NodeArgs) -> Exit {
    let options = etlmon_node::Options {
        config_file: args.config,
        listen: args.listen,
        db_path: args.db_path,
    };
    match etlmon_node::run(&options) {
        Ok(()) => Exit::Ok,
        Err(error) => {
            output::complain(&error.to_string());
            Exit::NotOk
        }
    }
}
