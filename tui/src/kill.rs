//! The dialog that sends a process a signal: what it was when the dialog opened is what is hit, or nothing.

use cursive::event::{Event, Key};
use etlmon_shared::process::{KillRequest, Process, ProcessStatus};
use etlmon_shared::{Timestamp, human};

use crate::command::Command;
use crate::frame::{Line, Role};
use crate::screens::moment;

/// The signals that a node sends, the gentle ones first.
const SIGNALS: [&str; 9] = [
    "SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT", "SIGKILL", "SIGSTOP", "SIGCONT", "SIGUSR1", "SIGUSR2",
];

/// The dialog.
#[derive(Clone, Debug)]
pub struct KillDialog {
    /// The process as it was when the dialog opened.
    process: Process,
    /// When that was.
    opened_at: Timestamp,
    signal: usize,
    step: Step,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    /// Of the signal.
    Choose,
    /// By typing `yes`.
    Confirm(String),
    /// The node is asked.
    Sent,
    Done(Result<String, String>),
}

/// What a key led to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pressed {
    /// The dialog stays.
    Stay,
    /// It is closed.
    Close,
    /// This is to be sent.
    Send(Command),
}

impl KillDialog {
    /// Opens it for a process.
    pub fn new(process: Process, now: Timestamp) -> Self {
        Self {
            process,
            opened_at: now,
            signal: 0,
            step: Step::Choose,
        }
    }

    /// The number of the process.
    pub fn pid(&self) -> u32 {
        self.process.pid
    }

    /// Takes a key.
    pub fn press(&mut self, event: &Event) -> Pressed {
        if matches!(event, Event::Key(Key::Esc) | Event::CtrlChar('c')) {
            return self.back();
        }
        match (&mut self.step, event) {
            (Step::Choose, Event::Char('q')) => return Pressed::Close,
            (
                Step::Choose,
                Event::Char('j' | 'l') | Event::Key(Key::Down | Key::Right | Key::Tab),
            ) => {
                self.signal = (self.signal + 1) % SIGNALS.len();
            }
            (Step::Choose, Event::Char('k' | 'h') | Event::Key(Key::Up | Key::Left)) => {
                self.signal = (self.signal + SIGNALS.len() - 1) % SIGNALS.len();
            }
            (Step::Choose, Event::Key(Key::Enter)) => self.step = Step::Confirm(String::new()),
            (Step::Confirm(typed), Event::Char(character)) => typed.push(*character),
            (Step::Confirm(typed), Event::Key(Key::Backspace)) => drop(typed.pop()),
            (Step::Confirm(typed), Event::Key(Key::Enter)) if typed == "yes" => {
                self.step = Step::Sent;
                return Pressed::Send(self.command());
            }
            (Step::Confirm(typed), Event::Key(Key::Enter)) => typed.clear(),
            (Step::Done(_), _) => return Pressed::Close,
            _ => {}
        }
        Pressed::Stay
    }

    fn back(&mut self) -> Pressed {
        match self.step {
            Step::Confirm(_) => {
                self.step = Step::Choose;
                Pressed::Stay
            }
            Step::Choose | Step::Sent | Step::Done(_) => Pressed::Close,
        }
    }

    fn signal(&self) -> &'static str {
        SIGNALS.get(self.signal).copied().unwrap_or("SIGTERM")
    }

    fn command(&self) -> Command {
        let request = KillRequest {
            signal: self.signal().to_owned(),
            confirm: true,
            start_time: Some(self.process.start_time),
        };
        Command::Kill(self.process.pid, request)
    }

    /// Takes what the node said, if it was asked by this dialog.
    pub fn take(&mut self, command: &Command, result: &Result<String, String>) -> bool {
        let is_own = self.step == Step::Sent && *command == self.command();
        if is_own {
            self.step = Step::Done(result.clone());
        }
        is_own
    }

    /// What is asked, on the last line of the screen.
    pub fn prompt(&self) -> Line {
        match &self.step {
            Step::Choose => {
                let mut line = Line::new(Role::Key, "↑↓");
                line.push(Role::Plain, &format!(" {}  ", self.signal()));
                line.push(Role::Key, "Enter");
                line.push(Role::Plain, " go on  ");
                line.push(Role::Key, "Esc");
                line.push(Role::Plain, " leave");
                line
            }
            Step::Confirm(typed) => {
                let asked = format!("{} to {}? type yes: ", self.signal(), self.process.pid);
                let mut line = Line::new(Role::Warn, &asked);
                line.push(Role::Plain, &format!("{typed}▏"));
                line
            }
            Step::Sent => Line::new(Role::Plain, "asking the node"),
            Step::Done(_) => Line::new(Role::Plain, "any key goes back"),
        }
    }

    /// The dialog; `current` is what the node says of this pid now.
    pub fn lines(&self, current: Option<&Process>) -> Vec<Line> {
        let process = &self.process;
        let mut lines = Vec::new();
        match &self.step {
            Step::Done(Ok(said)) => lines.push(Line::new(Role::Good, said)),
            Step::Done(Err(said)) => lines.push(Line::new(Role::Bad, said)),
            Step::Choose | Step::Confirm(_) | Step::Sent => {}
        }
        lines.extend(self.changes(current));
        let title = format!("Send {} to", self.signal());
        lines.push(Line::new(Role::Title, &title));
        let fields = [
            ("pid", process.pid.to_string()),
            ("name", process.process_name.clone()),
            ("command", process.cmdline.clone()),
            (
                "user",
                process
                    .user
                    .clone()
                    .unwrap_or_else(|| "not known".to_owned()),
            ),
            ("runtime", human::duration(process.runtime_sec)),
            ("started", format!("{}Z", moment(process.start_time))),
            (
                "watched",
                process
                    .watch
                    .clone()
                    .unwrap_or_else(|| "no: the node will refuse".to_owned()),
            ),
            ("as of", format!("{}Z", moment(self.opened_at))),
        ];
        for (name, value) in fields {
            let mut line = Line::new(Role::Key, &format!("{name:<8} "));
            line.push(Role::Plain, &value);
            lines.push(line);
        }
        if self.step == Step::Choose {
            lines.push(Line::default());
            for (at, signal) in SIGNALS.iter().enumerate() {
                let mut line = Line::new(Role::Plain, &format!(" {signal} "));
                line.chosen = at == self.signal;
                lines.push(line);
            }
        }
        lines
    }

    /// What of the process is not as it was when the dialog opened.
    fn changes(&self, current: Option<&Process>) -> Vec<Line> {
        let process = &self.process;
        let Some(current) = current else {
            let text = format!("the node lists no process {} any more", process.pid);
            return vec![Line::new(Role::Warn, &text)];
        };
        let mut changes = Vec::new();
        if current.status == ProcessStatus::Stopped {
            changes.push("it has ended since".to_owned());
        }
        let fields = [
            ("name", &process.process_name, &current.process_name),
            ("command", &process.cmdline, &current.cmdline),
        ];
        for (name, before, after) in fields {
            if before != after {
                changes.push(format!("{name} changed: {before} → {after}"));
            }
        }
        if process.user != current.user {
            let user =
                |user: &Option<String>| user.clone().unwrap_or_else(|| "not known".to_owned());
            changes.push(format!(
                "user changed: {} → {}",
                user(&process.user),
                user(&current.user)
            ));
        }
        if process.start_time != current.start_time {
            let (before, after) = (moment(process.start_time), moment(current.start_time));
            changes.push(format!("another process: started {before}Z → {after}Z"));
        }
        changes
            .iter()
            .map(|change| Line::new(Role::Warn, change))
            .collect()
    }
}
