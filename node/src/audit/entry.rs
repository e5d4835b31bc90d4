//! What is written down of a command.

use std::net::SocketAddr;

use actix_web::http::StatusCode;
use etlmon_shared::Timestamp;

use crate::http::ApiError;

/// Characters of what comes from outside that are written down at most.
const LONGEST: usize = 500;

/// A command as far as it is known.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    /// Its row, once there is one.
    pub(super) id: Option<i64>,
    pub(super) at: Timestamp,
    pub(super) who: Option<String>,
    pub(super) remote: String,
    pub(super) action: String,
    pub(super) target: String,
    pub(super) detail: Option<String>,
}

impl Entry {
    /// A command that has just come, by its path: `/api/v1/processes/7/kill` is to `kill`
    /// `processes/7`. Without a peer's address it came through a unix socket.
    pub(super) fn new(path: &str, peer: Option<SocketAddr>) -> Self {
        let path = path.trim_start_matches("/api/v1/");
        let (target, action) = path.rsplit_once('/').unwrap_or(("", path));
        Self {
            id: None,
            at: Timestamp::now(),
            who: None,
            remote: peer.map_or_else(|| "unix".to_owned(), |peer| peer.to_string()),
            action: action.to_owned(),
            target: cut(target),
            detail: None,
        }
    }

    pub(super) fn note(&mut self, detail: &str) {
        self.detail = Some(cut(detail));
    }
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// `done`, or the code of the problem that was answered.
pub(super) fn outcome(status: StatusCode, error: Option<&actix_web::Error>) -> String {
    if status.is_success() {
        return "done".to_owned();
    }
    let code = error
        .and_then(|error| error.as_error::<ApiError>())
        .map(ApiError::code);
    let word = code.and_then(|code| serde_json::to_value(code).ok());
    match word {
        Some(serde_json::Value::String(word)) => word,
        _ => "internal".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_says_what_is_to_be_done_with_what() {
        for (path, action, target) in [
            ("/api/v1/processes/7/kill", "kill", "processes/7"),
            ("/api/v1/paths/scan", "scan", "paths"),
            ("/api/v1/logs/a b/pause", "pause", "logs/a b"),
        ] {
            let entry = Entry::new(path, None);
            assert_eq!((&*entry.action, &*entry.target), (action, target));
        }
    }

    #[test]
    fn what_is_too_long_is_cut_and_shows_it() {
        let long = "é".repeat(LONGEST + 1);
        let mut entry = Entry::new(&format!("/api/v1/logs/{long}/pause"), None);
        entry.note(&long);
        assert!(entry.target.ends_with("é…") && entry.target.chars().count() == LONGEST + 1);
        assert!(entry.detail.unwrap().ends_with("é…"));
        assert_eq!(cut(&"é".repeat(LONGEST)).chars().count(), LONGEST);
    }

    #[test]
    fn a_problem_is_told_by_its_code() {
        let error = actix_web::Error::from(ApiError::busy("later"));
        let status = StatusCode::SERVICE_UNAVAILABLE;
        assert_eq!(outcome(status, Some(&error)), "busy");
        assert_eq!(outcome(status, None), "internal");
        assert_eq!(outcome(StatusCode::ACCEPTED, None), "done");
    }
}
