//! The command line: its words, what they do, and how they are completed.

use etlmon_shared::Timestamp;

use crate::app::{App, Effect, Overlay};
use crate::command::Command;
use crate::screens::{ALL, Screen, processes, transfers};
use crate::theme::Theme;

/// What became of a line.
#[derive(Debug)]
pub enum Said {
    /// It is done.
    Nothing,
    /// It can't be, for this reason.
    Wrong(String),
    /// This is to be done.
    Do(Effect),
}

/// A word that begins a line.
struct Word {
    name: &'static str,
    argument: Argument,
    /// Whether it changes something on the node.
    is_command: bool,
    says: &'static str,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Argument {
    None,
    Node,
    Path,
    Log,
    Pid,
    Filter,
    Theme,
}

const fn word(
    name: &'static str,
    argument: Argument,
    is_command: bool,
    says: &'static str,
) -> Word {
    Word {
        name,
        argument,
        is_command,
        says,
    }
}

/// All words beside the names of screens.
const WORDS: [Word; 11] = [
    word("node", Argument::Node, false, "choose a node"),
    word("log", Argument::Log, false, "show the lines of a log"),
    word(
        "find",
        Argument::Filter,
        false,
        "transfers with user=, host=, filename=, direction=, status=",
    ),
    word(
        "theme",
        Argument::Theme,
        false,
        "colours: default, mono, colourblind",
    ),
    word("scan", Argument::Path, true, "scan a path now, or all"),
    word(
        "pause",
        Argument::Log,
        true,
        "have the node pause reading a log",
    ),
    word("resume", Argument::Log, true, "have it go on"),
    word(
        "crontabs",
        Argument::None,
        true,
        "have the crontabs read now",
    ),
    word("kill", Argument::Pid, true, "send a process a signal"),
    word("help", Argument::None, false, "the keys that work here"),
    word("quit", Argument::None, false, "leave"),
];

/// What the words of the command line do, for help.
pub fn help(readonly: bool) -> Vec<(String, &'static str)> {
    let words = WORDS.iter().filter(|word| !(readonly && word.is_command));
    words
        .map(|word| (format!(":{}", word.name), word.says))
        .collect()
}

/// Does what a line says.
pub fn run(app: &mut App, line: &str, now: Timestamp) -> Said {
    let (name, argument) = line.trim().split_once(' ').unwrap_or((line.trim(), ""));
    let argument = argument.trim();
    if name.is_empty() {
        return Said::Nothing;
    }
    let is_known = |word: &&Word| word.name == name || (name == "q" && word.name == "quit");
    let Some(word) = WORDS.iter().find(is_known) else {
        return match Screen::named(name) {
            Some(screen) => {
                app.show(screen);
                Said::Nothing
            }
            None => Said::Wrong(format!("`{name}` is no command; Tab shows those there are")),
        };
    };
    if word.is_command && app.settings.readonly {
        return Said::Wrong(format!(
            "`{name}` is a command, and this console only reads"
        ));
    }
    let node = app.node_index();
    match word.name {
        "quit" => return Said::Do(Effect::Quit),
        "help" => app.overlay = Overlay::Help(0),
        "crontabs" => return Said::Do(Effect::Send(node, Command::RefreshCron)),
        "scan" => {
            let paths = Some(vec![argument.to_owned()]).filter(|_| !argument.is_empty());
            return Said::Do(Effect::Send(node, Command::Scan(paths)));
        }
        "find" => return find(app, argument),
        _ if argument.is_empty() => return Said::Wrong(format!("`{name}` needs to know which")),
        "pause" => return Said::Do(Effect::Send(node, Command::PauseLog(argument.to_owned()))),
        "resume" => return Said::Do(Effect::Send(node, Command::ResumeLog(argument.to_owned()))),
        "log" => return Said::Do(app.open_log(argument)),
        "node" => match app.nodes.iter().position(|node| node.name == argument) {
            Some(index) => app.choose_node(index),
            None => return Said::Wrong(format!("no node is called `{argument}`")),
        },
        "theme" => match Theme::named(argument) {
            Some(theme) => app.settings.theme = theme,
            None => return Said::Wrong(format!("`{argument}` is no theme")),
        },
        _ => return kill(app, argument, now),
    }
    Said::Nothing
}

fn kill(app: &mut App, argument: &str, now: Timestamp) -> Said {
    let process = argument.parse().ok().and_then(|pid| app.process(pid));
    let Some(id) = process.map(processes::id) else {
        return Said::Wrong(format!("the node lists no process `{argument}`"));
    };
    app.show(Screen::Processes);
    app.open_kill(&id, now);
    Said::Nothing
}

fn find(app: &mut App, argument: &str) -> Said {
    let mut filter = Vec::new();
    for pair in argument.split_whitespace() {
        match pair.split_once('=') {
            Some((name, value)) if transfers::FILTERS.contains(&name) && !value.is_empty() => {
                filter.push((name.to_owned(), value.to_owned()));
            }
            _ => {
                let known = transfers::FILTERS.join("=, ");
                return Said::Wrong(format!("`{pair}` is none of {known}="));
            }
        }
    }
    app.show(Screen::Transfers);
    app.transfer_filter = filter;
    Said::Nothing
}

/// A line after completion.
#[derive(Debug, PartialEq, Eq)]
pub struct Completed {
    /// The line.
    pub text: String,
    /// How it could go on, where there are several ways.
    pub choices: Option<String>,
}

/// Completes the last word of a line as far as there is only one way.
pub fn complete(app: &App, line: &str) -> Completed {
    let (before, begun, choices) = match line.split_once(' ') {
        None => ("", line, first_words(app.settings.readonly)),
        Some((name, argument)) => {
            let word = WORDS.iter().find(|word| word.name == name);
            let choices = word.map_or_else(Vec::new, |word| arguments(app, word.argument));
            (name, argument, choices)
        }
    };
    let mut fitting: Vec<String> = choices
        .into_iter()
        .filter(|choice| choice.starts_with(begun))
        .collect();
    fitting.sort();
    fitting.dedup();
    let completed = common_beginning(&fitting).unwrap_or_else(|| begun.to_owned());
    let gap = if before.is_empty() { "" } else { " " };
    let end = if fitting.len() == 1 && before.is_empty() {
        " "
    } else {
        ""
    };
    Completed {
        text: format!("{before}{gap}{completed}{end}"),
        choices: Some(fitting.join("  ")).filter(|_| fitting.len() > 1),
    }
}

fn first_words(readonly: bool) -> Vec<String> {
    let words = WORDS.iter().filter(|word| !(readonly && word.is_command));
    let names = words.map(|word| word.name.to_owned());
    names
        .chain(ALL.iter().map(|screen| screen.name()))
        .collect()
}

fn arguments(app: &App, argument: Argument) -> Vec<String> {
    let node = app.node();
    match argument {
        Argument::None => Vec::new(),
        Argument::Node => app.nodes.iter().map(|node| node.name.clone()).collect(),
        Argument::Path => node
            .paths
            .rows
            .iter()
            .flatten()
            .map(|row| row.path.clone())
            .collect(),
        Argument::Log => node
            .logs
            .rows
            .iter()
            .flatten()
            .map(|row| row.name.clone())
            .collect(),
        Argument::Pid => {
            let rows = node.processes.rows.iter().flatten();
            rows.map(|row| row.pid.to_string()).collect()
        }
        Argument::Filter => transfers::FILTERS
            .iter()
            .map(|name| format!("{name}="))
            .collect(),
        Argument::Theme => Theme::NAMES
            .iter()
            .map(|(name, _)| (*name).to_owned())
            .collect(),
    }
}

fn common_beginning(texts: &[String]) -> Option<String> {
    let (first, others) = texts.split_first()?;
    let mut common = first.as_str();
    for other in others {
        while !other.starts_with(common) {
            let mut shorter = common.chars();
            shorter.next_back();
            common = shorter.as_str();
        }
    }
    Some(common.to_owned())
}
