//! What the console may have a node do, and what became of it.

use etlmon_shared::cron::CronRefreshed;
use etlmon_shared::log::LogFile;
use etlmon_shared::path::{ScanAnswer, ScanOutcome, ScanRequest};
use etlmon_shared::process::{KillRequest, Killed};
use etlmon_shared::{Client, ClientError, routes};
use serde::Serialize;

use crate::query::refusal;

/// Something for a node to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Scan these paths now, or all.
    Scan(Option<Vec<String>>),
    /// Send a process a signal.
    Kill(u32, KillRequest),
    /// Stop reading a log.
    PauseLog(String),
    /// Go on reading it.
    ResumeLog(String),
    /// Read the crontabs.
    RefreshCron,
}

/// What became of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The command.
    pub command: Command,
    /// What was done, or why it was not.
    pub result: Result<String, String>,
}

/// A body without fields.
#[derive(Serialize)]
struct Nothing {}

impl Command {
    /// Has the node do it, and waits for its answer.
    pub fn send(self, client: &Client) -> Outcome {
        let result = self.ask(client).map_err(|error| refusal(&error));
        Outcome {
            command: self,
            result,
        }
    }

    fn ask(&self, client: &Client) -> Result<String, ClientError> {
        Ok(match self {
            Self::Scan(paths) => {
                let request = ScanRequest {
                    paths: paths.clone(),
                };
                let answers: Vec<ScanAnswer> = client.post(routes::PATHS_SCAN, &request)?;
                let started = answers
                    .iter()
                    .filter(|answer| answer.outcome == ScanOutcome::Started);
                let started = started.count();
                format!(
                    "scans started: {started}, under way already: {}",
                    answers.len() - started
                )
            }
            Self::Kill(pid, request) => {
                let route = routes::PROCESS_KILL.replace("{pid}", &pid.to_string());
                let killed: Killed = client.post(&route, request)?;
                let end = if killed.exited {
                    "it ended"
                } else {
                    "it is still there"
                };
                let Killed {
                    pid,
                    process_name,
                    signal,
                    waited_ms,
                    ..
                } = killed;
                format!("{signal} sent to {pid} ({process_name}); {end} after {waited_ms} ms")
            }
            Self::PauseLog(name) => {
                let file: LogFile = client.post(&routes::log_pause(name), &Nothing {})?;
                format!("{name} is {:?}", file.status).to_lowercase()
            }
            Self::ResumeLog(name) => {
                let file: LogFile = client.post(&routes::log_resume(name), &Nothing {})?;
                format!("{name} is {:?}", file.status).to_lowercase()
            }
            Self::RefreshCron => {
                let CronRefreshed { jobs, errors } =
                    client.post(routes::CRON_REFRESH, &Nothing {})?;
                format!("crontabs read: {jobs} jobs, {errors} that cron won't run")
            }
        })
    }
}
