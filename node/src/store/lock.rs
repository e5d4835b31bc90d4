//! One node a database: an advisory lock (flock(2)) on a file beside it.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::fs::{FlockOperation, OFlags, flock};
use rustix::io::Errno;

use super::StoreError;

/// How long a lock may outlive its owner, and how often it is looked whether it does.
const PATIENCE: Duration = Duration::from_secs(1);
const LOOK: Duration = Duration::from_millis(10);

/// The right to write a database, held until this is dropped or the process ends.
///
/// The lock is on `<database>.lock` and not on the database: SQLite's own locks there (fcntl(2))
/// would be lost whenever any handle of the file is closed.
#[derive(Debug)]
pub struct DatabaseLock {
    _file: File,
    path: PathBuf,
}

impl DatabaseLock {
    /// Makes the database's folder and an empty file where they are missing, and takes the lock.
    ///
    /// # Errors
    /// `Folder` or `File` when they can't be made or written, `InUse` when another process has
    /// the lock and keeps it.
    pub fn take(database: &Path) -> Result<Self, StoreError> {
        let folder = match database.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        let in_folder = |source| StoreError::Folder {
            path: folder.to_owned(),
            source,
        };
        std::fs::create_dir_all(folder).map_err(in_folder)?;
        let path = make(database).map_err(|source| StoreError::File {
            path: database.to_owned(),
            source,
        })?;
        let mut name = path.clone().into_os_string();
        name.push(".lock");
        let at = |source| StoreError::File {
            path: PathBuf::from(&name),
            source,
        };
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&name)
            .map_err(at)?;
        match lock_in_time(&file) {
            Ok(()) => {}
            Err(Errno::WOULDBLOCK) => {
                let mut pid = String::new();
                let holder = file
                    .read_to_string(&mut pid)
                    .ok()
                    .and_then(|_| pid.trim().parse().ok());
                return Err(StoreError::InUse { path, holder });
            }
            Err(errno) => return Err(at(errno.into())),
        }
        // The pid is for the message of the next one; a full disk must not keep the node down.
        let _ = file
            .set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| writeln!(file, "{}", std::process::id()));
        Ok(Self { _file: file, path })
    }

    /// The database's path, free of symbolic links.
    pub fn database(&self) -> &Path {
        &self.path
    }
}

/// Takes the lock, waiting for a moment where somebody has it. A process that is killed while it
/// starts another one leaves its open files to that one, which closes them in execve(2).
fn lock_in_time(file: &File) -> rustix::io::Result<()> {
    let begun = Instant::now();
    loop {
        match flock(file, FlockOperation::NonBlockingLockExclusive) {
            Err(Errno::WOULDBLOCK) if begun.elapsed() < PATIENCE => std::thread::sleep(LOOK),
            other => return other,
        }
    }
}

/// Makes the file where it is missing; answers its path, free of symbolic links.
///
/// Two names of one database must come to one lock, and a link that leads to a file yet to be
/// made is resolved only when the file is there.
fn make(database: &Path) -> io::Result<PathBuf> {
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        // What it will hold is not for everybody's eyes.
        .mode(0o600)
        // A fifo would wait for a reader.
        .custom_flags(OFlags::NONBLOCK.bits().cast_signed())
        .open(database)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::other("it is not a regular file"));
    }
    database.canonicalize()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_is_locked_once_by_whatever_name() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("new/etlmon.db");
        let lock = DatabaseLock::take(&database).unwrap();
        let alias = folder.path().join("alias.db");
        std::os::unix::fs::symlink(&database, &alias).unwrap();
        for name in [&database, &alias] {
            let refused = DatabaseLock::take(name).unwrap_err();
            assert!(
                matches!(refused, StoreError::InUse { holder, .. } if holder == Some(std::process::id())),
                "{refused}"
            );
        }
        drop(lock);
        DatabaseLock::take(&alias).unwrap();
    }

    #[test]
    fn a_lock_that_a_killed_node_leaves_to_a_child_for_a_moment_is_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("etlmon.db");
        let left = File::create(folder.path().join("etlmon.db.lock")).unwrap();
        flock(&left, FlockOperation::LockExclusive).unwrap();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                std::thread::sleep(Duration::from_millis(100));
                drop(left);
            });
            DatabaseLock::take(&database).unwrap();
        });
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_named() {
        let refused = DatabaseLock::take(Path::new("/proc/none/etlmon.db")).unwrap_err();
        assert!(refused.to_string().contains("/proc/none"), "{refused}");
    }
}
