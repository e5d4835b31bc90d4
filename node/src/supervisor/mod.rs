//! Root and what it needs to start, restart and judge its children.

mod backoff;
mod child;
mod exit_notice;
mod health;
mod panics;
mod root;
mod spec;

pub use exit_notice::{ChildExited, ChildId, ExitNotice};
pub use panics::{install_panic_log, panic_message};
pub use root::{GetHealth, Plan, Reload, Root, RootSettings, Shutdown, Trigger, Triggered};
pub use spec::{Spec, Timing};
