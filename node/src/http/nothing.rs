//! The body of a command that takes none.

use actix_web::dev::{JsonBody, Payload};
use actix_web::error::JsonPayloadError;
use actix_web::{FromRequest, HttpRequest};
use futures_util::FutureExt as _;
use futures_util::future::LocalBoxFuture;
use serde::Deserialize;

use super::server::MAX_BODY_BYTES;
use super::{ApiError, Object};

/// No body, or an object without fields; JSON by its header, as of every command.
#[derive(Clone, Copy, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NothingRequest {}

impl FromRequest for NothingRequest {
    type Error = ApiError;
    type Future = LocalBoxFuture<'static, Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let body =
            JsonBody::<Object<Self>>::new(request, payload, None, true).limit(MAX_BODY_BYTES);
        Box::pin(body.map(|body| match body {
            Ok(Object(nothing)) => Ok(nothing),
            Err(JsonPayloadError::Deserialize(error)) if error.is_eof() && error.column() == 0 => {
                Ok(Self {})
            }
            Err(error) => Err(ApiError::from_json(&error)),
        }))
    }
}
