//! Errors as RFC 9457 problems: what the client may know; the cause goes to the log.

use actix_web::body::BoxBody;
use actix_web::error::{JsonPayloadError, PayloadError, QueryPayloadError};
use actix_web::http::StatusCode;
use actix_web::http::header::ContentType;
use actix_web::{HttpResponse, ResponseError};
use etlmon_shared::{Problem, ProblemCode};

use crate::store::StoreError;

/// An error on its way to the client.
#[derive(Debug, thiserror::Error)]
#[error("{detail}")]
pub struct ApiError {
    status: StatusCode,
    code: ProblemCode,
    detail: String,
    cause: Option<String>,
}

impl ApiError {
    /// A problem with its HTTP status, its code and what the client should know.
    pub fn new(status: StatusCode, code: ProblemCode, detail: impl Into<String>) -> Self {
        Self {
            status,
            code,
            detail: detail.into(),
            cause: None,
        }
    }

    /// 400: a parameter or a body that is not accepted.
    pub fn bad_query(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, ProblemCode::BadQuery, detail)
    }

    /// 404 for something that is named in the request and not known.
    pub fn unknown(code: ProblemCode, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, code, detail)
    }

    /// 503: a part of the node does not answer at present.
    pub fn busy(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, ProblemCode::Busy, detail)
    }

    /// 500: a defect; the cause is for the log.
    pub fn internal(cause: impl Into<String>) -> Self {
        let mut error = Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            ProblemCode::Internal,
            "the node failed to answer; its log has the cause under this request's id",
        );
        error.cause = Some(cause.into());
        error
    }

    /// The stable word for it.
    pub fn code(&self) -> ProblemCode {
        self.code
    }

    /// What the log should know and the client should not.
    pub fn cause(&self) -> Option<&str> {
        self.cause.as_deref()
    }

    pub(super) fn from_query(error: &QueryPayloadError) -> Self {
        match error {
            QueryPayloadError::Deserialize(error) => Self::bad_query(error.to_string()),
            other => Self::bad_query(other.to_string()),
        }
    }

    pub(super) fn from_json(error: &JsonPayloadError) -> Self {
        match error {
            JsonPayloadError::Overflow { .. }
            | JsonPayloadError::OverflowKnownLength { .. }
            | JsonPayloadError::Payload(PayloadError::Overflow) => Self::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                ProblemCode::TooLarge,
                "the body is over 64 KiB",
            ),
            JsonPayloadError::ContentType => Self::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                ProblemCode::UnsupportedMediaType,
                "a command needs the header Content-Type: application/json",
            ),
            other => Self::bad_query(other.to_string()),
        }
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        let mut problem = match error {
            StoreError::QueryPanicked => return Self::internal(error.to_string()),
            StoreError::Crowded => return Self::busy(error.to_string()),
            _ => Self::new(
                StatusCode::SERVICE_UNAVAILABLE,
                ProblemCode::StoreUnavailable,
                "the database does not answer at present; the node's log has the cause",
            ),
        };
        problem.cause = Some(error.to_string());
        problem
    }
}

impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        self.status
    }

    fn error_response(&self) -> HttpResponse<BoxBody> {
        let problem = Problem {
            kind: "about:blank".to_owned(),
            title: self.status.canonical_reason().unwrap_or("Error").to_owned(),
            status: self.status.as_u16(),
            detail: self.detail.clone(),
            code: self.code,
        };
        let mut answer = HttpResponse::build(self.status);
        answer.insert_header(ContentType(
            "application/problem+json"
                .parse()
                .unwrap_or(actix_web::mime::APPLICATION_JSON),
        ));
        if self.status == StatusCode::UNAUTHORIZED {
            answer.insert_header(("WWW-Authenticate", "Bearer"));
        }
        answer.json(problem)
    }
}
