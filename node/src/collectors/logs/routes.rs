//! `GET /api/v1/logs/{name}`: pages of lines, or a stream of them.

use actix_web::web::{Data, Path, Query, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use etlmon_shared::log::{LogLine, MissedLines};
use etlmon_shared::{Problem, Timestamp, routes};
use rusqlite::Connection;
use serde::Deserialize;
use utoipa::{IntoParams, OpenApi};

use super::commands::{self, no_such_log};
use super::page::{Search, page};
use super::pattern::Pattern;
use super::{KIND, missed, stream};
use crate::http::{ApiError, Cursor, NodeState, Page, RowId, command, query};
use crate::tail::followers::is_configured;

/// The endpoints' description.
#[derive(OpenApi)]
#[openapi(
    paths(
        lines,
        commands::list,
        commands::gaps,
        commands::pause,
        commands::resume
    ),
    components(schemas(MissedLines))
)]
pub(super) struct Api;

pub(super) fn configure(config: &mut ServiceConfig) {
    config
        .service(query(routes::LOGS, commands::list))
        .service(query(routes::LOG_LINES, lines))
        .service(query(routes::LOG_GAPS, commands::gaps))
        .service(command(routes::LOG_PAUSE, commands::pause))
        .service(command(routes::LOG_RESUME, commands::resume));
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
    /// `regex`, whose repetitions are at most 128 long together; with `contains`, only those for which
    /// both hold.
    regex: Option<String>,
    /// Only lines that were read then or later, RFC 3339.
    from: Option<Timestamp>,
    /// Only lines that were read then or earlier, RFC 3339.
    to: Option<Timestamp>,
    /// Answers a stream of events (`text/event-stream`) that goes on with every new line: from
    /// the id in the header `Last-Event-ID`, else after `after`, else with the newest `limit`
    /// lines if that is given, else with the next new line.
    #[serde(default)]
    #[param(value_type = Option<bool>)]
    follow: bool,
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
/// that takes longer than 2 s answers what it has found, and a page of long lines ends when their
/// text has 8 MiB; `Link` leads on from where it stopped, so a page with few lines or none is the
/// last only when it has no `Link`.
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
    if asked.follow {
        follow_answer(state, &request, name.into_inner(), asked).await
    } else {
        page_answer(&state, &request, name.into_inner(), asked).await
    }
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
        .read_by(search.effort(), move |snapshot| {
            if !is_configured(snapshot, KIND.name, &log_name)? {
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

async fn follow_answer(
    state: Data<NodeState>,
    request: &HttpRequest,
    name: String,
    asked: LinesQuery,
) -> Result<HttpResponse, ApiError> {
    let last_event = last_event_id(request)?;
    let limit = (asked.limit.is_some() || asked.lines.is_some())
        .then(|| asked.limit())
        .transpose()?;
    let cursor = match Cursor::new(last_event.or(asked.after), asked.before)? {
        Cursor::Before(_) => {
            return Err(ApiError::bad_query(
                "before and follow are given; new lines come after all others",
            ));
        }
        cursor => cursor,
    };
    let search = asked.search()?;
    let (log_name, filter) = (name.clone(), search.clone());
    let reached = state
        .reads
        .read_by(search.effort(), move |snapshot| {
            if !is_configured(snapshot, KIND.name, &log_name)? {
                return Ok(None);
            }
            start(snapshot, &log_name, &filter, cursor, limit).map(Some)
        })
        .await?
        .ok_or_else(|| no_such_log(&name))?;
    Ok(stream::answer(state, name, search, reached))
}

/// The id after which a stream begins.
fn start(
    snapshot: &Connection,
    log_name: &str,
    search: &Search,
    cursor: Cursor,
    limit: Option<Page>,
) -> rusqlite::Result<i64> {
    if let Cursor::After(id) = cursor {
        return Ok(id);
    }
    let newest = missed::last_line_id(snapshot)?;
    let Some(limit) = limit else {
        return Ok(newest);
    };
    let page = page(snapshot, log_name, search, Cursor::Newest, limit.rows())?;
    Ok(page.lines.first().map_or(newest, |first| first.id - 1))
}

/// What a client that lost its connection has had (WHATWG HTML, section 9.2.4); an empty id is none.
fn last_event_id(request: &HttpRequest) -> Result<Option<RowId>, ApiError> {
    let value = request.headers().get("last-event-id");
    let Some(value) = value.filter(|value| !value.is_empty()) else {
        return Ok(None);
    };
    let text = value.to_str().unwrap_or_default().to_owned();
    RowId::try_from(text)
        .map(Some)
        .map_err(|error| ApiError::bad_query(format!("Last-Event-ID: {error}")))
}
