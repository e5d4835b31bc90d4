//! Transfers of files, from the logs of FTP servers.

pub mod lines;
pub mod parse;
#[expect(dead_code, reason = "served once the kind is registered")]
mod routes;
pub mod seek;
pub mod table;
