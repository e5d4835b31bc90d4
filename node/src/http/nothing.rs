//! The body of a command that takes none.

use actix_web::dev::Payload;
use actix_web::http::header::{CONTENT_LENGTH, TRANSFER_ENCODING};
use actix_web::web::Json;
use actix_web::{FromRequest, HttpMessage as _, HttpRequest};
use futures_util::FutureExt as _;
use futures_util::future::LocalBoxFuture;
use serde::Deserialize;

use super::Object;

/// No body, or an object without fields; JSON by its header, as of every command.
#[derive(Clone, Copy, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NothingRequest {}

impl FromRequest for NothingRequest {
    type Error = actix_web::Error;
    type Future = LocalBoxFuture<'static, Result<Self, Self::Error>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let headers = request.headers();
        let has_none = headers.get(TRANSFER_ENCODING).is_none()
            && headers
                .get(CONTENT_LENGTH)
                .is_none_or(|length| length == "0");
        if has_none
            && request
                .content_type()
                .eq_ignore_ascii_case("application/json")
        {
            return Box::pin(std::future::ready(Ok(Self {})));
        }
        let body = Json::<Object<Self>>::from_request(request, payload);
        Box::pin(body.map(|body| body.map(|Json(Object(nothing))| nothing)))
    }
}
