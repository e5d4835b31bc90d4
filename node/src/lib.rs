//! The etlmon daemon: supervised collectors, one writer on an embedded database, an HTTP API.
//!
//! Data goes one way: tick → [`collector`] → [`store`] → read pool → [`http`]. The
//! [`supervisor`] starts all of it and starts again what ends.

pub mod audit;
pub mod collector;
pub mod collectors;
pub mod config;
pub mod http;
mod node;
mod run;
pub mod secrets;
mod signals;
pub mod store;
pub mod supervisor;
pub mod tail;
pub mod watch;

pub use config::ConfigError;
pub use node::{Node, StartError};
pub use run::{CheckReport, Options, check, run};
