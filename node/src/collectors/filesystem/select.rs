//! Chooses the mounts that are file systems an operator watches: one row each, as `df` lists them.

use std::collections::{HashMap, HashSet};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

use super::mountinfo::Mount;

/// Types that are left out unless they are included by name. Any other type counts as real, so
/// that a disk file system that is yet to be invented is not missed: what an unknown pseudo file
/// system adds has no size, and goes as `df` drops it (see `Probe::Sizeless`).
const LEFT_OUT: &[&str] = &[
    // Windows into the kernel, with no storage behind them.
    "apparmorfs",
    "autofs",
    "binder",
    "binfmt_misc",
    "bpf",
    "cgroup",
    "cgroup2",
    "configfs",
    "cpuset",
    "debugfs",
    "devpts",
    "efivarfs",
    "functionfs",
    "fuse.gvfsd-fuse",
    "fuse.lxcfs",
    "fuse.portal",
    "fusectl",
    "hugetlbfs",
    "mqueue",
    "nfsd",
    "nsfs",
    "pipefs",
    "proc",
    "pstore",
    "resctrl",
    "rpc_pipefs",
    "securityfs",
    "selinuxfs",
    "smackfs",
    "sockfs",
    "sysfs",
    "tracefs",
    "xenfs",
    // Memory; `ramfs` has no limit and reports no size.
    "devtmpfs",
    "ramfs",
    // Images that can't be written: always 100 % full, and no operator can change it.
    "cramfs",
    "erofs",
    "fuse.snapfuse",
    "fuse.squashfuse",
    "fuse.squashfuse_ll",
    "iso9660",
    "romfs",
    "squashfs",
];

/// Types that are left out likewise, but not at `/`: layers over a file system that has its own
/// row, a copy for each running container, and memory. As the root directory of a container or a
/// diskless machine, they are the disk that fills up.
const REAL_AT_ROOT: &[&str] = &[
    "aufs",
    "fuse.fuse-overlayfs",
    "overlay",
    "overlayfs",
    "rootfs",
    "tmpfs",
];

/// What the configuration says about which mounts are shown.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    include_types: HashSet<String>,
    exclude_types: HashSet<String>,
    exclude_mount_points: GlobSet,
}

impl Filter {
    /// Types are compared whole, as mountinfo spells them (`nfs4` is not `nfs`). A glob matches a
    /// whole mount point; `*` stays within one directory and `**` doesn't: `/mnt/*`,
    /// `/var/lib/docker/**`.
    ///
    /// # Errors
    /// A glob with a mistake in it, which the error shows.
    pub fn new(
        include_types: &[String],
        exclude_types: &[String],
        exclude_mount_points: &[String],
    ) -> Result<Self, globset::Error> {
        let mut globs = GlobSetBuilder::new();
        for glob in exclude_mount_points {
            let mut glob = GlobBuilder::new(glob);
            globs.add(
                glob.literal_separator(true)
                    .empty_alternates(true)
                    .build()?,
            );
        }
        Ok(Self {
            include_types: include_types.iter().cloned().collect(),
            exclude_types: exclude_types.iter().cloned().collect(),
            exclude_mount_points: globs.build()?,
        })
    }

    fn admits(&self, mount: &Mount) -> bool {
        let fs_type = mount.fs_type.as_str();
        if self.exclude_types.contains(fs_type)
            || self.exclude_mount_points.is_match(&mount.mount_point)
        {
            return false;
        }
        self.include_types.contains(fs_type)
            || !(LEFT_OUT.contains(&fs_type)
                || REAL_AT_ROOT.contains(&fs_type) && !is_root(&mount.mount_point))
    }
}

/// The mounts to show, in the order of their mount points, each mount point once.
///
/// A file system mounted in several places is one row, named by the mount nearest to the root of
/// the file system, then by the shortest mount point, then by the oldest mount. (`df` weighs the
/// same two lengths but pairwise in the order of the list, so that a bind mount listed first can
/// stay.) What the filter refuses isn't there at all: another mount of the same file system takes
/// its place. Where only bind mounts of a file system can be seen, one of them stands for it: in
/// a container that is `/etc/hosts` or the like, and it tells about the host's disk.
#[must_use]
pub fn select(mounts: &[Mount], filter: &Filter) -> Vec<Mount> {
    let mut rows: HashMap<FileSystem, &Mount> = HashMap::new();
    for mount in visible(mounts)
        .into_iter()
        .filter(|mount| filter.admits(mount))
    {
        let row = rows.entry(FileSystem::of(mount)).or_insert(mount);
        if nearness(mount) < nearness(row) {
            *row = mount;
        }
    }
    let mut rows: Vec<Mount> = rows.into_values().cloned().collect();
    rows.sort_by(|a, b| {
        a.mount_point
            .cmp(&b.mount_point)
            .then(b.mount_id.cmp(&a.mount_id))
    });
    // Only a list with damaged lines can hold two: the name of a row is unique all the same.
    rows.dedup_by(|later, kept| later.mount_point == kept.mount_point);
    rows
}

fn nearness(mount: &Mount) -> (usize, usize, u32) {
    let length = |path: &Path| path.as_os_str().len();
    (
        length(&mount.root),
        length(&mount.mount_point),
        mount.mount_id,
    )
}

/// What makes two mounts the same file system.
#[derive(PartialEq, Eq, Hash)]
struct FileSystem<'a> {
    device: (u32, u32),
    /// Tells apart what shares a device number in mountinfo and is still a row each in `df`.
    part: &'a [u8],
}

impl<'a> FileSystem<'a> {
    fn of(mount: &'a Mount) -> Self {
        let part = if mount.fs_type == "btrfs" {
            // Subvolumes have a quota each, and the option is that of the subvolume a bind mount
            // lies in. Kernels before 4.2 don't tell it.
            mount
                .super_option("subvolid")
                .unwrap_or(mount.root.as_os_str().as_bytes())
        } else if is_remote(mount) {
            // Exports of one server can share a superblock.
            mount.source.as_bytes()
        } else {
            b""
        };
        Self {
            device: (mount.major, mount.minor),
            part,
        }
    }
}

/// Whether the file system lies on another machine, as `df` decides it (gnulib `mountlist.c`).
fn is_remote(mount: &Mount) -> bool {
    let source = mount.source.as_bytes();
    match mount.fs_type.as_str() {
        "acfs" | "afs" | "auristorfs" | "coda" | "fhgfs" | "gpfs" | "ibrix" | "ocfs2" | "vxfs" => {
            true
        }
        "smbfs" | "smb3" | "cifs" if source.starts_with(b"//") => true,
        _ => source.contains(&b':') || source == b"-hosts",
    }
}

/// The mounts that their mount points lead to.
///
/// A walk along a path crosses from a directory to what is mounted on it, so a mount is hidden by
/// one on top of it (its own child, at the same mount point) and by one that its parent carries
/// at a directory above it. Asking by path (stat) would find that out too, but can hang.
///
/// Mounts whose parent is not in the list hang below the process's root directory. That root is
/// where every path starts, not a step on the way: a mount on top of `/` is not crossed into, and
/// neither it nor what it carries can be reached, until somebody makes it his root (chroot(2)).
fn visible(mounts: &[Mount]) -> Vec<&Mount> {
    let ids: HashSet<u32> = mounts.iter().map(|mount| mount.mount_id).collect();
    let mut children: HashMap<Option<u32>, Vec<&Mount>> = HashMap::new();
    for mount in mounts {
        let in_list = mount.parent_id != mount.mount_id && ids.contains(&mount.parent_id);
        let parent = in_list.then_some(mount.parent_id);
        children.entry(parent).or_default().push(mount);
    }
    let mut found = Vec::new();
    let mut reachable = uncovered(&children.remove(&None).unwrap_or_default());
    while let Some(mount) = reachable.pop() {
        // Taken out, so that the walk ends on a list of any content.
        let mut carried = children.remove(&Some(mount.mount_id)).unwrap_or_default();
        if is_root(&mount.mount_point) {
            carried.retain(|child| !is_root(&child.mount_point));
        }
        if carried
            .iter()
            .all(|child| child.mount_point != mount.mount_point)
        {
            found.push(mount);
        }
        reachable.extend(uncovered(&carried));
    }
    found
}

/// Of the mounts that one mount carries, those with none of the others on the way to them; of
/// several on one directory (mount propagation can do that) the last.
/// `/` covers nothing: beside it are only mounts whose parent was lost to a damaged line.
fn uncovered<'a>(carried: &[&'a Mount]) -> Vec<&'a Mount> {
    let by_point: HashMap<&Path, &Mount> = carried
        .iter()
        .map(|mount| (mount.mount_point.as_path(), *mount))
        .collect();
    let is_covered = |mount: &Mount| {
        let above = mount
            .mount_point
            .ancestors()
            .skip(1)
            .take_while(|above| !is_root(above));
        above.into_iter().any(|above| by_point.contains_key(above))
    };
    by_point
        .values()
        .copied()
        .filter(|mount| !is_covered(mount))
        .collect()
}

fn is_root(path: &Path) -> bool {
    path == Path::new("/")
}

#[cfg(test)]
mod df_tests;
#[cfg(test)]
mod tests;
