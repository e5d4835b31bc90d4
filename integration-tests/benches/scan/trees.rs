//! The trees to count.

use std::fs::{self, File};
use std::path::Path;

use rustix::fs::{AtFlags, Mode, OFlags};

use crate::Outcome;

/// A tree to count, and how often to do it in one measurement and how often to measure.
pub(crate) struct Tree {
    pub(crate) name: &'static str,
    pub(crate) make: fn(&Path) -> Outcome<u64>,
    pub(crate) repeats: u32,
    pub(crate) rounds: usize,
    /// Whether to measure sizes too.
    pub(crate) sizes: bool,
}

pub(crate) const TREES: [Tree; 4] = [
    Tree {
        name: "100,000 files in 1,000 dirs",
        make: wide,
        repeats: 4,
        rounds: 5,
        sizes: true,
    },
    Tree {
        name: "1,000,000 files in one dir",
        make: flat,
        repeats: 1,
        rounds: 3,
        sizes: false,
    },
    Tree {
        name: "200 levels, 50 files each",
        make: deep,
        repeats: 10,
        rounds: 5,
        sizes: false,
    },
    Tree {
        name: "10 files",
        make: small,
        repeats: 200,
        rounds: 5,
        sizes: false,
    },
];

fn files(dir: &Path, count: u64) -> Outcome<u64> {
    let fd = File::open(dir)?;
    for n in 0..count {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::CLOEXEC;
        rustix::fs::openat(&fd, format!("file-{n:08}.dat"), flags, Mode::RUSR)?;
    }
    Ok(count)
}

fn wide(root: &Path) -> Outcome<u64> {
    let mut entries = 0;
    for n in 0..1000 {
        let dir = root.join(format!("dir-{n:04}"));
        fs::create_dir(&dir)?;
        entries += 1 + files(&dir, 100)?;
    }
    Ok(entries)
}

/// Links, which are made sooner than files; a file may have about 65,000.
fn flat(root: &Path) -> Outcome<u64> {
    let fd = File::open(root)?;
    let none = AtFlags::empty();
    for file in 0..20 {
        let name = format!("file-{file:04}");
        File::create_new(root.join(&name))?;
        for link in 1..50_000 {
            rustix::fs::linkat(&fd, &name, &fd, format!("{name}-{link:08}.dat"), none)?;
        }
    }
    Ok(1_000_000)
}

fn deep(root: &Path) -> Outcome<u64> {
    let mut dir = root.to_owned();
    let mut entries = 0;
    for _ in 0..200 {
        dir.push("level");
        fs::create_dir(&dir)?;
        entries += 1 + files(&dir, 50)?;
    }
    Ok(entries)
}

fn small(root: &Path) -> Outcome<u64> {
    files(root, 10)
}
