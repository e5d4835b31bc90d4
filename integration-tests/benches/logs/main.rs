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

use integration_tests::is_wanted;

fn main() {
    // Built before anything is timed.
    integration_tests::etlmon();
    if is_wanted("backlog") {
        backlog::run();
    }
    if is_wanted("latency") {
        latency::run();
    }
    if is_wanted("many") {
        many::run();
    }
}
