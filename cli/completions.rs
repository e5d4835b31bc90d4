//! `etlmon completions`: what a shell needs to complete this command's arguments.

use clap::CommandFactory;
use clap_complete::Shell;

use crate::args::Cli;
use crate::exit::Exit;
use crate::output;

/// Prints the completions for `shell`.
pub(crate) fn run(shell: Shell) -> Exit {
    output::print(&script(shell), Exit::Ok)
}

fn script(shell: Shell) -> String {
    // Into memory first: the generator panics when its writer fails.
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "etlmon", &mut script);
    String::from_utf8_lossy(&script).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::ValueEnum;

    #[test]
    fn every_shell_completes_every_subcommand() {
        for shell in Shell::value_variants() {
            let script = script(*shell);
            for word in [
                "node",
                "check",
                "ui",
                "history",
                "completions",
                "mount-point",
                "xferlog-damaged",
                "contains",
            ] {
                assert!(script.contains(word), "{shell}: {word}");
            }
        }
    }
}
