//! The log: one record a line on standard error, for people or for the journal.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::Write as _;

use env_logger::{Builder, Target};
use etlmon_shared::Timestamp;
use etlmon_shared::text::for_terminal;
use log::kv::{self, Key, Value, VisitSource};
use log::{Level, Record, SetLoggerError};

/// What is logged when nobody says otherwise.
const DEFAULT_FILTER: &str = "warn,etlmon_node=info";

/// How a line begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// Time and level.
    Plain,
    /// The priority that the journal takes off (sd-daemon(3)); it has its own clock.
    Journal,
}

/// Starts logging as `RUST_LOG` says.
pub(crate) fn init() -> Result<(), SetLoggerError> {
    let filter = std::env::var("RUST_LOG")
        .ok()
        .filter(|filter| !filter.trim().is_empty());
    let form = if is_journal() {
        Form::Journal
    } else {
        Form::Plain
    };
    Builder::new()
        .parse_filters(filter.as_deref().unwrap_or(DEFAULT_FILTER))
        .target(Target::Stderr)
        .format(move |out, record| out.write_all(line(form, Timestamp::now(), record).as_bytes()))
        .try_init()
}

/// Whether standard error goes to the journal. It may have been redirected after systemd set
/// the variable, so the file it names is compared too (systemd.exec(5)).
fn is_journal() -> bool {
    let Ok(stream) = std::env::var("JOURNAL_STREAM") else {
        return false;
    };
    rustix::fs::fstat(std::io::stderr())
        .is_ok_and(|stat| stream == format!("{}:{}", stat.st_dev, stat.st_ino))
}

/// One record as a line. Text from outside may be in it, so that it is made safe as a whole:
/// nothing in it ends the line, steers a terminal, or looks like another field.
fn line(form: Form, now: Timestamp, record: &Record<'_>) -> String {
    let mut line = match form {
        Form::Plain => format!("{now} {:<5} ", record.level()),
        Form::Journal => format!("<{}>", priority(record.level())),
    };
    let message = record.args().to_string();
    // Writing to a String does not fail.
    let _ = write!(
        line,
        "{}: {}",
        for_terminal(record.target()),
        for_terminal(&message)
    );
    let _ = record.key_values().visit(&mut Fields(&mut line));
    line.push('\n');
    line
}

/// The priorities of syslog(3).
fn priority(level: Level) -> u8 {
    match level {
        Level::Error => 3,
        Level::Warn => 4,
        Level::Info => 6,
        Level::Debug | Level::Trace => 7,
    }
}

struct Fields<'a>(&'a mut String);

impl<'kvs> VisitSource<'kvs> for Fields<'_> {
    fn visit_pair(&mut self, key: Key<'kvs>, value: Value<'kvs>) -> Result<(), kv::Error> {
        let value = value.to_string();
        let _ = write!(
            self.0,
            " {}={}",
            for_terminal(key.as_str()),
            for_terminal(&quoted(&value))
        );
        Ok(())
    }
}

/// A value whose end can be seen.
fn quoted(value: &str) -> Cow<'_, str> {
    if value.is_empty() || value.contains([' ', '"', '=']) {
        Cow::Owned(format!(
            "\"{}\"",
            value.replace('\\', "\\\\").replace('"', "\\\"")
        ))
    } else {
        Cow::Borrowed(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record<'a>(
        level: Level,
        message: std::fmt::Arguments<'a>,
        kv: &'a dyn kv::Source,
    ) -> Record<'a> {
        Record::builder()
            .level(level)
            .target("etlmon_node::store")
            .args(message)
            .key_values(kv)
            .build()
    }

    #[test]
    fn a_person_reads_time_level_and_target() {
        let fields = [("rows", 12), ("took_ms", 3)];
        assert_eq!(
            line(
                Form::Plain,
                Timestamp::from_millis(1_768_472_625_000),
                &record(Level::Warn, format_args!("slow write"), &fields),
            ),
            "2026-01-15T10:23:45.000Z WARN  etlmon_node::store: slow write rows=12 took_ms=3\n"
        );
    }

    #[test]
    fn the_journal_reads_the_priority() {
        for (level, prefix) in [
            (Level::Error, "<3>"),
            (Level::Warn, "<4>"),
            (Level::Info, "<6>"),
            (Level::Debug, "<7>"),
            (Level::Trace, "<7>"),
        ] {
            let none: [(&str, u8); 0] = [];
            assert_eq!(
                line(
                    Form::Journal,
                    Timestamp::now(),
                    &record(level, format_args!("up"), &none)
                ),
                format!("{prefix}etlmon_node::store: up\n")
            );
        }
    }

    #[test]
    fn text_from_outside_forges_neither_a_line_nor_a_field() {
        let fields = [
            ("path", "/a\n<0>b\x1b[2J"),
            ("name", "x\\\" y=1"),
            ("none", ""),
        ];
        let message = "odd\r\nname";
        assert_eq!(
            line(
                Form::Journal,
                Timestamp::now(),
                &record(Level::Error, format_args!("{message}"), &fields)
            ),
            "<3>etlmon_node::store: odd\\r\\nname path=/a\\n<0>b\\u{1b}[2J \
             name=\"x\\\\\\\" y=1\" none=\"\"\n"
        );
    }
}
