//! The processes of this machine: which are listed with what, and how one is ended.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "all of this is test code"
)]

mod agree;
mod kill;
mod record;
mod reuse;
mod started;
mod watch;
