//! Whether anybody has a file open for writing, as far as proc(5) lets us see.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::checkpoint::Identity;
use super::settings::TailSettings;

/// How long one walk through all processes is good for.
const GOOD_FOR: Duration = Duration::from_secs(5);

/// Who writes to a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Writers {
    /// Nobody.
    None,
    /// Somebody.
    Some,
    /// Not every process lets us look.
    Unknown,
}

/// A walk through the open files of all processes. One answers for all files.
#[derive(Debug, Default)]
pub(crate) struct WriterScan {
    at: Option<Instant>,
    complete: bool,
    /// Device and inode of what is open for writing.
    open: Vec<(u64, u64)>,
}

impl WriterScan {
    /// Whether somebody can still write to the file. It was at `since` that nobody could open it
    /// by its old name any more, or that it was last written: an older walk proves nothing.
    pub(crate) fn of(
        &mut self,
        identity: Identity,
        wanted: &[(u64, u64)],
        settings: &TailSettings,
        now: Instant,
        since: Instant,
    ) -> Writers {
        let stale = self
            .at
            .is_none_or(|at| at < since || now.duration_since(at) >= GOOD_FOR);
        if stale {
            self.walk(settings, wanted);
            self.at = Some(now);
        }
        if self.open.contains(&identity.number()) {
            Writers::Some
        } else if self.complete {
            Writers::None
        } else {
            Writers::Unknown
        }
    }

    fn walk(&mut self, settings: &TailSettings, wanted: &[(u64, u64)]) {
        let proc = &settings.proc;
        let own = settings.own_process.map(|id| id.to_string());
        self.open.clear();
        // A process of another user hides its files from one who may not trace it, and `hidepid`
        // hides the process itself: then init is not to be seen either. Those outside of our own
        // process namespace are never seen, which is why finished files are looked back at.
        self.complete = fs::read_dir(proc.join("1/fd")).is_ok();
        let processes = fs::read_dir(proc).into_iter().flatten();
        for process in processes.flatten() {
            let name = process.file_name();
            let is_own = own.as_ref().is_some_and(|own| name == **own);
            if name.as_encoded_bytes().iter().all(u8::is_ascii_digit) && !is_own {
                self.walk_process(&process.path(), wanted);
            }
        }
    }

    fn walk_process(&mut self, process: &Path, wanted: &[(u64, u64)]) {
        let files = match fs::read_dir(process.join("fd")) {
            Ok(files) => files,
            // It ended meanwhile, and its files are closed.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return,
            Err(_) => {
                self.complete = false;
                return;
            }
        };
        for file in files.flatten() {
            let info: PathBuf = process.join("fdinfo").join(file.file_name());
            // Asking the file itself can wait for a server that is gone.
            let info = fs::read_to_string(info).unwrap_or_default();
            let inode = inode(&info);
            if inode.is_some_and(|inode| !wanted.iter().any(|(_, one)| *one == inode)) {
                continue;
            }
            let Ok(metadata) = fs::metadata(file.path()) else {
                continue;
            };
            let key = (metadata.dev(), metadata.ino());
            if wanted.contains(&key) && !self.open.contains(&key) && is_for_writing(&info) {
                self.open.push(key);
            }
        }
    }
}

/// The number of the file's inode in proc_pid_fdinfo(5), since Linux 5.14.
fn inode(info: &str) -> Option<u64> {
    field(info, "ino:")?.parse().ok()
}

fn field<'a>(info: &'a str, name: &str) -> Option<&'a str> {
    let value = info.lines().find_map(|line| line.strip_prefix(name));
    value.map(str::trim)
}

/// The flags in proc_pid_fdinfo(5) are octal; the lowest two bits are the mode of open(2).
fn is_for_writing(info: &str) -> bool {
    field(info, "flags:")
        .and_then(|flags| u32::from_str_radix(flags, 8).ok())
        .is_none_or(|flags| flags & 3 != 0)
}

#[cfg(test)]
mod tests {
    use super::super::source::Facts;
    use super::*;

    #[test]
    fn a_writer_is_seen_until_it_closes_the_file() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("log");
        let writer = fs::File::create(&path).unwrap();
        let _reader = fs::File::open(&path).unwrap();
        let identity = Facts::from(&fs::metadata(&path).unwrap()).identity;
        let wanted = [identity.number()];
        let mut settings = TailSettings::new(&path).unwrap();
        settings.own_process = None;
        let ask = |settings: &TailSettings| {
            let now = Instant::now();
            WriterScan::default().of(identity, &wanted, settings, now, now)
        };
        assert_eq!(ask(&settings), Writers::Some);
        // What it has inherited of whoever started it, this process does not write to.
        settings.own_process = Some(std::process::id());
        assert!(matches!(ask(&settings), Writers::None | Writers::Unknown));
        settings.own_process = None;
        drop(writer);
        assert!(matches!(ask(&settings), Writers::None | Writers::Unknown));
    }

    #[test]
    fn what_a_handle_is_of_is_known_without_asking_the_file() {
        let info = "pos:\t1577\nflags:\t0100001\nmnt_id:\t27\nino:\t10158307\n";
        assert_eq!(
            (inode(info), is_for_writing(info)),
            (Some(10_158_307), true)
        );
        let of_linux_5_10 = "pos:\t0\nflags:\t0100000\nmnt_id:\t27\n";
        assert_eq!(
            (inode(of_linux_5_10), is_for_writing(of_linux_5_10)),
            (None, false)
        );
    }

    #[test]
    fn without_proc_nothing_is_known() {
        let now = Instant::now();
        let identity = Identity {
            device: 1,
            inode: 1,
            born_ns: None,
        };
        let mut settings = TailSettings::new("/var/log/app.log").unwrap();
        settings.proc = PathBuf::from("/nonexistent");
        let answer = WriterScan::default().of(identity, &[(1, 1)], &settings, now, now);
        assert_eq!(answer, Writers::Unknown);
    }
}
