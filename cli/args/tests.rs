//! The arguments: what is accepted, and that the help tells the truth.

use std::time::Duration;

use clap::CommandFactory;
use clap::error::ErrorKind;
use etlmon_shared::Timestamp;
use etlmon_shared::client::Cursor;

use super::*;

fn get(line: &str) -> GetArgs {
    match Cli::try_parse_from(line.split_whitespace())
        .unwrap()
        .command
    {
        Command::Get(args) => args,
        other => panic!("{other:?}"),
    }
}

fn refusal(line: &str) -> clap::Error {
    Cli::try_parse_from(line.split_whitespace()).unwrap_err()
}

#[test]
fn the_arguments_are_consistent() {
    Cli::command().debug_assert();
}

/// Every line of a help text that shows the command in use.
fn examples(command: &clap::Command, found: &mut Vec<String>) {
    let help = command
        .get_after_help()
        .map(ToString::to_string)
        .unwrap_or_default();
    let lines = help
        .lines()
        .map(str::trim)
        .filter(|line| line.starts_with("etlmon "));
    found.extend(lines.map(str::to_owned));
    for subcommand in command.get_subcommands() {
        examples(subcommand, found);
    }
}

#[test]
fn every_example_in_the_help_is_accepted() {
    let mut found = Vec::new();
    examples(&Cli::command(), &mut found);
    for subcommand in [
        "node",
        "check",
        "ui",
        "get health",
        "get fs",
        "get history",
        "get paths",
        "get logs",
        "get log",
        "get gaps",
        "get processes",
        "get process-rules",
        "get audit",
        "get xferlog",
        "get xferlog-files",
        "get xferlog-damaged",
        "get xferlog-gaps",
    ] {
        let start = format!("etlmon {subcommand}");
        assert!(
            found.iter().any(|line| line.starts_with(&start)),
            "no example of {start}"
        );
    }
    for line in found {
        let command = [" | ", " || ", " > "]
            .iter()
            .fold(line.as_str(), |line, end| line.split(end).next().unwrap());
        // Quotes hold words together, as in a shell.
        let words = command.split('\'').enumerate().flat_map(|(index, part)| {
            let quoted = index % 2 == 1;
            let parts = part.split(move |c: char| !quoted && c.is_whitespace());
            parts.filter(|word| !word.is_empty())
        });
        let args = Cli::try_parse_from(words).unwrap_or_else(|error| panic!("{line}: {error}"));
        if let Command::Get(GetArgs {
            what: What::Log(log),
            ..
        }) = args.command
        {
            assert_eq!(log.check(), Ok(()), "{line}");
        }
    }
}

#[test]
fn options_of_get_stand_before_or_behind_the_noun() {
    for line in [
        "etlmon get --node etl-01:9000 -o json --timeout 500ms fs",
        "etlmon get fs --node etl-01:9000 --output json --timeout 500ms",
    ] {
        let args = get(line);
        assert_eq!(args.node.as_deref(), Some("etl-01:9000"));
        assert_eq!(args.output, Output::Json);
        assert_eq!(args.timeout, Duration::from_millis(500));
    }
    assert_eq!(get("etlmon get fs").timeout, Duration::from_secs(5));
}

#[test]
fn addresses_to_listen_on_add_up() {
    let line = "etlmon node -c n.yaml --listen [::1]:80 --listen unix:/s --db-path /d";
    let Command::Node(args) = Cli::try_parse_from(line.split_whitespace())
        .unwrap()
        .command
    else {
        panic!("not node");
    };
    let listen: Vec<String> = args.listen.iter().map(ToString::to_string).collect();
    assert_eq!(listen, ["[::1]:80", "unix:/s"]);
    assert_eq!(args.config, Some(PathBuf::from("n.yaml")));
    assert_eq!(args.db_path, Some(PathBuf::from("/d")));
}

#[test]
fn a_moment_is_a_time_or_so_long_ago() {
    let What::History { from, to, step, .. } = get(
        "etlmon get history --mount-point / --from 6h --to 2026-01-15T19:23:45+09:00 --step 5m",
    )
    .what
    else {
        panic!("not history");
    };
    assert_eq!(to.unwrap().to_string(), "2026-01-15T10:23:45.000Z");
    let ago = Timestamp::now().as_millis() - from.unwrap().as_millis();
    assert!((21_600_000..21_660_000).contains(&ago), "{ago}");
    assert_eq!(step.as_deref(), Some("5m"));
}

fn log(words: &str) -> LogArgs {
    match get(&format!("etlmon get log app {words}")).what {
        What::Log(log) => log,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_log_is_asked_for_a_hundred_lines_or_as_many_as_are_wanted() {
    assert_eq!(log("").lines(), 100);
    assert_eq!(log("--follow").lines(), 10);
    for words in ["-n 7", "--lines 7", "--limit 7", "-f --lines 7"] {
        assert_eq!(log(words).lines(), 7, "{words}");
    }
    assert_eq!(log("--after 5").cursor(), Some(Cursor::After(5)));
    assert_eq!(log("--before 5").cursor(), Some(Cursor::Before(5)));
    assert_eq!(log("").cursor(), None);
}

#[test]
fn a_followed_log_begins_in_one_place() {
    for words in ["-f --after 5", "-f --lines 0", "-f --lines 5 --from 1h"] {
        assert_eq!(log(words).check(), Ok(()), "{words}");
    }
    for words in ["-f --after 5 -n 5", "-f --after 5 --from 1h"] {
        let message = log(words).check().unwrap_err();
        assert!(message.contains("--after"), "{message}");
    }
    let message = log("--lines 0").check().unwrap_err();
    assert!(message.contains("without --follow"), "{message}");
}

#[test]
fn transfers_have_two_names() {
    for name in ["xferlog", "transfers"] {
        let What::Xferlog(args) = get(&format!("etlmon get {name} -n 5 --host ::1")).what else {
            panic!("{name}")
        };
        assert_eq!(args.page.limit, 5);
        assert_eq!(args.filters(), [("host", "::1".to_owned())]);
    }
}

#[test]
fn nothing_asked_is_answered_with_the_help_and_status_2() {
    for line in ["etlmon", "etlmon get"] {
        let error = refusal(line);
        assert_eq!(
            error.kind(),
            ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand,
            "{line}"
        );
        assert_eq!(error.exit_code(), 2);
    }
}

#[test]
fn help_and_version_are_no_errors() {
    for line in [
        "etlmon --help",
        "etlmon get history --help",
        "etlmon --version",
    ] {
        assert_eq!(refusal(line).exit_code(), 0, "{line}");
    }
    let version = refusal("etlmon --version").to_string();
    assert_eq!(version, concat!("etlmon ", env!("CARGO_PKG_VERSION"), "\n"));
}

#[test]
fn wrong_arguments_are_refused_with_what_is_accepted() {
    for (line, hint) in [
        ("etlmon nod", "'node'"),
        ("etlmon get disks", "unrecognized subcommand"),
        ("etlmon get fs --timeout 0s", "from 1ms to 1h"),
        ("etlmon get fs --timeout 5", "such as 5s"),
        // One month to the parser of durations, hardly to whoever typed it.
        ("etlmon get fs --timeout 1M", "from 1ms to 1h"),
        ("etlmon get fs --output yaml", "table, json"),
        ("etlmon get history", "--mount-point"),
        (
            "etlmon get history --mount-point / --from yesterday",
            "how long ago",
        ),
        ("etlmon get history --mount-point / --step 0s", "such as 5m"),
        ("etlmon get top", "--path"),
        ("etlmon get paths --limit 0", "1..=10000"),
        ("etlmon get paths --offset -1", "'-1'"),
        ("etlmon get log", "<NAME>"),
        ("etlmon get log app --lines 10001", "0..=10000"),
        ("etlmon get log app --after 1 --before 2", "cannot be used"),
        ("etlmon get log app --follow --before 2", "cannot be used"),
        ("etlmon get log app --follow --to 1h", "cannot be used"),
        ("etlmon get log app --after -1", "'-1'"),
        ("etlmon get xferlog --limit 0", "1..=10000"),
        ("etlmon get xferlog --direction sideways", "upload"),
        ("etlmon get xferlog --status ok", "incomplete"),
        ("etlmon completions tcsh", "bash"),
    ] {
        let error = refusal(line);
        assert_eq!(error.exit_code(), 2, "{line}");
        let text = error.to_string();
        assert!(text.contains(hint), "{line}: {text}");
    }
    assert!(Cli::try_parse_from(["etlmon", "get", "log", ""]).is_err());
}
