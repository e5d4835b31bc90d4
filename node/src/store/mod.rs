//! The embedded database: one writer, a pool of readers, one place that opens it.

pub mod column;
mod desk;
mod error;
mod handle;
mod lock;
pub mod open;
mod persist;
mod purge;
mod read_pool;
mod retention;
mod status;
mod transaction;
mod vacuum;
mod wal;
mod writer;

pub use error::StoreError;
pub use handle::{Answer, Store, Writer};
pub use lock::DatabaseLock;
pub use persist::{Lease, Persist, PersistError};
pub use read_pool::{Effort, ReadPool};
pub use retention::RetentionRule;
pub use status::DatabaseStatus;
pub use writer::{DbWriter, Drain, Retain, WriterSettings};
