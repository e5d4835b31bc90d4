//! Which file systems do not tell of every change: those that others change too, elsewhere.

use std::path::Path;

use etlmon_shared::text;
use rustix::fs::{FsWord, statfs};
use std::os::unix::ffi::OsStrExt;

/// `f_type` of statfs(2), from linux/magic.h and, for what is not in the kernel, coreutils' stat.
const REMOTE: [(FsWord, &str); 25] = [
    (0x6969, "NFS"),
    (0x517B, "SMB"),
    (0xFF53_4D42, "CIFS"),
    (0xFE53_4D42, "SMB"),
    (0x6573_5546, "FUSE"),
    (0x0102_1997, "9p"),
    (0x00C3_6400, "Ceph"),
    (0x0BD0_0BD0, "Lustre"),
    (0x5346_414F, "AFS"),
    (0x6B41_4653, "AFS"),
    (0x4750_4653, "GPFS"),
    (0x7375_7245, "Coda"),
    (0x564C, "NCP"),
    (0x0116_1970, "GFS2"),
    (0x7461_636F, "OCFS2"),
    (0x6163_6673, "ACFS"),
    (0x1983_0326, "BeeGFS"),
    (0x2003_0528, "OrangeFS"),
    (0xAAD7_AAEA, "PanFS"),
    (0xBEEF_DEAD, "StorNext"),
    (0x0131_11A8, "Ibrix"),
    (0xA501_FCF5, "VxFS"),
    (0x786F_4256, "a VirtualBox share"),
    (0xBACB_ACBC, "a VMware share"),
    (0x7C7C_6673, "a Parallels share"),
];

/// Why the events of this directory are not all, if they are not. It hangs as long as a file
/// server does.
pub fn reason(directory: &Path) -> Option<String> {
    let shown = text::from_bytes(directory.as_os_str().as_bytes());
    match statfs(directory) {
        Ok(stat) => name(stat.f_type).map(|name| {
            format!("{shown} is on {name}, which does not tell of changes made elsewhere")
        }),
        Err(error) => Some(format!("the file system of {shown} is not known: {error}")),
    }
}

fn name(f_type: FsWord) -> Option<&'static str> {
    let known = REMOTE.iter().find(|(magic, _)| *magic == f_type);
    known.map(|(_, name)| *name)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn file_systems_of_servers_are_known_and_local_ones_are_not_taken_for_them() {
        assert_eq!(name(rustix::fs::NFS_SUPER_MAGIC), Some("NFS"));
        assert_eq!(name(0xFF53_4D42), Some("CIFS"));
        // ext4, XFS, btrfs, tmpfs, overlay, ZFS, f2fs.
        for local in [
            0xEF53,
            0x5846_5342,
            0x9123_683E,
            0x0102_1994,
            0x794C_7630,
            0x2FC1_2FC1,
            0xF2F5_2010,
        ] {
            assert_eq!(name(local), None, "{local:x}");
        }
    }

    #[test]
    fn no_file_system_is_named_twice() {
        let magics: BTreeSet<_> = REMOTE.iter().map(|(magic, _)| magic).collect();
        assert_eq!(magics.len(), REMOTE.len());
    }

    #[test]
    fn what_can_not_be_looked_at_counts_as_not_known() {
        let dir = tempfile::tempdir().unwrap();
        let missing = dir.path().join("missing");
        let reason = reason(&missing).unwrap();
        assert!(
            reason.ends_with("missing is not known: No such file or directory (os error 2)"),
            "{reason}"
        );
    }
}
