//! Reads `/proc/[pid]/mountinfo` (proc_pid_mountinfo(5)) into mounts.

use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;

/// One mount, as one line of mountinfo tells it. Names are raw bytes, escapes undone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mount {
    /// Unique while the mount exists; the kernel gives a freed id out again.
    pub mount_id: u32,
    /// The mount this one is mounted on. It is not in the list, or is the mount itself, at the
    /// root of what the reading process can see.
    pub parent_id: u32,
    /// Major number of `st_dev` of the files (btrfs gives its subvolumes others there).
    pub major: u32,
    /// Minor number; anonymous (major 0) where no block device is behind the file system.
    pub minor: u32,
    /// Which directory or file of the file system is mounted: `/` but for bind mounts and
    /// subvolumes. A removed one ends in `//deleted`; nsfs has `net:[4026531840]`.
    pub root: PathBuf,
    /// Where it is mounted, seen from the root directory of the reading process.
    pub mount_point: PathBuf,
    /// Options of this mount alone, `,` between them: `rw,nosuid,relatime`.
    pub mount_options: OsString,
    /// Name of the driver, with its subtype: `ext4`, `nfs4`, `fuse.sshfs`.
    pub fs_type: String,
    /// The device, the export, or whatever name was given; it may be empty.
    pub source: OsString,
    /// Options of the file system itself, as the kernel wrote them: its escapes are kept, since
    /// an escaped `,` inside a value would otherwise become a separator.
    pub super_options: OsString,
}

impl Mount {
    /// Whether the file system itself is read-only, for everyone: an image, or ext4 after an
    /// error. The mount's own `ro` does not count: a service under systemd's `ProtectSystem=` sees
    /// read-only mounts of file systems that everybody else may write.
    #[must_use]
    pub fn read_only(&self) -> bool {
        has_option(&self.super_options, b"ro")
    }

    /// The value of the first `name=value` among the options of the file system.
    #[must_use]
    pub fn super_option(&self, name: &str) -> Option<&[u8]> {
        let mut options = self.super_options.as_bytes().split(|&byte| byte == b',');
        options.find_map(|option| option.strip_prefix(name.as_bytes())?.strip_prefix(b"="))
    }
}

fn has_option(options: &OsString, name: &[u8]) -> bool {
    options
        .as_bytes()
        .split(|&byte| byte == b',')
        .any(|option| option == name)
}

/// A line that is not as the kernel writes them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("mountinfo line {line}: {reason}")]
pub struct ParseError {
    /// Counted from 1.
    pub line: usize,
    /// What is wrong with it.
    pub reason: Damage,
}

/// What is wrong with a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Damage {
    /// The line ends before this field.
    #[error("no {0}")]
    Missing(&'static str),
    /// This field is not a number that fits.
    #[error("{0} is not a number")]
    NotANumber(&'static str),
}

/// Reads the whole file. Mounts come in the file's order, which tells the later of two mounts on
/// one directory. A damaged line goes to the errors and takes no other mount with it: an operator
/// who has nine of ten disks on the screen is better off than one who has none.
#[must_use]
pub fn parse(mountinfo: &[u8]) -> (Vec<Mount>, Vec<ParseError>) {
    let mut mounts = Vec::new();
    let mut errors = Vec::new();
    for (index, line) in mountinfo.split(|&byte| byte == b'\n').enumerate() {
        if line.is_empty() {
            continue;
        }
        match parse_line(line) {
            Ok(mount) => mounts.push(mount),
            Err(reason) => errors.push(ParseError {
                line: index.saturating_add(1),
                reason,
            }),
        }
    }
    (mounts, errors)
}

fn parse_line(line: &[u8]) -> Result<Mount, Damage> {
    // Exactly one space separates fields, so an empty source is two spaces in a row.
    let mut fields = line.splitn(7, |&byte| byte == b' ');
    let mut next = |name| fields.next().ok_or(Damage::Missing(name));
    let mount_id = number(next("mount id")?, "mount id")?;
    let parent_id = number(next("parent id")?, "parent id")?;
    let (major, minor) = device(next("device number")?)?;
    let root = next("root")?;
    let mount_point = next("mount point")?;
    let mount_options = next("mount options")?;

    let mut rest = next("separator")?;
    // Optional fields (`shared:5`, `master:1`, ones yet to be invented) up to a lone hyphen.
    loop {
        let (field, after) = split_at_space(rest).ok_or(Damage::Missing("separator"))?;
        rest = after;
        if field == b"-" {
            break;
        }
    }
    let (fs_type, rest) = split_at_space(rest).ok_or(Damage::Missing("source"))?;
    let (source, super_options) = split_at_space(rest).ok_or(Damage::Missing("super options"))?;

    Ok(Mount {
        mount_id,
        parent_id,
        major,
        minor,
        root: PathBuf::from(unescape(root)),
        mount_point: PathBuf::from(unescape(mount_point)),
        mount_options: OsString::from_vec(mount_options.to_vec()),
        // Only the subtype of a FUSE file system can be anything but ASCII.
        fs_type: unescape(fs_type).to_string_lossy().into_owned(),
        source: unescape(source),
        super_options: OsString::from_vec(super_options.to_vec()),
    })
}

fn split_at_space(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let space = text.iter().position(|&byte| byte == b' ')?;
    let (head, tail) = text.split_at_checked(space)?;
    Some((head, tail.get(1..)?))
}

fn device(field: &[u8]) -> Result<(u32, u32), Damage> {
    let colon = field.iter().position(|&byte| byte == b':');
    let (major, minor) = colon
        .and_then(|at| Some((field.get(..at)?, field.get(at.saturating_add(1)..)?)))
        .ok_or(Damage::NotANumber("device number"))?;
    Ok((
        number(major, "device number")?,
        number(minor, "device number")?,
    ))
}

fn number(field: &[u8], name: &'static str) -> Result<u32, Damage> {
    // `from_str` would accept a plus sign.
    let digits = Some(field).filter(|field| field.iter().all(u8::is_ascii_digit));
    digits
        .and_then(|digits| std::str::from_utf8(digits).ok()?.parse().ok())
        .ok_or(Damage::NotANumber(name))
}

/// Undoes the kernel's `mangle`: a backslash and three octal digits are one byte. A backslash
/// itself is written as one, so any other backslash stands for nothing and is kept.
fn unescape(field: &[u8]) -> OsString {
    let mut bytes = Vec::with_capacity(field.len());
    let mut rest = field;
    while let Some((&first, tail)) = rest.split_first() {
        let (byte, after) = match rest {
            [
                b'\\',
                a @ b'0'..=b'3',
                b @ b'0'..=b'7',
                c @ b'0'..=b'7',
                after @ ..,
            ] => (((a - b'0') << 6) | ((b - b'0') << 3) | (c - b'0'), after),
            _ => (first, tail),
        };
        bytes.push(byte);
        rest = after;
    }
    OsString::from_vec(bytes)
}

#[cfg(test)]
mod tests;
