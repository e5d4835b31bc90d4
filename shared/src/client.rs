//! The typed, blocking HTTP client of the API, over TCP or a unix socket.

mod address;
mod events;
mod rows;
mod stream;
#[cfg(test)]
mod tests;
mod token;
mod unix;

use std::fmt;
use std::io;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use ureq::http::{Response, StatusCode};
use ureq::typestate::WithoutBody;
use ureq::{Agent, Body, RequestBuilder};

use crate::health::Health;
use crate::{Problem, routes};
use address::{Address, Endpoint};

pub use events::Event;
pub use rows::{Cursor, Rows};
pub use stream::EventStream;
pub use token::read_token;

/// The longest answer that is read.
const ANSWER_LIMIT_BYTES: u64 = 64 << 20;

/// How long a stream may be silent: two heartbeats of the node.
const SILENCE: Duration = Duration::from_secs(30);

/// How a [`Client`] asks.
pub struct ClientOptions {
    /// For one request as a whole: name lookup, connection, and the complete answer.
    pub timeout: Duration,
    /// Sent as `Authorization: Bearer …` (RFC 6750); commands may need it.
    pub token: Option<String>,
}

/// A connection to one node; it may be shared between threads, and a clone shares its
/// connections.
#[derive(Clone)]
pub struct Client {
    agent: Agent,
    /// What stands before the route in a request's URL.
    base: String,
    /// The node's address as messages show it.
    address: String,
    timeout: Duration,
    /// [`SILENCE`], but in tests.
    silence: Duration,
    authorization: Option<String>,
}

/// Why there is no answer, or none that can be used.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The text does not name a node.
    #[error("`{address}` is not the address of a node: {reason}")]
    Address {
        /// The text.
        address: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The token cannot be sent.
    #[error("the token is empty or holds characters that HTTP does not allow in one")]
    Token,
    /// Nobody answers there in time: no such host, refused, broken off, too slow.
    #[error("{address} does not answer: {reason}")]
    Unreachable {
        /// The node.
        address: String,
        /// What the system said.
        reason: String,
    },
    /// The node answered with an error.
    #[error(transparent)]
    Problem(#[from] Problem),
    /// Somebody answers, but not as etlmon does.
    #[error("{address} does not answer as etlmon: {reason}")]
    Answer {
        /// The node.
        address: String,
        /// What is wrong with the answer.
        reason: String,
    },
}

impl Client {
    /// A client of the node at `address`; nothing is sent yet.
    ///
    /// The address is `host:port`, `host` (port 8080), `http://host:port` (without a port 80, as
    /// in any URL) or `unix:/path/of/the/socket`. Proxies that the environment names are not
    /// used: nodes are on the machine itself or its own network.
    pub fn new(address: &str, options: ClientOptions) -> Result<Self, ClientError> {
        let Address {
            shown,
            base,
            endpoint,
        } = address::parse(address).map_err(|reason| ClientError::Address {
            address: address.to_owned(),
            reason,
        })?;
        let authorization = match options.token {
            Some(token) if is_token(&token) => Some(format!("Bearer {token}")),
            Some(_) => return Err(ClientError::Token),
            None => None,
        };
        let config = Agent::config_builder()
            .http_status_as_error(false)
            // A token must not follow a redirect, and a node sends none.
            .max_redirects(0)
            .max_redirects_will_error(false)
            .proxy(None)
            .timeout_global(Some(options.timeout))
            .user_agent(concat!("etlmon/", env!("CARGO_PKG_VERSION")))
            .build();
        let agent = match endpoint {
            Endpoint::Tcp => Agent::new_with_config(config),
            Endpoint::Unix(socket) => unix::agent(config, socket),
        };
        Ok(Self {
            agent,
            base,
            address: shown,
            timeout: options.timeout,
            silence: SILENCE,
            authorization,
        })
    }

    /// Asks `route` with `query` and reads the answer.
    pub fn get<T: DeserializeOwned>(
        &self,
        route: &str,
        query: &[(&str, &str)],
    ) -> Result<T, ClientError> {
        self.decode(&self.get_text(route, query)?)
    }

    /// Asks `route` with `query`; gives the body of the answer as it came.
    ///
    /// [`routes::HEALTH`] tells a failed node's state with status 503, which is an answer as
    /// well.
    pub fn get_text(&self, route: &str, query: &[(&str, &str)]) -> Result<String, ClientError> {
        let sent = self.question(route, query).call();
        self.answer(route, sent.map_err(|error| self.failure(error))?)
    }

    /// Sends `body` as a command to `route` and reads the answer.
    pub fn post<B: Serialize, T: DeserializeOwned>(
        &self,
        route: &str,
        body: &B,
    ) -> Result<T, ClientError> {
        let mut request = self.agent.post(format!("{}{route}", self.base));
        if let Some(authorization) = &self.authorization {
            request = request.header("Authorization", authorization);
        }
        let sent = request.send_json(body);
        self.decode(&self.answer(route, sent.map_err(|error| self.failure(error))?)?)
    }

    /// The node's state, also that of a failed one (status 503).
    pub fn health(&self) -> Result<Health, ClientError> {
        self.get(routes::HEALTH, &[])
    }

    /// Reads the text that [`Client::get_text`] gave.
    pub fn decode<T: DeserializeOwned>(&self, text: &str) -> Result<T, ClientError> {
        serde_json::from_str(text).map_err(|error| self.strange(error.to_string()))
    }

    fn question(&self, route: &str, query: &[(&str, &str)]) -> RequestBuilder<WithoutBody> {
        let request = self
            .agent
            .get(format!("{}{route}", self.base))
            .query_pairs(query.iter().copied());
        match &self.authorization {
            Some(authorization) => request.header("Authorization", authorization),
            None => request,
        }
    }

    fn answer(&self, route: &str, mut response: Response<Body>) -> Result<String, ClientError> {
        let status = response.status();
        let media_type = media_type(&response);
        let body = response
            .body_mut()
            .with_config()
            .limit(ANSWER_LIMIT_BYTES)
            .read_to_vec()
            .map_err(|error| self.failure(error))?;
        let state_of_failed_node = route == routes::HEALTH
            && status == StatusCode::SERVICE_UNAVAILABLE
            && media_type == "application/json";
        if status.is_success() || state_of_failed_node {
            return String::from_utf8(body)
                .map_err(|_| self.strange("its answer is not UTF-8".to_owned()));
        }
        if media_type == "application/problem+json"
            && let Ok(problem) = serde_json::from_slice::<Problem>(&body)
        {
            return Err(problem.into());
        }
        Err(self.strange(format!("HTTP status {status}")))
    }

    fn failure(&self, error: ureq::Error) -> ClientError {
        let reason = match error {
            ureq::Error::Timeout(ureq::Timeout::PerRead) => {
                format!("nothing came for {:?}", self.silence)
            }
            ureq::Error::Timeout(_) => format!("no answer within {:?}", self.timeout),
            ureq::Error::HostNotFound => "no such host".to_owned(),
            ureq::Error::Io(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                "it closed the connection before its answer was complete".to_owned()
            }
            ureq::Error::Io(error) => error.to_string(),
            ureq::Error::ConnectionFailed => "no connection".to_owned(),
            ureq::Error::BodyExceedsLimit(_) => {
                return self.strange("its answer is longer than 64 MiB".to_owned());
            }
            other => return self.strange(other.to_string()),
        };
        ClientError::Unreachable {
            address: self.address.clone(),
            reason,
        }
    }

    fn strange(&self, reason: String) -> ClientError {
        ClientError::Answer {
            address: self.address.clone(),
            reason,
        }
    }
}

impl fmt::Debug for Client {
    /// Without the token.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

/// What kind of answer it is, without parameters and in lower case.
fn media_type(response: &Response<Body>) -> String {
    let media_type = response.body().mime_type().unwrap_or_default();
    media_type.to_ascii_lowercase()
}

/// Whether a token is one word of visible ASCII, which every HTTP library passes on unchanged.
fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic())
}
