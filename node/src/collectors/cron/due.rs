//! When a job is due: its schedule, in the zone in which the installed cron reads it.

use std::fs;
use std::path::Path;

use chrono::{DateTime, Local, Utc};
use etlmon_shared::Timestamp;

use super::{NamedZone, Schedule, next_after, next_after_in};

/// The times of one job.
#[derive(Clone, Debug)]
pub(super) struct Due {
    pub(super) schedule: Schedule,
    pub(super) zone: DueZone,
}

/// Whose clock counts.
#[derive(Clone, Debug)]
pub(super) enum DueZone {
    /// The machine's.
    Machine,
    /// That of a `CRON_TZ` which cronie obeys.
    Named(NamedZone),
    /// A `CRON_TZ` that is no zone, which glibc takes for UTC.
    Utc,
}

impl DueZone {
    /// The zone of a job with this `CRON_TZ`.
    pub(super) fn of(name: Option<&str>) -> Self {
        match name.map(NamedZone::find) {
            None => Self::Machine,
            Some(Some(zone)) => Self::Named(zone),
            Some(None) => Self::Utc,
        }
    }
}

impl Due {
    /// The first time after a moment.
    pub(super) fn next(&self, after: Timestamp) -> Option<Timestamp> {
        let after = DateTime::<Utc>::from_timestamp_millis(after.as_millis())?;
        let schedule = &self.schedule;
        let next = match &self.zone {
            DueZone::Machine => next_after(schedule, after, &Local),
            DueZone::Named(zone) => next_after_in(schedule, after, zone, &Local),
            DueZone::Utc => next_after_in(schedule, after, &Utc, &Local),
        };
        next.map(|next| Timestamp::from_millis(next.timestamp_millis()))
    }
}

/// The name of the machine's zone: `TZ`, where `/etc/localtime` leads, or what `/etc/timezone` says.
pub(super) fn machine_zone(root: &Path) -> String {
    let variable = std::env::var("TZ").ok();
    let name = variable.map(|zone| zone.trim_start_matches(':').to_owned());
    name.filter(|name| !name.is_empty())
        .or_else(|| {
            let link = fs::read_link(root.join("etc/localtime")).ok()?;
            let (_, name) = link.to_str()?.split_once("zoneinfo/")?;
            Some(name.to_owned())
        })
        .or_else(|| {
            let name = fs::read_to_string(root.join("etc/timezone")).ok()?;
            Some(name.trim().to_owned()).filter(|name| !name.is_empty())
        })
        .unwrap_or_else(|| "UTC".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn the_zone_is_named_by_the_link_or_by_the_file_beside_it() {
        if std::env::var_os("TZ").is_some() {
            return;
        }
        let root = tempfile::tempdir().unwrap();
        assert_eq!(machine_zone(root.path()), "UTC");
        fs::create_dir(root.path().join("etc")).unwrap();
        fs::write(root.path().join("etc/timezone"), "Asia/Seoul\n").unwrap();
        assert_eq!(machine_zone(root.path()), "Asia/Seoul");
        let link = root.path().join("etc/localtime");
        symlink("../usr/share/zoneinfo/Europe/London", link).unwrap();
        assert_eq!(machine_zone(root.path()), "Europe/London");
    }
}
