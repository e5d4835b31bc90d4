//! How following goes: the state of each file, and where changes can be heard of.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use super::chunk::{FileState, FileStatus};
use super::file::Followed;
use super::follower::Follower;
use super::slots::Slot;
use super::source::Source;

impl Follower {
    /// Every followed file, and every path of the log at which there is none.
    pub fn files(&self) -> Vec<FileState> {
        // As bytes: comparing hundreds of paths with each other takes too long.
        let mut by_slot: HashMap<&OsStr, Vec<&Followed>> = HashMap::new();
        for file in self.files.iter().filter(|file| file.is_following()) {
            let files = by_slot.entry(file.slot.as_os_str()).or_default();
            files.push(file);
        }
        let live = self.files.iter().filter(|file| file.live);
        let live: HashMap<_, _> = live.map(|file| (file.identity.number(), file)).collect();
        let mut states = Vec::with_capacity(self.slots.len());
        for (path, slot) in self.slots.iter() {
            let mut any = false;
            for file in by_slot.get(path.as_os_str()).into_iter().flatten() {
                any |= file.live;
                states.push(state_of(file, slot));
            }
            if !any && (slot.matched || self.settings.pattern.is_none()) {
                // A second link to a file of the log.
                let number = slot.present.map(|facts| facts.identity.number());
                let read = number.and_then(|number| live.get(&number));
                let read = read.map(|file| format!("is read as {}", file.slot.display()));
                states.push(FileState {
                    path: path.to_path_buf(),
                    place: slot.present.map(|_| path.to_path_buf()),
                    sequence: None,
                    inode: slot.present.map(|facts| facts.identity.inode),
                    size_bytes: slot.present.map(|facts| facts.size),
                    offset_bytes: 0,
                    lag_bytes: slot.present.map(|facts| facts.size),
                    status: match slot.error {
                        Some(_) => FileStatus::Error,
                        None => FileStatus::Waiting,
                    },
                    error_message: slot.error.clone().or(read),
                });
            }
        }
        if let Some(reason) = &self.unlisted {
            states.push(FileState {
                path: self.settings.path.clone(),
                place: None,
                sequence: None,
                inode: None,
                size_bytes: None,
                offset_bytes: 0,
                lag_bytes: None,
                status: FileStatus::Error,
                error_message: Some(reason.clone()),
            });
        }
        states
    }

    /// The directories in which an event can mean that there is something to read. Events are
    /// hints only: a `read` without one finds the same.
    pub fn watch_directories(&self) -> Vec<PathBuf> {
        let mut directories = self.directories.clone();
        directories.extend(
            self.settings
                .path
                .parent()
                .map(Path::to_path_buf)
                .filter(|_| self.settings.pattern.is_none()),
        );
        let places = self.files.iter().filter(|file| file.is_following());
        directories.extend(places.filter_map(|file| file.place.parent().map(Path::to_path_buf)));
        directories.into_iter().collect()
    }
}

fn state_of(file: &Followed, slot: &Slot) -> FileState {
    let plain = file.source.as_ref().is_none_or(Source::is_plain);
    let size = file.facts.map(|facts| facts.size).filter(|_| plain);
    let error = file
        .error
        .clone()
        .or_else(|| slot.error.clone().filter(|_| file.live));
    FileState {
        path: file.slot.clone(),
        place: Some(file.place.clone()),
        sequence: Some(file.sequence),
        inode: Some(file.identity.inode),
        size_bytes: size,
        offset_bytes: file.mark.offset,
        lag_bytes: size.map(|size| size.saturating_sub(file.mark.offset)),
        status: if error.is_some() {
            FileStatus::Error
        } else {
            FileStatus::Tailing
        },
        error_message: error,
    }
}
