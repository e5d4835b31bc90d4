//! `GET /api/v1/health`: the node's own state, from memory alone.

use std::time::Duration;

use actix_web::{HttpResponse, web};
use etlmon_shared::health::{Health, HealthStatus};
use etlmon_shared::{Problem, routes};

use super::{ApiError, NoParameters, NodeState};
use crate::supervisor::GetHealth;

/// Root answers at once; if it does not, the node is not well and says so in time.
const PATIENCE: Duration = Duration::from_millis(90);

/// The node's state: 200, or 503 when it is `failed`.
#[utoipa::path(
    get, path = routes::HEALTH, tag = "node",
    responses(
        (status = 200, body = Health),
        (status = 503, description = "The node is `failed`", body = Health),
        (status = "default", body = Problem)
    )
)]
pub(super) async fn health(
    state: web::Data<NodeState>,
    _: web::Query<NoParameters>,
) -> Result<HttpResponse, ApiError> {
    let asked = actix_rt::time::timeout(PATIENCE, state.root.send(GetHealth)).await;
    let Ok(Ok(health)) = asked else {
        return Err(ApiError::busy("the root actor does not answer"));
    };
    let mut answer = match health.status {
        HealthStatus::Failed => HttpResponse::ServiceUnavailable(),
        HealthStatus::Ok | HealthStatus::Degraded => HttpResponse::Ok(),
    };
    Ok(answer.json(health))
}
