//! The server: the middleware that every request passes, the endpoints, the end.

use std::io;

use actix::Addr;
use actix_web::dev::Server;
use actix_web::http::{StatusCode, header};
use actix_web::middleware::{Compress, from_fn};
use actix_web::{App, HttpRequest, HttpServer, Resource, web};
use etlmon_shared::{ProblemCode, routes};

use super::request::CatchPanic;
use super::{ApiError, Listeners, auth, health, openapi, request};
use crate::audit;
use crate::collectors::{Arrivals, Kind};
use crate::config::LiveConfig;
use crate::store::ReadPool;
use crate::supervisor::Root;

/// Threads that speak HTTP; queries run on others. Each has a clock that wakes it four times a
/// second, whether it is asked anything or not.
const WORKERS: usize = 1;
/// Threads of a worker that run queries.
const QUERY_THREADS: usize = 16;
/// Connections of a worker at once.
const MAX_CONNECTIONS: usize = 1024;
/// How long open requests may take when the node ends.
const SHUTDOWN_SEC: u64 = 1;
pub(super) const MAX_BODY_BYTES: usize = 64 * 1024;

/// What handlers work with.
#[derive(Clone)]
pub struct NodeState {
    /// Where commands and questions about the node go.
    pub root: Addr<Root>,
    /// Where queries go.
    pub reads: ReadPool,
    /// Where answers that go on are told of new rows.
    pub arrivals: Arrivals,
    /// Who may do what, and how.
    pub config: LiveConfig,
}

/// Serves the API on sockets that are bound.
///
/// # Errors
/// When a socket can't be listened on.
pub fn serve(kinds: &'static [Kind], state: NodeState, listeners: Listeners) -> io::Result<Server> {
    let state = web::Data::new(state);
    let contract = web::Data::new(openapi::Contract::new(kinds));
    let mut server = HttpServer::new(move || {
        App::new()
            .app_data(state.clone())
            .app_data(
                web::QueryConfig::default()
                    .error_handler(|error, _| ApiError::from_query(&error).into()),
            )
            .app_data(
                web::JsonConfig::default()
                    .limit(MAX_BODY_BYTES)
                    .error_handler(|error, _| ApiError::from_json(&error).into()),
            )
            .wrap(from_fn(auth::enforce))
            .wrap(from_fn(audit::record))
            .wrap(Compress::default())
            .wrap(from_fn(request::accompany))
            .service(query(routes::HEALTH, health::health))
            .app_data(contract.clone())
            .service(query(routes::OPENAPI, openapi::openapi))
            .service(query(routes::AUDIT, audit::list))
            .configure(|config| kinds.iter().for_each(|kind| (kind.routes)(config)))
            .default_service(web::to(unknown_path))
    })
    .workers(WORKERS)
    .max_connections(MAX_CONNECTIONS)
    .worker_max_blocking_threads(QUERY_THREADS)
    .shutdown_timeout(SHUTDOWN_SEC)
    .disable_signals();
    for listener in listeners.tcp {
        server = server.listen(listener)?;
    }
    for listener in listeners.unix {
        server = server.listen_uds(listener)?;
    }
    Ok(server.run())
}

/// An endpoint that answers GET (and HEAD), and refuses every other method.
pub(crate) fn query<F, A>(path: &str, handler: F) -> Resource
where
    F: actix_web::Handler<A>,
    F::Future: 'static,
    A: actix_web::FromRequest + 'static,
    F::Output: actix_web::Responder + 'static,
{
    web::resource(path.to_owned())
        .route(web::get().to(CatchPanic(handler.clone())))
        .route(web::head().to(CatchPanic(handler)))
        .default_service(web::to(|request| wrong_method(request, "GET, HEAD")))
}

/// What the endpoints that answer POST are called among all.
pub(crate) const COMMAND: &str = "command";

/// An endpoint that answers POST, and refuses every other method. What is sent to it is recorded.
pub(crate) fn command<F, A>(path: &str, handler: F) -> Resource
where
    F: actix_web::Handler<A>,
    F::Future: 'static,
    A: actix_web::FromRequest + 'static,
    F::Output: actix_web::Responder + 'static,
{
    web::resource(path.to_owned())
        .name(COMMAND)
        .route(web::post().to(CatchPanic(handler)))
        .default_service(web::to(|request| wrong_method(request, "POST")))
}

async fn wrong_method(
    request: HttpRequest,
    allowed: &'static str,
) -> Result<actix_web::HttpResponse, actix_web::Error> {
    let error = ApiError::new(
        StatusCode::METHOD_NOT_ALLOWED,
        ProblemCode::MethodNotAllowed,
        format!(
            "{} takes {allowed}, not {}",
            request.path(),
            request.method()
        ),
    );
    let mut response = actix_web::HttpResponse::from_error(error);
    response
        .headers_mut()
        .insert(header::ALLOW, header::HeaderValue::from_static(allowed));
    Ok(response)
}

async fn unknown_path(request: HttpRequest) -> Result<actix_web::HttpResponse, ApiError> {
    Err(ApiError::unknown(
        ProblemCode::NotFound,
        format!(
            "there is no {}; {} lists what there is",
            request.path(),
            routes::OPENAPI
        ),
    ))
}
