//! From crontabs to rows: each job, each bad line, each file that cron ignores, with the reason.

use std::borrow::Cow;
use std::collections::HashMap;

use etlmon_shared::cron::CronSource;
use etlmon_shared::text;

use super::accounts::Accounts;
use super::due::{Due, DueZone};
use super::files::{Content, CrontabFile};
use super::{
    BadLine, Crontab, Dialect, Facts, FileKind, Job, Owner, Place, Run, Source, When,
    ignored_for_facts, ignored_for_name, logged, parse,
};
use crate::secrets::{Patterns, mask};

/// What makes a row the same row: as long as it stays, the job keeps its number.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Key {
    pub(super) source_path: String,
    pub(super) schedule: Option<String>,
    /// Secrets masked, so that a changed password makes no other job.
    pub(super) command: String,
    pub(super) user: Option<String>,
    /// The how-manieth of equal ones in the file, from 0.
    pub(super) occurrence: u32,
}

/// One row: a job, a bad line, or a whole file.
#[derive(Clone, Debug)]
pub(super) struct Listed {
    pub(super) key: Key,
    pub(super) source: CronSource,
    pub(super) line_number: Option<u32>,
    pub(super) time_zone: String,
    /// Why cron does not run it.
    pub(super) error: Option<String>,
    /// The job, if it is one that cron runs.
    pub(super) job: Option<ActiveJob>,
}

/// What it takes to foretell a job's runs, and to know them when they are seen.
#[derive(Clone, Debug)]
pub(super) struct ActiveJob {
    pub(super) user: String,
    /// The command as cron logs it; none of a job that is not logged.
    pub(super) logged: Option<String>,
    /// The command as the shell gets it.
    pub(super) shell: Vec<u8>,
    /// None where nobody can know, or it is no time: `@reboot`.
    pub(super) due: Option<Due>,
}

/// How crontabs are read.
pub(super) struct Reading<'a> {
    pub(super) dialect: Dialect,
    pub(super) accounts: &'a Accounts,
    pub(super) patterns: &'a Patterns,
    /// The machine's zone by name.
    pub(super) zone: &'a str,
}

impl Reading<'_> {
    /// The rows of all files. `held` says why cron still ignores a file that it would read now.
    pub(super) fn rows(
        &self,
        files: &[CrontabFile],
        held: impl Fn(&CrontabFile) -> Option<String>,
    ) -> Vec<Listed> {
        let mut rows: Vec<Listed> = files
            .iter()
            .flat_map(|file| self.file(file, held(file)))
            .collect();
        let mut occurrences: HashMap<Key, u32> = HashMap::new();
        for row in &mut rows {
            let next = occurrences.entry(row.key.clone()).or_insert(0);
            row.key.occurrence = *next;
            *next += 1;
        }
        rows
    }

    /// What a file says, and the bad line for which it was refused.
    pub(super) fn parse(&self, file: &CrontabFile, bytes: &[u8]) -> Crontab {
        let owner = match file.place {
            Place::EtcCrontab | Place::CronD => Owner::System,
            Place::Spool => Owner::User {
                root: file.name() == b"root",
            },
        };
        let source = Source {
            dialect: self.dialect,
            owner,
            is_user: &|name| self.accounts.is_user(name),
        };
        parse(bytes, &source)
    }

    fn file(&self, file: &CrontabFile, held: Option<String>) -> Vec<Listed> {
        let rows = FileRows {
            reading: self,
            path: text::from_bytes(file.path.as_os_str().as_encoded_bytes()).into_owned(),
            source: match file.place {
                Place::EtcCrontab | Place::CronD => CronSource::System,
                Place::Spool => CronSource::User,
            },
            user: (file.place == Place::Spool).then(|| text::from_bytes(file.name()).into_owned()),
        };
        let (facts, bytes) = match &file.content {
            Content::Known { facts, bytes, .. } => (facts, bytes),
            Content::Unreadable(reason) => {
                let reason = format!("etlmon can't read it, and cron may: {reason}");
                return vec![FileRows { user: None, ..rows }.whole(reason)];
            }
        };
        let crontab = self.parse(file, bytes);
        match self.ignored(file, facts) {
            Some(_) if facts.kind == FileKind::Other && file.name().starts_with(b".") => Vec::new(),
            Some(reason) if facts.kind != FileKind::Regular => vec![rows.whole(reason)],
            // A note that somebody left there is nothing that anybody misses.
            Some(reason) => rows.jobs(&crontab, Some(&reason)),
            None => {
                let refused = crontab.ignored_for(self.dialect).map(refused_for);
                let mut listed = rows.jobs(&crontab, refused.or(held).as_deref());
                listed.extend(crontab.bad_lines.iter().map(|line| rows.bad_line(line)));
                listed.sort_by_key(|row| row.line_number);
                listed
            }
        }
    }

    /// Why cron ignores the file, whatever is in it.
    fn ignored(&self, file: &CrontabFile, facts: &Facts) -> Option<String> {
        let name = String::from_utf8_lossy(file.name());
        let user = match file.place {
            Place::Spool => self.accounts.id(&name, facts.uid),
            Place::EtcCrontab | Place::CronD => None,
        };
        ignored_for_name(self.dialect, file.place, file.name())
            .or_else(|| ignored_for_facts(self.dialect, file.place, facts, user))
            .map(|reason| format!("cron ignores the file: {reason}"))
    }
}

fn refused_for(line: &BadLine) -> String {
    format!("cron ignores the whole file: {line}")
}

/// Makes the rows of one file.
struct FileRows<'a> {
    reading: &'a Reading<'a>,
    path: String,
    source: CronSource,
    /// Whose crontab it is.
    user: Option<String>,
}

impl FileRows<'_> {
    fn jobs(&self, crontab: &Crontab, ignored: Option<&str>) -> Vec<Listed> {
        let jobs = crontab.jobs.iter();
        jobs.map(|job| self.job(job, ignored)).collect()
    }

    fn job(&self, job: &Job, ignored: Option<&str>) -> Listed {
        let dialect = self.reading.dialect;
        let user = job.user.clone().or_else(|| self.user.clone());
        let due = match &job.when {
            When::At(schedule) => Some(Due {
                schedule: *schedule,
                zone: DueZone::of(job.time_zone.as_deref()),
            }),
            When::Reboot | When::Random => None,
        };
        let never = due.as_ref().is_some_and(|due| !due.schedule.can_match());
        let error = match ignored {
            Some(reason) => Some(reason.to_owned()),
            None => never.then(|| "there is no such date or time: it never runs".to_owned()),
        };
        let shell = Run::of(&job.command, dialect).shell;
        let active = (error.is_none()).then(|| ActiveJob {
            user: user.clone().unwrap_or_default(),
            logged: (!job.quiet).then(|| logged(&shell)),
            shell,
            due,
        });
        let command = text::from_bytes(&job.command);
        Listed {
            time_zone: match (&job.time_zone, dialect) {
                (Some(zone), Dialect::Cronie) => zone.clone(),
                _ => self.reading.zone.to_owned(),
            },
            job: active,
            ..self.row(
                Some(job.line_number),
                Some(job.schedule.clone()),
                command,
                user,
                error,
            )
        }
    }

    fn bad_line(&self, line: &BadLine) -> Listed {
        let error = Some(line.fault.to_string());
        let (number, text) = (Some(line.line_number), Cow::from(line.text.as_str()));
        self.row(number, None, text, self.user.clone(), error)
    }

    /// The file itself, of which nothing more is known.
    fn whole(&self, reason: String) -> Listed {
        self.row(None, None, Cow::from(""), self.user.clone(), Some(reason))
    }

    fn row(
        &self,
        line_number: Option<u32>,
        schedule: Option<String>,
        command: Cow<'_, str>,
        user: Option<String>,
        error: Option<String>,
    ) -> Listed {
        Listed {
            key: Key {
                source_path: self.path.clone(),
                schedule,
                command: mask(&command, self.reading.patterns).into_owned(),
                user,
                occurrence: 0,
            },
            source: self.source,
            line_number,
            time_zone: self.reading.zone.to_owned(),
            error,
            job: None,
        }
    }
}

#[cfg(test)]
mod tests;
