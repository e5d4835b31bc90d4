//! Opens directories without following symbolic links, and notices mount points.

use std::ffi::{CStr, CString};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;
use std::sync::Arc;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::fs::{AtFlags, CWD, Mode, OFlags, ResolveFlags, StatxFlags};
use rustix::io::{Errno, Result, retry_on_intr};

use super::WalkError;

/// `O_NONBLOCK` so that nothing which takes a directory's place can make the open hang.
const FLAGS: OFlags = OFlags::RDONLY
    .union(OFlags::DIRECTORY)
    .union(OFlags::NONBLOCK)
    .union(OFlags::CLOEXEC);

/// Bytes of a path the kernel takes, with its NUL.
const PATH_MAX: usize = 4096;

/// Opens the directories of one walk.
///
/// openat2(2) refuses to cross a mount point at no cost. Where the kernel (before 5.6) or a seccomp
/// filter older than that has no openat2, mounts are compared by their id from statx(2), and where
/// that (before 5.8) gives none by device, which does not tell a bind mount of the same disk.
pub(super) struct Opener {
    root: Arc<OwnedFd>,
    /// Of the root; found only where openat2 is missing.
    root_mount: OnceLock<Result<Mount>>,
    cross_mounts: bool,
    openat2: Openat2,
    has_openat2: AtomicBool,
    has_mount_id: bool,
}

/// openat2(2) for a directory.
type Openat2 = fn(BorrowedFd<'_>, &CStr, ResolveFlags) -> Result<OwnedFd>;

fn openat2(parent: BorrowedFd<'_>, path: &CStr, resolve: ResolveFlags) -> Result<OwnedFd> {
    rustix::fs::openat2(
        parent,
        path,
        FLAGS | OFlags::NOFOLLOW,
        Mode::empty(),
        resolve,
    )
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mount {
    Id(u64),
    Device(u32, u32),
}

impl Opener {
    /// Opens the root, which may be a symbolic link.
    pub(super) fn new(root: &Path, cross_mounts: bool) -> Result<Self> {
        let root = retry_on_intr(|| rustix::fs::openat(CWD, root, FLAGS, Mode::empty()))?;
        Ok(Self {
            root: Arc::new(root),
            root_mount: OnceLock::new(),
            cross_mounts,
            openat2,
            has_openat2: AtomicBool::new(true),
            has_mount_id: true,
        })
    }

    /// As on a kernel that is older, or behind a filter: the openat2 given says how it refuses.
    #[cfg(test)]
    pub(super) fn without_openat2(self, openat2: Openat2, has_mount_id: bool) -> Self {
        Self {
            openat2,
            has_mount_id,
            ..self
        }
    }

    pub(super) fn root(&self) -> Arc<OwnedFd> {
        Arc::clone(&self.root)
    }

    /// Opens a directory by its name in `parent`, or by a longer path below it. `EXDEV` says that
    /// it is a mount point; see [`is_gone`] for one that vanished.
    pub(super) fn open(&self, parent: BorrowedFd<'_>, path: &CStr) -> Result<OwnedFd> {
        if self.has_openat2.load(Ordering::Relaxed) {
            let mut resolve = ResolveFlags::NO_SYMLINKS;
            resolve.set(ResolveFlags::NO_XDEV, !self.cross_mounts);
            let opened = retry_on_intr(|| (self.openat2)(parent, path, resolve));
            // EPERM is how a seccomp filter older than openat2 refuses it.
            if !matches!(opened, Err(Errno::NOSYS | Errno::PERM)) {
                return opened;
            }
        }
        let fd = self.open_and_compare(parent, path)?;
        self.has_openat2.store(false, Ordering::Relaxed);
        Ok(fd)
    }

    fn open_and_compare(&self, parent: BorrowedFd<'_>, path: &CStr) -> Result<OwnedFd> {
        let flags = FLAGS | OFlags::NOFOLLOW;
        let fd = retry_on_intr(|| rustix::fs::openat(parent, path, flags, Mode::empty()))?;
        if !self.cross_mounts {
            let of_root = *self
                .root_mount
                .get_or_init(|| self.mount_of(self.root.as_fd()));
            if self.mount_of(fd.as_fd())? != of_root? {
                return Err(Errno::XDEV);
            }
        }
        Ok(fd)
    }

    fn mount_of(&self, fd: BorrowedFd<'_>) -> Result<Mount> {
        let found = rustix::fs::statx(fd, c"", AtFlags::EMPTY_PATH, StatxFlags::MNT_ID)?;
        if self.has_mount_id && found.stx_mask & StatxFlags::MNT_ID.bits() != 0 {
            return Ok(Mount::Id(found.stx_mnt_id));
        }
        Ok(Mount::Device(found.stx_dev_major, found.stx_dev_minor))
    }

    /// Opens a directory by the names that lead to it from `from`, in as few pieces as the length
    /// of a path allows. `pace` is called before each.
    pub(super) fn descend(
        &self,
        from: BorrowedFd<'_>,
        names: &[&[u8]],
        mut pace: impl FnMut() -> std::result::Result<(), WalkError>,
    ) -> std::result::Result<Result<OwnedFd>, WalkError> {
        // Plain openat would follow symbolic links within a path, so it gets one name at a time.
        let longest = if self.has_openat2.load(Ordering::Relaxed) {
            PATH_MAX
        } else {
            0
        };
        let mut fd: Option<OwnedFd> = None;
        for path in pieces(names, longest) {
            pace()?;
            match self.open(fd.as_ref().map_or(from, AsFd::as_fd), &path) {
                Ok(opened) => fd = Some(opened),
                Err(errno) => return Ok(Err(errno)),
            }
        }
        Ok(fd.map_or_else(|| self.open(from, c"."), Ok))
    }
}

/// Whether a directory was removed or replaced since its name was read.
pub(super) fn is_gone(errno: Errno) -> bool {
    matches!(errno, Errno::NOENT | Errno::NOTDIR | Errno::LOOP)
}

/// Joins names into paths of at most `longest` bytes with their NUL, but of one name at least.
fn pieces(names: &[&[u8]], longest: usize) -> Vec<CString> {
    let mut pieces = Vec::new();
    let mut piece = Vec::new();
    for name in names {
        if !piece.is_empty() && piece.len() + name.len() + 2 > longest {
            pieces.extend(CString::new(std::mem::take(&mut piece)));
        }
        if !piece.is_empty() {
            piece.push(b'/');
        }
        piece.extend_from_slice(name);
    }
    if !piece.is_empty() {
        pieces.extend(CString::new(piece));
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_fit_the_limit_and_lose_no_name() {
        let names: [&[u8]; 4] = [b"aaa", b"b", b"cc", b"dddddddddd"];
        let joined = |longest| {
            let pieces = pieces(&names, longest);
            pieces
                .iter()
                .map(|piece| piece.to_str().unwrap().to_owned())
                .collect::<Vec<_>>()
        };
        assert_eq!(joined(0), ["aaa", "b", "cc", "dddddddddd"]);
        assert_eq!(joined(6), ["aaa/b", "cc", "dddddddddd"]);
        assert_eq!(joined(9), ["aaa/b/cc", "dddddddddd"]);
        assert_eq!(joined(8), ["aaa/b", "cc", "dddddddddd"]);
        assert_eq!(joined(4096), ["aaa/b/cc/dddddddddd"]);
        assert!(pieces(&[], 4096).is_empty());
    }
}
