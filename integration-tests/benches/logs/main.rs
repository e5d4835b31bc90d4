//! Following logs: a backlog into the store, the latency of a line, what following costs at rest.
//!
//! `cargo bench -p integration-tests --bench logs [backlog|latency|many]`
//!
//! `ETLMON_BENCH_MIB` sets the size of the backlog, 1024 when it is missing.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a benchmark prints, rounds and may panic"
)]

mod backlog;
mod bare;
mod cost;
mod latency;
mod many;

fn main() {
    let wanted: Vec<String> = std::env::args()
        .skip(1)
        .filter(|arg| !arg.starts_with('-'))
        .collect();
    let runs = |part: &str| wanted.is_empty() || wanted.iter().any(|word| word == part);
    // Built before anything is timed.
    integration_tests::etlmon();
    if runs("backlog") {
        backlog::run();
    }
    if runs("latency") {
        latency::run();
    }
    if runs("many") {
        many::run();
    }
}
