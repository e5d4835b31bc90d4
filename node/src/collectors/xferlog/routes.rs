//! `GET /api/v1/xferlog`, and `/files`, `/damaged` and `/gaps` below it.

use actix_web::web::{Data, Json, Query, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use etlmon_shared::log::{LogFile, LogGap};
use etlmon_shared::transfer::{DamagedTransferLine, Transfer, TransferDirection, TransferStatus};
use etlmon_shared::{Problem, routes};
use serde::Deserialize;
use utoipa::{IntoParams, OpenApi};

use super::KIND;
use super::table::{self, Filter};
use crate::http::{ApiError, Cursor, NoParameters, NodeState, Page, PageQuery, RowId, query};
use crate::tail::followers;

/// The endpoints' description.
#[derive(OpenApi)]
#[openapi(paths(list, files, damaged, gaps))]
pub(super) struct Api;

pub(super) fn configure(config: &mut ServiceConfig) {
    config
        .service(query(routes::XFERLOG, list))
        .service(query(routes::XFERLOG_FILES, files))
        .service(query(routes::XFERLOG_DAMAGED, damaged))
        .service(query(routes::XFERLOG_GAPS, gaps));
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ListQuery {
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
    /// A part of the user's name; upper and lower case differ.
    user: Option<String>,
    /// A part of the client's address or name; upper and lower case are the same.
    host: Option<String>,
    /// A part of the file's path; upper and lower case differ.
    filename: Option<String>,
    /// Which way.
    direction: Option<TransferDirection>,
    /// How it ended.
    status: Option<TransferStatus>,
}

/// The transfer logs and how following them goes.
#[utoipa::path(
    get, path = routes::XFERLOG_FILES, operation_id = "transfer_logs", tag = "xferlog",
    responses((status = 200, body = Vec<LogFile>), (status = "default", body = Problem))
)]
async fn files(
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

/// The transfers of FTP servers, in ascending id. `Link` leads on: to newer ones after `after`,
/// else to older ones.
#[utoipa::path(
    get, path = routes::XFERLOG, operation_id = "transfers", tag = "xferlog", params(ListQuery),
    responses(
        (status = 200, body = Vec<Transfer>, headers(
            ("Link" = String, description = "The next page, where there is one (RFC 8288)")
        )),
        (status = "default", body = Problem)
    )
)]
async fn list(
    state: Data<NodeState>,
    request: HttpRequest,
    Query(asked): Query<ListQuery>,
) -> Result<HttpResponse, ApiError> {
    let cursor = Cursor::new(asked.after, asked.before)?;
    let limit = asked.limit.rows();
    let filter = Filter {
        user: asked.user,
        host: asked.host,
        filename: asked.filename,
        direction: asked.direction,
        status: asked.status,
    };
    let page = state
        .reads
        .read_by(filter.effort(), move |snapshot| {
            table::page(snapshot, &filter, cursor, limit)
        })
        .await?;
    Ok(cursor.answer(&request, page, |row| row.id))
}

/// The lines of transfer logs that can't be read, in ascending id. `Link` leads on: to newer ones
/// after `after`, else to older ones.
#[utoipa::path(
    get, path = routes::XFERLOG_DAMAGED, operation_id = "transfers_damaged", tag = "xferlog",
    params(PageQuery),
    responses(
        (status = 200, body = Vec<DamagedTransferLine>, headers(
            ("Link" = String, description = "The next page, where there is one (RFC 8288)")
        )),
        (status = "default", body = Problem)
    )
)]
async fn damaged(
    state: Data<NodeState>,
    request: HttpRequest,
    Query(asked): Query<PageQuery>,
) -> Result<HttpResponse, ApiError> {
    asked
        .answer(
            &state.reads,
            &request,
            |snapshot, cursor, limit| table::damaged_page(snapshot, cursor, limit),
            |row| row.id,
        )
        .await
}

/// What of the transfer logs is known never to have been read, in ascending id. `Link` leads on: to
/// newer ones after `after`, else to older ones.
#[utoipa::path(
    get, path = routes::XFERLOG_GAPS, operation_id = "transfer_log_gaps", tag = "xferlog",
    params(PageQuery),
    responses(
        (status = 200, body = Vec<LogGap>, headers(
            ("Link" = String, description = "The next page, where there is one (RFC 8288)")
        )),
        (status = "default", body = Problem)
    )
)]
async fn gaps(
    state: Data<NodeState>,
    request: HttpRequest,
    Query(asked): Query<PageQuery>,
) -> Result<HttpResponse, ApiError> {
    asked
        .answer(
            &state.reads,
            &request,
            |snapshot, cursor, limit| followers::all_gaps(snapshot, KIND.name, cursor, limit),
            |row| row.id,
        )
        .await
}
