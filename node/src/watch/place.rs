//! Puts up the watches that a listener's targets need, and says what they do not tell of.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use etlmon_shared::text;
use rustix::fs::inotify::WatchFlags;
use rustix::io::{Errno, Result};

use super::registry::{Claims, Descriptor};
use super::{Coverage, Target};

/// What an ancestor must tell of while it waits for a directory below it. A watch that somebody
/// else needs keeps what it has been asked for (`IN_MASK_ADD`).
const ARRIVALS: WatchFlags = WatchFlags::CREATE
    .union(WatchFlags::MOVED_TO)
    .union(WatchFlags::DELETE_SELF)
    .union(WatchFlags::MOVE_SELF)
    .union(WatchFlags::ONLYDIR)
    .union(WatchFlags::MASK_ADD);

/// What a target must tell of. `IN_ATTRIB` says that a file can be read now which could not when it
/// was made, such as one of logrotate's. Opening and reading are not asked for: we do both.
const CHANGES: WatchFlags = ARRIVALS
    .union(WatchFlags::MODIFY)
    .union(WatchFlags::ATTRIB)
    .union(WatchFlags::DELETE)
    .union(WatchFlags::MOVED_FROM);

/// Where the events of some targets come from, and how far they can be relied on.
#[derive(Debug, PartialEq, Eq)]
pub struct Placed {
    pub claims: Claims,
    pub coverage: Coverage,
}

/// The nearest directory to a target that is there.
struct Nearest<'a> {
    wd: Descriptor,
    path: &'a Path,
    /// Its entry that is missing on the way to the target.
    missing: Option<&'a OsStr>,
}

/// Puts up watches for these targets. `watch` is inotify_add_watch(2), and `remote` says why the
/// events of a directory are not all.
pub fn place(
    targets: &[Target],
    watch: impl Fn(&Path, WatchFlags) -> Result<Descriptor>,
    remote: impl Fn(&Path) -> Option<String>,
) -> Placed {
    let mut claims = Claims::new();
    let mut polled = None;
    for target in targets {
        match nearest(&target.directory, &watch) {
            Ok(nearest) => {
                let claim = claims.entry(nearest.wd).or_default();
                if let Some(missing) = nearest.missing {
                    claim.awaited.insert(missing.to_owned());
                } else {
                    claim.entries.extend(target.entries.iter().cloned());
                    claim.names.extend(target.names.iter().cloned());
                }
                polled = polled.or_else(|| remote(nearest.path));
            }
            Err(reason) => polled = polled.or(Some(reason)),
        }
    }
    let coverage = polled.map_or(Coverage::Events, Coverage::Polling);
    Placed { claims, coverage }
}

fn nearest<'a>(
    directory: &'a Path,
    watch: &impl Fn(&Path, WatchFlags) -> Result<Descriptor>,
) -> std::result::Result<Nearest<'a>, String> {
    let mut missing = None;
    let mut events = CHANGES;
    let mut failed = (directory, Errno::NOENT);
    for path in directory.ancestors() {
        match watch(path, events) {
            Ok(wd) => return Ok(Nearest { wd, path, missing }),
            // Not there yet, or there is a file where a directory is to be.
            Err(Errno::NOENT | Errno::NOTDIR) => {
                missing = Some(path.file_name().unwrap_or(path.as_os_str()));
                events = ARRIVALS;
            }
            Err(error) => {
                failed = (path, error);
                break;
            }
        }
    }
    let (path, error) = failed;
    let path = text::from_bytes(path.as_os_str().as_bytes());
    Err(match error {
        Errno::NOSPC => format!(
            "{path} can't be watched: no watch is left for this user (fs.inotify.max_user_watches)"
        ),
        error => format!("{path} can't be watched: {error}"),
    })
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::collections::BTreeSet;
    use std::ffi::OsString;

    use super::*;
    use crate::watch::registry::Claim;

    fn target(directory: &str, names: &[&str]) -> Target {
        Target {
            directory: directory.into(),
            names: names.iter().map(Into::into).collect(),
            entries: [OsString::new()].into(),
        }
    }

    fn local(_: &Path) -> Option<String> {
        None
    }

    #[test]
    fn targets_that_share_a_watch_share_a_claim() {
        let placed = place(
            &[target("/a", &["x"]), target("/same/as/a", &["y"])],
            |_, events| {
                assert_eq!(events, CHANGES);
                Ok(7)
            },
            local,
        );
        let claim = Claim {
            entries: [OsString::new()].into(),
            names: ["x".into(), "y".into()].into(),
            awaited: BTreeSet::new(),
        };
        assert_eq!(placed.claims, [(7, claim)].into());
        assert_eq!(placed.coverage, Coverage::Events);
    }

    #[test]
    fn a_missing_directory_is_awaited_in_its_nearest_ancestor() {
        for error in [Errno::NOENT, Errno::NOTDIR] {
            let asked = RefCell::new(Vec::new());
            let watch = |path: &Path, events| {
                asked.borrow_mut().push((path.to_owned(), events));
                if path == Path::new("/a") {
                    Ok(3)
                } else {
                    Err(error)
                }
            };
            let placed = place(&[target("/a/b/c", &["x"])], watch, local);
            let claim = Claim {
                awaited: ["b".into()].into(),
                ..Claim::default()
            };
            assert_eq!(placed.claims, [(3, claim)].into());
            assert_eq!(placed.coverage, Coverage::Events);
            let expected = [("/a/b/c", CHANGES), ("/a/b", ARRIVALS), ("/a", ARRIVALS)];
            assert_eq!(
                asked.take(),
                expected.map(|(path, events)| (path.into(), events))
            );
        }
    }

    #[test]
    fn without_a_watch_left_the_reason_names_the_limit_and_the_other_targets_are_watched() {
        let watch = |path: &Path, _| match path.to_str() {
            Some("/full") => Err(Errno::NOSPC),
            Some("/secret") => Err(Errno::ACCESS),
            _ => Ok(1),
        };
        let placed = place(&[target("/full", &[]), target("/a", &[])], watch, local);
        assert_eq!(placed.claims.keys().collect::<Vec<_>>(), [&1]);
        let reason =
            "/full can't be watched: no watch is left for this user (fs.inotify.max_user_watches)";
        assert_eq!(placed.coverage, Coverage::Polling(reason.to_owned()));

        let placed = place(&[target("/secret", &[])], watch, local);
        assert!(placed.claims.is_empty());
        let reason = "/secret can't be watched: Permission denied (os error 13)";
        assert_eq!(placed.coverage, Coverage::Polling(reason.to_owned()));
    }

    #[test]
    fn a_remote_directory_is_watched_and_polled_and_so_is_one_awaited_there() {
        let watch = |path: &Path, _| match path.to_str() {
            Some("/nfs/later") => Err(Errno::NOENT),
            Some("/nfs") => Ok(1),
            _ => Ok(2),
        };
        let remote = |path: &Path| path.starts_with("/nfs").then(|| "far".to_owned());
        for directory in ["/nfs", "/nfs/later"] {
            let placed = place(&[target("/a", &[]), target(directory, &[])], watch, remote);
            assert_eq!(placed.claims.keys().collect::<Vec<_>>(), [&1, &2]);
            assert_eq!(placed.coverage, Coverage::Polling("far".to_owned()));
        }
    }

    #[test]
    fn a_path_that_leads_nowhere_is_polled() {
        let placed = place(&[target("logs", &[])], |_, _| Err(Errno::NOENT), local);
        let reason = "logs can't be watched: No such file or directory (os error 2)";
        assert_eq!(placed.coverage, Coverage::Polling(reason.to_owned()));
    }
}
