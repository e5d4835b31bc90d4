//! The HTTP API: the rules that hold for every endpoint, and the endpoints of the node itself.

mod auth;
mod cursor;
mod health;
mod listen;
mod nothing;
mod openapi;
mod parameters;
mod problem;
mod request;
mod server;

pub use cursor::{Cursor, PageQuery, RowId};
pub use listen::{BindError, Listeners};
pub use nothing::NothingRequest;
pub use parameters::{NoParameters, Object, Offset, Page, ReadableDuration};
pub use problem::ApiError;
pub(crate) use server::{COMMAND, command, query};
pub use server::{NodeState, serve};
