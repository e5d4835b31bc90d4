//! `GET /api/v1/openapi.json`: the contract, generated from the code.

use actix_web::http::header::ContentType;
use actix_web::{HttpResponse, web};
use etlmon_shared::{Problem, routes};
use utoipa::OpenApi;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{RefOr, Schema};

use super::{NoParameters, health};
use crate::audit;
use crate::collectors::Kind;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "etlmon node",
        description = "What one server's disks, paths and collectors do. Times are RFC 3339 UTC; \
                       an unknown value is null; every error is a Problem (RFC 9457)."
    ),
    paths(health::health, audit::list, openapi),
    components(schemas(Problem))
)]
struct NodeApi;

/// The contract as JSON, written once.
pub(super) struct Contract(String);

impl Contract {
    /// The contract of the node and of every kind of collector.
    pub(super) fn new(kinds: &[Kind]) -> Self {
        let mut whole = NodeApi::openapi();
        env!("CARGO_PKG_VERSION").clone_into(&mut whole.info.version);
        for kind in kinds {
            whole.merge((kind.openapi)());
        }
        if let Some(components) = &mut whole.components {
            let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build();
            components.add_security_scheme("token", SecurityScheme::Http(bearer));
            for (name, schema) in &mut components.schemas {
                require_all_fields(name, schema);
            }
        }
        // Without a token the node may still take the request, so none is an alternative.
        let none = SecurityRequirement::default();
        whole.security = Some(vec![none, SecurityRequirement::new("token", [""; 0])]);
        Self(serde_json::to_string(&whole).unwrap_or_default())
    }
}

/// A field of an answer is never missing, only null; what a caller sends may leave fields out.
fn require_all_fields(name: &str, schema: &mut RefOr<Schema>) {
    if let RefOr::T(Schema::Object(object)) = schema
        && !name.ends_with("Request")
    {
        object.required = object.properties.keys().cloned().collect();
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
) -> HttpResponse {
    HttpResponse::Ok()
        .content_type(ContentType::json())
        .body(contract.0.clone())
}
