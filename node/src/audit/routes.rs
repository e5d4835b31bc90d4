//! `GET /api/v1/audit`.

use actix_web::web::{Data, Query};
use actix_web::{HttpRequest, HttpResponse};
use etlmon_shared::audit::AuditEntry;
use etlmon_shared::{Problem, routes};
use serde::Deserialize;
use utoipa::IntoParams;

use super::table;
use crate::http::{ApiError, Cursor, NodeState, Page, RowId};

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListQuery {
    /// Rows at most: 1 to 10000, 100 when it is missing.
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 10000)]
    limit: Page,
    /// The rows that follow the one with this id. Without it and `before`, the newest rows.
    #[param(value_type = Option<u64>)]
    after: Option<RowId>,
    /// The rows that precede the one with this id.
    #[param(value_type = Option<u64>)]
    before: Option<RowId>,
}

/// Every command, accepted or refused, in ascending id. `Link` leads on: to newer ones after
/// `after`, else to older ones.
#[utoipa::path(
    get, path = routes::AUDIT, operation_id = "audit", tag = "node", params(ListQuery),
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
    Query(asked): Query<ListQuery>,
) -> Result<HttpResponse, ApiError> {
    let cursor = Cursor::new(asked.after, asked.before)?;
    let limit = asked.limit.rows();
    let page = state
        .reads
        .read(move |snapshot| table::page(snapshot, cursor, limit))
        .await?;
    Ok(cursor.answer(&request, page, |row| row.id))
}
