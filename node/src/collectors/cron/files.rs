//! The crontabs of the machine: which there are, what they hold, and what keeps cron from them.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use rustix::fs::OFlags;

use super::{Dialect, Facts, FileKind, Place};

/// More than this of one file is not read: it is no crontab that a person wrote.
const LARGEST_BYTES: u64 = 4 << 20;

/// One crontab, as it was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct CrontabFile {
    pub(super) path: PathBuf,
    pub(super) place: Place,
    pub(super) content: Content,
}

/// What could be had of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Content {
    /// A file, with its bytes; none of what is no regular file.
    Known {
        facts: Facts,
        modified: Option<SystemTime>,
        bytes: Vec<u8>,
    },
    /// Nothing, for this reason; cron itself may fare better.
    Unreadable(String),
}

/// All crontabs that a cron of this dialect looks at, by place and path.
pub(super) fn read_all(root: &Path, dialect: Dialect) -> Vec<CrontabFile> {
    let mut files = Vec::new();
    let main = root.join("etc/crontab");
    if fs::symlink_metadata(&main).is_ok() {
        files.push(read(main, Place::EtcCrontab, dialect));
    }
    read_directory(&root.join("etc/cron.d"), Place::CronD, dialect, &mut files);
    read_directory(&spool(root, dialect), Place::Spool, dialect, &mut files);
    files
}

/// The directories in which a change may mean another job.
pub(super) fn directories(root: &Path, dialect: Dialect) -> [PathBuf; 2] {
    [root.join("etc/cron.d"), spool(root, dialect)]
}

/// Where users' own crontabs are. cronie's place is chosen when it is built: SUSE and Debian keep
/// theirs in a directory below.
fn spool(root: &Path, dialect: Dialect) -> PathBuf {
    let spool = root.join("var/spool/cron");
    let below = match dialect {
        Dialect::Debian => return spool.join("crontabs"),
        Dialect::Cronie => ["tabs", "crontabs"],
    };
    let below = below.iter().map(|name| spool.join(name));
    below
        .into_iter()
        .find(|path| path.is_dir())
        .unwrap_or(spool)
}

fn read_directory(directory: &Path, place: Place, dialect: Dialect, files: &mut Vec<CrontabFile>) {
    let paths = fs::read_dir(directory).and_then(|entries| {
        entries
            .map(|entry| entry.map(|entry| entry.path()))
            .collect()
    });
    let mut paths: Vec<PathBuf> = match paths {
        Ok(paths) => paths,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return,
        Err(error) => {
            files.push(CrontabFile {
                path: directory.to_owned(),
                place,
                content: Content::Unreadable(error.to_string()),
            });
            return;
        }
    };
    paths.sort();
    files.extend(paths.into_iter().map(|path| read(path, place, dialect)));
}

fn read(path: PathBuf, place: Place, dialect: Dialect) -> CrontabFile {
    let content = content(&path, place, dialect)
        .unwrap_or_else(|error| Content::Unreadable(error.to_string()));
    CrontabFile {
        path,
        place,
        content,
    }
}

fn content(path: &Path, place: Place, dialect: Dialect) -> io::Result<Content> {
    let link = fs::symlink_metadata(path)?;
    let link_owner = link.is_symlink().then(|| link.uid());
    let follow = link_owner.is_none() || place != Place::Spool || dialect == Dialect::Cronie;
    let found = match link_owner {
        None => link,
        Some(_) if !follow => link,
        Some(_) => match fs::metadata(path) {
            Ok(found) => found,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Ok(known(&link, FileKind::Missing, link_owner, Vec::new()));
            }
            Err(error) => return Err(error),
        },
    };
    if !found.is_file() {
        // Opening a device may do something.
        return Ok(known(&found, FileKind::Other, link_owner, Vec::new()));
    }
    // Should it have become a pipe meanwhile, nothing is waited for.
    let mut flags = OFlags::NONBLOCK | OFlags::NOCTTY;
    if link_owner.is_none() {
        flags |= OFlags::NOFOLLOW;
    }
    let flags = i32::try_from(flags.bits()).unwrap_or_default();
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(flags)
        .open(path)?;
    let found = file.metadata()?;
    let kind = match found.is_file() {
        true => FileKind::Regular,
        false => return Ok(known(&found, FileKind::Other, link_owner, Vec::new())),
    };
    let bytes = bytes(file)?;
    Ok(known(&found, kind, link_owner, bytes))
}

fn bytes(file: File) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.take(LARGEST_BYTES + 1).read_to_end(&mut bytes)?;
    match u64::try_from(bytes.len()) {
        Ok(0..=LARGEST_BYTES) => Ok(bytes),
        _ => Err(io::Error::other("larger than 4 MiB")),
    }
}

fn known(found: &fs::Metadata, kind: FileKind, link_owner: Option<u32>, bytes: Vec<u8>) -> Content {
    Content::Known {
        facts: Facts {
            kind,
            mode: found.mode() & 0o7777,
            uid: found.uid(),
            links: found.nlink(),
            link_owner,
        },
        modified: found.modified().ok(),
        bytes,
    }
}

impl CrontabFile {
    /// Its name in its directory.
    pub(super) fn name(&self) -> &[u8] {
        self.path.file_name().map_or(&[], OsStrExt::as_bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn a_pipe_a_directory_and_a_link_are_told_and_never_waited_for() {
        let root = tempfile::tempdir().unwrap();
        let directory = root.path().join("etc/cron.d");
        fs::create_dir_all(directory.join("folder")).unwrap();
        fs::write(directory.join("job"), "* * * * * root a\n").unwrap();
        symlink("job", directory.join("link")).unwrap();
        symlink("nowhere", directory.join("loose")).unwrap();
        rustix::fs::mkfifoat(rustix::fs::CWD, directory.join("pipe"), 0o644.into()).unwrap();
        let found: Vec<_> = read_all(root.path(), Dialect::Debian)
            .into_iter()
            .map(|file| {
                let name = String::from_utf8(file.name().to_vec()).unwrap();
                match file.content {
                    Content::Known { facts, bytes, .. } => (name, facts.kind, bytes.len()),
                    Content::Unreadable(reason) => unreachable!("{reason}"),
                }
            })
            .collect();
        let expected = [
            ("folder", FileKind::Other, 0),
            ("job", FileKind::Regular, 17),
            ("link", FileKind::Regular, 17),
            ("loose", FileKind::Missing, 0),
            ("pipe", FileKind::Other, 0),
        ];
        assert_eq!(
            found,
            expected.map(|(name, kind, size)| (name.to_owned(), kind, size))
        );
    }

    #[test]
    fn users_crontabs_are_where_the_installed_cron_keeps_them() {
        let root = tempfile::tempdir().unwrap();
        let spool = root.path().join("var/spool/cron");
        assert_eq!(directories(root.path(), Dialect::Cronie)[1], spool);
        fs::create_dir_all(spool.join("tabs")).unwrap();
        assert_eq!(
            directories(root.path(), Dialect::Cronie)[1],
            spool.join("tabs")
        );
        assert_eq!(
            directories(root.path(), Dialect::Debian)[1],
            spool.join("crontabs")
        );
    }

    #[test]
    fn what_may_not_be_read_is_told() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir_all(root.path().join("etc")).unwrap();
        let file = File::create(root.path().join("etc/crontab")).unwrap();
        file.set_len(LARGEST_BYTES + 1).unwrap();
        let files = read_all(root.path(), Dialect::Debian);
        assert_eq!(
            files[0].content,
            Content::Unreadable("larger than 4 MiB".to_owned())
        );
    }
}
