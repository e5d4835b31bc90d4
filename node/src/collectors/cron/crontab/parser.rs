//! Reads a crontab as the installed cron reads it.

use super::super::fields::{DAY_OF_MONTH, DAY_OF_WEEK, Field, Fields, HOUR, MINUTE, MONTH, Set};
use super::super::reader::{Mark, Reader};
use super::super::{BadLine, Dialect, Fault, When, environment, when};
use super::{Crontab, Job, Owner, Source};

/// The highest line number at which Debian's cron still reads on.
const DEBIAN_LAST_LINE: u32 = 10_004;

/// Reads a crontab. Every byte sequence gives a result.
#[must_use]
pub fn parse(bytes: &[u8], source: &Source) -> Crontab {
    let mut parser = Parser {
        reader: Reader::new(bytes),
        source,
        crontab: Crontab::default(),
        time_zone: None,
        is_delayed: false,
    };
    while parser.item() {}
    parser.crontab
}

struct Parser<'a> {
    reader: Reader<'a>,
    source: &'a Source<'a>,
    crontab: Crontab,
    time_zone: Option<String>,
    /// By a random time that cronie chose when it began (`RANDOM_DELAY`).
    is_delayed: bool,
}

/// A fault, and the byte at which the reader stopped if it was read.
type Stop = (Fault, Option<u8>);

impl Parser<'_> {
    /// Reads one job or variable; `false` at the end.
    fn item(&mut self) -> bool {
        let dialect = self.source.dialect;
        self.reader.skip_comments();
        let start = self.reader.mark();
        let (line, end) = self.reader.until(b"\n", self.longest_setting());
        if end.is_none() {
            if !line.is_empty() {
                self.bad(start, Fault::MissingNewline);
            }
            return false;
        }
        if let Some((name, value)) = environment::setting(line, dialect) {
            if dialect == Dialect::Cronie {
                self.obey(name, value);
            }
        } else {
            self.reader.go_back(start);
            match self.job(start) {
                Ok(job) => self.crontab.jobs.push(job),
                Err((fault, last)) => self.refuse(start, fault, last),
            }
        }
        if dialect == Dialect::Debian && self.reader.line() > DEBIAN_LAST_LINE {
            self.bad(start, Fault::TooManyLines);
            return false;
        }
        true
    }

    /// Takes note of a variable that cronie itself obeys.
    fn obey(&mut self, name: &[u8], value: &[u8]) {
        let value = lossy(value);
        match name {
            b"CRON_TZ" => self.time_zone = Some(value).filter(|zone| !zone.is_empty()),
            b"RANDOM_DELAY" => {
                self.is_delayed = value.trim().parse().is_ok_and(|minutes: u32| minutes > 0)
            }
            _ => {}
        }
    }

    /// Tells a bad line, and goes on behind it: cronie as it does itself, which may cost the next
    /// line as well; for Debian, which stops here, behind the line.
    fn refuse(&mut self, start: Mark, fault: Fault, last: Option<u8>) {
        let here = self.reader.mark();
        self.reader.go_back(start);
        self.bad(start, fault);
        match self.source.dialect {
            Dialect::Debian => self.reader.skip_line(),
            Dialect::Cronie => {
                self.reader.go_back(here);
                if last != Some(b'\n') {
                    self.reader.skip_line();
                }
            }
        }
    }

    fn bad(&mut self, start: Mark, fault: Fault) {
        let here = self.reader.mark();
        self.reader.go_back(start);
        let line_number = self.reader.line();
        let (line, _) = self.reader.until(b"\n", 200);
        self.reader.go_back(here);
        self.crontab.bad_lines.push(BadLine {
            line_number,
            text: lossy(line),
            fault,
        });
    }

    fn job(&mut self, start: Mark) -> Result<Job, Stop> {
        let line_number = self.reader.line();
        let mut byte = self.reader.next().ok_or((Fault::Command, None))?;
        let mut time = start;
        let quiet = byte == b'-' && self.source.dialect == Dialect::Cronie;
        if quiet {
            if self.source.owner == (Owner::User { root: false }) {
                return Err((Fault::Option, Some(byte)));
            }
            time = self.reader.mark();
            byte = self.reader.next().ok_or((Fault::Command, None))?;
        }
        let (when, next) = match byte {
            b'@' => self.nickname()?,
            _ => self.five_fields(byte)?,
        };
        if let Some(byte) = next {
            self.reader.put_back(byte);
        }
        let schedule = lossy(self.reader.since(time));
        let schedule = schedule.split_whitespace().collect::<Vec<_>>().join(" ");
        let user = self.user(next)?;
        let command = self.command()?;
        if let Some(name) = self.unknown(user.as_deref()) {
            // cronie looks for the user when the job is due, so the line has been read.
            return Err((Fault::Username(name), Some(b'\n')));
        }
        let when = match when {
            When::At(_) if self.is_delayed => When::Random,
            when => when,
        };
        Ok(Job {
            line_number,
            schedule,
            when,
            user,
            command,
            time_zone: self.time_zone.clone(),
            quiet,
        })
    }

    /// `@daily` and its like: the schedule, and the first byte of what follows.
    fn nickname(&mut self) -> Result<(When, Option<u8>), Stop> {
        let (word, end) = self.reader.until(b" \t\n", self.longest_command());
        let when = when::nickname(word).ok_or_else(|| (Fault::TimeSpecifier(lossy(word)), end))?;
        let next = self.reader.skip_blanks(end);
        if self.source.dialect == Dialect::Cronie && matches!(next, None | Some(b'\n')) {
            return Err((Fault::Command, next));
        }
        Ok((when, next))
    }

    fn five_fields(&mut self, first: u8) -> Result<(When, Option<u8>), Stop> {
        let (minute, next) = self.field(MINUTE, first, Fault::minute)?;
        let (hour, next) = self.field(HOUR, next, Fault::Hour)?;
        let (day, next) = self.field(DAY_OF_MONTH, next, Fault::DayOfMonth)?;
        let (month, next) = self.field(MONTH, next, Fault::Month)?;
        let (weekday, next) = self.field(DAY_OF_WEEK, next, Fault::DayOfWeek)?;
        let when = when::fields([minute, hour, day, month, weekday]);
        Ok((when.ok_or((Fault::Command, Some(next)))?, Some(next)))
    }

    fn field(
        &mut self,
        field: Field,
        first: u8,
        fault: impl Fn(String) -> Fault,
    ) -> Result<(Set, u8), Stop> {
        self.reader.put_back(first);
        let start = self.reader.mark();
        // the byte that was put back
        let first = self.reader.next().unwrap_or(first);
        let mut fields = Fields {
            reader: &mut self.reader,
            dialect: self.source.dialect,
        };
        fields.list(field, first).ok_or_else(|| {
            let here = self.reader.mark();
            self.reader.go_back(start);
            let (text, _) = self.reader.until(b" \t\n", 100);
            self.reader.go_back(here);
            (fault(lossy(text)), None)
        })
    }

    /// The user column, if there is one. `next` is the byte that comes next, already put back.
    fn user(&mut self, next: Option<u8>) -> Result<Option<String>, Stop> {
        let debian = self.source.dialect == Dialect::Debian;
        let system = self.source.owner == Owner::System;
        let star = next == Some(b'*') && !(debian && system);
        let line_end = next == Some(b'\n') && !debian;
        if star || line_end {
            // what was put back is read again: cronie then knows that the line has ended
            return Err((Fault::Command, self.reader.next()));
        }
        if !system {
            return Ok(None);
        }
        // Debian's cron reads on into the next line where the command is missing
        let ends: &[u8] = if debian { b" \t" } else { b" \t\n" };
        let (name, end) = self.reader.until(ends, self.longest_command());
        let end = match end {
            Some(byte) if byte != b'\n' => byte,
            _ => return Err((Fault::Command, end)),
        };
        if !debian {
            self.reader.put_back(end);
        }
        let name = lossy(name);
        match self.unknown(Some(&name)).filter(|_| debian) {
            Some(name) => Err((Fault::Username(name), Some(end))),
            None => Ok(Some(name)),
        }
    }

    /// The first line of a user's name, if nobody has it.
    fn unknown(&self, user: Option<&str>) -> Option<String> {
        let unknown = user.filter(|name| !(self.source.is_user)(name))?;
        Some(unknown.lines().next().unwrap_or_default().to_owned())
    }

    fn command(&mut self) -> Result<Vec<u8>, Stop> {
        if self.source.dialect == Dialect::Cronie {
            let first = self.reader.next();
            match self.reader.skip_blanks(first) {
                Some(b'\n') => return Err((Fault::Command, Some(b'\n'))),
                Some(byte) => self.reader.put_back(byte),
                None => {}
            }
        }
        let (command, end) = self.reader.until(b"\n", self.longest_command());
        if self.source.dialect == Dialect::Debian && command.len() == self.longest_command() {
            return Err((Fault::CommandTooLong, end));
        }
        match end {
            Some(_) => Ok(command.to_vec()),
            None => Err((Fault::Command, None)),
        }
    }

    /// Bytes of a command that cron keeps.
    fn longest_command(&self) -> usize {
        match self.source.dialect {
            Dialect::Debian => 999,
            Dialect::Cronie => 131_071,
        }
    }

    /// Bytes of a line in which cron looks for a variable.
    fn longest_setting(&self) -> usize {
        match self.source.dialect {
            Dialect::Debian => 998,
            Dialect::Cronie => 131_071,
        }
    }
}

pub(super) fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
