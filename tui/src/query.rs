//! What can be asked of a node, and asking it.

use std::time::Duration;

use etlmon_shared::audit::AuditEntry;
use etlmon_shared::cron::CronJob;
use etlmon_shared::filesystem::Filesystem;
use etlmon_shared::health::Health;
use etlmon_shared::log::LogFile;
use etlmon_shared::path::{PathStats, PathTopEntry};
use etlmon_shared::process::Process;
use etlmon_shared::transfer::Transfer;
use etlmon_shared::{Client, ClientError, ProblemCode, routes};

use crate::model::Report;

/// Rows of a list that grows for ever: the newest of them.
const NEWEST: u32 = 500;
/// Paths at most, in one page.
const PATHS: &str = "10000";
/// Biggest entries of a path.
const TOP: &str = "20";

/// Parameters by which transfers are chosen.
pub type TransferFilter = Vec<(String, String)>;

/// One thing to ask; what every node is asked, whatever is on the screen, comes first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Query {
    /// The node's own state.
    Health,
    /// Its file systems.
    Filesystems,
    /// Its configured paths.
    Paths,
    /// The biggest entries of one of them.
    Top(String),
    /// Its logs.
    Logs,
    /// Its processes.
    Processes,
    /// Its cron jobs.
    Cron,
    /// The newest transfers, of those with all these parameters.
    Transfers(TransferFilter),
    /// The newest commands.
    Audit,
}

/// What a node answered.
#[derive(Clone, Debug)]
pub enum Answer {
    /// To [`Query::Health`].
    Health(Health),
    /// To [`Query::Filesystems`].
    Filesystems(Vec<Filesystem>),
    /// To [`Query::Paths`].
    Paths(Vec<PathStats>),
    /// To [`Query::Top`], for this path.
    Top(String, Vec<PathTopEntry>),
    /// To [`Query::Logs`].
    Logs(Vec<LogFile>),
    /// To [`Query::Processes`].
    Processes(Vec<Process>),
    /// To [`Query::Cron`].
    Cron(Vec<CronJob>),
    /// To [`Query::Transfers`] with these parameters, in ascending id.
    Transfers(TransferFilter, Vec<Transfer>),
    /// To [`Query::Audit`], in ascending id.
    Audit(Vec<AuditEntry>),
}

impl Query {
    /// Asks the node, and says what came.
    pub fn report(&self, client: &Client) -> Report {
        match self.ask(client) {
            Ok(answer) => Report::Answered(Box::new(answer)),
            // The node is there, and only this question is refused.
            Err(error @ ClientError::Problem(_)) => Report::Refused(self.clone(), refusal(&error)),
            Err(error) => Report::Unreachable {
                reason: refusal(&error),
                retry_in: Duration::ZERO,
            },
        }
    }

    fn ask(&self, client: &Client) -> Result<Answer, ClientError> {
        Ok(match self {
            Self::Health => Answer::Health(client.health()?),
            Self::Filesystems => Answer::Filesystems(client.get(routes::FS, &[])?),
            Self::Paths => Answer::Paths(client.get(routes::PATHS, &[("limit", PATHS)])?),
            Self::Top(path) => {
                let query = [("path", path.as_str()), ("limit", TOP)];
                Answer::Top(path.clone(), client.get(routes::PATHS_TOP, &query)?)
            }
            Self::Logs => Answer::Logs(client.get(routes::LOGS, &[])?),
            Self::Processes => Answer::Processes(client.get(routes::PROCESSES, &[])?),
            Self::Cron => Answer::Cron(client.get(routes::CRON, &[])?),
            Self::Transfers(filter) => {
                let pairs = filter
                    .iter()
                    .map(|(name, value)| (name.as_str(), value.as_str()));
                let query: Vec<_> = pairs.collect();
                let found = client.rows(routes::XFERLOG, &query, None, NEWEST)?;
                Answer::Transfers(filter.clone(), found.rows)
            }
            Self::Audit => Answer::Audit(client.rows(routes::AUDIT, &[], None, NEWEST)?.rows),
        })
    }
}

/// What an error means to somebody who looks at a screen.
pub fn refusal(error: &ClientError) -> String {
    match error {
        ClientError::Problem(problem) if problem.code == ProblemCode::NotFound => {
            "not offered by this node".to_owned()
        }
        ClientError::Problem(problem) => format!("refused: {}", problem.detail),
        // Where the node is stands beside it.
        ClientError::Unreachable { reason, .. } => reason.clone(),
        ClientError::Answer { reason, .. } => format!("does not answer as etlmon: {reason}"),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use etlmon_shared::Problem;

    #[test]
    fn what_an_older_node_does_not_know_is_not_offered() {
        let problem = |code, detail: &str| {
            ClientError::from(Problem {
                kind: "about:blank".to_owned(),
                title: "Not Found".to_owned(),
                status: 404,
                detail: detail.to_owned(),
                code,
            })
        };
        let unknown = problem(ProblemCode::NotFound, "no such endpoint");
        assert_eq!(refusal(&unknown), "not offered by this node");
        let missing = problem(ProblemCode::NoSuchLog, "no log is called x");
        assert_eq!(refusal(&missing), "refused: no log is called x");
    }
}
