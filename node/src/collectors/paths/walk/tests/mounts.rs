//! Mount points below the root, and file systems that do not tell the type of an entry.

use std::process::Command;

use rustix::mount::{
    MountFlags, MountPropagationFlags, UnmountFlags, mount, mount_bind, mount_change, unmount,
};
use rustix::thread::UnshareFlags;

use super::*;

/// Gives this thread, and those it starts, mounts of their own. False without the right to.
#[expect(
    deprecated,
    reason = "unsafe only for unshared file descriptors, which this is not about"
)]
fn own_mounts() -> bool {
    if let Err(errno) = rustix::thread::unshare(UnshareFlags::NEWNS) {
        skip(&format!("no mounts of its own: {errno}"));
        return false;
    }
    let private = MountPropagationFlags::PRIVATE | MountPropagationFlags::REC;
    mount_change("/", private).unwrap();
    true
}

fn mount_tmpfs(at: &Path) {
    mount("tmpfs", at, "tmpfs", MountFlags::empty(), None).unwrap();
}

/// A tree with mounts in it, which must be undone before it can be removed.
struct Mounted {
    tree: tempfile::TempDir,
    at: Vec<&'static str>,
}

impl Mounted {
    fn path(&self) -> &Path {
        self.tree.path()
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        for at in &self.at {
            unmount(self.tree.path().join(at), UnmountFlags::DETACH).unwrap();
        }
    }
}

/// A disk mounted at `tmpfs`, and a directory beside mounted at `deep/bind`.
fn tree_with_mounts() -> Mounted {
    let tree = tree(&["own/1", "outside/2", "outside/3", "deep/bind/", "tmpfs/"]);
    mount_tmpfs(&tree.path().join("tmpfs"));
    fs::write(tree.path().join("tmpfs/4"), "").unwrap();
    mount_bind(tree.path().join("outside"), tree.path().join("deep/bind")).unwrap();
    Mounted {
        tree,
        at: vec!["tmpfs", "deep/bind"],
    }
}

#[test]
fn mount_points_are_counted_and_not_entered_with_and_without_openat2() {
    if !own_mounts() {
        return;
    }
    let root = tree_with_mounts();
    for threads in [1, 2] {
        let options = super::threads(threads);
        assert_eq!(counts(root.path(), &options), (3, 5));
        assert_eq!(counts_without_openat2(root.path(), &options, true), (3, 5));
        // A device alone does not tell the bind mount.
        assert_eq!(counts_without_openat2(root.path(), &options, false), (5, 5));
    }
}

#[test]
fn mounts_are_crossed_where_asked_and_the_root_may_be_one() {
    if !own_mounts() {
        return;
    }
    let root = tree_with_mounts();
    let across = WalkOptions {
        cross_mounts: true,
        ..WalkOptions::default()
    };
    let expected = oracle::counts(&oracle::find(root.path(), &[], &[]));
    assert_eq!(expected, (6, 5));
    assert_eq!(counts(root.path(), &across), expected);
    assert_eq!(counts_without_openat2(root.path(), &across, true), expected);
    assert_eq!(
        counts(&root.path().join("tmpfs"), &WalkOptions::default()),
        (1, 0)
    );
}

#[test]
fn a_file_system_that_tells_no_types_is_counted_all_the_same() {
    if !own_mounts() {
        return;
    }
    let place = tree(&["mounted/"]);
    let (image, root) = (place.path().join("image"), place.path().join("mounted"));
    fs::File::create(&image).unwrap().set_len(2 << 20).unwrap();
    let ran = |command: &mut Command| command.output().is_ok_and(|done| done.status.success());
    if !ran(Command::new("mkfs.ext4")
        .args(["-q", "-O", "^filetype,^has_journal"])
        .arg(&image))
        || !ran(Command::new("mount")
            .args(["-o", "loop"])
            .arg(&image)
            .arg(&root))
    {
        return skip("no file system without types can be made");
    }
    let _mounted = Mounted {
        tree: place,
        at: vec!["mounted"],
    };
    fs::create_dir_all(root.join("a/b")).unwrap();
    fs::create_dir_all(root.join("empty")).unwrap();
    fs::write(root.join("a/b/file"), "12345").unwrap();
    std::os::unix::fs::symlink("a", root.join("link")).unwrap();
    let expected = oracle::find(&root, &[], &[]);
    assert_eq!(
        counts(&root, &WalkOptions::default()),
        oracle::counts(&expected)
    );
    let tally = count(&root, &measured()).sizes.unwrap();
    assert_eq!(tally.total_bytes, oracle::sizes(&expected).0);
    let exclude = Excludes::new(&["b/".to_owned()]).unwrap();
    assert_eq!(
        counts(
            &root,
            &WalkOptions {
                exclude,
                ..WalkOptions::default()
            }
        ),
        (1, 3)
    );
    assert_eq!(types_told(&root), 0, "this file system tells types");
}

fn types_told(root: &Path) -> usize {
    let mut buffer = Vec::with_capacity(4096);
    let root = fs::File::open(root).unwrap();
    let mut entries = rustix::fs::RawDir::new(root, buffer.spare_capacity_mut());
    let mut told = 0;
    while let Some(entry) = entries.next() {
        told += usize::from(entry.unwrap().file_type() != rustix::fs::FileType::Unknown);
    }
    told
}
