//! cron's lines out of the systemd journal, read by journalctl(1): its files have no stable layout.

use std::collections::HashMap;
use std::fs;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};

use etlmon_shared::Timestamp;

use super::log_line::{LogLine, says};

/// Lines that wait to be taken; then journalctl waits.
const WAITING: usize = 1024;
/// No line that is looked for is nearly as long.
const LONGEST_LINE_BYTES: u64 = 1 << 20;
/// How many lines of the past are of use: the last run of each job.
const PAST: &str = "--lines=2000";

/// One journalctl that follows the journal; it is ended when this is dropped.
pub(super) struct Journal {
    child: Child,
    lines: Receiver<LogLine>,
}

impl Journal {
    /// Follows the lines of cron.
    ///
    /// # Errors
    /// There is no journalctl, or it can't be started.
    pub(super) fn follow() -> io::Result<Self> {
        let mut journalctl = Command::new("journalctl");
        journalctl
            .args(["--follow", "--quiet", "--no-pager", "--output=json", PAST])
            .args(["-t", "cron", "-t", "CRON", "-t", "crond", "-t", "CROND"])
            .args(["-t", "systemd-journald"])
            // Anybody can log in cron's name.
            .arg("_UID=0");
        Self::start(journalctl)
    }

    /// Takes the lines that a command prints.
    ///
    /// # Errors
    /// It can't be started.
    pub(super) fn start(mut command: Command) -> io::Result<Self> {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let output = child.stdout.take();
        let (sender, lines) = sync_channel(WAITING);
        let journal = Self { child, lines };
        if let Some(output) = output {
            // It ends with the child, or when nobody takes its lines any more.
            std::thread::Builder::new()
                .name("journal".to_owned())
                .spawn(move || forward(BufReader::new(output), &sender))?;
        }
        Ok(journal)
    }

    /// The lines that have come, and whether more can come.
    pub(super) fn take(&mut self) -> (Vec<LogLine>, bool) {
        let mut taken = Vec::new();
        loop {
            match self.lines.try_recv() {
                Ok(line) => taken.push(line),
                Err(TryRecvError::Empty) => return (taken, true),
                Err(TryRecvError::Disconnected) => return (taken, false),
            }
        }
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// When journald(8) of the machine below a root wrote last: journalctl lives on without it. With
/// each of its writes it sets the time of the file.
pub(super) fn last_written(root: &Path) -> Option<Timestamp> {
    let machine = fs::read_to_string(root.join("etc/machine-id")).ok()?;
    let files = ["var/log/journal", "run/log/journal"].map(|folder| {
        root.join(folder)
            .join(machine.trim())
            .join("system.journal")
    });
    let written = files
        .into_iter()
        .filter_map(|file| fs::metadata(file).ok()?.modified().ok());
    written.max().map(Timestamp::from)
}

fn forward(mut output: impl BufRead, sender: &SyncSender<LogLine>) {
    let mut line = Vec::new();
    loop {
        line.clear();
        let read = (&mut output)
            .take(LONGEST_LINE_BYTES)
            .read_until(b'\n', &mut line);
        if !matches!(read, Ok(1..)) {
            return;
        }
        if let Some(line) = of_json(&line)
            && sender.send(line).is_err()
        {
            return;
        }
    }
}

/// Reads one object of `journalctl --output=json`, see systemd.journal-fields(7). A field that is
/// not UTF-8 is an array there, and of no use here: cron's messages are ASCII.
fn of_json(line: &[u8]) -> Option<LogLine> {
    let fields: HashMap<String, serde_json::Value> = serde_json::from_slice(line).ok()?;
    let text = |name: &str| fields.get(name)?.as_str();
    let micros: i64 = text("__REALTIME_TIMESTAMP")?.parse().ok()?;
    let pid = text("SYSLOG_PID").or_else(|| text("_PID"));
    Some(LogLine {
        at: Timestamp::from_millis(micros / 1000),
        says: says(
            text("SYSLOG_IDENTIFIER")?,
            pid.and_then(|pid| pid.parse().ok()),
            text("MESSAGE")?,
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collectors::cron::log_line::Says;

    const LINE: &str = r#"{"__REALTIME_TIMESTAMP":"1768472625123456","SYSLOG_IDENTIFIER":"CRON","_PID":"812","PRIORITY":"6","MESSAGE":"(root) CMD (run-parts /etc/cron.hourly)"}"#;

    #[test]
    fn an_object_of_the_journal_tells_a_run() {
        let read = of_json(LINE.as_bytes()).unwrap();
        assert_eq!(read.at.to_string(), "2026-01-15T10:23:45.123Z");
        let began = Says::Began {
            pid: Some(812),
            user: "root".to_owned(),
            command: "run-parts /etc/cron.hourly".to_owned(),
        };
        assert_eq!(read.says, began);
    }

    #[test]
    fn what_is_no_line_of_cron_is_passed_over() {
        let (sender, lines) = sync_channel(10);
        let text = format!("\n{{}}\n[1]\n{{\"MESSAGE\":[40,255]}}\nnot json\n{LINE}\n{{\"MESS");
        forward(text.as_bytes(), &sender);
        drop(sender);
        assert_eq!(lines.iter().count(), 1);
    }
}
