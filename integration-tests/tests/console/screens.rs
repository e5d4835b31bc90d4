//! Every screen, with what a real node answers.

use integration_tests::{Console, peer};

use crate::watched::node;

#[test]
fn control_characters_in_names_reach_no_terminal_and_wide_ones_stay_in_line() {
    if !peer("tmux") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (node, _) = node(folder.path());
    let console = Console::start(folder.path(), &format!("--node {}", node.url), (100, 40));
    console.press(&["4"]);
    console.write("/data");
    console.await_text(&["Paths /data  1 row "]);
    console.press(&["Enter", "Enter"]);
    console.await_text(&["Biggest entries", "big\\u{1b}[31mname/", "운영/"]);
    assert!(!console.coloured_screen().contains("\u{1b}[31mname"));
}

#[test]
fn without_colours_none_is_shown_and_what_matters_stands_out_otherwise() {
    if !peer("tmux") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let etlmon = integration_tests::etlmon();
    let command = format!("NO_COLOR=1 {} ui --node 127.0.0.1:1", etlmon.display());
    let console = Console::run(folder.path(), &command, (100, 30));
    console.await_text(&["DOWN"]);
    let screen = console.coloured_screen();
    let colour = regex::Regex::new("\u{1b}\\[([0-9;]*;)?(3[0-7]|4[0-7]|9[0-7]|10[0-7]|[34]8)[;m]");
    assert!(!colour.unwrap().is_match(&screen), "{screen:?}");
    assert!(screen.contains("\u{1b}[1mDOWN"), "{screen:?}");
}

#[test]
fn a_console_that_only_reads_offers_no_command() {
    if !peer("tmux") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (node, _) = node(folder.path());
    let arguments = format!("--readonly --node {}", node.url);
    let console = Console::start(folder.path(), &arguments, (100, 50));
    console.press(&["4"]);
    console.await_text(&["Paths  41 rows", "read-only"]);
    console.press(&["e"]);
    for (screen, command) in [("4", "scan: the path"), ("5", "pause: "), ("6", "kill")] {
        console.press(&[screen, "?"]);
        console.await_text(&["everywhere", "command line", ":quit"]);
        assert!(!console.screen().contains(command));
    }
    console.press(&["Escape", ":"]);
    console.write("scan");
    console.press(&["Enter"]);
    console.await_text(&["this console only reads"]);
    assert!(node.list("/api/v1/audit").is_empty());
}
