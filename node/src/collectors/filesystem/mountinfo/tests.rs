use std::ffi::OsStr;
use std::path::Path;

use proptest::prelude::*;

use super::*;

/// Writes what the kernel's `show_mountinfo` writes; `hash` as newer kernels do, where
/// type and source have `#` escaped too.
fn write_line(mount: &Mount, optional: &[&str], hash: bool) -> Vec<u8> {
    let mut line = format!(
        "{} {} {}:{} ",
        mount.mount_id, mount.parent_id, mount.major, mount.minor
    )
    .into_bytes();
    line.extend(mangle(mount.root.as_os_str(), false));
    line.push(b' ');
    line.extend(mangle(mount.mount_point.as_os_str(), false));
    line.push(b' ');
    line.extend(mount.mount_options.as_bytes());
    for field in optional {
        line.push(b' ');
        line.extend(field.as_bytes());
    }
    line.extend(b" - ");
    line.extend(mangle(OsStr::new(&mount.fs_type), hash));
    line.push(b' ');
    line.extend(mangle(&mount.source, hash));
    line.push(b' ');
    line.extend(mount.super_options.as_bytes());
    line.push(b'\n');
    line
}

fn mangle(name: &OsStr, hash: bool) -> Vec<u8> {
    let mut out = Vec::new();
    for &byte in name.as_bytes() {
        if b" \t\n\\".contains(&byte) || (hash && byte == b'#') {
            out.extend(format!("\\{byte:03o}").bytes());
        } else {
            out.push(byte);
        }
    }
    out
}

/// Any bytes a file name can have, the awkward ones often.
fn name() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![
        prop::sample::select(b" \t\n\\#-:,=0123/\xff\x80".to_vec()),
        1u8..=255
    ];
    prop::collection::vec(byte, 0..24)
}

fn path() -> impl Strategy<Value = PathBuf> {
    name().prop_map(|bytes| PathBuf::from(OsString::from_vec([b"/".to_vec(), bytes].concat())))
}

prop_compose! {
    fn mount()(
        ids in any::<(u32, u32, u32, u32)>(),
        root in path(),
        mount_point in path(),
        mount_options in "r[ow](,[a-z]{1,8}){0,3}",
        fs_type in "[a-z0-9]{1,8}(\\.[a-z#é \\\\]{1,8})?",
        source in name(),
        super_options in "r[ow](,[a-z]{1,8}(=[a-z0-9/\\\\:]{0,8})?){0,4}",
    ) -> Mount {
        Mount {
            mount_id: ids.0,
            parent_id: ids.1,
            major: ids.2,
            minor: ids.3,
            root,
            mount_point,
            mount_options: mount_options.into(),
            fs_type,
            source: OsString::from_vec(source),
            super_options: super_options.into(),
        }
    }
}

const OPTIONAL: [&str; 5] = [
    "shared:5",
    "master:1",
    "propagate_from:2",
    "unbindable",
    "new:tag-",
];

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let lines = bytes.split(|&byte| byte == b'\n').filter(|line| !line.is_empty()).count();
        let (mounts, errors) = parse(&bytes);
        prop_assert_eq!(mounts.len() + errors.len(), lines);
    }

    #[test]
    fn a_line_cut_anywhere_never_panics(mount in mount(), cut in 0usize..400) {
        let line = write_line(&mount, &[], true);
        let (mounts, errors) = parse(line.get(..cut).unwrap_or(&line));
        prop_assert!(mounts.len() + errors.len() <= 1);
    }

    #[test]
    fn a_mount_as_the_kernel_writes_it_parses_back(
        mount in mount(),
        optional in prop::sample::subsequence(OPTIONAL.to_vec(), 0..=OPTIONAL.len()),
        hash in any::<bool>(),
    ) {
        let line = write_line(&mount, &optional, hash);
        prop_assert_eq!(parse(&line), (vec![mount], vec![]));
    }
}

fn one(line: &str) -> Mount {
    let (mut mounts, errors) = parse(line.as_bytes());
    assert_eq!(errors, []);
    assert_eq!(mounts.len(), 1);
    mounts.remove(0)
}

#[test]
fn the_example_of_the_manual_page_is_read() {
    let mount =
        one("36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue");
    assert_eq!(
        mount,
        Mount {
            mount_id: 36,
            parent_id: 35,
            major: 98,
            minor: 0,
            root: "/mnt1".into(),
            mount_point: "/mnt2".into(),
            mount_options: "rw,noatime".into(),
            fs_type: "ext3".into(),
            source: "/dev/root".into(),
            super_options: "rw,errors=continue".into(),
        }
    );
    assert!(!mount.read_only());
    assert_eq!(mount.super_option("errors"), Some(&b"continue"[..]));
    assert_eq!(mount.super_option("err"), None);
    assert_eq!(mount.super_option("rw"), None);
}

#[test]
fn an_empty_source_is_two_spaces() {
    let mount = one("64 43 0:40 / /tmp rw,relatime - tmpfs  rw");
    assert_eq!(mount.source, "");
    assert_eq!(mount.super_options, "rw");
}

#[test]
fn escapes_become_bytes_and_other_backslashes_stay() {
    let mount = one(r"1 2 0:3 / /a\040b\011c\012d\134e\377\400\08x\ rw - fuse.x\054y a\043b rw");
    assert_eq!(
        mount.mount_point.as_os_str().as_bytes(),
        b"/a b\tc\nd\\e\xff\\400\\08x\\"
    );
    assert_eq!(mount.fs_type, "fuse.x,y");
    assert_eq!(mount.source, "a#b");
}

#[test]
fn an_escaped_comma_in_an_option_does_not_split_it() {
    let mount = one(r"1 2 0:3 / /m rw - overlay overlay rw,lowerdir=/a\054ro:/b,upperdir=/u");
    assert!(!mount.read_only());
    assert_eq!(mount.super_option("lowerdir"), Some(&br"/a\054ro:/b"[..]));
    assert_eq!(mount.super_option("upperdir"), Some(&b"/u"[..]));
}

#[test]
fn read_only_is_what_the_file_system_is_and_not_the_mount() {
    let by_mount = one("1 2 8:1 / /m ro,relatime - ext4 /dev/sda1 rw");
    assert!(!by_mount.read_only());
    let by_super = one("1 2 8:1 / /m rw,relatime - ext4 /dev/sda1 ro,errors=remount-ro");
    assert!(by_super.read_only());
    let neither = one("1 2 8:1 / /m rw,root - ext4 /dev/sda1 rw,errors=remount-ro");
    assert!(!neither.read_only());
}

#[test]
fn a_damaged_line_is_named_and_the_others_are_kept() {
    let (mounts, errors) = parse(
        b"1 0 8:1 / / rw - ext4 /dev/sda1 rw\n\
          \n\
          x 1 8:2 / /a rw - ext4 /dev/sda2 rw\n\
          3 1 8 / /b rw - ext4 /dev/sda2 rw\n\
          4 1 8:2 / /c rw shared:1 ext4 /dev/sda2 rw\n\
          5 1 8:+2 / /d rw - ext4 /dev/sda2 rw\n\
          6 99999999999 8:2 / /d rw - ext4 /dev/sda2 rw\n\
          7 1 8:3 / /e rw - ext4 /dev/sda3 rw\n\
          8 1 8:4 / /f rw - ext4 /dev/sd",
    );
    let points: Vec<&Path> = mounts
        .iter()
        .map(|mount| mount.mount_point.as_path())
        .collect();
    assert_eq!(points, [Path::new("/"), Path::new("/e")]);
    let texts: Vec<String> = errors.iter().map(ParseError::to_string).collect();
    assert_eq!(
        texts,
        [
            "mountinfo line 3: mount id is not a number",
            "mountinfo line 4: device number is not a number",
            "mountinfo line 5: no separator",
            "mountinfo line 6: device number is not a number",
            "mountinfo line 7: parent id is not a number",
            "mountinfo line 9: no super options",
        ]
    );
}

#[test]
fn this_machines_own_mounts_are_read() {
    let (mounts, errors) = parse(&std::fs::read("/proc/self/mountinfo").unwrap());
    assert_eq!(errors, []);
    assert!(mounts.iter().any(|mount| mount.fs_type == "proc"));
    assert!(mounts.iter().all(|mount| mount.mount_point.is_absolute()));
}
