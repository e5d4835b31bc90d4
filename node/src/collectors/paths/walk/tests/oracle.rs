//! What `find` says of a tree.

use std::collections::{HashMap, HashSet};
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::Path;
use std::process::Command;

use super::super::{EntryKind, Mtime, TopEntry};

/// An entry as `find` prints it.
pub(super) struct Entry {
    pub(super) is_dir: bool,
    pub(super) size: u64,
    inode: (u64, u64),
    mtime: Mtime,
    pub(super) path: Vec<u8>,
}

/// Runs `find ROOT/ -mindepth 1` with more options and an expression before it prints.
pub(super) fn find(root: &Path, options: &[&str], expression: &[&str]) -> Vec<Entry> {
    let mut from = root.as_os_str().to_owned();
    from.push("/");
    let output = Command::new("find")
        .arg(from)
        .args(["-mindepth", "1"])
        .args(options)
        .args(expression)
        .args(["-printf", "%y %s %D %i %T@ %P\\0"])
        .env("LC_ALL", "C")
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    output
        .stdout
        .split_inclusive(|&byte| byte == 0)
        .map(entry)
        .collect()
}

fn entry(line: &[u8]) -> Entry {
    let mut fields = line[..line.len() - 1].splitn(6, |&byte| byte == b' ');
    let mut field = || std::str::from_utf8(fields.next().unwrap()).unwrap();
    let is_dir = field() == "d";
    let (size, device, inode) = (field(), field(), field());
    let (sec, nsec) = field().split_once('.').unwrap();
    let mtime = Mtime {
        sec: sec.parse().unwrap(),
        nsec: nsec[..9].parse().unwrap(),
    };
    Entry {
        is_dir,
        size: size.parse().unwrap(),
        inode: (device.parse().unwrap(), inode.parse().unwrap()),
        mtime,
        path: fields.next().unwrap().to_vec(),
    }
}

/// Files and directories.
pub(super) fn counts(entries: &[Entry]) -> (u64, u64) {
    let dirs = entries.iter().filter(|entry| entry.is_dir).count();
    (
        (entries.len() - dirs).try_into().unwrap(),
        dirs.try_into().unwrap(),
    )
}

/// The sizes of all that is not a directory, each inode once; the newest and the oldest time.
pub(super) fn sizes(entries: &[Entry]) -> (u64, Option<Mtime>, Option<Mtime>) {
    let files = || entries.iter().filter(|entry| !entry.is_dir);
    let mut seen = HashSet::new();
    let bytes = files()
        .filter(|entry| seen.insert(entry.inode))
        .map(|entry| entry.size)
        .sum();
    let times = || files().map(|entry| entry.mtime);
    (bytes, times().max(), times().min())
}

/// The root's own entries, biggest first, for a tree without hard links and mounts.
pub(super) fn top(entries: &[Entry]) -> Vec<TopEntry> {
    let mut top: HashMap<&[u8], TopEntry> = HashMap::new();
    for entry in entries {
        let name = entry.path.split(|&byte| byte == b'/').next().unwrap();
        let own = name.len() == entry.path.len();
        let of = top.entry(name).or_insert_with(|| TopEntry {
            name: OsString::from_vec(name.to_vec()),
            kind: if own && !entry.is_dir {
                EntryKind::File
            } else {
                EntryKind::Dir
            },
            bytes: 0,
            file_count: 0,
            mtime: None,
        });
        if !entry.is_dir {
            of.bytes += entry.size;
            of.file_count += 1;
            of.mtime = of.mtime.max(Some(entry.mtime));
        }
    }
    let mut top: Vec<TopEntry> = top.into_values().collect();
    top.sort_by(|a, b| b.bytes.cmp(&a.bytes).then_with(|| a.name.cmp(&b.name)));
    top
}
