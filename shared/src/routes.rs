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
/// The API's own description.
pub const OPENAPI: &str = "/api/v1/openapi.json";
