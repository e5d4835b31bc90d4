//! `GET /api/v1/fs` and `GET /api/v1/fs/history`.

use std::time::Duration;

use actix_web::web::{Data, Json, Query, ServiceConfig};
use etlmon_shared::filesystem::{Filesystem, FilesystemSample};
use etlmon_shared::{Problem, ProblemCode, Timestamp, routes};
use serde::Deserialize;
use utoipa::{IntoParams, OpenApi};

use super::history::{self, Span};
use super::table;
use crate::http::{ApiError, NoParameters, NodeState, ReadableDuration, query};

/// How far back the past goes when it is not said.
const DEFAULT_SPAN: Duration = Duration::from_secs(24 * 3600);
/// Rows at most when no step is said: a day of minutes, and more.
const DEFAULT_ROWS: u64 = 2000;
/// Rows of one answer at most.
const MAX_ROWS: u128 = 10_000;

/// The endpoints' description.
#[derive(OpenApi)]
#[openapi(paths(list, history))]
pub(super) struct Api;

pub(super) fn configure(config: &mut ServiceConfig) {
    config
        .service(query(routes::FS, list))
        .service(query(routes::FS_HISTORY, history));
}

/// All real mounted file systems, by mount point.
#[utoipa::path(
    get, path = routes::FS, operation_id = "filesystems", tag = "filesystems",
    responses((status = 200, body = Vec<Filesystem>), (status = "default", body = Problem))
)]
async fn list(
    state: Data<NodeState>,
    _: Query<NoParameters>,
) -> Result<Json<Vec<Filesystem>>, ApiError> {
    Ok(Json(
        state
            .reads
            .read(|snapshot| table::list(snapshot, Timestamp::now()))
            .await?,
    ))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct HistoryQuery {
    /// Which file system.
    mount_point: String,
    /// The beginning, RFC 3339; a day before the end when it is missing.
    from: Option<Timestamp>,
    /// The end, RFC 3339; now when it is missing.
    to: Option<Timestamp>,
    /// One row for each step, the last that lies in it: a duration such as `5m`, or seconds; when
    /// it is missing, so many whole minutes that there are 2000 rows at most.
    #[param(value_type = Option<String>)]
    step: Option<ReadableDuration>,
}

/// The past of one file system, one row a step.
#[utoipa::path(
    get, path = routes::FS_HISTORY, operation_id = "filesystem_history", tag = "filesystems", params(HistoryQuery),
    responses(
        (status = 200, body = Vec<FilesystemSample>),
        (status = 404, description = "No such mount point", body = Problem),
        (status = "default", body = Problem)
    )
)]
async fn history(
    state: Data<NodeState>,
    Query(asked): Query<HistoryQuery>,
) -> Result<Json<Vec<FilesystemSample>>, ApiError> {
    let span = span(&asked)?;
    let mount_point = asked.mount_point.clone();
    let samples = state
        .reads
        .read(move |snapshot| {
            if !table::is_known(snapshot, &mount_point)? {
                return Ok(None);
            }
            history::read(snapshot, &mount_point, span).map(Some)
        })
        .await?;
    samples.map(Json).ok_or_else(|| {
        ApiError::unknown(
            ProblemCode::NoSuchMountPoint,
            format!(
                "no file system is known at `{}`; {} lists them",
                asked.mount_point,
                routes::FS
            ),
        )
    })
}

fn span(asked: &HistoryQuery) -> Result<Span, ApiError> {
    let to = asked.to.unwrap_or_else(Timestamp::now);
    let from = asked.from.unwrap_or_else(|| to.before(DEFAULT_SPAN));
    if from > to {
        return Err(ApiError::bad_query(format!(
            "from ({from}) is after to ({to})"
        )));
    }
    let long = u64::try_from(to.as_millis() - from.as_millis()).unwrap_or(0);
    let step = match asked.step {
        Some(ReadableDuration(step)) => step,
        None => {
            // Whole minutes, so that rows stored each minute come evenly: all of them for a day.
            let minutes = long.div_ceil(60_000).div_ceil(DEFAULT_ROWS).max(1);
            Duration::from_secs(minutes.saturating_mul(60))
        }
    };
    let rows = u128::from(long) / step.as_millis().max(1);
    if step.is_zero() || rows > MAX_ROWS {
        return Err(ApiError::bad_query(format!(
            "a step of {} makes more than {MAX_ROWS} rows between {from} and {to}; take a longer \
             step or a shorter span",
            humantime::format_duration(step)
        )));
    }
    Ok(Span { from, to, step })
}
