//! Random trees: every count and size is that of `find`.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use rustix::fs::{CWD, FileType, Mode};

use super::*;

const NAMES: [&[u8]; 12] = [
    b"a",
    b"b",
    b"ab",
    b"x.tmp",
    b"d.tmp",
    b"keep",
    b"new\nline",
    b"sp ace",
    b"\xff\xfe",
    b".hidden",
    b"-dash",
    b"*",
];

#[derive(Clone, Copy, Debug)]
enum Kind {
    Dir,
    File(u16),
    /// To one of: nothing, itself, its directory, the root.
    Symlink(u8),
    Fifo,
    /// Of one of the files so far.
    HardLink(prop::sample::Index),
}

/// An entry: which of the directories so far it is in, its name, what it is.
type Made = (prop::sample::Index, usize, Kind);

fn made(hard_links: bool) -> impl Strategy<Value = Vec<Made>> {
    let index = any::<prop::sample::Index>;
    let kind = prop_oneof![
        5 => Just(Kind::Dir),
        4 => any::<u16>().prop_map(Kind::File),
        1 => (0..4u8).prop_map(Kind::Symlink),
        1 => Just(Kind::Fifo),
        u32::from(hard_links) * 2 => index().prop_map(Kind::HardLink),
    ];
    prop::collection::vec((index(), 0..NAMES.len(), kind), 0..80)
}

fn build(entries: &[Made]) -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    let mut dirs: Vec<PathBuf> = vec![root.path().to_owned()];
    let mut files: Vec<PathBuf> = Vec::new();
    for (parent, name, kind) in entries {
        let path = named(parent.get::<PathBuf>(&dirs), NAMES[*name]);
        if path.symlink_metadata().is_ok() {
            continue;
        }
        match kind {
            Kind::Dir => {
                fs::create_dir(&path).unwrap();
                dirs.push(path);
            }
            Kind::File(size) => {
                fs::write(&path, vec![b'x'; usize::from(*size)]).unwrap();
                files.push(path);
            }
            Kind::Symlink(to) => {
                let to =
                    [Path::new("nowhere"), &path, Path::new("."), root.path()][usize::from(*to)];
                symlink(to, &path).unwrap();
            }
            Kind::Fifo => {
                rustix::fs::mknodat(CWD, &path, FileType::Fifo, Mode::RUSR, 0).unwrap();
            }
            Kind::HardLink(of) if !files.is_empty() => {
                fs::hard_link(of.get::<PathBuf>(&files), &path).unwrap()
            }
            Kind::HardLink(_) => {}
        }
    }
    root
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_count_and_sum_is_that_of_find(
        entries in made(true),
        max_depth in prop::option::of(0..6u32),
        threads in 1..=4usize,
        slow: bool,
    ) {
        let root = build(&entries);
        let depth = max_depth.map(|depth| depth.to_string());
        let options: Vec<&str> = depth.iter().flat_map(|depth| ["-maxdepth", depth]).collect();
        let expected = oracle::find(root.path(), &options, &[]);
        let max_io_ops_per_sec = if slow { SLOW_ENOUGH_FOR_HELPERS } else { 0 };
        let options = WalkOptions { max_depth, threads, max_io_ops_per_sec, ..measured() };
        let plain = WalkOptions { measure_sizes: false, ..options.clone() };
        prop_assert_eq!(counts(root.path(), &plain), oracle::counts(&expected));
        prop_assert_eq!(counts(root.path(), &options), oracle::counts(&expected));
        let sizes = count(root.path(), &options).sizes.unwrap();
        let sums = (sizes.total_bytes, sizes.newest_mtime, sizes.oldest_mtime);
        prop_assert_eq!(sums, oracle::sizes(&expected));
    }

    #[test]
    fn the_biggest_entries_are_those_that_find_adds_up(
        entries in made(false),
        threads in 1..=4usize,
        top_entries in 0..8usize,
    ) {
        let root = build(&entries);
        let options = WalkOptions {
            top_entries,
            threads,
            max_io_ops_per_sec: SLOW_ENOUGH_FOR_HELPERS,
            ..measured()
        };
        let mut expected = oracle::top(&oracle::find(root.path(), &[], &[]));
        expected.truncate(top_entries);
        prop_assert_eq!(count(root.path(), &options).sizes.unwrap().top, expected);
    }

    #[test]
    fn what_is_excluded_is_what_find_prunes(
        entries in made(true),
        which in prop::sample::select(excludes::AS_FIND),
        threads in 1..=4usize,
    ) {
        let root = build(&entries);
        let (pattern, prune) = which;
        let exclude = Excludes::new(&[pattern.to_owned()]).unwrap();
        let options = WalkOptions { exclude, threads, ..measured() };
        let expected = oracle::find(root.path(), &[], &excludes::pruned(root.path(), prune));
        let tally = count(root.path(), &options);
        prop_assert_eq!((tally.file_count, tally.dir_count), oracle::counts(&expected));
        prop_assert_eq!(tally.sizes.unwrap().total_bytes, oracle::sizes(&expected).0);
        let plain = WalkOptions { measure_sizes: false, ..options };
        prop_assert_eq!(counts(root.path(), &plain), oracle::counts(&expected));
    }
}
