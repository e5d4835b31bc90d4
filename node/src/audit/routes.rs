//! `GET /api/v1/audit`.

use actix_web::web::{Data, Query};
use actix_web::{HttpRequest, HttpResponse};
use etlmon_shared::audit::AuditEntry;
use etlmon_shared::{Problem, routes};

use super::table;
use crate::http::{ApiError, NodeState, PageQuery};

/// Every command, accepted or refused, in ascending id. `Link` leads on: to newer ones after
/// `after`, else to older ones.
#[utoipa::path(
    get, path = routes::AUDIT, operation_id = "audit", tag = "node", params(PageQuery),
    responses(
        (status = 200, body = Vec<AuditEntry>, headers(
            ("Link" = String, description = "The next page, where there is one (RFC 8288)")
        )),
        (status = "default", body = Problem)
    )
)]
pub(crate) async fn list(
    state: Data<NodeState>,
    request: HttpRequest,
    Query(asked): Query<PageQuery>,
) -> Result<HttpResponse, ApiError> {
    asked
        .answer(
            &state.reads,
            &request,
            |snapshot, cursor, limit| table::page(snapshot, cursor, limit),
            |row| row.id,
        )
        .await
}
