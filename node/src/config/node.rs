//! Section `node`: what the node is called, where it listens and where it stores.

use std::ffi::OsStr;
use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;

use serde::{Serialize, Serializer};

use super::item::{Item, Seen};
use super::variables::Variables;

/// Section `node`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NodeConfig {
    /// At least one address, no two equal.
    pub listen: Vec<ListenAddress>,
    /// The name under which the node answers; the host's by default.
    pub node_name: String,
    /// The database file, an absolute path.
    pub db_path: PathBuf,
}

/// An address to listen on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ListenAddress {
    /// Written `127.0.0.1:8080`, `[::1]:8080` or `localhost:8080` (which is 127.0.0.1). Port 0 lets the
    /// kernel choose.
    Tcp(SocketAddr),
    /// Written `unix:/absolute/path`.
    Unix(PathBuf),
}

impl ListenAddress {
    /// Whether only this machine can connect.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        match self {
            Self::Tcp(address) => address.ip().to_canonical().is_loopback(),
            Self::Unix(_) => true,
        }
    }

    fn read(item: &Item<'_>, seen: &mut Seen) -> Option<Self> {
        let Some(address) = item
            .scalar_text()
            .and_then(|text| text.parse::<Self>().ok())
        else {
            return item.refuse(ACCEPTED);
        };
        let shown = address.to_string();
        item.once(seen, &shown, &shown).map(|()| address)
    }
}

/// What a [`ListenAddress`] is read from.
const ACCEPTED: &str = "an address and port such as 127.0.0.1:8080, [::1]:8080 or localhost:8080, \
                        or unix: and an absolute path of at most 107 bytes";

/// The text is no address to listen on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("accepted is {ACCEPTED}")]
pub struct ListenAddressError;

impl FromStr for ListenAddress {
    type Err = ListenAddressError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        /// `sun_path` of unix(7) less the final NUL.
        const LONGEST_SOCKET_PATH: usize = 107;
        if let Some(path) = text.strip_prefix("unix:") {
            let fits =
                path.starts_with('/') && !path.contains('\0') && path.len() <= LONGEST_SOCKET_PATH;
            return fits
                .then(|| Self::Unix(PathBuf::from(path)))
                .ok_or(ListenAddressError);
        }
        let socket = match text.strip_prefix("localhost:") {
            Some(port) => format!("{}:{port}", Ipv4Addr::LOCALHOST).parse(),
            None => text.parse(),
        };
        socket.map(Self::Tcp).map_err(|_| ListenAddressError)
    }
}

impl fmt::Display for ListenAddress {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => address.fmt(out),
            Self::Unix(path) => write!(out, "unix:{}", path.display()),
        }
    }
}

impl Serialize for ListenAddress {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.collect_str(self)
    }
}

impl Default for NodeConfig {
    fn default() -> Self {
        Self {
            listen: vec![ListenAddress::Tcp((Ipv4Addr::LOCALHOST, 8080).into())],
            node_name: rustix::system::uname()
                .nodename()
                .to_string_lossy()
                .into_owned(),
            db_path: PathBuf::from("/var/lib/etlmon/etlmon.db"),
        }
    }
}

impl NodeConfig {
    /// The defaults, with the database where the environment wants state: systemd.exec(5)'s
    /// `STATE_DIRECTORY`, a list of which the first counts, else the XDG Base Directory Specification's
    /// `XDG_STATE_HOME`, else below `HOME`. A relative directory counts as none.
    pub(super) fn with_variables(variables: &Variables) -> Self {
        let directory = |name: &str, below: &str| {
            let value = variables.get(OsStr::new(name))?;
            let first = std::env::split_paths(value).next()?;
            first.is_absolute().then(|| first.join(below))
        };
        let default = Self::default();
        let db_path = directory("STATE_DIRECTORY", "etlmon.db")
            .or_else(|| directory("XDG_STATE_HOME", "etlmon/etlmon.db"))
            .or_else(|| directory("HOME", ".local/state/etlmon/etlmon.db"));
        Self {
            db_path: db_path.unwrap_or(default.db_path),
            ..default
        }
    }

    pub(super) fn read(&mut self, item: &Item<'_>) -> Option<()> {
        item.table(|table| {
            let mut seen = Seen::default();
            table.set("listen", &mut self.listen, |item| {
                item.one_or_list(|item| ListenAddress::read(item, &mut seen))
            });
            table.set("node_name", &mut self.node_name, Item::name);
            table.set("db_path", &mut self.db_path, Item::absolute_path);
            Some(())
        })
    }
}
