//! Files that Debian's cron still ignores for a user who was not there when it looked.

use std::collections::HashMap;
use std::path::PathBuf;
use std::time::SystemTime;

use super::files::{Content, CrontabFile};
use super::installed::Daemon;
use super::listing::Reading;
use super::{Fault, Place};

/// Each file, with what was refused of it.
#[derive(Default)]
pub(super) struct Refusals(HashMap<PathBuf, Refusal>);

/// When the refused version of a file was made, and the cron that refused it.
type Refusal = (Option<SystemTime>, Daemon);

impl Refusals {
    /// Forgets files that have changed and crons that are gone, and adds what is refused now.
    pub(super) fn renew(
        &mut self,
        reading: &Reading<'_>,
        files: &[CrontabFile],
        daemon: Option<Daemon>,
    ) {
        self.0.retain(|path, refusal| {
            let mut files = files.iter();
            files.any(|file| file.path == *path && refusal_of(file, daemon) == Some(*refusal))
        });
        for file in files {
            if lacks_user(reading, file)
                && let Some(refusal) = refusal_of(file, daemon)
            {
                self.0.insert(file.path.clone(), refusal);
            }
        }
    }

    /// Why cron ignores the file, although it is right by now.
    pub(super) fn reason(&self, file: &CrontabFile) -> Option<String> {
        self.0.contains_key(&file.path).then(|| {
            "cron still ignores the file for a user who was not there when it looked; \
             touch the file or restart cron"
                .to_owned()
        })
    }
}

/// Which version of a file a cron has refused; none without a cron, which refuses nothing.
fn refusal_of(file: &CrontabFile, daemon: Option<Daemon>) -> Option<Refusal> {
    match &file.content {
        Content::Known { modified, .. } => Some((*modified, daemon?)),
        Content::Unreadable(_) => None,
    }
}

/// Whether Debian's cron refuses a file of the system's for a user who is not there. It looks at it
/// again only when the file has changed, and not when the user has come.
fn lacks_user(reading: &Reading<'_>, file: &CrontabFile) -> bool {
    let Content::Known { bytes, .. } = &file.content else {
        return false;
    };
    let crontab = reading.parse(file, bytes);
    let refused = crontab.ignored_for(reading.dialect).map(|line| &line.fault);
    file.place != Place::Spool && matches!(refused, Some(Fault::Username(_)))
}
