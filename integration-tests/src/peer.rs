//! Programs and rights that a test needs and a machine may lack.

use std::process::{Command, Stdio};

/// Says that a test was skipped; fails it where `ETLMON_REQUIRE_PEERS=1` promises all peers.
pub fn skip(reason: &str) {
    assert!(
        std::env::var("ETLMON_REQUIRE_PEERS").as_deref() != Ok("1"),
        "ETLMON_REQUIRE_PEERS=1, and yet: {reason}"
    );
    eprintln!("skipped: {reason}");
}

/// Whether a program is installed; says that the test is skipped where it is not.
pub fn peer(program: &str) -> bool {
    let found = Command::new("sh")
        .args(["-c", "command -v \"$1\"", "sh", program])
        .stdout(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    if !found {
        skip(&format!("{program} is not installed"));
    }
    found
}

/// Whether the tests run as root; says that the test is skipped where they don't.
pub fn is_root() -> bool {
    let root = rustix::process::geteuid().is_root();
    if !root {
        skip("not root");
    }
    root
}
