//! HTTP over a unix socket: what ureq needs to speak over one.

use std::fmt;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::net::UnixStream;
use std::time::Instant;

use rustix::io::{Errno, retry_on_intr};
use rustix::net::sockopt::{Timeout, set_socket_timeout};
use rustix::net::{AddressFamily, RecvFlags, SocketAddrUnix, SocketFlags, SocketType};
use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{
    Buffers, ConnectionDetails, Connector, LazyBuffers, NextTimeout, Transport,
};
use ureq::{Agent, Error};

/// An agent whose every request goes to `socket`, whatever host its URL names.
pub(super) fn agent(config: Config, socket: SocketAddrUnix) -> Agent {
    Agent::with_parts(config, UnixConnector(socket), NoResolver)
}

/// Looks no name up: ureq wants an address, and the connector ignores it.
#[derive(Debug)]
struct NoResolver;

impl Resolver for NoResolver {
    fn resolve(&self, _: &Uri, _: &Config, _: NextTimeout) -> Result<ResolvedSocketAddrs, Error> {
        let mut addresses = self.empty();
        addresses.push(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)));
        Ok(addresses)
    }
}

#[derive(Debug)]
struct UnixConnector(SocketAddrUnix);

impl Connector for UnixConnector {
    type Out = UnixTransport;

    fn connect(
        &self,
        details: &ConnectionDetails,
        _: Option<()>,
    ) -> Result<Option<UnixTransport>, Error> {
        let flags = SocketFlags::CLOEXEC;
        let socket = rustix::net::socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)
            .map_err(io::Error::from)?;
        // The send timeout also bounds connect(2), which otherwise waits for as long as the
        // listener's queue is full.
        let timeout = details.timeout;
        set_socket_timeout(&socket, Timeout::Send, timeout.not_zero().map(|left| *left))
            .map_err(io::Error::from)?;
        match retry_on_intr(|| rustix::net::connect(&socket, &self.0)) {
            Ok(()) => {}
            Err(Errno::AGAIN) => return Err(Error::Timeout(timeout.reason)),
            Err(error) => return Err(io::Error::from(error).into()),
        }
        let config = details.config;
        Ok(Some(UnixTransport {
            stream: UnixStream::from(socket),
            buffers: LazyBuffers::new(config.input_buffer_size(), config.output_buffer_size()),
        }))
    }
}

struct UnixTransport {
    stream: UnixStream,
    buffers: LazyBuffers,
}

impl fmt::Debug for UnixTransport {
    /// Without the buffers, which may hold a token.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("UnixTransport").field(&self.stream).finish()
    }
}

impl Transport for UnixTransport {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        let timeout = timeout.for_write();
        self.stream
            .set_write_timeout(timeout.not_zero().map(|left| *left))?;
        let output = self.buffers.output().get(..amount).unwrap_or_default();
        self.stream
            .write_all(output)
            .map_err(|error| timed_out_or(error, timeout))
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        let timeout = timeout.for_read();
        let started = Instant::now();
        loop {
            let left = timeout
                .not_zero()
                .map(|all| all.saturating_sub(started.elapsed()));
            if left.is_some_and(|left| left.is_zero()) {
                return Err(Error::Timeout(timeout.reason));
            }
            self.stream.set_read_timeout(left)?;
            match self.stream.read(self.buffers.input_append_buf()) {
                Ok(amount) => {
                    self.buffers.input_appended(amount);
                    return Ok(amount > 0);
                }
                // A read with a timeout is not restarted after a signal (signal(7)), and the
                // console gets one whenever its window changes.
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(timed_out_or(error, timeout)),
            }
        }
    }

    fn is_open(&mut self) -> bool {
        // Bytes that nobody asked for make the connection as useless as its end does.
        let flags = RecvFlags::PEEK | RecvFlags::DONTWAIT;
        matches!(
            rustix::net::recv(&self.stream, &mut [0_u8], flags),
            Err(Errno::AGAIN)
        )
    }
}

fn timed_out_or(error: io::Error, timeout: NextTimeout) -> Error {
    match error.kind() {
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => Error::Timeout(timeout.reason),
        _ => error.into(),
    }
}
