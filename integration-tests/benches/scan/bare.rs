//! The least that any counter must do: open each directory and read it to its end.

use std::ffi::CString;
use std::fs::File;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;
use std::thread;

use rustix::fs::{FileType, Mode, OFlags, RawDir};

use crate::Outcome;

const FLAGS: OFlags = OFlags::RDONLY
    .union(OFlags::DIRECTORY)
    .union(OFlags::NOFOLLOW)
    .union(OFlags::CLOEXEC);

/// Reads directories and nothing else.
fn bare(fd: BorrowedFd<'_>, buffer: &mut [MaybeUninit<u8>]) -> Outcome<(u64, Vec<CString>)> {
    let mut count = 0;
    let mut dirs = Vec::new();
    let mut entries = RawDir::new(fd, buffer);
    while let Some(entry) = entries.next() {
        let entry = entry?;
        if entry.file_type() == FileType::Directory {
            if matches!(entry.file_name().to_bytes(), b"." | b"..") {
                continue;
            }
            dirs.push(entry.file_name().to_owned());
        }
        count += 1;
    }
    Ok((count, dirs))
}

/// The same for all below `dirs` in `parent`.
fn bare_below(
    parent: BorrowedFd<'_>,
    dirs: &[CString],
    buffer: &mut [MaybeUninit<u8>],
) -> Outcome<u64> {
    let mut total = 0;
    for dir in dirs {
        let fd: OwnedFd = rustix::fs::openat(parent, dir, FLAGS, Mode::empty())?;
        let (count, below) = bare(fd.as_fd(), buffer)?;
        total += count + bare_below(fd.as_fd(), &below, buffer)?;
    }
    Ok(total)
}

/// Counts a tree, the directories in its root dealt out to the threads beforehand.
pub(crate) fn bare_tree(root: &Path, threads: usize) -> Outcome<u64> {
    let fd = File::open(root)?;
    let mut buffer = Vec::with_capacity(32 * 1024);
    let (count, dirs) = bare(fd.as_fd(), buffer.spare_capacity_mut())?;
    if threads < 2 || dirs.len() < threads {
        return Ok(count + bare_below(fd.as_fd(), &dirs, buffer.spare_capacity_mut())?);
    }
    let part = |dirs: &[CString]| {
        let mut buffer = Vec::with_capacity(32 * 1024);
        bare_below(fd.as_fd(), dirs, buffer.spare_capacity_mut()).unwrap_or(0)
    };
    let below: u64 = thread::scope(|scope| {
        let mut parts = dirs.chunks(dirs.len().div_ceil(threads));
        let own = parts.next();
        let others: Vec<_> = parts.map(|dirs| scope.spawn(move || part(dirs))).collect();
        let own = own.map_or(0, part);
        own + others
            .into_iter()
            .map(|other| other.join().unwrap_or(0))
            .sum::<u64>()
    });
    Ok(count + below)
}
