//! An error as the API tells it: RFC 9457 `application/problem+json` with a stable code.

use serde::{Deserialize, Serialize};

/// The body of every answer that is an error.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[error("{title}: {detail}")]
pub struct Problem {
    /// Always `about:blank`: the code says which problem it is (RFC 9457, section 4.2.1).
    #[serde(rename = "type")]
    pub kind: String,
    /// The HTTP status in words.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What is wrong with this request, and how to mend it.
    pub detail: String,
    /// A stable word for programs.
    pub code: ProblemCode,
}

/// The stable word for a problem.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ProblemCode {
    /// A parameter, a body field or a value is not accepted.
    BadQuery,
    /// A command needs a token and none, or a wrong one, came.
    Unauthorized,
    /// This address or caller may not send commands.
    Forbidden,
    /// No such endpoint.
    NotFound,
    /// The endpoint exists, the method does not.
    MethodNotAllowed,
    /// The path is not configured.
    NoSuchPath,
    /// The mount point is not known.
    NoSuchMountPoint,
    /// A command that can't be taken back came without `confirm`.
    ConfirmRequired,
    /// The process is not one that is watched.
    NotWatched,
    /// There is no such process.
    NoSuchProcess,
    /// The process is another one than the one that was shown.
    IdentityChanged,
    /// Too many commands in a short time.
    RateLimited,
    /// No log of this name is configured.
    NoSuchLog,
    /// No content coding that the node has is accepted.
    NotAcceptable,
    /// The body is over 64 KiB.
    TooLarge,
    /// A command's body is not `application/json`.
    UnsupportedMediaType,
    /// The part of the node that owns the answer does not respond in time.
    Busy,
    /// The database does not answer.
    StoreUnavailable,
    /// A defect in the node; its log has the cause.
    Internal,
    /// A word that this version does not know.
    #[serde(other)]
    Other,
}
