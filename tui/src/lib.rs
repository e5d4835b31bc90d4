//! The operator console; this version has none yet and says so.

/// The console does not start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConsoleError {
    /// It is not part of this version.
    #[error("this version has no console yet; `etlmon get` shows a node's state")]
    Missing,
}

/// Runs the console.
///
/// # Errors
/// Always, in this version.
pub fn run() -> Result<(), ConsoleError> {
    Err(ConsoleError::Missing)
}
