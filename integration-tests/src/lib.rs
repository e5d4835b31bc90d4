//! What black-box tests and benchmarks share: the real binary, real nodes, the peers they need.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "this crate is test code only"
)]

mod binary;
mod node;
mod peer;
mod wait;

pub use binary::etlmon;
pub use node::{Answer, Node, NodeBuilder};
pub use peer::{is_root, peer, skip};
pub use wait::eventually;
