//! What to ask for each noun, and what the answer says.

use etlmon_shared::audit::AuditEntry;
use etlmon_shared::client::Cursor;
use etlmon_shared::cron::CronJob;
use etlmon_shared::filesystem::{Filesystem, FilesystemSample, FilesystemStatus};
use etlmon_shared::health::{Health, HealthStatus};
use etlmon_shared::log::{LogFile, LogGap, LogLine, LogStatus};
use etlmon_shared::path::{PathStats, PathStatus, PathTopEntry};
use etlmon_shared::process::{Process, ProcessRuleState};
use etlmon_shared::transfer::{DamagedTransferLine, Transfer};
use etlmon_shared::{Client, ClientError, routes};
use serde::de::DeserializeOwned;

use crate::args::What;
use crate::render::{self, Style};

/// What the node answered.
#[derive(Debug)]
pub(super) enum Answer {
    Health(Health),
    Filesystems(Vec<Filesystem>),
    History(Vec<FilesystemSample>),
    Paths(Vec<PathStats>),
    Top(Vec<PathTopEntry>),
    Logs(Vec<LogFile>),
    Lines(Vec<LogLine>),
    Gaps(Vec<LogGap>),
    Processes(Vec<Process>),
    ProcessRules(Vec<ProcessRuleState>),
    Audit(Vec<AuditEntry>),
    Transfers(Vec<Transfer>),
    TransferLogs(Vec<LogFile>),
    Damaged(Vec<DamagedTransferLine>),
    Cron(Vec<CronJob>),
}

impl Answer {
    /// Whether nothing in it needs anybody's attention at once.
    pub(super) fn is_well(&self) -> bool {
        match self {
            Self::Health(health) => health.status == HealthStatus::Ok,
            Self::Filesystems(rows) => rows.iter().all(|row| row.status == FilesystemStatus::Ok),
            Self::Paths(rows) => rows.iter().all(path_is_well),
            Self::Logs(rows) | Self::TransferLogs(rows) => {
                rows.iter().all(|row| row.status != LogStatus::Error)
            }
            Self::Cron(rows) => rows.iter().all(|row| row.error_message.is_none()),
            Self::History(_)
            | Self::Top(_)
            | Self::Lines(_)
            | Self::Gaps(_)
            | Self::Processes(_)
            | Self::ProcessRules(_)
            | Self::Audit(_)
            | Self::Transfers(_)
            | Self::Damaged(_) => true,
        }
    }

    /// For people.
    pub(super) fn table(&self, style: Style) -> String {
        match self {
            Self::Health(health) => render::health(health, style),
            Self::Filesystems(rows) => render::filesystems(rows, style),
            Self::History(rows) => render::history(rows, style),
            Self::Paths(rows) => render::paths(rows, style),
            Self::Top(rows) => render::top(rows, style),
            Self::Logs(rows) => render::logs(rows, style),
            Self::Lines(rows) => rows.iter().map(render::line).collect(),
            Self::Gaps(rows) => render::gaps(rows, style),
            Self::Processes(rows) => render::processes(rows, style),
            Self::ProcessRules(rows) => render::process_rules(rows, style),
            Self::Audit(rows) => render::audit(rows, style),
            Self::Transfers(rows) => render::transfers(rows, style),
            Self::TransferLogs(rows) => render::transfer_logs(rows, style),
            Self::Damaged(rows) => render::damaged(rows, style),
            Self::Cron(rows) => render::cron(rows, style),
        }
    }
}

/// A scan that has begun after a failed one does not make the path well.
fn path_is_well(row: &PathStats) -> bool {
    match row.status {
        PathStatus::Ok => true,
        PathStatus::Error => false,
        PathStatus::Scanning => {
            row.error_message.is_none() || row.unreadable_count.is_some_and(|count| count > 0)
        }
    }
}

/// The parameters of a question.
type Query = Vec<(&'static str, String)>;

/// The answer as it came, and what it says.
type Answered = Result<(String, Answer), ClientError>;

/// Asks the node.
pub(super) fn ask(client: &Client, what: &What) -> Answered {
    match what {
        What::Health => whole(client, routes::HEALTH, &Query::new(), Answer::Health),
        What::Fs => whole(client, routes::FS, &Query::new(), Answer::Filesystems),
        What::History {
            mount_point,
            from,
            to,
            step,
        } => {
            let mut query = vec![("mount_point", mount_point.clone())];
            query.extend(from.map(|from| ("from", from.to_string())));
            query.extend(to.map(|to| ("to", to.to_string())));
            query.extend(step.clone().map(|step| ("step", step)));
            whole(client, routes::FS_HISTORY, &query, Answer::History)
        }
        What::Paths { limit, offset } => {
            let query = vec![("limit", limit.to_string()), ("offset", offset.to_string())];
            whole(client, routes::PATHS, &query, Answer::Paths)
        }
        What::Top { path, limit } => {
            let mut query = vec![("path", path.clone())];
            query.extend(limit.map(|limit| ("limit", limit.to_string())));
            whole(client, routes::PATHS_TOP, &query, Answer::Top)
        }
        What::Logs => whole(client, routes::LOGS, &Query::new(), Answer::Logs),
        What::Log(log) => {
            let route = routes::log_lines(&log.name);
            let rows = (log.cursor(), log.lines());
            part(client, &route, &log.past(), rows, Answer::Lines)
        }
        What::Gaps { name, page } => {
            let route = routes::log_gaps(name);
            let rows = (page.cursor(), page.limit);
            part(client, &route, &Query::new(), rows, Answer::Gaps)
        }
        What::Processes => whole(client, routes::PROCESSES, &Query::new(), Answer::Processes),
        What::ProcessRules => {
            let route = routes::PROCESS_RULES;
            whole(client, route, &Query::new(), Answer::ProcessRules)
        }
        What::Audit(page) => {
            let rows = (page.cursor(), page.limit);
            part(client, routes::AUDIT, &Query::new(), rows, Answer::Audit)
        }
        What::Xferlog(args) => {
            let rows = (args.page.cursor(), args.page.limit);
            let query = args.filters();
            part(client, routes::XFERLOG, &query, rows, Answer::Transfers)
        }
        What::XferlogFiles => {
            let route = routes::XFERLOG_FILES;
            whole(client, route, &Query::new(), Answer::TransferLogs)
        }
        What::Cron => whole(client, routes::CRON, &Query::new(), Answer::Cron),
        What::XferlogDamaged(page) => {
            let route = routes::XFERLOG_DAMAGED;
            let rows = (page.cursor(), page.limit);
            part(client, route, &Query::new(), rows, Answer::Damaged)
        }
        What::XferlogGaps(page) => {
            let rows = (page.cursor(), page.limit);
            part(
                client,
                routes::XFERLOG_GAPS,
                &Query::new(),
                rows,
                Answer::Gaps,
            )
        }
    }
}

/// An answer in one piece.
fn whole<T: DeserializeOwned>(
    client: &Client,
    route: &str,
    query: &Query,
    answer: fn(T) -> Answer,
) -> Answered {
    let text = client.get_text(route, &borrowed(query))?;
    let answer = answer(client.decode(&text)?);
    Ok((text, answer))
}

/// So many rows of a list that grows.
fn part<T: DeserializeOwned>(
    client: &Client,
    route: &str,
    query: &Query,
    (cursor, limit): (Option<Cursor>, u32),
    answer: fn(Vec<T>) -> Answer,
) -> Answered {
    let found = client.rows(route, &borrowed(query), cursor, limit)?;
    Ok((found.text, answer(found.rows)))
}

/// Parameters as the client takes them.
pub(super) fn borrowed<'a>(query: &'a [(&'static str, String)]) -> Vec<(&'static str, &'a str)> {
    let pairs = query.iter();
    pairs.map(|(name, value)| (*name, value.as_str())).collect()
}
