//! Whether anybody has a file open for writing, as far as proc(5) lets us see.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
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

/// The last walk through the open files of all processes, which answers for all files of all
/// followers. A clone is the same.
#[derive(Clone, Debug, Default)]
pub(super) struct WriterScan(Arc<Mutex<Option<Arc<Walk>>>>);

/// What a walk has found.
#[derive(Debug)]
struct Walk {
    began: Instant,
    complete: bool,
    /// What is open for writing, by inode.
    open: Vec<Handle>,
}

/// A handle of a process.
#[derive(Debug)]
struct Handle {
    inode: u64,
    /// None where that would have to be asked of the file itself.
    device: Option<u64>,
    process: u32,
    number: u32,
}

impl WriterScan {
    /// Whether somebody can still write to the file. It was at `since` that nobody could open it
    /// by its old name any more, or that it was last written: an older walk proves nothing, and
    /// while it is good for others, nothing is known yet and somebody is taken to be there.
    pub(super) fn of(
        &self,
        identity: Identity,
        settings: &TailSettings,
        now: Instant,
        since: Instant,
    ) -> Writers {
        let last = self.last().clone().filter(|walk| walk.is_good(now));
        let is_older = last.as_ref().is_some_and(|walk| walk.began < since);
        let walk = last.unwrap_or_else(|| {
            // Nobody waits for another one's walk, which may hang.
            let walk = Arc::new(Walk::through(settings, now));
            *self.last() = Some(Arc::clone(&walk));
            walk
        });
        if walk.finds(identity.number(), &settings.proc) {
            Writers::Some
        } else if !walk.complete {
            Writers::Unknown
        } else if is_older {
            Writers::Some
        } else {
            Writers::None
        }
    }

    /// Lets go of a walk that proves nothing any more.
    pub(super) fn tidy(&self, now: Instant) {
        let _ = self.last().take_if(|walk| !walk.is_good(now));
    }

    /// What is in there is put there whole.
    fn last(&self) -> MutexGuard<'_, Option<Arc<Walk>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Walk {
    fn through(settings: &TailSettings, now: Instant) -> Self {
        let proc = &settings.proc;
        let mut walk = Self {
            began: now,
            // A process of another user hides its files from one who may not trace it, and `hidepid`
            // hides the process itself: then init is not to be seen either. Those outside of our own
            // process namespace are never seen, which is why finished files are looked back at.
            complete: fs::read_dir(proc.join("1/fd")).is_ok(),
            open: Vec::new(),
        };
        let processes = fs::read_dir(proc).into_iter().flatten().flatten();
        let ids = processes.filter_map(|process| process.file_name().to_str()?.parse().ok());
        for id in ids.filter(|id| settings.own_process != Some(*id)) {
            walk.walk_process(proc, id);
        }
        walk.open.sort_unstable_by_key(|handle| handle.inode);
        walk
    }

    fn walk_process(&mut self, proc: &Path, id: u32) {
        let process = proc.join(id.to_string());
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
            let info = process.join("fdinfo").join(file.file_name());
            let info = fs::read_to_string(info).unwrap_or_default();
            let number = file.file_name().to_str().and_then(|name| name.parse().ok());
            let Some(number) = number.filter(|_| is_for_writing(&info)) else {
                continue;
            };
            // Asking the file itself can wait for a server that is gone.
            let (inode, device) = match inode(&info) {
                Some(inode) => (inode, None),
                None => match fs::metadata(file.path()) {
                    Ok(metadata) => (metadata.ino(), Some(metadata.dev())),
                    Err(_) => continue,
                },
            };
            self.open.push(Handle {
                inode,
                device,
                process: id,
                number,
            });
        }
    }

    fn is_good(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.began) < GOOD_FOR
    }

    /// Whether a file of this device and inode is among what is open.
    fn finds(&self, file: (u64, u64), proc: &Path) -> bool {
        let (device, inode) = file;
        let first = self.open.partition_point(|handle| handle.inode < inode);
        let same = self.open.iter().skip(first);
        let mut same = same.take_while(|handle| handle.inode == inode);
        same.any(|handle| match handle.device {
            Some(own) => own == device,
            None => match fs::metadata(handle.path(proc)) {
                Ok(metadata) if metadata.ino() == inode => metadata.dev() == device,
                // Closed since, or handed on to another process: the next walk tells.
                _ => true,
            },
        })
    }
}

impl Handle {
    fn path(&self, proc: &Path) -> PathBuf {
        proc.join(format!("{}/fd/{}", self.process, self.number))
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
        let mut settings = TailSettings::new(&path).unwrap();
        settings.own_process = None;
        let ask = |settings: &TailSettings| {
            let now = Instant::now();
            WriterScan::default().of(identity, settings, now, now)
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
    fn one_walk_answers_for_all_until_it_proves_nothing_any_more() {
        let directory = tempfile::tempdir().unwrap();
        let (proc, path) = (directory.path().join("proc"), directory.path().join("log"));
        fs::write(&path, "").unwrap();
        for process in ["1", "77"] {
            for folder in ["fd", "fdinfo"] {
                fs::create_dir_all(proc.join(process).join(folder)).unwrap();
            }
        }
        let identity = Facts::from(&fs::metadata(&path).unwrap()).identity;
        let mut settings = TailSettings::new(&path).unwrap();
        settings.proc.clone_from(&proc);
        let (scan, begin) = (WriterScan::default(), Instant::now());
        let second = Duration::from_secs(1);
        let ask = |now, since| scan.clone().of(identity, &settings, now, since);
        assert_eq!(ask(begin, begin), Writers::None);
        let info = format!("pos:\t0\nflags:\t0100001\nino:\t{}\n", identity.inode);
        fs::write(proc.join("77/fdinfo/3"), info).unwrap();
        std::os::unix::fs::symlink(&path, proc.join("77/fd/3")).unwrap();
        assert_eq!(ask(begin + 4 * second, begin), Writers::None);
        // It was renamed after the walk, so that is asked again when there is another.
        assert_eq!(ask(begin + 4 * second, begin + second), Writers::Some);
        assert_eq!(ask(begin + 5 * second, begin), Writers::Some);
        // Somebody else may have it now.
        fs::remove_file(proc.join("77/fd/3")).unwrap();
        assert_eq!(ask(begin + 6 * second, begin), Writers::Some);
        assert_eq!(ask(begin + 10 * second, begin), Writers::None);
        scan.tidy(begin + 14 * second);
        assert!(scan.last().is_some());
        scan.tidy(begin + 15 * second);
        assert!(scan.last().is_none());
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
        let answer = WriterScan::default().of(identity, &settings, now, now);
        assert_eq!(answer, Writers::Unknown);
    }
}
