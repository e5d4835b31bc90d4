//! Reads the files of a directory such as `/proc` (proc(5)).

use std::fmt::Write as _;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD, Mode, OFlags, RawDir, SeekFrom, StatxFlags};
use rustix::io::{Errno, retry_on_intr};

use super::identity::{BootId, Pid};
use super::stat;

/// Bytes of directory entries asked for at once, enough for some thousand processes.
const ENTRIES: usize = 64 * 1024;
/// Bytes of `stat`: 52 numbers of 20 digits at most, and a name.
const STAT: usize = 2 * 1024;
/// Bytes of a command line that are read; the kernel allows more than anybody wants to see.
const CMDLINE: usize = 256 * 1024;

/// Processes cannot be read at all.
#[derive(Debug, thiserror::Error)]
pub enum ProcError {
    /// The directory, or a file that belongs to no process, cannot be read.
    #[error("cannot read {}", .path.display())]
    Read {
        /// The file or directory.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// It lists no process that can be read, while the reader itself should be one.
    #[error("{} shows no process", .0.display())]
    NoProcess(PathBuf),
}

/// An open directory such as `/proc`. Files are opened from it one at a time: handles kept for
/// each process would halve the cost, but take as many descriptors as there are processes.
///
/// Whatever belongs to a process that is gone, or goes while it is read, is `None`; an error is
/// another reason, mostly that it is not permitted.
pub struct ProcDir {
    root: PathBuf,
    dir: OwnedFd,
    entries: Vec<u8>,
    path: String,
    text: Vec<u8>,
}

/// What is told of one process.
pub(super) type Told<T> = Result<Option<T>, Errno>;

impl ProcDir {
    /// Opens the directory.
    ///
    /// # Errors
    /// It cannot be opened.
    pub fn open(root: &Path) -> Result<Self, ProcError> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let opened = retry_on_intr(|| rustix::fs::openat(CWD, root, flags, Mode::empty()));
        Ok(Self {
            dir: opened.map_err(|errno| failed(root, errno))?,
            root: root.to_owned(),
            entries: Vec::with_capacity(ENTRIES),
            path: String::new(),
            text: Vec::new(),
        })
    }

    /// Where it is.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Reads which processes there are, by pid.
    pub(super) fn list(&mut self, pids: &mut Vec<Pid>) -> Result<(), ProcError> {
        pids.clear();
        let root = &self.root;
        rustix::fs::seek(&self.dir, SeekFrom::Start(0)).map_err(|errno| failed(root, errno))?;
        let mut entries = RawDir::new(&self.dir, self.entries.spare_capacity_mut());
        while let Some(entry) = entries.next() {
            match entry {
                Ok(entry) => pids.extend(Pid::from_bytes(entry.file_name().to_bytes())),
                Err(Errno::INTR) => {}
                Err(errno) => return Err(failed(root, errno)),
            }
        }
        // They come sorted from proc(5), which makes this cheap, but not from other directories.
        pids.sort_unstable();
        Ok(())
    }

    /// The line of `stat`.
    pub(super) fn stat(&mut self, pid: Pid) -> Told<&[u8]> {
        self.read_of(pid, "stat", STAT)
    }

    /// The arguments, each with a NUL behind it.
    pub(super) fn cmdline(&mut self, pid: Pid) -> Told<&[u8]> {
        self.read_of(pid, "cmdline", CMDLINE)
    }

    /// Pages in memory as `ps` has them: the exact figure, which `stat` lacks.
    pub(super) fn resident_pages(&mut self, pid: Pid) -> Told<u64> {
        let Some(statm) = self.read_of(pid, "statm", STAT)? else {
            return Ok(None);
        };
        let resident = statm.split(|&byte| byte == b' ').nth(1);
        resident
            .and_then(stat::number)
            .map(Some)
            .ok_or(Errno::INVAL)
    }

    /// The effective user. The kernel gives it to the directory even where it gives the files in
    /// it to root, as for a program that may not be traced.
    pub(super) fn user_id(&mut self, pid: Pid) -> Told<u32> {
        self.name(pid, "");
        let examined = rustix::fs::statx(
            &self.dir,
            self.path.as_str(),
            AtFlags::SYMLINK_NOFOLLOW,
            StatxFlags::UID,
        );
        unless_gone(examined.map(|found| found.stx_uid))
    }

    /// The file that is executed: its name without the directories. Reading it takes the rights
    /// of ptrace(2).
    pub(super) fn program(&mut self, pid: Pid) -> Told<Vec<u8>> {
        self.name(pid, "exe");
        let read = rustix::fs::readlinkat(&self.dir, self.path.as_str(), Vec::new());
        let target = unless_gone(read)?;
        Ok(target.map(|target| {
            let path = target.to_bytes();
            // What was replaced by an update still runs.
            let path = path.strip_suffix(b" (deleted)").unwrap_or(path);
            let name = path.rsplit(|&byte| byte == b'/').next();
            name.unwrap_or_default().to_owned()
        }))
    }

    /// Which boot this is.
    pub(super) fn boot_id(&mut self) -> Result<BootId, ProcError> {
        self.path.clear();
        self.path.push_str("sys/kernel/random/boot_id");
        let read = self.read(STAT).map(|text| text.trim_ascii().to_owned());
        let text = read.and_then(|text| String::from_utf8(text).map_err(|_| Errno::INVAL));
        match text {
            Ok(text) if !text.is_empty() => Ok(BootId::new(&text)),
            other => {
                let errno = other.err().unwrap_or(Errno::NODATA);
                Err(failed(&self.root.join(&self.path), errno))
            }
        }
    }

    /// The pid of a pidfd's process in the pid namespace that this directory shows: 0 if it is not
    /// in there, -1 if it is no more. `None` if this directory does not show this very program.
    pub(super) fn pid_of(&mut self, pidfd: BorrowedFd<'_>) -> Told<i64> {
        self.path.clear();
        // Writing to a String does not fail.
        let _ = write!(self.path, "self/fdinfo/{}", pidfd.as_raw_fd());
        let Some(info) = unless_gone(self.read(STAT))? else {
            return Ok(None);
        };
        let info = std::str::from_utf8(info).map_err(|_| Errno::INVAL)?;
        let mut lines = info.lines();
        let pid = lines.find_map(|line| line.strip_prefix("Pid:")?.trim().parse().ok());
        Ok(pid)
    }

    fn name(&mut self, pid: Pid, file: &str) {
        self.path.clear();
        // Writing to a String does not fail.
        let _ = write!(self.path, "{pid}/{file}");
    }

    fn read_of(&mut self, pid: Pid, file: &str, limit: usize) -> Told<&[u8]> {
        self.name(pid, file);
        unless_gone(self.read(limit))
    }

    fn read(&mut self, limit: usize) -> Result<&[u8], Errno> {
        let Self {
            dir, path, text, ..
        } = self;
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file =
            retry_on_intr(|| rustix::fs::openat(dir.as_fd(), path.as_str(), flags, Mode::empty()))?;
        let mut room = STAT;
        let mut filled = 0;
        loop {
            if text.len() < room {
                text.resize(room, 0);
            }
            let free = text.get_mut(filled..room).unwrap_or_default();
            let wanted = free.len();
            let read = retry_on_intr(|| rustix::io::read(&file, &mut *free))?;
            filled = filled.saturating_add(read);
            // Files of proc(5) give all they have, so less than was asked for is the end.
            if read < wanted || filled >= limit {
                return Ok(text.get(..filled).unwrap_or_default());
            }
            room = room.saturating_mul(4).min(limit);
        }
    }
}

fn unless_gone<T>(told: Result<T, Errno>) -> Told<T> {
    match told {
        Ok(told) => Ok(Some(told)),
        // A process is gone at the open, or between that and the read.
        Err(Errno::NOENT | Errno::SRCH) => Ok(None),
        Err(errno) => Err(errno),
    }
}

fn failed(path: &Path, errno: Errno) -> ProcError {
    ProcError::Read {
        path: path.to_owned(),
        source: errno.into(),
    }
}

#[cfg(test)]
mod tests;
