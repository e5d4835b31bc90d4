//! Files that are where nobody looks for them and that somebody still has open: read through proc(5).

use std::collections::HashSet;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Instant;

use super::follower::Follower;
use super::identify::{self, Holds};
use super::listing;
use super::source::Source;

/// What the kernel puts behind the path of an open file that has no name any more.
const DELETED: &[u8] = b" (deleted)";

impl Follower {
    /// Goes on in the files of contents that are not at their paths and whose writers go on in
    /// them, though they were removed while nobody looked: a compressed copy ends where the
    /// compressor saw the end, and what came after it is only there.
    pub(crate) fn reach_held(&mut self, now: Instant) {
        let (mut wanted, mut names) = (Vec::new(), HashSet::new());
        for file in &mut self.files {
            if file.is_homeless() && !file.was_cut && !file.is_sought && !file.head.is_empty() {
                file.is_sought = true;
                wanted.push(file.identity.number());
                names.insert(listing::name(&file.slot).to_vec());
            }
        }
        if wanted.is_empty() {
            return;
        }
        for (number, handle) in held(&self.settings.proc, &wanted, &names) {
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

/// Open files of these numbers (device and inode), as paths under which they can be opened: such as
/// have no name any more, or one of these names in a directory that was renamed.
fn held(
    proc: &Path,
    wanted: &[(u64, u64)],
    names: &HashSet<Vec<u8>>,
) -> Vec<((u64, u64), PathBuf)> {
    let mut found = Vec::new();
    for process in fs::read_dir(proc).into_iter().flatten().flatten() {
        let id = process.file_name();
        if !id.as_encoded_bytes().iter().all(u8::is_ascii_digit) {
            continue;
        }
        let handles = fs::read_dir(process.path().join("fd"));
        for handle in handles.into_iter().flatten().flatten() {
            let handle = handle.path();
            // The link is read first: asking a file itself can wait for a server that is gone.
            let Ok(target) = fs::read_link(&handle) else {
                continue;
            };
            let is_deleted = target.as_os_str().as_bytes().ends_with(DELETED);
            if !is_deleted && !names.contains(listing::name(&target)) {
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
