//! Transfers of files, from the logs of FTP servers: the parser, which the collector will stand on.

pub mod parse;
