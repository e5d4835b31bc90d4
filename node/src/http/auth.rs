//! Who may send commands, and who may read.

use std::net::IpAddr;

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{AUTHORIZATION, ORIGIN};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::web;
use actix_web::{HttpMessage as _, HttpResponse};
use etlmon_shared::ProblemCode;
use sha2::{Digest, Sha256};

use super::{ApiError, NodeState};
use crate::audit::Audit;
use crate::config::{AuthConfig, Reads};

/// Whether the request may pass: the name of its token, where one was needed.
///
/// A command needs a token as soon as one is configured; without any it needs a listener that
/// only this machine reaches. A query needs a token only where the configuration says so.
fn judge(
    config: &AuthConfig,
    is_command: bool,
    listener: IpAddr,
    authorization: Option<&str>,
    origin: Option<&str>,
) -> Result<Option<String>, ApiError> {
    if !is_command && config.reads == Reads::Open {
        return Ok(None);
    }
    let forbidden = |detail| ApiError::new(StatusCode::FORBIDDEN, ProblemCode::Forbidden, detail);
    if config.tokens.is_empty() {
        if origin.is_some_and(|origin| !is_of_this_machine(origin)) {
            return Err(forbidden(
                "commands of a web page from elsewhere are refused while no token is configured"
                    .to_owned(),
            ));
        }
        if listener.is_loopback() {
            return Ok(None);
        }
        return Err(forbidden(format!(
            "commands are refused on {listener}, which is not a loopback address, while no token \
             is configured; to allow them set auth.tokens in the node's configuration, or send \
             them through a loopback or unix listener"
        )));
    }
    let unauthorized =
        |detail| ApiError::new(StatusCode::UNAUTHORIZED, ProblemCode::Unauthorized, detail);
    let Some(token) = authorization.and_then(bearer) else {
        return Err(unauthorized("send a token: Authorization: Bearer TOKEN"));
    };
    let digest: [u8; 32] = Sha256::digest(token).into();
    // Digests are compared, so the time this takes tells nothing about a token.
    let known = config.tokens.iter().find(|known| known.sha256.0 == digest);
    known
        .map(|known| Some(known.name.clone()))
        .ok_or_else(|| unauthorized("this token is not known"))
}

/// Whether a browser's `Origin` (RFC 6454) is a page that this machine itself has served. A name
/// that was made to lead here (DNS rebinding) is not.
fn is_of_this_machine(origin: &str) -> bool {
    let Some((_, authority)) = origin.split_once("://") else {
        return false;
    };
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => authority,
    };
    matches!(host, "localhost" | "127.0.0.1" | "[::1]")
}

/// The token of an `Authorization: Bearer` header (RFC 6750, section 2.1).
fn bearer(header: &str) -> Option<&str> {
    let (scheme, token) = header.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// Lets a request pass or refuses it, whatever endpoint it is for.
pub(super) async fn enforce(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<EitherBody<impl MessageBody>>, actix_web::Error> {
    if let Some(state) = request.app_data::<web::Data<NodeState>>() {
        let is_command = !matches!(
            *request.method(),
            Method::GET | Method::HEAD | Method::OPTIONS
        );
        // The address that was listened on, not the one the client came to: what the operator
        // wrote decides. A unix socket counts as loopback.
        let listener = request.app_config().local_addr().ip();
        let authorization = request
            .headers()
            .get(AUTHORIZATION)
            .and_then(|value| value.to_str().ok());
        let origin = request
            .headers()
            .get(ORIGIN)
            .map(|value| value.to_str().unwrap_or_default());
        let config = state.config.get();
        match judge(&config.auth, is_command, listener, authorization, origin) {
            Ok(caller) => {
                if let Some(audit) = request.extensions().get::<Audit>() {
                    audit.comes_from(caller);
                }
            }
            Err(refusal) => {
                let (request, _) = request.into_parts();
                let refusal = HttpResponse::from_error(refusal);
                return Ok(ServiceResponse::new(request, refusal).map_into_right_body());
            }
        }
    }
    Ok(next.call(request).await?.map_into_left_body())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Token, TokenHash};

    const LOOPBACK: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);
    const ANYWHERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::UNSPECIFIED);

    fn auth(tokens: &[&str], reads: Reads) -> AuthConfig {
        let tokens = tokens
            .iter()
            .map(|token| Token {
                name: (*token).to_owned(),
                sha256: TokenHash(Sha256::digest(token).into()),
            })
            .collect();
        AuthConfig { tokens, reads }
    }

    fn code(result: Result<Option<String>, ApiError>) -> u16 {
        use actix_web::ResponseError as _;
        result.map_or_else(|error| error.status_code().as_u16(), |_| 200)
    }

    #[test]
    fn without_tokens_only_this_machine_may_command() {
        let auth = auth(&[], Reads::Open);
        assert_eq!(code(judge(&auth, true, LOOPBACK, None, None)), 200);
        assert_eq!(code(judge(&auth, true, ANYWHERE, None, None)), 403);
        assert_eq!(
            code(judge(&auth, true, ANYWHERE, Some("Bearer x"), None)),
            403
        );
        assert_eq!(code(judge(&auth, false, ANYWHERE, None, None)), 200);
    }

    #[test]
    fn a_page_from_elsewhere_may_not_command_through_a_browser_here() {
        let auth = auth(&[], Reads::Open);
        for (origin, status) in [
            ("http://localhost:8080", 200),
            ("http://127.0.0.1", 200),
            ("http://[::1]:8080", 200),
            ("http://evil.example", 403),
            ("http://127.0.0.1.evil.example:8080", 403),
            ("null", 403),
            ("", 403),
        ] {
            assert_eq!(
                code(judge(&auth, true, LOOPBACK, None, Some(origin))),
                status,
                "{origin}"
            );
            assert_eq!(code(judge(&auth, false, LOOPBACK, None, Some(origin))), 200);
        }
    }

    #[test]
    fn with_tokens_every_command_needs_one() {
        let auth = auth(&["secret"], Reads::Open);
        for listener in [LOOPBACK, ANYWHERE] {
            assert_eq!(code(judge(&auth, true, listener, None, None)), 401);
            assert_eq!(
                code(judge(&auth, true, listener, Some("Bearer wrong"), None)),
                401
            );
            assert_eq!(
                code(judge(&auth, true, listener, Some("Basic secret"), None)),
                401
            );
            assert_eq!(
                code(judge(&auth, true, listener, Some("bearer secret"), None)),
                200
            );
            assert_eq!(code(judge(&auth, false, listener, None, None)), 200);
        }
    }

    #[test]
    fn reads_need_a_token_where_the_configuration_says_so() {
        let auth = auth(&["secret"], Reads::Token);
        assert_eq!(code(judge(&auth, false, LOOPBACK, None, None)), 401);
        assert_eq!(
            code(judge(&auth, false, LOOPBACK, Some("Bearer secret"), None)),
            200
        );
    }

    #[test]
    fn a_token_says_who_comes_with_it() {
        let auth = auth(&["one", "two"], Reads::Open);
        let caller = judge(&auth, true, LOOPBACK, Some("Bearer two"), None).unwrap();
        assert_eq!(caller.as_deref(), Some("two"));
    }
}
