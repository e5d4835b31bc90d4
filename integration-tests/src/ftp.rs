//! A real vsftpd on loopback, and a client that does to it what clients do.

mod client;
mod server;

pub use client::{FtpClient, Reply};
pub use server::{Vsftpd, VsftpdBuilder};
