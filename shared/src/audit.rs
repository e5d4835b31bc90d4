//! The record of every command, accepted or refused.

use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// One command, as `GET /api/v1/audit` answers it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AuditEntry {
    /// Ascending in the order of recording; never used twice.
    pub id: i64,
    /// When it came.
    pub at: Timestamp,
    /// The name of the token that came with it; null without one.
    pub who: Option<String>,
    /// The address it came from; `unix` for a unix socket.
    pub remote: String,
    /// What was to be done, such as `kill`, `scan`, `pause`.
    pub action: String,
    /// With what, as the path names it: `processes/123`, `paths`, `logs/app`.
    pub target: String,
    /// The command's own words, such as the signal. Of the 101st refusal within ten minutes also how
    /// many more there were, which have no rows.
    pub detail: Option<String>,
    /// `done`, or the problem's code; `begun` of one whose end was not recorded.
    pub outcome: String,
}
