//! `GET /api/v1/logs/{name}`.

use actix_web::web::{Data, Path, Query, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use etlmon_shared::log::LogLine;
use etlmon_shared::{Problem, ProblemCode, Timestamp, routes};
use rusqlite::{Connection, OptionalExtension};
use serde::Deserialize;
use utoipa::{IntoParams, OpenApi};

use super::page::{Search, page};
use super::pattern::Pattern;
use crate::http::{ApiError, Cursor, NodeState, Page, RowId, query};

/// The endpoints' description.
#[derive(OpenApi)]
#[openapi(paths(lines))]
pub(super) struct Api;

pub(super) fn configure(config: &mut ServiceConfig) {
    config.service(query(routes::LOG_LINES, lines));
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct LinesQuery {
    /// Lines at most: 1 to 10000, 100 when it is missing.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 10000)]
    limit: Option<Page>,
    /// Another name for `limit`.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 10000)]
    lines: Option<Page>,
    /// The first lines with a higher id than this.
    #[param(value_type = Option<i64>, minimum = 0)]
    after: Option<RowId>,
    /// The last lines with a lower id than this.
    #[param(value_type = Option<i64>, minimum = 0)]
    before: Option<RowId>,
    /// Only lines with this text in them; upper and lower case differ.
    contains: Option<String>,
    /// Only lines in which this regular expression matches, in the syntax of the Rust crate
    /// `regex`; with `contains`, only those for which both hold.
    regex: Option<String>,
    /// Only lines that were read then or later, RFC 3339.
    from: Option<Timestamp>,
    /// Only lines that were read then or earlier, RFC 3339.
    to: Option<Timestamp>,
}

impl LinesQuery {
    fn limit(&self) -> Result<Page, ApiError> {
        match (self.limit, self.lines) {
            (Some(_), Some(_)) => Err(ApiError::bad_query(
                "limit and lines are given; they are the same",
            )),
            (limit, lines) => Ok(limit.or(lines).unwrap_or_default()),
        }
    }

    fn search(self) -> Result<Search, ApiError> {
        if let (Some(from), Some(to)) = (self.from, self.to)
            && from > to
        {
            return Err(ApiError::bad_query(format!(
                "from ({from}) is after to ({to})"
            )));
        }
        let regex = self.regex.map(|regex| {
            Pattern::new(&regex).map_err(|error| ApiError::bad_query(format!("regex: {error}")))
        });
        Ok(Search {
            contains: self.contains,
            regex: regex.transpose()?,
            from: self.from,
            to: self.to,
        })
    }
}

/// The lines of a log, the newest ones where no cursor is given, always in ascending id. A search
/// that takes longer than 5 s answers what it has found; `Link` leads on from where it stopped, so
/// a page with few lines or none is the last only when it has no `Link`.
#[utoipa::path(
    get, path = routes::LOG_LINES, operation_id = "log_lines", tag = "logs",
    params(("name" = String, Path, description = "The log's configured name"), LinesQuery),
    responses(
        (status = 200, body = Vec<LogLine>, headers(
            ("Link" = String, description = "The next page in the same direction, where there is \
                                             one; from the newest lines that of older ones \
                                             (RFC 8288)")
        )),
        (status = 404, description = "No log of this name is configured", body = Problem),
        (status = "default", body = Problem)
    )
)]
async fn lines(
    state: Data<NodeState>,
    request: HttpRequest,
    name: Path<String>,
    Query(asked): Query<LinesQuery>,
) -> Result<HttpResponse, ApiError> {
    page_answer(&state, &request, name.into_inner(), asked).await
}

async fn page_answer(
    state: &NodeState,
    request: &HttpRequest,
    name: String,
    asked: LinesQuery,
) -> Result<HttpResponse, ApiError> {
    let limit = asked.limit()?.rows();
    let cursor = Cursor::new(asked.after, asked.before)?;
    let search = asked.search()?;
    let log_name = name.clone();
    let found = state
        .reads
        .read(move |snapshot| {
            if !is_known(snapshot, &log_name)? {
                return Ok(None);
            }
            page(snapshot, &log_name, &search, cursor, limit).map(Some)
        })
        .await?
        .ok_or_else(|| no_such_log(&name))?;
    let mut answer = HttpResponse::Ok();
    if found.more {
        let next = cursor.onward(found.scanned_to, found.scanned_to);
        answer.insert_header(("Link", next.link(request)));
    }
    Ok(answer.json(found.lines))
}

fn is_known(connection: &Connection, log_name: &str) -> rusqlite::Result<bool> {
    let known: Option<i64> = connection
        .prepare_cached("SELECT 1 FROM followers WHERE kind = 'logs' AND name = ?1")?
        .query_row([log_name], |row| row.get(0))
        .optional()?;
    Ok(known.is_some())
}

fn no_such_log(name: &str) -> ApiError {
    ApiError::unknown(
        ProblemCode::NoSuchLog,
        format!(
            "`{name}` is not a configured log; {} lists them",
            routes::LOGS
        ),
    )
}
