//! Around every request: its id, its line in the log, an answer even when the handler panics.

use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{Handler, HttpResponse};
use etlmon_shared::ProblemCode;
use futures_util::FutureExt as _;
use futures_util::future::LocalBoxFuture;

use super::ApiError;
use crate::supervisor::panic_message;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// A caller's id longer than this is not taken over.
const MAX_ID: usize = 128;

/// Gives the request its id and its line in the log.
pub(super) async fn accompany(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<EitherBody<impl MessageBody>>, actix_web::Error> {
    let began = Instant::now();
    let id = caller_id(&request).unwrap_or_else(new_id);
    let (method, uri) = (request.method().clone(), request.uri().clone());
    let response = next.call(request).await?;
    let status = response.status().as_u16();
    let took_ms = began.elapsed().as_millis();
    let cause = response
        .response()
        .error()
        .and_then(|error| error.as_error::<ApiError>())
        .and_then(ApiError::cause);
    let id_text = id.to_str().unwrap_or_default();
    match cause {
        Some(cause) => {
            log::error!(request_id = id_text, status, took_ms; "{method} {uri}: {cause}")
        }
        None => log::debug!(request_id = id_text, status, took_ms; "{method} {uri}"),
    }
    let mut response = if response.status() == StatusCode::NOT_ACCEPTABLE {
        let refusal = HttpResponse::from_error(not_acceptable());
        response.into_response(refusal).map_into_right_body()
    } else {
        response.map_into_left_body()
    };
    response.headers_mut().insert(REQUEST_ID, id);
    Ok(response)
}

/// What the compressing middleware says in plain text, as the problem that every error is.
fn not_acceptable() -> ApiError {
    ApiError::new(
        StatusCode::NOT_ACCEPTABLE,
        ProblemCode::NotAcceptable,
        "Accept-Encoding refuses all that there is: gzip, deflate, identity",
    )
}

/// A handler whose panic is an answer and not a broken connection.
#[derive(Clone)]
pub(super) struct CatchPanic<F>(pub(super) F);

impl<F, A> Handler<A> for CatchPanic<F>
where
    F: Handler<A>,
    F::Future: 'static,
{
    type Output = Result<F::Output, ApiError>;
    type Future = LocalBoxFuture<'static, Self::Output>;

    fn call(&self, arguments: A) -> Self::Future {
        let answer = AssertUnwindSafe(self.0.call(arguments)).catch_unwind();
        let answered = answer.map(|answer| {
            answer.map_err(|panic| ApiError::internal(panic_message(panic.as_ref())))
        });
        Box::pin(answered)
    }
}

/// The caller's own id, if it is short and printable.
fn caller_id(request: &ServiceRequest) -> Option<HeaderValue> {
    let value = request.headers().get(&REQUEST_ID)?;
    let fits = !value.is_empty() && value.len() <= MAX_ID;
    (fits && value.as_bytes().iter().all(u8::is_ascii_graphic)).then(|| value.clone())
}

/// An id that is this process's own: its start in milliseconds, and a count.
fn new_id() -> HeaderValue {
    static START: std::sync::OnceLock<i64> = std::sync::OnceLock::new();
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let start = START.get_or_init(|| etlmon_shared::Timestamp::now().as_millis());
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    HeaderValue::from_str(&format!("{start:x}-{count:x}"))
        .unwrap_or_else(|_| HeaderValue::from_static("0"))
}
