//! A signal to a real process, sent through the dialog.

use integration_tests::{Console, eventually, peer};

use crate::watched::{Job, node};

#[test]
fn a_real_process_is_ended_through_the_dialog_and_that_is_recorded() {
    if !peer("tmux") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut job = Job::start(folder.path());
    let (node, _) = node(folder.path());
    let pid = job.0.id().to_string();
    let console = Console::start(folder.path(), &format!("--node {}", node.url), (120, 40));
    console.press(&["6"]);
    console.write("/etl-loader");
    console.await_text(&[&pid, "RUNNING", "1 row  "]);
    console.press(&["Enter", "d"]);
    let title = Job::title(folder.path());
    console.await_text(&[
        "Send SIGTERM to",
        &format!("pid      {pid}"),
        "name     sleep",
        &format!("command  {title} 600"),
        "runtime",
        "watched  job",
        "SIGUSR2",
    ]);
    console.press(&["j", "Enter"]);
    console.await_text(&[&format!("SIGINT to {pid}? type yes:")]);
    console.write("no");
    console.press(&["Enter"]);
    console.await_text(&["type yes: ▏"]);
    assert!(job.0.try_wait().unwrap().is_none());
    console.write("yes");
    console.press(&["Enter"]);
    console.await_text(&[&format!("SIGINT sent to {pid} (sleep); it ended after")]);
    eventually("the process to be gone", crate::PATIENCE, || {
        job.0.try_wait().unwrap()
    });
    console.await_text(&["it has ended since"]);
    console.press(&["Escape"]);
    console.await_text(&["STOPPED"]);
    console.press(&["9"]);
    console.await_text(&[
        "Audit  1 row  ",
        "done",
        &format!("processes/{pid}"),
        "SIGINT to sleep",
    ]);
    // What has ended gets no second one.
    console.press(&["6", "d", "Enter"]);
    console.write("yes");
    console.press(&["Enter"]);
    console.await_text(&["refused: "]);
    console.press(&["Escape", "9"]);
    console.await_text(&["Audit  2 rows", "no_such_process"]);
}
