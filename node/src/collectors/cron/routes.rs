//! `GET /api/v1/cron` and `POST /api/v1/cron/refresh`.

use std::time::Duration;

use actix_web::web::{Data, Json, Query, ServiceConfig};
use etlmon_shared::cron::{CronJob, CronRefreshed};
use etlmon_shared::{Problem, ProblemCode, Timestamp, routes};
use utoipa::OpenApi;

use super::collect::ARRIVAL;
use super::{KIND, table};
use crate::audit::Audit;
use crate::http::{ApiError, NoParameters, NodeState, NothingRequest, command, query};
use crate::supervisor::{Trigger, Triggered};

/// How long a refresh may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// The endpoints' description.
#[derive(OpenApi)]
#[openapi(paths(list, refresh))]
pub(super) struct Api;

pub(super) fn configure(config: &mut ServiceConfig) {
    config
        .service(query(routes::CRON, list))
        .service(command(routes::CRON_REFRESH, refresh));
}

/// All cron jobs, the lines that can't be read, and the files that cron ignores.
#[utoipa::path(
    get, path = routes::CRON, operation_id = "cron", tag = "cron",
    responses((status = 200, body = Vec<CronJob>), (status = "default", body = Problem))
)]
async fn list(
    state: Data<NodeState>,
    _: Query<NoParameters>,
) -> Result<Json<Vec<CronJob>>, ApiError> {
    Ok(Json(
        state.reads.read(|snapshot| table::list(snapshot)).await?,
    ))
}

/// Reads the crontabs now, and answers when what they say can be asked for.
#[utoipa::path(
    post, path = routes::CRON_REFRESH, operation_id = "cron_refresh", tag = "cron",
    request_body = NothingRequest,
    responses(
        (status = 200, body = CronRefreshed),
        (status = 404, description = "The configuration has cron.enabled: false", body = Problem),
        (status = 503, description = "The crontabs were not read within 5 s", body = Problem),
        (status = "default", body = Problem)
    )
)]
async fn refresh(
    state: Data<NodeState>,
    _: Query<NoParameters>,
    audit: Audit,
    _: NothingRequest,
) -> Result<Json<CronRefreshed>, ApiError> {
    audit.begin().await?;
    let refreshed = actix_rt::time::timeout(PATIENCE, read_anew(&state)).await;
    let refreshed = refreshed
        .unwrap_or_else(|_| Err(ApiError::busy("the crontabs could not be read within 5 s")));
    refreshed.map(Json)
}

async fn read_anew(state: &NodeState) -> Result<CronRefreshed, ApiError> {
    let asked_at = Timestamp::now();
    let mut arrivals = state.arrivals.listen(ARRIVAL);
    loop {
        let trigger = Trigger {
            kind: KIND.name,
            subjects: None,
        };
        let triggered = state.root.send(trigger).await;
        match triggered.map_err(|error| ApiError::internal(error.to_string()))? {
            Triggered::Done(asked) if asked.is_empty() => {
                let detail = "no crontabs are read: the configuration has cron.enabled: false";
                return Err(ApiError::unknown(ProblemCode::NotFound, detail));
            }
            Triggered::Done(_) => {}
            Triggered::NoSuchSubject(_) | Triggered::Restarting(_) => {
                return Err(ApiError::busy("the reader of crontabs is being restarted"));
            }
        }
        // A cycle that had begun before this was asked does not count.
        if arrivals.changed().await.is_err() {
            return Err(ApiError::busy("the reader of crontabs has ended"));
        }
        let read = move |snapshot: &_| table::refreshed(snapshot, asked_at);
        if let Some(refreshed) = state.reads.read(move |snapshot| read(snapshot)).await? {
            return Ok(refreshed);
        }
    }
}
