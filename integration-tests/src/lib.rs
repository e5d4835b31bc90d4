//! What black-box tests and benchmarks share: the real binary, real nodes, the peers they need.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "this crate is test code only"
)]

mod bench;
mod binary;
mod command;
mod console;
pub mod database;
pub mod events;
mod ftp;
mod load;
pub mod log;
mod mounts;
mod node;
pub mod paths;
mod peer;
mod port;
mod raw;
mod request;
mod wait;
pub mod xferlog;

pub use bench::is_wanted;
pub use binary::etlmon;
pub use command::{command, expect};
pub use console::Console;
pub use ftp::{FtpClient, Reply, Vsftpd, VsftpdBuilder};
pub use load::{Sleepers, cpu_time};
pub use mounts::{HungMount, Machine, MountNamespace};
pub use node::{Node, NodeBuilder};
pub use peer::{is_root, peer, skip};
pub use port::ReservedPort;
pub use raw::{RawAnswer, exchange};
pub use request::Answer;
pub use wait::eventually;
