//! Transfers of files, from the logs of FTP servers: the parser, which the collector will stand on.

pub mod parse;
#[cfg_attr(
    not(test),
    expect(
        dead_code,
        reason = "the collector that follows by them is still to come"
    )
)]
mod settings;
