use std::ffi::OsStr;
use std::path::PathBuf;

use proptest::prelude::*;

use super::super::mountinfo::parse;
use super::*;

macro_rules! mounts {
    ($name:literal) => {{
        let (mounts, errors) = parse(include_bytes!(concat!("../testdata/", $name, ".mountinfo")));
        assert_eq!(errors, []);
        mounts
    }};
}

fn filter(include: &[&str], exclude: &[&str], points: &[&str]) -> Filter {
    let owned = |list: &[&str]| {
        list.iter()
            .map(|text| (*text).to_owned())
            .collect::<Vec<_>>()
    };
    Filter::new(&owned(include), &owned(exclude), &owned(points)).unwrap()
}

fn points(mounts: &[Mount], filter: &Filter) -> Vec<PathBuf> {
    select(mounts, filter)
        .into_iter()
        .map(|mount| mount.mount_point)
        .collect()
}

#[track_caller]
fn assert_points(mounts: &[Mount], filter: &Filter, expected: &[&str]) {
    let expected: Vec<PathBuf> = expected.iter().map(PathBuf::from).collect();
    assert_eq!(points(mounts, filter), expected);
}

#[track_caller]
fn assert_default(mounts: &[Mount], expected: &[&str]) {
    assert_points(mounts, &Filter::default(), expected);
}

#[test]
fn a_server_shows_its_disks_and_no_kernel_windows() {
    let expected = ["/", "/boot", "/boot/efi", "/data", "/data/archive", "/var"];
    assert_default(&mounts!("server"), &expected);
}

#[test]
fn every_export_is_a_row_and_automounters_are_none() {
    assert_default(
        &mounts!("network"),
        &[
            "/",
            "/mnt/ceph",
            "/mnt/in",
            "/mnt/out",
            "/mnt/share",
            "/mnt/v4",
            "/mnt/v4/pool/raw",
            "/mnt/vfs",
            "/mnt/windows",
            "/mnt/windows-daily",
            "/net/nas3/export",
            "/projects",
        ],
    );
}

#[test]
fn a_container_host_shows_disks_and_not_what_containers_mount() {
    assert_default(&mounts!("docker"), &["/", "/var/lib/docker"]);
}

#[test]
fn a_container_shows_its_root_and_the_disk_under_a_bound_file_once() {
    assert_default(&mounts!("container"), &["/", "/etc/hosts"]);
}

#[test]
fn a_bound_volume_stands_for_the_disk_before_bound_files() {
    assert_default(&mounts!("container-volume"), &["/", "/var/spool/etl"]);
}

#[test]
fn each_btrfs_subvolume_is_a_row_and_a_directory_bound_from_one_is_not() {
    assert_default(
        &mounts!("btrfs"),
        &["/", "/.snapshots", "/data", "/home", "/var"],
    );
}

#[test]
fn a_btrfs_mount_of_an_old_kernel_is_told_by_its_root() {
    let (mounts, _) = parse(
        b"1 0 0:9 /@ / rw - btrfs /dev/sda rw,space_cache\n\
          2 1 0:9 /@home /home rw - btrfs /dev/sda rw,space_cache\n",
    );
    assert_default(&mounts, &["/", "/home"]);
}

#[test]
fn each_zfs_dataset_is_a_row() {
    let expected = [
        "/",
        "/boot",
        "/rpool",
        "/tank",
        "/tank/My Files",
        "/tank/incoming",
    ];
    assert_default(&mounts!("zfs"), &expected);
}

#[test]
fn images_that_are_always_full_are_left_out_and_a_writable_loop_device_is_not() {
    assert_default(&mounts!("snap"), &["/", "/boot/efi", "/mnt/disk-image"]);
}

#[test]
fn fuse_storage_is_shown_and_desktop_plumbing_is_not() {
    let expected = [
        "/",
        "/mnt/gluster",
        "/mnt/plain",
        "/mnt/remote",
        "/mnt/s3",
        "/mnt/usb",
    ];
    assert_default(&mounts!("fuse"), &expected);
}

#[test]
fn a_file_system_is_named_where_its_own_root_is_mounted() {
    let expected = ["/", "/etc/etl/key", "/mnt/storage/disk1", "/mnt/twice-b"];
    assert_default(&mounts!("binds"), &expected);
}

#[test]
fn what_is_mounted_over_can_not_be_seen() {
    let selected = select(&mounts!("hidden"), &Filter::default());
    let rows: Vec<(u32, &OsStr)> = selected
        .iter()
        .map(|mount| (mount.mount_id, mount.mount_point.as_os_str()))
        .collect();
    let expected = [
        (28, "/"),
        (41, "/mnt/top"),
        (47, "/mnt/top/found"),
        (51, "/opt"),
        (43, "/srv/a"),
        (45, "/srv/a/seen"),
        (48, "/srv/ab"),
    ];
    assert_eq!(rows, expected.map(|(id, point)| (id, OsStr::new(point))));
}

#[test]
fn a_mount_on_top_of_the_root_directory_is_not_what_paths_start_from() {
    let selected = select(&mounts!("root-twice"), &Filter::default());
    let ids: Vec<u32> = selected.iter().map(|mount| mount.mount_id).collect();
    assert_eq!(ids, [43, 65, 44]);
}

#[test]
fn mounts_whose_parent_lies_outside_are_where_the_visible_tree_begins() {
    assert_default(&mounts!("chroot"), &["/data", "/data/deep", "/lost"]);
}

#[test]
fn mounts_below_one_whose_line_is_damaged_are_shown() {
    let (mounts, errors) = parse(
        b"1 0 8:1 / / rw - ext4 /dev/sda1 rw\n\
          2 1 8:2 / /data rw - ext4 /dev/sda2\n\
          3 2 8:3 / /data/deep rw - ext4 /dev/sda3 rw\n",
    );
    assert_eq!(errors.len(), 1);
    assert_default(&mounts, &["/", "/data/deep"]);
}

#[test]
fn a_root_directory_in_memory_is_shown_and_other_memory_is_not() {
    assert_default(&mounts!("diskless"), &["/", "/scratch"]);
}

#[test]
fn names_of_any_bytes_are_kept() {
    let selected = select(&mounts!("names"), &Filter::default());
    let names: Vec<&[u8]> = selected
        .iter()
        .map(|mount| mount.mount_point.as_os_str().as_bytes())
        .collect();
    let expected: [&[u8]; 7] = [
        b"/",
        b"/mnt/hash#mark",
        b"/mnt/latin\xe9",
        b"/mnt/new\nline",
        b"/mnt/tab\tand\\backslash",
        b"/mnt/two words",
        "/mnt/한국어".as_bytes(),
    ];
    assert_eq!(names, expected);
    assert_eq!(
        selected.get(1).map(|mount| mount.source.as_os_str()),
        Some("nas:/x#y z".as_ref())
    );
}

#[test]
fn a_hardened_service_sees_read_only_mounts_of_writable_file_systems() {
    let selected = select(&mounts!("hardened-service"), &Filter::default());
    assert_default(&selected, &["/", "/data", "/frozen"]);
    let frozen: Vec<bool> = selected.iter().map(Mount::read_only).collect();
    assert_eq!(frozen, [false, false, true]);
}

#[test]
fn included_types_are_shown_beside_the_real_ones() {
    let container = mounts!("container");
    let expected = ["/", "/dev", "/dev/shm", "/etc/hosts", "/proc/acpi"];
    assert_points(&container, &filter(&["tmpfs"], &[], &[]), &expected);
    let merged = points(&mounts!("docker"), &filter(&["overlay"], &[], &[]));
    assert_eq!(merged.len(), 3);
    assert!(merged.iter().any(|point| point.ends_with("merged")));
}

#[test]
fn an_excluded_type_is_left_out_whatever_else_is_said_of_it() {
    let container = mounts!("container");
    assert_points(
        &container,
        &filter(&["overlay"], &["overlay"], &[]),
        &["/etc/hosts"],
    );
    let network = mounts!("network");
    let without = filter(&[], &["nfs", "nfs4", "cifs", "ceph", "9p"], &[]);
    assert_points(&network, &without, &["/", "/mnt/vfs"]);
}

#[test]
fn an_excluded_mount_point_is_as_if_it_were_not_mounted() {
    let server = mounts!("server");
    let star = filter(&[], &[], &["/data/*", "/boot"]);
    assert_points(&server, &star, &["/", "/boot/efi", "/data", "/var"]);
    let deep = filter(&[], &[], &["/{boot,data}{,/**}"]);
    assert_points(&server, &deep, &["/", "/var"]);
    let other_name = filter(&[], &[], &["/mnt/storage/*", "/mnt/twice-b"]);
    assert_points(
        &mounts!("binds"),
        &other_name,
        &["/", "/etc/etl/key", "/in", "/mnt/twice-a"],
    );
    let bytes = filter(&[], &[], &["/mnt/latin?", "/mnt/new*", "/mnt/한국어"]);
    let names = [
        "/",
        "/mnt/hash#mark",
        "/mnt/tab\tand\\backslash",
        "/mnt/two words",
    ];
    assert_points(&mounts!("names"), &bytes, &names);
}

#[test]
fn a_glob_with_a_mistake_is_refused() {
    assert!(Filter::new(&[], &[], &["/mnt/[a".to_owned()]).is_err());
}

/// Lists that a kernel would never write: ids given twice, circles, names that don't nest.
fn any_mounts() -> impl Strategy<Value = Vec<Mount>> {
    let path = "(/[ab]{0,1}){1,3}";
    let mount = (
        0u32..8,
        0u32..8,
        0u32..4,
        path,
        path,
        "ext4|btrfs|nfs|tmpfs|proc",
        "s:?/?",
    );
    let mount = mount.prop_map(
        |(mount_id, parent_id, minor, root, point, fs_type, source)| Mount {
            mount_id,
            parent_id,
            major: 8,
            minor,
            root: root.into(),
            mount_point: point.into(),
            mount_options: "rw".into(),
            fs_type,
            source: source.into(),
            super_options: "rw".into(),
        },
    );
    prop::collection::vec(mount, 0..12)
}

proptest! {
    #[test]
    fn any_list_gives_sorted_and_distinct_rows_out_of_it(mounts in any_mounts()) {
        let selected = select(&mounts, &Filter::default());
        prop_assert!(selected.iter().all(|mount| mounts.contains(mount)));
        prop_assert!(selected.is_sorted_by(|a, b| a.mount_point < b.mount_point));
        let file_systems: HashSet<FileSystem> = selected.iter().map(FileSystem::of).collect();
        prop_assert_eq!(file_systems.len(), selected.len());
    }

    #[test]
    fn a_tree_with_nothing_mounted_over_is_shown_whole(
        parents in prop::collection::vec(0u32..8, 0..8),
    ) {
        let mut tree = parse(b"1 0 8:1 / / rw - ext4 /dev/x rw\n").0;
        for (id, parent) in (2..).zip(parents) {
            let parent = tree.get(parent as usize).or(tree.first()).unwrap().clone();
            let point = parent.mount_point.join(id.to_string());
            tree.push(Mount { mount_id: id, parent_id: parent.mount_id, minor: id, ..parent });
            tree.last_mut().unwrap().mount_point = point;
        }
        let selected = select(&tree, &Filter::default());
        prop_assert_eq!(selected.len(), tree.len());
        prop_assert_eq!(select(&selected, &Filter::default()), selected);
    }
}
