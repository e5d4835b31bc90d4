//! The paths of the API, for the server and its clients alike.

use std::fmt::Write as _;

/// The node's state.
pub const HEALTH: &str = "/api/v1/health";
/// The mounted file systems.
pub const FS: &str = "/api/v1/fs";
/// The past of one file system.
pub const FS_HISTORY: &str = "/api/v1/fs/history";
/// The configured paths.
pub const PATHS: &str = "/api/v1/paths";
/// Scan paths now.
pub const PATHS_SCAN: &str = "/api/v1/paths/scan";
/// The biggest entries of a path.
pub const PATHS_TOP: &str = "/api/v1/paths/top";
/// The files of the followed logs.
pub const LOGS: &str = "/api/v1/logs";
/// The lines of one log.
pub const LOG_LINES: &str = "/api/v1/logs/{name}";
/// What of one log could never be read.
pub const LOG_GAPS: &str = "/api/v1/logs/{name}/gaps";
/// Stop reading a log for a while.
pub const LOG_PAUSE: &str = "/api/v1/logs/{name}/pause";
/// Go on reading it.
pub const LOG_RESUME: &str = "/api/v1/logs/{name}/resume";
/// [`LOG_LINES`] of the log with this name.
pub fn log_lines(name: &str) -> String {
    of_log(LOG_LINES, name)
}

/// [`LOG_GAPS`] of the log with this name.
pub fn log_gaps(name: &str) -> String {
    of_log(LOG_GAPS, name)
}

/// [`LOG_PAUSE`] for the log with this name.
pub fn log_pause(name: &str) -> String {
    of_log(LOG_PAUSE, name)
}

/// [`LOG_RESUME`] for the log with this name.
pub fn log_resume(name: &str) -> String {
    of_log(LOG_RESUME, name)
}

/// The transfers of FTP servers.
pub const XFERLOG: &str = "/api/v1/xferlog";
/// The files that they are read from.
pub const XFERLOG_FILES: &str = "/api/v1/xferlog/files";
/// The lines of them that can't be read.
pub const XFERLOG_DAMAGED: &str = "/api/v1/xferlog/damaged";
/// What of them is known never to have been read.
pub const XFERLOG_GAPS: &str = "/api/v1/xferlog/gaps";
/// The watched processes and the busiest.
pub const PROCESSES: &str = "/api/v1/processes";
/// The rules by which processes are watched.
pub const PROCESS_RULES: &str = "/api/v1/processes/rules";
/// Send a signal to a process.
pub const PROCESS_KILL: &str = "/api/v1/processes/{pid}/kill";
/// The cron jobs.
pub const CRON: &str = "/api/v1/cron";
/// Read the crontabs now.
pub const CRON_REFRESH: &str = "/api/v1/cron/refresh";
/// Every command, accepted or refused.
pub const AUDIT: &str = "/api/v1/audit";
/// The API's own description.
pub const OPENAPI: &str = "/api/v1/openapi.json";

fn of_log(route: &str, name: &str) -> String {
    route.replace("{name}", &percent_encoded(name))
}

/// Text as one part of a path or query: all but the unreserved characters of RFC 3986 are encoded.
pub fn percent_encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b'-' | b'.' | b'_' | b'~' => {
                encoded.push(byte.into());
            }
            // Writing to a String does not fail.
            _ => drop(write!(encoded, "%{byte:02X}")),
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_of_any_characters_stays_one_part_of_the_path() {
        assert_eq!(log_lines("app-1.log_~"), "/api/v1/logs/app-1.log_~");
        assert_eq!(log_gaps("a/b?c#d%"), "/api/v1/logs/a%2Fb%3Fc%23d%25/gaps");
        assert_eq!(
            log_pause("두 말"),
            "/api/v1/logs/%EB%91%90%20%EB%A7%90/pause"
        );
        assert_eq!(log_resume("{name}"), "/api/v1/logs/%7Bname%7D/resume");
    }
}
