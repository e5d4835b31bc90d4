//! Files that have no name any more and that somebody still has open: read through proc(5).

use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Instant;

use super::follower::Follower;
use super::identify::{self, Holds};
use super::source::Source;

/// What the kernel puts behind the path of an open file that has no name any more.
const DELETED: &[u8] = b" (deleted)";

impl Follower {
    /// Goes on in the files of contents that are not at their paths and whose writers go on in
    /// them, though they were removed while nobody looked: a compressed copy ends where the
    /// compressor saw the end, and what came after it is only there.
    pub(crate) fn reach_held(&mut self, now: Instant) {
        let mut wanted = Vec::new();
        for file in &mut self.files {
            let is_away = file.is_following() && file.source.is_none() && !file.live;
            if is_away && !file.was_cut && !file.is_sought && !file.head.is_empty() {
                file.is_sought = true;
                wanted.push(file.identity.number());
            }
        }
        if wanted.is_empty() {
            return;
        }
        for (number, handle) in held(&self.settings.proc, &wanted) {
            let Some(file) = self
                .files
                .iter_mut()
                .find(|file| file.is_sought && file.identity.number() == number)
            else {
                continue;
            };
            // What can't be opened, or is another file by now, is looked for under other names.
            if let Ok((mut source, facts)) = Source::open(&handle, false)
                && facts.identity.same_file(&file.identity)
                && let Ok(Holds::Continues) = identify::holds(&mut source, file)
            {
                let place = file.place.clone();
                let _ = file.attach(source, facts, &place, now);
            }
        }
    }
}

/// Open files without a name, by device and inode, as paths under which they can be opened.
fn held(proc: &Path, wanted: &[(u64, u64)]) -> Vec<((u64, u64), PathBuf)> {
    let mut found = Vec::new();
    for process in fs::read_dir(proc).into_iter().flatten().flatten() {
        if !process
            .file_name()
            .as_encoded_bytes()
            .iter()
            .all(u8::is_ascii_digit)
        {
            continue;
        }
        let handles = fs::read_dir(process.path().join("fd"));
        for handle in handles.into_iter().flatten().flatten() {
            let handle = handle.path();
            // The link is read first: asking a file itself can wait for a server that is gone.
            let is_deleted = fs::read_link(&handle)
                .is_ok_and(|target| target.as_os_str().as_bytes().ends_with(DELETED));
            if !is_deleted {
                continue;
            }
            if let Ok(metadata) = fs::metadata(&handle)
                && wanted.contains(&(metadata.dev(), metadata.ino()))
            {
                found.push(((metadata.dev(), metadata.ino()), handle));
            }
        }
    }
    found
}
