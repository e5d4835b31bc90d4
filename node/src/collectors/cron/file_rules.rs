//! Whole files that cron ignores: for their name, owner, mode, links, or a user who is not there.

use super::Dialect;
use thiserror::Error;

/// Where a crontab lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// `/etc/crontab`, for which no name is wrong.
    EtcCrontab,
    /// A file in `/etc/cron.d`.
    CronD,
    /// A file in the spool directory, named like its user: `/var/spool/cron/crontabs` (Debian) or
    /// `/var/spool/cron` (cronie).
    Spool,
}

/// What a file is, behind a symbolic link if there is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// A regular file.
    Regular,
    /// Anything else.
    Other,
    /// The symbolic link leads nowhere.
    Missing,
}

/// What cron looks at before it reads a file, from stat(2) and lstat(2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facts {
    /// Its kind.
    pub kind: FileKind,
    /// The permission bits, `st_mode & 0o7777`.
    pub mode: u32,
    /// The owner's id.
    pub uid: u32,
    /// The number of hard links.
    pub links: u64,
    /// If the name is a symbolic link, the id of the link's own owner.
    pub link_owner: Option<u32>,
}

/// Why cron ignores a whole file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Ignored {
    /// Names that begin with a dot.
    #[error("cron ignores files whose names begin with a dot")]
    Hidden,
    /// Debian's rule for `/etc/cron.d`, like that of run-parts(8).
    #[error("cron ignores files whose names have anything but letters, digits, `_` and `-`")]
    Name,
    /// cronie's rule.
    #[error(
        "cron ignores names that begin with `#` or end with `~`, .rpmsave, .rpmorig or .rpmnew"
    )]
    BackupName,
    /// No passwd(5) entry for the name of a spool file.
    #[error("there is no user of this name")]
    NoSuchUser,
    /// A spool file that is a symbolic link (Debian).
    #[error("it is a symbolic link, which cron doesn't follow here")]
    Symlink,
    /// A symbolic link of another than root (Debian).
    #[error("it is a symbolic link that doesn't belong to root")]
    SymlinkOwner,
    /// A symbolic link to nothing.
    #[error("it is a symbolic link that leads nowhere")]
    Dangling,
    /// A directory, a pipe, a device.
    #[error("it is not a regular file")]
    NotRegular,
    /// A file of `/etc` that is not root's.
    #[error("it must belong to root, and belongs to the user id {0}")]
    NotRoots(u32),
    /// A spool file that is neither its user's nor root's.
    #[error("it must belong to its user or root, and belongs to the user id {0}")]
    NotUsers(u32),
    /// A spool file whose mode is not 0600 (Debian).
    #[error("its mode must be 0600, and is {0:04o}")]
    SpoolMode(u32),
    /// A file of `/etc` that others than root can change (Debian).
    #[error("its mode {0:04o} lets group or others write to it")]
    Writable(u32),
    /// cronie's rule: the owner may read and write, others at most read, nobody execute.
    #[error(
        "its mode {0:04o} lets anyone execute it, group or others write to it, or its owner not read it"
    )]
    Mode(u32),
    /// Hard links.
    #[error("it has {0} hard links, and cron accepts only files with one")]
    HardLinks(u64),
}

/// Whether cron ignores a file for its name alone. Debian's cron is silent about such a file.
///
/// Debian's `cron -l` has other rules for names (LSB); they are not handled here.
#[must_use]
pub fn ignored_for_name(dialect: Dialect, place: Place, name: &[u8]) -> Option<Ignored> {
    if place == Place::EtcCrontab {
        return None;
    }
    if name.first() == Some(&b'.') {
        return Some(Ignored::Hidden);
    }
    match dialect {
        Dialect::Debian => {
            let valid = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
            (place == Place::CronD && !name.iter().all(valid)).then_some(Ignored::Name)
        }
        Dialect::Cronie => {
            let packages = [&b".rpmsave"[..], b".rpmorig", b".rpmnew"];
            let backup = name.first() == Some(&b'#')
                || name.last() == Some(&b'~')
                || packages
                    .iter()
                    .any(|end| name.ends_with(end) && name != *end);
            backup.then_some(Ignored::BackupName)
        }
    }
}

/// Whether cron ignores a file for what it is, tested in cron's own order.
///
/// `user` is the id of the user of a spool file, `None` if there is none; it says nothing for files
/// of `/etc`. cronie's `-p` accepts any owner and mode, which is not handled here.
#[must_use]
pub fn ignored_for_facts(
    dialect: Dialect,
    place: Place,
    facts: &Facts,
    user: Option<u32>,
) -> Option<Ignored> {
    let spool = place == Place::Spool;
    if spool && user.is_none() {
        return Some(Ignored::NoSuchUser);
    }
    let foreign = facts.uid != 0 && (!spool || user != Some(facts.uid));
    let owner = foreign.then_some(if spool {
        Ignored::NotUsers(facts.uid)
    } else {
        Ignored::NotRoots(facts.uid)
    });
    let regular = (facts.kind != FileKind::Regular).then_some(Ignored::NotRegular);
    let links = (facts.links != 1).then_some(Ignored::HardLinks(facts.links));
    let dangling = (facts.kind == FileKind::Missing).then_some(Ignored::Dangling);
    match dialect {
        Dialect::Debian => linked(spool, facts.link_owner)
            .or(dangling)
            .or(owner)
            .or(regular)
            .or(debian_mode(spool, facts.mode))
            .or(links),
        Dialect::Cronie => dangling
            .or(regular)
            // read by the owner, and nothing of: set-id, sticky, execute, write by others
            .or((facts.mode & 0o7533 != 0o400).then_some(Ignored::Mode(facts.mode)))
            .or(owner)
            .or(links.filter(|_| spool)),
    }
}

/// Debian's rule for symbolic links: none in the spool directory, only root's in `/etc`.
fn linked(spool: bool, link_owner: Option<u32>) -> Option<Ignored> {
    match link_owner {
        Some(_) if spool => Some(Ignored::Symlink),
        Some(uid) if uid != 0 => Some(Ignored::SymlinkOwner),
        _ => None,
    }
}

fn debian_mode(spool: bool, mode: u32) -> Option<Ignored> {
    match spool {
        true if mode != 0o600 => Some(Ignored::SpoolMode(mode)),
        false if mode & 0o022 != 0 => Some(Ignored::Writable(mode)),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
