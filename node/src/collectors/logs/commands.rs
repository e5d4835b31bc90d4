//! `GET /api/v1/logs`, the ledger of gaps, and pause and resume.

use actix_web::web::{Data, Json, Path, Query};
use actix_web::{HttpRequest, HttpResponse};
use etlmon_shared::log::{LogFile, LogGap, LogStatus};
use etlmon_shared::{Problem, ProblemCode, routes};

use super::KIND;
use crate::audit::Audit;
use crate::http::{ApiError, NoParameters, NodeState, NothingRequest, PageQuery};
use crate::supervisor::{Order, Ordered};
use crate::tail::followers::{self, Pause};

/// The files of the followed logs, by name and path.
#[utoipa::path(
    get, path = routes::LOGS, operation_id = "logs", tag = "logs",
    responses((status = 200, body = Vec<LogFile>), (status = "default", body = Problem))
)]
pub(super) async fn list(
    state: Data<NodeState>,
    _: Query<NoParameters>,
) -> Result<Json<Vec<LogFile>>, ApiError> {
    let reads = &state.reads;
    Ok(Json(
        reads
            .read(|snapshot| followers::files(snapshot, KIND.name, None))
            .await?,
    ))
}

/// Every byte range of a log that is known never to have been read.
#[utoipa::path(
    get, path = routes::LOG_GAPS, operation_id = "log_gaps", tag = "logs",
    params(("name" = String, Path, description = "The log's configured name"), PageQuery),
    responses(
        (status = 200, body = Vec<LogGap>, headers(
            ("Link" = String, description = "The next page, where there is one (RFC 8288)")
        )),
        (status = 404, description = "No such log is configured", body = Problem),
        (status = "default", body = Problem)
    )
)]
pub(super) async fn gaps(
    state: Data<NodeState>,
    request: HttpRequest,
    name: Path<String>,
    Query(asked): Query<PageQuery>,
) -> Result<HttpResponse, ApiError> {
    let (cursor, limit) = asked.cursor()?;
    let name = name.into_inner();
    let asked = name.clone();
    let found = state
        .reads
        .read(move |snapshot| followers::gaps(snapshot, KIND.name, &asked, cursor, limit))
        .await?;
    let page = found.ok_or_else(|| no_such_log(&name))?;
    Ok(cursor.answer(&request, page, |gap| gap.id))
}

/// Stops reading a log. It keeps its place and loses nothing.
#[utoipa::path(
    post, path = routes::LOG_PAUSE, operation_id = "log_pause", tag = "logs",
    params(("name" = String, Path, description = "The log's configured name")),
    request_body = NothingRequest,
    responses(
        (status = 200, body = LogFile),
        (status = 404, description = "No such log is configured", body = Problem),
        (status = "default", body = Problem)
    )
)]
pub(super) async fn pause(
    state: Data<NodeState>,
    name: Path<String>,
    _: Query<NoParameters>,
    audit: Audit,
    _: NothingRequest,
) -> Result<Json<LogFile>, ApiError> {
    order(&state, &audit, name.into_inner(), true).await
}

/// Goes on reading a log where it was paused.
#[utoipa::path(
    post, path = routes::LOG_RESUME, operation_id = "log_resume", tag = "logs",
    params(("name" = String, Path, description = "The log's configured name")),
    request_body = NothingRequest,
    responses(
        (status = 200, body = LogFile),
        (status = 404, description = "No such log is configured", body = Problem),
        (status = "default", body = Problem)
    )
)]
pub(super) async fn resume(
    state: Data<NodeState>,
    name: Path<String>,
    _: Query<NoParameters>,
    audit: Audit,
    _: NothingRequest,
) -> Result<Json<LogFile>, ApiError> {
    order(&state, &audit, name.into_inner(), false).await
}

async fn order(
    state: &NodeState,
    audit: &Audit,
    name: String,
    paused: bool,
) -> Result<Json<LogFile>, ApiError> {
    audit.begin().await?;
    let order = Order {
        kind: KIND.name,
        subject: name.clone(),
        rows: Box::new(Pause {
            kind: KIND.name,
            name: name.clone(),
            paused,
        }),
    };
    let ordered = state.root.send(order).await;
    match ordered.map_err(|error| ApiError::internal(error.to_string()))? {
        Ordered::Done => {}
        Ordered::NoSuchSubject => return Err(no_such_log(&name)),
        Ordered::Refused(error) => return Err(error.into()),
    }
    let asked = name.clone();
    let files = state
        .reads
        .read(move |snapshot| followers::files(snapshot, KIND.name, Some(&asked)))
        .await?;
    Ok(Json(whole(name, paused, files)))
}

/// A log's files as one row; the row of its only file where it has one.
fn whole(name: String, paused: bool, mut files: Vec<LogFile>) -> LogFile {
    if files.len() == 1
        && let Some(file) = files.pop()
    {
        return file;
    }
    let sum = |of: fn(&LogFile) -> u64| files.iter().map(of).sum();
    let known = |of: fn(&LogFile) -> Option<u64>| files.iter().map(of).sum();
    LogFile {
        status: match files.iter().find(|file| file.status == LogStatus::Error) {
            _ if paused => LogStatus::Paused,
            Some(_) => LogStatus::Error,
            None if files.is_empty() => LogStatus::Waiting,
            None => LogStatus::Tailing,
        },
        path: files
            .iter()
            .map(|file| file.path.as_str())
            .collect::<Vec<_>>()
            .join(", "),
        error_message: files.iter().find_map(|file| file.error_message.clone()),
        inode: None,
        size_bytes: known(|file| file.size_bytes),
        offset_bytes: known(|file| file.offset_bytes),
        lag_bytes: known(|file| file.lag_bytes),
        lines_stored: sum(|file| file.lines_stored),
        last_line_at: files.iter().filter_map(|file| file.last_line_at).max(),
        gap_bytes: sum(|file| file.gap_bytes),
        gap_count: sum(|file| file.gap_count),
        unmeasured_gap_count: sum(|file| file.unmeasured_gap_count),
        truncated_bytes: sum(|file| file.truncated_bytes),
        damaged_count: files.iter().map(|file| file.damaged_count).sum(),
        name,
    }
}

pub(super) fn no_such_log(name: &str) -> ApiError {
    ApiError::unknown(
        ProblemCode::NoSuchLog,
        format!(
            "`{name}` is not the name of a configured log; {} lists them",
            routes::LOGS
        ),
    )
}
