//! The paths of the API, for the server and its clients alike.

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
/// The transfers of FTP servers.
pub const XFERLOG: &str = "/api/v1/xferlog";
/// The files that they are read from.
pub const XFERLOG_FILES: &str = "/api/v1/xferlog/files";
/// The lines of them that can't be read.
pub const XFERLOG_DAMAGED: &str = "/api/v1/xferlog/damaged";
/// The API's own description.
pub const OPENAPI: &str = "/api/v1/openapi.json";
