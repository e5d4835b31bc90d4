//! `GET /api/v1/processes`, its rules, and `POST /api/v1/processes/{pid}/kill`.

use std::path::PathBuf;

use actix_web::http::StatusCode;
use actix_web::web::{Data, Json, Path, Query, ServiceConfig};
use etlmon_shared::process::{KillRequest, Killed, Process, ProcessRuleState, ProcessStatus};
use etlmon_shared::{Problem, ProblemCode, Timestamp, routes};
use utoipa::OpenApi;

use super::identity::Pid;
use super::kill::{self, Denied, KillError, KillSignal};
use super::limit::SENT;
use super::proc_dir::ProcDir;
use super::table::{self, Known};
use super::users::Users;
use crate::audit::Audit;
use crate::http::{ApiError, NoParameters, NodeState, Object, command, query};

/// The endpoints' description.
#[derive(OpenApi)]
#[openapi(paths(list, rules, send))]
pub(super) struct Api;

pub(super) fn configure(config: &mut ServiceConfig) {
    config
        .service(query(routes::PROCESSES, list))
        .service(query(routes::PROCESS_RULES, rules))
        .service(command(routes::PROCESS_KILL, send));
}

/// The watched processes and the busiest, by pid; then the watched ones that have ended.
#[utoipa::path(
    get, path = routes::PROCESSES, operation_id = "processes", tag = "processes",
    responses((status = 200, body = Vec<Process>), (status = "default", body = Problem))
)]
async fn list(
    state: Data<NodeState>,
    _: Query<NoParameters>,
) -> Result<Json<Vec<Process>>, ApiError> {
    let reads = &state.reads;
    Ok(Json(reads.read(|snapshot| table::list(snapshot)).await?))
}

/// The rules by which processes are watched, and how many each matches.
#[utoipa::path(
    get, path = routes::PROCESS_RULES, operation_id = "process_rules", tag = "processes",
    responses((status = 200, body = Vec<ProcessRuleState>), (status = "default", body = Problem))
)]
async fn rules(
    state: Data<NodeState>,
    _: Query<NoParameters>,
) -> Result<Json<Vec<ProcessRuleState>>, ApiError> {
    let reads = &state.reads;
    Ok(Json(reads.read(|snapshot| table::rules(snapshot)).await?))
}

/// Sends a signal to a watched process, and waits up to half a second for its end.
#[utoipa::path(
    post, path = routes::PROCESS_KILL, operation_id = "process_kill", tag = "processes",
    params(("pid" = u32, Path, description = "The process, as it was listed")),
    request_body = KillRequest,
    responses(
        (status = 200, body = Killed),
        (status = 400, description = "`confirm` is not true, or the request is wrong",
         body = Problem),
        (status = 403, description = "The process is not watched, or must not be sent signals",
         body = Problem),
        (status = 404, description = "There is no such process (any more)", body = Problem),
        (status = 409, description = "The pid is another process's by now", body = Problem),
        (status = 429, description = "Too many signals within a minute", body = Problem),
        (status = "default", body = Problem)
    )
)]
async fn send(
    state: Data<NodeState>,
    pid: Path<String>,
    _: Query<NoParameters>,
    audit: Audit,
    Json(Object(asked)): Json<Object<KillRequest>>,
) -> Result<Json<Killed>, ApiError> {
    audit.note(&asked.signal);
    let pid: Pid = pid.parse().map_err(|error| {
        ApiError::bad_query(format!("`{pid}` is the number of no process: {error}"))
    })?;
    let (signal, start_time) = check(&asked)?;
    let policy = state.config.get().process.kill.clone();
    let kept = state
        .reads
        .read(move |snapshot| table::with_pid(snapshot, pid))
        .await?;
    let Some(known) = choose(pid, start_time, kept)? else {
        let refused = off_thread(move |proc_dir, users| {
            Ok::<_, ApiError>(kill::refusal(proc_dir, users, &policy, pid))
        });
        return Err(refused.await?.into());
    };
    let words = format!("{signal} to {}, begun {start_time}", known.process_name);
    audit.note(&words);
    SENT.take(policy.per_minute).map_err(|wait| {
        let detail = format!(
            "{} signals were sent within a minute; the next may be in {} s",
            policy.per_minute,
            wait.as_secs() + 1
        );
        ApiError::new(
            StatusCode::TOO_MANY_REQUESTS,
            ProblemCode::RateLimited,
            detail,
        )
    })?;
    audit.begin().await?;
    let request = kill::KillRequest {
        boot_id: known.boot_id,
        identity: known.identity,
        signal,
        is_watched: known.is_watched,
    };
    let sent = off_thread(move |proc_dir, users| kill::kill(proc_dir, users, &policy, &request));
    let killed = sent.await?;
    Ok(Json(Killed {
        pid: pid.get(),
        process_name: killed.process_name,
        signal: signal.to_string(),
        exited: killed.exited,
        waited_ms: u64::try_from(killed.waited.as_millis()).unwrap_or(u64::MAX),
    }))
}

/// What is to be sent, and when the process began that is meant.
fn check(asked: &KillRequest) -> Result<(KillSignal, Timestamp), ApiError> {
    let signal = asked.signal.parse();
    let signal = signal
        .map_err(|error: kill::UnknownSignal| ApiError::bad_query(format!("signal: {error}")))?;
    if !asked.confirm {
        return Err(ApiError::new(
            StatusCode::BAD_REQUEST,
            ProblemCode::ConfirmRequired,
            "a signal can't be taken back; to send it, say \"confirm\": true",
        ));
    }
    let start_time = asked.start_time.ok_or_else(|| {
        ApiError::bad_query("start_time is missing: with it the right process is meant")
    })?;
    Ok((signal, start_time))
}

/// The process that is meant; none where none with its pid is kept.
fn choose(pid: Pid, start_time: Timestamp, kept: Vec<Known>) -> Result<Option<Known>, ApiError> {
    if kept.is_empty() {
        return Ok(None);
    }
    let is_there = |known: &Known| known.status == ProcessStatus::Running;
    let other_runs = kept
        .iter()
        .any(|known| is_there(known) && known.start_time != start_time);
    match kept
        .into_iter()
        .find(|known| known.start_time == start_time)
    {
        Some(known) if is_there(&known) => Ok(Some(known)),
        Some(_) if !other_runs => Err(KillError::NoSuchProcess(pid).into()),
        _ => Err(KillError::IdentityChanged(pid).into()),
    }
}

/// Does what may have to wait for other processes where it hinders no other request.
async fn off_thread<T: Send + 'static, E: Send + 'static>(
    act: impl FnOnce(&mut ProcDir, &mut Users) -> Result<T, E> + Send + 'static,
) -> Result<T, ApiError>
where
    ApiError: From<E>,
{
    let done = actix_rt::task::spawn_blocking(move || {
        let mut proc_dir = ProcDir::open(std::path::Path::new("/proc")).map_err(KillError::from)?;
        let mut users = Users::new(PathBuf::from("/etc/passwd"));
        Ok(act(&mut proc_dir, &mut users)?)
    });
    done.await
        .map_err(|panic| ApiError::internal(panic.to_string()))?
}

impl From<KillError> for ApiError {
    fn from(error: KillError) -> Self {
        let (status, code) = match &error {
            KillError::NoSuchProcess(_) => (StatusCode::NOT_FOUND, ProblemCode::NoSuchProcess),
            KillError::IdentityChanged(_) => (StatusCode::CONFLICT, ProblemCode::IdentityChanged),
            KillError::Denied {
                reason: Denied::NotWatched,
                ..
            } => (StatusCode::FORBIDDEN, ProblemCode::NotWatched),
            KillError::Denied { .. }
            | KillError::NotPermitted(_)
            | KillError::Unsupported
            | KillError::OtherNamespace(_) => (StatusCode::FORBIDDEN, ProblemCode::Forbidden),
            KillError::Examine { source, .. } => {
                return Self::internal(format!("{error}: {source}"));
            }
            KillError::Boot(source) => return Self::internal(format!("{error}: {source}")),
        };
        Self::new(status, code, error.to_string())
    }
}
