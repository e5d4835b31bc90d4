//! `GET /api/v1/paths`, `GET /api/v1/paths/top` and `POST /api/v1/paths/scan`.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Json, Query, ServiceConfig};
use etlmon_shared::path::{PathStats, PathTopEntry, ScanAnswer, ScanOutcome, ScanRequest};
use etlmon_shared::{Problem, ProblemCode, routes};
use serde::Deserialize;
use utoipa::{IntoParams, OpenApi};

use super::{KIND, table};
use crate::audit::Audit;
use crate::collector::Collecting;
use crate::http::{ApiError, NoParameters, NodeState, Object, Offset, Page, command, query};
use crate::supervisor::{Trigger, Triggered};

/// The endpoints' description.
#[derive(OpenApi)]
#[openapi(paths(list, top, scan))]
pub(super) struct Api;

pub(super) fn configure(config: &mut ServiceConfig) {
    config
        .service(query(routes::PATHS, list))
        .service(query(routes::PATHS_TOP, top))
        .service(command(routes::PATHS_SCAN, scan));
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// Rows at most: 1 to 10000, 100 when it is missing.
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 10000)]
    limit: Page,
    /// Rows to leave out first.
    #[serde(default)]
    #[param(value_type = Option<u64>)]
    offset: Offset,
}

/// The configured paths, by name. `X-Total-Count` says how many there are; `Link` leads on.
#[utoipa::path(
    get, path = routes::PATHS, operation_id = "paths", tag = "paths", params(ListQuery),
    responses(
        (status = 200, body = Vec<PathStats>, headers(
            ("X-Total-Count" = u64, description = "How many paths are configured"),
            ("Link" = String, description = "The next page, where there is one (RFC 8288)")
        )),
        (status = "default", body = Problem)
    )
)]
async fn list(
    state: Data<NodeState>,
    Query(ListQuery { limit, offset }): Query<ListQuery>,
) -> Result<HttpResponse, ApiError> {
    let offset = offset.rows();
    let (rows, total) = state
        .reads
        .read(move |snapshot| table::list(snapshot, limit.rows(), offset))
        .await?;
    let mut answer = HttpResponse::Ok();
    answer.insert_header(("X-Total-Count", total));
    let next = offset.saturating_add(u64::from(limit.rows()));
    if next < total {
        let link = format!(
            "<{}?limit={}&offset={next}>; rel=\"next\"",
            routes::PATHS,
            limit.rows()
        );
        answer.insert_header(("Link", link));
    }
    Ok(answer.json(rows))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct TopQuery {
    /// A configured path.
    path: String,
    /// Rows at most: 1 to 10000, 100 when it is missing; 100 are kept.
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 10000)]
    limit: Page,
}

/// The biggest direct children of a path that measures sizes, the biggest first.
#[utoipa::path(
    get, path = routes::PATHS_TOP, operation_id = "paths_top", tag = "paths", params(TopQuery),
    responses(
        (status = 200, body = Vec<PathTopEntry>),
        (status = 404, description = "The path is not configured", body = Problem),
        (status = "default", body = Problem)
    )
)]
async fn top(
    state: Data<NodeState>,
    Query(TopQuery { path, limit }): Query<TopQuery>,
) -> Result<Json<Vec<PathTopEntry>>, ApiError> {
    let asked = path.clone();
    let entries = state
        .reads
        .read(move |snapshot| table::top(snapshot, &asked, limit.rows()))
        .await?;
    entries.map(Json).ok_or_else(|| no_such_path(&path))
}

/// Begins a scan now; its result appears in the list when it ends.
#[utoipa::path(
    post, path = routes::PATHS_SCAN, operation_id = "paths_scan", tag = "paths", request_body = ScanRequest,
    responses(
        (status = 202, body = Vec<ScanAnswer>),
        (status = 404, description = "A path is not configured; none is scanned", body = Problem),
        (status = "default", body = Problem)
    )
)]
async fn scan(
    state: Data<NodeState>,
    _: Query<NoParameters>,
    audit: Audit,
    Json(Object(asked)): Json<Object<ScanRequest>>,
) -> Result<HttpResponse, ApiError> {
    audit.note(
        &asked
            .paths
            .as_ref()
            .map_or_else(|| "all".to_owned(), |paths| paths.join(" ")),
    );
    audit.begin().await?;
    let trigger = Trigger {
        kind: KIND.name,
        subjects: asked.paths,
    };
    let triggered = state.root.send(trigger).await;
    let done = match triggered.map_err(|error| ApiError::internal(error.to_string()))? {
        Triggered::Done(done) => done,
        Triggered::NoSuchSubject(path) => return Err(no_such_path(&path)),
        Triggered::Restarting(path) => {
            return Err(ApiError::busy(format!(
                "the scanner of `{path}` is being restarted"
            )));
        }
    };
    let answers: Vec<ScanAnswer> = done
        .into_iter()
        .map(|(path, collecting)| {
            let outcome = match collecting {
                Collecting::Started => ScanOutcome::Started,
                Collecting::AlreadyRunning => ScanOutcome::AlreadyScanning,
            };
            ScanAnswer { path, outcome }
        })
        .collect();
    Ok(HttpResponse::build(StatusCode::ACCEPTED).json(answers))
}

fn no_such_path(path: &str) -> ApiError {
    ApiError::unknown(
        ProblemCode::NoSuchPath,
        format!(
            "`{path}` is not a configured path; {} lists them",
            routes::PATHS
        ),
    )
}
