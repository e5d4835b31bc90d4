//! Root and what it needs to start, restart and judge its children.

mod backoff;
mod child;
mod exit_notice;
mod handlers;
mod health;
mod messages;
mod panics;
mod root;
mod spec;

pub use exit_notice::{ChildExited, ChildId, ExitNotice};
pub use messages::{GetHealth, Order, Ordered, Plan, Record, Reload, Shutdown, Trigger, Triggered};
pub use panics::{install_panic_log, last_panic, panic_message};
pub use root::{Root, RootSettings};
pub use spec::{Spec, Timing};
