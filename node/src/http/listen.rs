//! The addresses that the node listens on, taken before anything else starts.

use std::io;
use std::net::TcpListener;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;

use crate::config::ListenAddress;

/// An address can't be listened on.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// Another process listens there.
    #[error("cannot listen on {address}: it is in use; stop what uses it or set node.listen")]
    InUse {
        /// The address as configured.
        address: String,
    },
    /// The system refuses.
    #[error("cannot listen on {address}: {source}")]
    Refused {
        /// The address as configured.
        address: String,
        /// What it says.
        source: io::Error,
    },
}

/// Sockets that are bound and not yet served.
#[derive(Debug, Default)]
pub struct Listeners {
    pub(super) tcp: Vec<TcpListener>,
    pub(super) unix: Vec<UnixListener>,
}

impl Listeners {
    /// Binds every address, or none.
    ///
    /// # Errors
    /// The first address that can't be had.
    pub fn bind(addresses: &[ListenAddress]) -> Result<Self, BindError> {
        let mut listeners = Self::default();
        for address in addresses {
            let bound = match address {
                ListenAddress::Tcp(socket) => {
                    TcpListener::bind(socket).map(|listener| listeners.tcp.push(listener))
                }
                ListenAddress::Unix(path) => {
                    bind_unix(path).map(|listener| listeners.unix.push(listener))
                }
            };
            bound.map_err(|source| match source.kind() {
                io::ErrorKind::AddrInUse => BindError::InUse {
                    address: address.to_string(),
                },
                _ => BindError::Refused {
                    address: address.to_string(),
                    source,
                },
            })?;
        }
        Ok(listeners)
    }

    /// The addresses that were really bound; port 0 has become a port.
    pub fn addresses(&self) -> Vec<String> {
        let tcp = self
            .tcp
            .iter()
            .filter_map(|listener| listener.local_addr().ok());
        let unix = self.unix.iter().filter_map(|listener| {
            Some(format!(
                "unix:{}",
                listener.local_addr().ok()?.as_pathname()?.display()
            ))
        });
        tcp.map(|address| address.to_string()).chain(unix).collect()
    }
}

/// Binds a socket that its owner and group may use; one left by a dead process is replaced.
fn bind_unix(path: &Path) -> io::Result<UnixListener> {
    let is_socket = std::fs::symlink_metadata(path).is_ok_and(|meta| meta.file_type().is_socket());
    if is_socket {
        match UnixStream::connect(path) {
            Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
                std::fs::remove_file(path)?;
            }
            _ => return Err(io::ErrorKind::AddrInUse.into()),
        }
    }
    let listener = UnixListener::bind(path)?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o660))?;
    Ok(listener)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_port_is_told_as_such() {
        let first = Listeners::bind(&[ListenAddress::Tcp("127.0.0.1:0".parse().unwrap())]).unwrap();
        let taken = ListenAddress::Tcp(first.tcp[0].local_addr().unwrap());
        assert!(matches!(
            Listeners::bind(&[taken]),
            Err(BindError::InUse { .. })
        ));
    }

    #[test]
    fn a_socket_left_behind_is_replaced_and_a_living_one_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let address = ListenAddress::Unix(folder.path().join("etlmon.sock"));
        let living = Listeners::bind(std::slice::from_ref(&address)).unwrap();
        assert!(matches!(
            Listeners::bind(std::slice::from_ref(&address)),
            Err(BindError::InUse { .. })
        ));
        drop(living);
        let again = Listeners::bind(std::slice::from_ref(&address)).unwrap();
        let mode = std::fs::metadata(folder.path().join("etlmon.sock"))
            .unwrap()
            .permissions();
        assert_eq!(mode.mode() & 0o777, 0o660);
        assert_eq!(again.addresses().len(), 1);
    }

    #[test]
    fn a_file_in_the_way_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("precious");
        std::fs::write(&path, "data").unwrap();
        assert!(Listeners::bind(&[ListenAddress::Unix(path.clone())]).is_err());
        assert_eq!(std::fs::read(path).unwrap(), b"data");
    }
}
