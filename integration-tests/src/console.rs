//! The console in a real terminal: tmux types the keys and reads the screen.

use std::path::Path;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use crate::{etlmon, eventually};

/// How long a screen may take on a loaded test machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// A tmux server of its own with `etlmon ui` in it; it ends when this is dropped.
pub struct Console {
    socket: String,
}

impl Console {
    /// Starts `etlmon ui` with these arguments in a terminal of so many columns and lines, from a
    /// shell that says how it ended.
    pub fn start(folder: &Path, arguments: &str, (width, height): (u16, u16)) -> Self {
        let console = Self {
            socket: folder.join("tmux").display().to_string(),
        };
        let shell = format!(
            "{} ui {arguments}; echo ENDED $?; exec sh",
            etlmon().display()
        );
        let (width, height) = (width.to_string(), height.to_string());
        let started = console.tmux(&[
            "-f",
            "/dev/null",
            "new-session",
            "-d",
            "-x",
            &width,
            "-y",
            &height,
            &shell,
        ]);
        assert!(started.status.success(), "{started:?}");
        console
    }

    fn tmux(&self, words: &[&str]) -> Output {
        let mut command = Command::new("tmux");
        command.args(["-S", &self.socket]).args(words);
        command
            .env("LC_ALL", "C.UTF-8")
            .env_remove("NO_COLOR")
            .env_remove("TMUX");
        command.output().unwrap()
    }

    /// Presses keys by tmux's names of them.
    pub fn press(&self, keys: &[&str]) {
        self.tmux(&[&["send-keys"], keys].concat());
    }

    /// Types a text as it is.
    pub fn write(&self, text: &str) {
        self.tmux(&["send-keys", "-l", text]);
    }

    /// What is on the screen.
    pub fn screen(&self) -> String {
        String::from_utf8(self.tmux(&["capture-pane", "-p"]).stdout).unwrap()
    }

    /// Gives the terminal another size.
    pub fn resize(&self, width: u16, height: u16) {
        self.tmux(&[
            "resize-window",
            "-x",
            &width.to_string(),
            "-y",
            &height.to_string(),
        ]);
    }

    /// The process id of the console.
    pub fn pid(&self) -> i32 {
        let shell = String::from_utf8(self.tmux(&["display", "-p", "#{pane_pid}"]).stdout).unwrap();
        let children = format!("/proc/{0}/task/{0}/children", shell.trim());
        let children = std::fs::read_to_string(children).unwrap();
        children.split_whitespace().next().unwrap().parse().unwrap()
    }

    /// Waits until the screen holds all these texts; how long that took.
    #[track_caller]
    pub fn await_text(&self, texts: &[&str]) -> Duration {
        let (began, deadline) = (Instant::now(), Instant::now() + PATIENCE);
        loop {
            let screen = self.screen();
            if texts.iter().all(|text| screen.contains(text)) {
                return began.elapsed();
            }
            assert!(
                Instant::now() < deadline,
                "waited in vain for {texts:?}:\n{screen}"
            );
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Waits until the screen does not hold this text.
    pub fn await_gone(&self, text: &str) {
        let what = format!("{text} to be gone");
        eventually(&what, PATIENCE, || {
            (!self.screen().contains(text)).then_some(())
        });
    }
}

impl Drop for Console {
    fn drop(&mut self) {
        self.tmux(&["kill-server"]);
    }
}
