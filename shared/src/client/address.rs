//! Where a node listens, as people write it.

use rustix::net::SocketAddrUnix;
use ureq::http::uri::Authority;

/// The port of a node that nobody configured otherwise.
const DEFAULT_PORT: u16 = 8080;

/// The address of a node.
#[derive(Debug)]
pub(super) struct Address {
    /// As messages show it: `http://host:port` or `unix:/path`.
    pub(super) shown: String,
    /// What stands before the route in a URL.
    pub(super) base: String,
    pub(super) endpoint: Endpoint,
}

/// How to connect to it.
#[derive(Debug)]
pub(super) enum Endpoint {
    /// To the host and port of the URL.
    Tcp,
    /// To this socket, whatever host the URL names.
    Unix(SocketAddrUnix),
}

/// Reads an address, or says what is wrong with it.
pub(super) fn parse(text: &str) -> Result<Address, String> {
    if let Some(path) = text.strip_prefix("unix:") {
        return unix(path);
    }
    match text.split_once("://") {
        None => tcp(text, DEFAULT_PORT),
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("http") => {
            tcp(rest.strip_suffix('/').unwrap_or(rest), 80)
        }
        Some((scheme, _)) if scheme.eq_ignore_ascii_case("https") => {
            Err("this version has no TLS; use http:// or unix:, or an SSH tunnel".to_owned())
        }
        Some((scheme, _)) => Err(format!("`{scheme}://` is neither http:// nor unix:/")),
    }
}

fn unix(path: &str) -> Result<Address, String> {
    if !path.starts_with('/') {
        return Err(
            "a unix: address needs an absolute path, as in unix:/run/etlmon/etlmon.sock".to_owned(),
        );
    }
    let socket = SocketAddrUnix::new(path).map_err(|_| {
        "the path of a unix socket has at most 108 bytes, none of them 0".to_owned()
    })?;
    Ok(Address {
        shown: format!("unix:{path}"),
        base: "http://localhost".to_owned(),
        endpoint: Endpoint::Unix(socket),
    })
}

fn tcp(text: &str, default_port: u16) -> Result<Address, String> {
    const EXPECTED: &str = "expected host:port, http://host:port or unix:/path";
    // An IPv6 address without brackets is one as long as no port follows.
    let bracketed = text
        .parse::<std::net::Ipv6Addr>()
        .map(|address| format!("[{address}]"));
    let text = bracketed.as_deref().unwrap_or(text);
    if text.contains('@') {
        return Err("a user name or password has no place in it; see --token-file".to_owned());
    }
    if text.contains(['/', '?', '#']) {
        return Err(format!("a path has no place in it; {EXPECTED}"));
    }
    let authority: Authority = text.parse().map_err(|_| EXPECTED.to_owned())?;
    let host = authority.host();
    if host.is_empty() || host == "[]" {
        return Err(format!("the host is missing; {EXPECTED}"));
    }
    let port = match authority.as_str().strip_prefix(host) {
        Some("") => default_port,
        Some(rest) => rest
            .strip_prefix(':')
            .filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))
            .and_then(|digits| digits.parse().ok())
            .filter(|port| *port != 0)
            .ok_or("the port is a number from 1 to 65535")?,
        None => return Err(EXPECTED.to_owned()),
    };
    let base = format!("http://{host}:{port}");
    Ok(Address {
        shown: base.clone(),
        base,
        endpoint: Endpoint::Tcp,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_to_write_an_address_is_read() {
        for (text, shown) in [
            ("localhost", "http://localhost:8080"),
            ("etl-01:9000", "http://etl-01:9000"),
            ("http://etl-01:9000", "http://etl-01:9000"),
            ("HTTP://10.0.0.11:8080/", "http://10.0.0.11:8080"),
            ("http://etl-01", "http://etl-01:80"),
            ("::1", "http://[::1]:8080"),
            ("[::1]", "http://[::1]:8080"),
            ("[2001:db8::5]:9000", "http://[2001:db8::5]:9000"),
            ("unix:/run/etlmon.sock", "unix:/run/etlmon.sock"),
        ] {
            assert_eq!(parse(text).unwrap().shown, shown, "{text}");
        }
    }

    #[test]
    fn what_is_no_address_is_refused_with_the_reason() {
        for (text, reason) in [
            ("", "expected host:port"),
            (":8080", "expected host:port"),
            ("http://", "expected host:port"),
            ("two words", "expected host:port"),
            ("host:", "from 1 to 65535"),
            ("host:0", "from 1 to 65535"),
            ("host:+80", "from 1 to 65535"),
            ("host:65536", "from 1 to 65535"),
            ("host:80:80", "expected host:port"),
            ("https://host", "no TLS"),
            ("ftp://host", "neither http:// nor unix:/"),
            ("http://host:80/api", "a path has no place"),
            ("host?x", "a path has no place"),
            ("http://me:secret@host", "a user name or password"),
            ("unix:etlmon.sock", "an absolute path"),
            ("unix:/a\0b", "none of them 0"),
        ] {
            let found = parse(text).unwrap_err();
            assert!(found.contains(reason), "{text}: {found}");
        }
        assert!(parse(&format!("unix:/{}", "x".repeat(108))).is_err());
    }

    proptest::proptest! {
        #[test]
        fn an_accepted_address_reads_back_as_itself(text in "[a-z0-9.:/@\\[\\]-]{0,24}") {
            if let Ok(address) = parse(&text) {
                assert_eq!(parse(&address.shown).unwrap().shown, address.shown);
            }
        }
    }
}
