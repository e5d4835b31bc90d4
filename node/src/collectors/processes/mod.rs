//! The processes: what each uses, which ones are kept, and how to end the right one.

mod cmdline;
mod cpu;
mod details;
mod identity;
pub mod kill;
mod proc_dir;
mod rules;
mod sample;
mod select;
mod stat;
mod stopped;
mod top;
mod units;
mod users;

pub use identity::{BootId, Identity, Pid, PidError};
pub use proc_dir::{ProcDir, ProcError};
pub use rules::RuleCount;
pub use sample::{Moment, Process, Sample, Sampler};
pub use select::{Row, Selector, Snapshot, Status};
pub use stat::State;
pub use users::Users;
