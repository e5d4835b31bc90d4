//! One round over the mounts: which there are, and what each says of itself.

use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::time::Duration;

use etlmon_shared::filesystem::{Filesystem, FilesystemStatus};
use etlmon_shared::{Timestamp, text};

use super::mountinfo::{self, Mount, ParseError};
use super::probe::{Probe, Prober};
use super::select::{Filter, select};
use super::table::FilesystemBatch;
use crate::collector::{CollectError, Collector, Tick};
use crate::config::FilesystemConfig;

/// Looks at all real file systems.
pub struct FilesystemCollector {
    config: FilesystemConfig,
    mountinfo: PathBuf,
    prober: Prober,
    /// Lines that could not be read in the last round, so that each is logged once.
    damaged: Vec<ParseError>,
}

impl FilesystemCollector {
    /// A collector for the mounts that `mountinfo` (proc_pid_mountinfo(5)) lists. The prober may
    /// have been another's before: it knows which mounts still owe an answer.
    pub fn new(config: FilesystemConfig, mountinfo: PathBuf, prober: Prober) -> Self {
        Self {
            config,
            mountinfo,
            prober,
            damaged: Vec::new(),
        }
    }
}

impl Collector for FilesystemCollector {
    type Batch = FilesystemBatch;

    fn collect(&mut self, tick: &Tick) -> Result<FilesystemBatch, CollectError> {
        let read = std::fs::read(&self.mountinfo).map_err(|source| CollectError::Read {
            path: self.mountinfo.display().to_string(),
            source,
        })?;
        let (mounts, damaged) = mountinfo::parse(&read);
        for line in damaged.iter().filter(|line| !self.damaged.contains(line)) {
            log::warn!("{}: {line}", self.mountinfo.display());
        }
        self.damaged = damaged;
        let FilesystemConfig {
            include_types,
            exclude_types,
            exclude_mount_points,
            ..
        } = &self.config;
        let filter = Filter::new(include_types, exclude_types, exclude_mount_points)
            .map_err(|error| CollectError::Kind(Box::new(error)))?;
        let mounts = select(&mounts, &filter);
        let probes = self.prober.probe(&mounts, self.config.statvfs_timeout);
        let rows = mounts
            .iter()
            .zip(probes)
            .filter_map(|(mount, probe)| row(mount, probe));
        Ok(FilesystemBatch {
            rows: rows.collect(),
            at: tick.started_at,
            history_step: self.config.history_step,
            stale_at: tick
                .started_at
                .after(tick.schedule.interval() * 3 + self.config.statvfs_timeout * 3),
        })
    }
}

/// The row of a mount; none for one without a size, which is no disk and no part of one.
fn row(mount: &Mount, probe: Probe) -> Option<Filesystem> {
    let mut row = Filesystem {
        mount_point: text::from_bytes(mount.mount_point.as_os_str().as_bytes()).into_owned(),
        device: text::from_bytes(mount.source.as_bytes()).into_owned(),
        fs_type: mount.fs_type.clone(),
        total_bytes: None,
        used_bytes: None,
        avail_bytes: None,
        used_percent: None,
        inodes_total: None,
        inodes_used: None,
        inodes_used_percent: None,
        read_only: mount.read_only(),
        status: FilesystemStatus::Ok,
        error_message: None,
        full_in_sec: None,
        collected_at: None,
    };
    match probe {
        Probe::Usage(usage) => {
            row.total_bytes = Some(usage.total_bytes);
            row.used_bytes = Some(usage.used_bytes);
            row.avail_bytes = Some(usage.avail_bytes);
            row.used_percent = usage.used_percent;
            row.inodes_total = usage.inodes_total;
            row.inodes_used = usage.inodes_used;
            row.inodes_used_percent = usage.inodes_used_percent;
            row.collected_at = Some(Timestamp::now());
        }
        Probe::Sizeless => return None,
        Probe::Stale { since } => {
            row.status = FilesystemStatus::Stale;
            row.error_message = Some(format!(
                "statvfs has not returned for {}",
                humantime::format_duration(Duration::from_secs(since.elapsed().as_secs().max(1)))
            ));
        }
        Probe::Failed(error) => {
            row.status = FilesystemStatus::Error;
            row.error_message = Some(error.to_string());
        }
    }
    Some(row)
}
