//! What a line of syslog or the journal says of cron: a run that began, one that ended, or nothing.

use chrono::{DateTime, Datelike, Local, NaiveDateTime, TimeZone, Utc};
use etlmon_shared::Timestamp;

/// One line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct LogLine {
    pub(super) at: Timestamp,
    pub(super) says: Says,
}

/// What it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Says {
    /// cron began a run: `(user) CMD (command)`. The pid is that of the shell.
    Began {
        pid: Option<u32>,
        user: String,
        command: String,
    },
    /// A run ended: cronie's `(user) CMDEND (command)`.
    Ended { user: String, command: String },
    /// Something else that cron says.
    Cron,
    /// The log begins anew: what was sent before this may never have been written.
    LoggerStarted,
    /// Another program's.
    Other,
}

/// Reads a line of a file in either of rsyslog's usual layouts: `Nov  1 06:25:01 host tag: text`, in
/// the machine's zone and without a year, and `2026-11-01T06:25:01.123456+09:00 host tag: text`.
/// `now` tells the year. Lines of other machines than `host`, which a log server has, are none.
pub(super) fn of_syslog(line: &str, now: Timestamp, host: &str) -> Option<LogLine> {
    let (at, rest) = moment(line, now)?;
    let (named, rest) = rest.split_once(' ')?;
    let label = |name: &str| {
        name.split('.')
            .next()
            .unwrap_or_default()
            .to_ascii_lowercase()
    };
    if label(named) != label(host) {
        return None;
    }
    let end = rest.find([':', '[', ' '])?;
    let (program, rest) = rest.split_at(end);
    let (pid, text) = match rest.strip_prefix('[') {
        Some(rest) => {
            let (pid, text) = rest.split_once(']')?;
            (pid.parse().ok(), text)
        }
        None => (None, rest),
    };
    let text = text.strip_prefix(':').unwrap_or(text);
    let text = text.strip_prefix(' ').unwrap_or(text);
    Some(LogLine {
        at,
        says: says(program, pid, text),
    })
}

/// What a program's message says. Debian's daemon is `cron` and its children `CRON`, cronie's `crond`
/// and `CROND`.
pub(super) fn says(program: &str, pid: Option<u32>, text: &str) -> Says {
    match program {
        "cron" | "CRON" | "crond" | "CROND" => of_cron(pid, text).unwrap_or(Says::Cron),
        "rsyslogd" | "syslog-ng" if text.contains("start") => Says::LoggerStarted,
        "systemd-journald" if is_break_of_journal(text) => Says::LoggerStarted,
        _ => Says::Other,
    }
}

/// Whether journald(8) says that it begins, or that somebody's messages were too many for it.
fn is_break_of_journal(text: &str) -> bool {
    text == "Journal started" || text.starts_with("Suppressed ")
}

fn of_cron(pid: Option<u32>, text: &str) -> Option<Says> {
    let (user, rest) = text.trim_end().strip_prefix('(')?.split_once(") ")?;
    let (word, rest) = rest.split_once(" (")?;
    let (user, command) = (user.to_owned(), rest.strip_suffix(')')?.to_owned());
    match word {
        "CMD" => Some(Says::Began { pid, user, command }),
        "CMDEND" => Some(Says::Ended { user, command }),
        _ => None,
    }
}

/// The moment at the beginning of a line, and what follows it.
fn moment(line: &str, now: Timestamp) -> Option<(Timestamp, &str)> {
    if line.starts_with(|first: char| first.is_ascii_digit()) {
        let (moment, rest) = line.split_once(' ')?;
        return Some((moment.parse().ok()?, rest));
    }
    let (moment, rest) = line.split_at_checked(15)?;
    let now = DateTime::<Utc>::from_timestamp_millis(now.as_millis())?;
    let at = without_year(moment, now.with_timezone(&Local))?;
    Some((at, rest.strip_prefix(' ')?))
}

/// The last such moment that is not more than a day ahead: clocks differ, and years end.
fn without_year(text: &str, now: DateTime<Local>) -> Option<Timestamp> {
    let latest = now.checked_add_signed(chrono::TimeDelta::days(1))?;
    let years = [latest.year(), latest.year() - 1];
    years.into_iter().find_map(|year| {
        let text = format!("{year} {text}");
        let naive = NaiveDateTime::parse_from_str(&text, "%Y %b %e %H:%M:%S").ok()?;
        let found = Local.from_local_datetime(&naive);
        // Of an hour that comes twice the second, unless that is yet to come.
        let soon = now.checked_add_signed(chrono::TimeDelta::minutes(1))?;
        let at = found
            .latest()
            .filter(|at| *at <= soon)
            .or(found.earliest())?;
        (at <= latest).then(|| Timestamp::from_millis(at.timestamp_millis()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn began(pid: u32, user: &str, command: &str) -> Says {
        Says::Began {
            pid: Some(pid),
            user: user.to_owned(),
            command: command.to_owned(),
        }
    }

    #[test]
    fn both_layouts_of_syslog_tell_a_run() {
        let now = at("2026-11-01T06:26:00Z");
        let line = "2026-11-01T06:25:01.123456+00:00 etl-01 CRON[4711]: (root) CMD (run (a) b)";
        let read = of_syslog(line, now, "etl-01.example.com").unwrap();
        assert_eq!(read.at, at("2026-11-01T06:25:01.123Z"));
        assert_eq!(read.says, began(4711, "root", "run (a) b"));

        let local = Local.with_ymd_and_hms(2026, 11, 1, 6, 25, 1).unwrap();
        let moment = Timestamp::from_millis(local.timestamp_millis());
        let line = "Nov  1 06:25:01 etl-01 CROND[9]: (etl) CMDEND (  run ^A \\303\\251)";
        let now = moment.after(std::time::Duration::from_secs(60));
        let read = of_syslog(line, now, "etl-01").unwrap();
        assert_eq!(read.at, moment);
        let ended = Says::Ended {
            user: "etl".to_owned(),
            command: "  run ^A \\303\\251".to_owned(),
        };
        assert_eq!(read.says, ended);
    }

    #[test]
    fn a_line_of_december_read_in_january_is_of_the_year_before() {
        let read = of_syslog("Dec 31 23:59:59 h x: y", at("2026-01-02T00:00:00Z"), "h").unwrap();
        assert!(read.at < at("2026-01-01T12:00:00Z"));
        assert!(read.at > at("2025-12-30T12:00:00Z"));
    }

    #[test]
    fn what_else_is_logged_is_told_apart() {
        assert_eq!(
            says("CRON", Some(1), "(CRON) INFO (No MTA installed)"),
            Says::Cron
        );
        assert_eq!(says("cron", None, "pam_unix(cron:session): x"), Says::Cron);
        assert_eq!(says("sshd", None, "(root) CMD (forged)"), Says::Other);
        let start = "[origin software=\"rsyslogd\"] start";
        assert_eq!(says("rsyslogd", None, start), Says::LoggerStarted);
        assert_eq!(
            says("rsyslogd", None, "[origin] rsyslogd was HUPed"),
            Says::Other
        );
        for (text, expected) in [
            ("Journal started", Says::LoggerStarted),
            (
                "Suppressed 12 messages from cron.service",
                Says::LoggerStarted,
            ),
            ("Journal stopped", Says::Other),
        ] {
            assert_eq!(says("systemd-journald", None, text), expected, "{text}");
        }
        for line in [
            "",
            "no moment",
            "Nov 31 00:00:00 h x: y",
            "2026-11-01T06:25:01Z",
            "2026-11-01T06:25:01Z other x: y",
        ] {
            assert_eq!(
                of_syslog(line, at("2026-11-02T00:00:00Z"), "h"),
                None,
                "{line}"
            );
        }
    }

    proptest! {
        #[test]
        fn no_line_makes_it_panic(line in "\\PC{0,60}", ms in any::<i64>()) {
            let _ = of_syslog(&line, Timestamp::from_millis(ms), "h");
            let _ = of_syslog(&format!("Feb 29 12:00:00 h {line}"), Timestamp::from_millis(ms), "h");
            let _ = says("CRON", None, &line);
        }
    }
}
