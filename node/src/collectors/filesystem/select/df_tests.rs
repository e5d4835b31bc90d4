use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::Command;

use super::super::mountinfo::parse;
use super::*;

fn points(mounts: &[Mount], filter: &Filter) -> BTreeSet<PathBuf> {
    select(mounts, filter)
        .into_iter()
        .map(|mount| mount.mount_point)
        .collect()
}

fn lacks(what: &str) {
    assert!(
        std::env::var_os("ETLMON_REQUIRE_PEERS").is_none_or(|value| value != "1"),
        "{what} is missing"
    );
    println!("skipped: {what} is missing");
}

/// Mounts of every kind that this needs no disk for; `df` shows `tmpfs` like any disk.
const ODD_MOUNTS: &str = r#"
set -e
cd "$1"
mkdir disk top stack under under/deep bound
mount -t tmpfs disk disk
mkdir disk/sub disk/sub/x
mount --bind disk/sub bound
mount -t tmpfs one top
mkdir top/hidden
mount -t tmpfs hidden top/hidden
mount -t tmpfs two top
mkdir top/seen
mount -t tmpfs seen top/seen
mount -t tmpfs lost under/deep
mount -t tmpfs cover under
mount --bind disk stack
mount -t tmpfs over stack
mkdir 'two words'
mount -t tmpfs '' 'two words'
mount -t tmpfs over /
cat /proc/self/mountinfo
echo ====
df --output=target
"#;

#[test]
fn rows_agree_with_df_among_odd_mounts() {
    let directory = tempfile::tempdir().unwrap();
    let run = Command::new("unshare")
        .args(["--mount", "sh", "-c", ODD_MOUNTS, "sh"])
        .arg(directory.path())
        .output();
    let Some(output) = run.ok().filter(|output| output.status.success()) else {
        return lacks("unshare --mount, mount or df");
    };
    let text = String::from_utf8(output.stdout).unwrap();
    let (mountinfo, df) = text.split_once("====\n").unwrap();
    let (mounts, errors) = parse(mountinfo.as_bytes());
    assert_eq!(errors, []);
    let is_ours = |point: &PathBuf| point.starts_with(directory.path());
    let df: BTreeSet<PathBuf> = df.lines().map(PathBuf::from).filter(is_ours).collect();
    let memory_too = Filter::new(&["tmpfs".to_owned()], &[], &[]).unwrap();
    let rows: BTreeSet<PathBuf> = points(&mounts, &memory_too)
        .into_iter()
        .filter(is_ours)
        .collect();
    assert_eq!(rows, df);
    assert_eq!(rows.len(), 6, "{rows:?}");
}

#[test]
fn rows_agree_with_df_on_this_machine() {
    let Ok(output) = Command::new("df").args(["--output=fstype,target"]).output() else {
        return lacks("df");
    };
    let (mounts, _) = parse(&std::fs::read("/proc/self/mountinfo").unwrap());
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let df: BTreeSet<PathBuf> = text
        .lines()
        .skip(1)
        .filter_map(|line| line.split_once(char::is_whitespace))
        .filter(|(fs_type, target)| {
            !LEFT_OUT.contains(fs_type)
                && (!REAL_AT_ROOT.contains(fs_type) || target.trim_start() == "/")
        })
        .map(|(_, target)| PathBuf::from(target.trim_start()))
        .collect();
    assert!(!df.is_empty());
    assert_eq!(points(&mounts, &Filter::default()), df);
}
