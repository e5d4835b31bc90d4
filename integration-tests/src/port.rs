use std::net::{Ipv4Addr, SocketAddr};
use std::os::fd::OwnedFd;

use rustix::net::{AddressFamily, SocketType, bind, getsockname, socket, sockopt};

/// A port of 127.0.0.1 that the kernel gives to nobody who asks for any free one while this is
/// held. A server may listen on it if it says `SO_REUSEADDR`, as most do (socket(7)).
pub struct ReservedPort {
    /// Bound, and never listens.
    _socket: OwnedFd,
    /// The address with the port.
    pub address: SocketAddr,
}

impl ReservedPort {
    /// Takes a free port.
    pub fn any() -> Self {
        let socket = socket(AddressFamily::INET, SocketType::STREAM, None).unwrap();
        sockopt::set_socket_reuseaddr(&socket, true).unwrap();
        bind(&socket, &SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).unwrap();
        let address = getsockname(&socket).unwrap().try_into().unwrap();
        Self {
            _socket: socket,
            address,
        }
    }
}
