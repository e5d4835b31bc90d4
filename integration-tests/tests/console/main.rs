//! The real console in a real terminal with real nodes.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "all of this is test code"
)]

mod away;
mod keys;
mod lines;
mod once;
mod screens;
mod signals;
mod terminal;
mod watched;

/// How long a loaded machine may take.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(20);
