//! Transfers of files, from the logs of FTP servers.

pub mod lines;
pub mod parse;
pub mod seek;
