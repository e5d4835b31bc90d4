//! The nouns of etlmon: one struct each, which is table row, JSON body and screen row at once,
//! with the routes and the typed client that carry them.

pub mod audit;
pub mod client;
pub mod cron;
pub mod filesystem;
pub mod health;
pub mod human;
pub mod log;
pub mod path;
pub mod problem;
pub mod process;
pub mod routes;
pub mod text;
pub mod timestamp;
pub mod transfer;

pub use client::{Client, ClientError};
pub use problem::{Problem, ProblemCode};
pub use timestamp::Timestamp;
