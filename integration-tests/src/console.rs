//! The console in a real terminal: tmux types the keys and reads the screen.

use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

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
    pub fn start(folder: &Path, arguments: &str, size: (u16, u16)) -> Self {
        Self::run(
            folder,
            &format!("{} ui {arguments}", etlmon().display()),
            size,
        )
    }

    /// The same with another command.
    pub fn run(folder: &Path, command: &str, (width, height): (u16, u16)) -> Self {
        // One that is just ending must not be met by the next.
        static STARTED: AtomicU32 = AtomicU32::new(0);
        let number = STARTED.fetch_add(1, Ordering::Relaxed);
        let socket = folder.join(format!("tmux{number}"));
        let console = Self {
            socket: socket.display().to_string(),
        };
        let shell = format!("echo BEFORE; {command}; echo ENDED $?; exec sh");
        let [width, height] = [width, height].map(|length| length.to_string());
        console.tmux(&[
            "-f",
            "/dev/null",
            "new-session",
            "-d",
            "-x",
            &width,
            "-y",
            &height,
            &shell,
            ";",
            "set-option",
            "-s",
            "set-clipboard",
            "on",
        ]);
        console
    }

    /// What tmux says to a command.
    fn tmux(&self, words: &[&str]) -> String {
        let mut command = Command::new("tmux");
        command.args(["-S", &self.socket]).args(words);
        command.env("LC_ALL", "C.UTF-8");
        for name in ["NO_COLOR", "TMUX", "ETLMON_NODE", "ETLMON_TOKEN"] {
            command.env_remove(name);
        }
        let output = command.output().unwrap();
        assert!(output.status.success(), "tmux {words:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
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
        self.tmux(&["capture-pane", "-p"])
    }

    /// The same with the sequences that colour it.
    pub fn coloured_screen(&self) -> String {
        self.tmux(&["capture-pane", "-e", "-p"])
    }

    /// What the console had the terminal copy last.
    pub fn clipboard(&self) -> String {
        self.tmux(&["show-buffer"])
    }

    /// Gives the terminal another size.
    pub fn resize(&self, width: u16, height: u16) {
        let [width, height] = [width, height].map(|length| length.to_string());
        self.tmux(&["resize-window", "-x", &width, "-y", &height]);
    }

    /// Writes a text to the terminal beside the console, as another program does.
    pub fn garble(&self, text: &str) {
        let terminal = self.tmux(&["display", "-p", "#{pane_tty}"]);
        std::fs::write(terminal.trim(), format!("\u{1b}[3;3H{text}")).unwrap();
    }

    /// Takes the terminal away, as a broken connection does.
    pub fn hang_up(&self) {
        self.tmux(&["kill-server"]);
    }

    /// The process id of the console.
    pub fn pid(&self) -> i32 {
        let shell = self.tmux(&["display", "-p", "#{pane_pid}"]);
        let children = format!("/proc/{0}/task/{0}/children", shell.trim());
        eventually("the console to be started", PATIENCE, || {
            let children = std::fs::read_to_string(&children).unwrap();
            children.split_whitespace().next()?.parse().ok()
        })
    }

    /// Sends the console a signal.
    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_raw(self.pid()).unwrap(), signal).unwrap();
    }

    /// Waits until the screen holds all these texts; how long that took.
    #[track_caller]
    pub fn await_text(&self, texts: &[&str]) -> Duration {
        self.await_screen(&format!("{texts:?}"), |screen| {
            texts.iter().all(|text| screen.contains(text))
        })
    }

    /// Waits until the screen does not hold this text; how long that took.
    #[track_caller]
    pub fn await_gone(&self, text: &str) -> Duration {
        self.await_screen(&format!("{text:?} to be gone"), |screen| {
            !screen.contains(text)
        })
    }

    /// Waits until the screen is as it should be; how long that took.
    #[track_caller]
    pub fn await_screen(&self, what: &str, is_so: impl Fn(&str) -> bool) -> Duration {
        let (began, deadline) = (Instant::now(), Instant::now() + PATIENCE);
        loop {
            let screen = self.screen();
            if is_so(&screen) {
                return began.elapsed();
            }
            assert!(
                Instant::now() < deadline,
                "waited in vain for {what}:\n{screen}"
            );
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Waits until it is an ordinary terminal again, with what was on it before, and a shell reads
    /// from it.
    #[track_caller]
    pub fn await_given_back(&self) {
        self.await_text(&["BEFORE"]);
        self.write("stty -a\n");
        self.await_text(&["isig icanon", " echo ", "\nopost"]);
        let flags = "#{alternate_on}#{mouse_any_flag}#{cursor_flag}";
        assert_eq!(self.tmux(&["display", "-p", flags]).trim(), "001");
    }
}

impl Drop for Console {
    fn drop(&mut self) {
        let mut command = Command::new("tmux");
        command.args(["-S", &self.socket, "kill-server"]);
        // It may have been ended already.
        drop(command.output());
    }
}
