//! Which cron is installed, and whether it runs: without it, nothing that a crontab says happens.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use memchr::memmem;

use super::Dialect;

/// Where the daemons lie: Debian's `cron`, cronie's `crond` (`/usr/bin` on Arch).
const DAEMONS: [&str; 3] = ["usr/sbin/cron", "usr/sbin/crond", "usr/bin/crond"];
/// Where both write their pid; older ones know `/run` as `/var/run`, which is the same.
const PID_FILE: &str = "run/crond.pid";
/// The words by which the programs are told apart: both say them in their messages.
const CRONIE: &[u8] = b"cronie";
const DEBIAN: &[u8] = b"this crontab file will be ignored";
/// No cron is nearly as large.
const LARGEST_BYTES: u64 = 16 << 20;

/// The cron of a machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Installed {
    /// There is none.
    None,
    /// One whose rules are not known, such as busybox's.
    Other,
    /// One that is known.
    Known(Dialect),
}

/// A cron that runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Daemon {
    pub(super) pid: u32,
    /// When it wrote its pid down, right after its start.
    pub(super) started: SystemTime,
}

/// Looks for the daemon's program below a root, and remembers what it found while that stays the
/// same file.
pub(super) struct Detector {
    root: PathBuf,
    seen: Option<(PathBuf, u64, SystemTime, Installed)>,
}

impl Detector {
    pub(super) fn new(root: &Path) -> Self {
        Self {
            root: root.to_owned(),
            seen: None,
        }
    }

    /// Which cron is installed.
    pub(super) fn installed(&mut self) -> Installed {
        for daemon in DAEMONS {
            let path = self.root.join(daemon);
            let Ok(facts) = fs::metadata(&path) else {
                continue;
            };
            let modified = facts.modified().unwrap_or(SystemTime::UNIX_EPOCH);
            if let Some((seen, size, at, installed)) = &self.seen
                && (seen, *size, *at) == (&path, facts.len(), modified)
            {
                return *installed;
            }
            let installed = kind(&path, facts.len());
            self.seen = Some((path, facts.len(), modified, installed));
            return installed;
        }
        Installed::None
    }

    /// The daemon, if it runs. Its pid file stays when it is killed, so the process must be a cron.
    pub(super) fn daemon(&self) -> Option<Daemon> {
        let file = self.root.join(PID_FILE);
        let started = fs::metadata(&file)
            .and_then(|facts| facts.modified())
            .ok()?;
        let pid: u32 = fs::read_to_string(&file).ok()?.trim().parse().ok()?;
        is_cron(pid).then_some(Daemon { pid, started })
    }
}

/// Under `hidepid=` (proc(5)) nothing can be said against it.
fn is_cron(pid: u32) -> bool {
    match fs::read_to_string(format!("/proc/{pid}/comm")) {
        Ok(comm) => matches!(comm.trim_end(), "cron" | "crond"),
        Err(error) if error.kind() == io::ErrorKind::NotFound => !Path::new("/proc/1").exists(),
        Err(_) => true,
    }
}

fn kind(path: &Path, size: u64) -> Installed {
    // One that can't be read can still be told by its name.
    let program = match size {
        0..=LARGEST_BYTES => fs::read(path).unwrap_or_default(),
        _ => Vec::new(),
    };
    let has = |word| memmem::find(&program, word).is_some();
    if has(CRONIE) {
        Installed::Known(Dialect::Cronie)
    } else if has(DEBIAN) {
        Installed::Known(Dialect::Debian)
    } else {
        Installed::Other
    }
}

/// The rules by which crontabs are read where no cron is there to say so.
pub(super) fn usual_dialect(root: &Path) -> Dialect {
    if root.join("etc/debian_version").exists() {
        Dialect::Debian
    } else {
        Dialect::Cronie
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn machine(daemon: &str, program: &[u8]) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join(daemon);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, program).unwrap();
        root
    }

    #[test]
    fn a_cron_is_known_by_its_own_words_whatever_its_name() {
        for (daemon, program, expected) in [
            (
                "usr/sbin/cron",
                &b"\x7fELF\0Syntax error, this crontab file will be ignored\0"[..],
                Installed::Known(Dialect::Debian),
            ),
            (
                "usr/sbin/crond",
                b"\x7fELF\0cronie 1.7.2\0",
                Installed::Known(Dialect::Cronie),
            ),
            (
                "usr/sbin/cron",
                b"\x7fELF\0cronie 1.7.2\0",
                Installed::Known(Dialect::Cronie),
            ),
            ("usr/bin/crond", b"\x7fELF\0BusyBox\0", Installed::Other),
        ] {
            let root = machine(daemon, program);
            assert_eq!(Detector::new(root.path()).installed(), expected, "{daemon}");
        }
    }

    #[test]
    fn a_cron_that_comes_and_goes_is_noticed() {
        let root = machine("usr/sbin/crond", b"cronie");
        let mut detector = Detector::new(root.path());
        assert_eq!(detector.installed(), Installed::Known(Dialect::Cronie));
        fs::remove_file(root.path().join("usr/sbin/crond")).unwrap();
        assert_eq!(detector.installed(), Installed::None);
        fs::write(root.path().join("usr/sbin/cron"), DEBIAN).unwrap();
        assert_eq!(detector.installed(), Installed::Known(Dialect::Debian));
    }

    #[test]
    fn a_pid_file_that_outlived_its_cron_is_no_cron() {
        let root = tempfile::tempdir().unwrap();
        let detector = Detector::new(root.path());
        assert_eq!(detector.daemon(), None);
        fs::create_dir(root.path().join("run")).unwrap();
        fs::write(
            root.path().join(PID_FILE),
            format!("{}\n", std::process::id()),
        )
        .unwrap();
        assert_eq!(detector.daemon(), None);
    }
}
