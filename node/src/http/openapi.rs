//! `GET /api/v1/openapi.json`: the contract, generated from the code.

use actix_web::http::header::ContentType;
use actix_web::{HttpResponse, web};
use etlmon_shared::{Problem, routes};
use utoipa::OpenApi;

use super::{ApiError, NoParameters, health};
use crate::collectors::Kind;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "etlmon node",
        description = "What one server's disks, paths and collectors do. Times are RFC 3339 UTC; \
                       an unknown value is null; every error is a Problem (RFC 9457)."
    ),
    paths(health::health, openapi),
    components(schemas(Problem))
)]
struct NodeApi;

/// The kinds whose endpoints belong to the contract.
pub(super) struct Contract(pub(super) &'static [Kind]);

impl Contract {
    fn write(&self) -> Result<String, serde_json::Error> {
        let mut whole = NodeApi::openapi();
        env!("CARGO_PKG_VERSION").clone_into(&mut whole.info.version);
        for kind in self.0 {
            whole.merge((kind.openapi)());
        }
        serde_json::to_string(&whole)
    }
}

/// This description: OpenAPI 3.1, generated from the code.
#[utoipa::path(
    get, path = routes::OPENAPI, tag = "node",
    responses((status = 200, body = Object), (status = "default", body = Problem))
)]
pub(super) async fn openapi(
    contract: web::Data<Contract>,
    _: web::Query<NoParameters>,
) -> Result<HttpResponse, ApiError> {
    let json = contract
        .write()
        .map_err(|error| ApiError::internal(error.to_string()))?;
    Ok(HttpResponse::Ok()
        .content_type(ContentType::json())
        .body(json))
}
