//! Random histories: the kernel watches exactly what is needed.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

const LISTENERS: usize = 3;
const PATHS: [&str; 7] = ["a", "a/x", "a/x/y", "b", "b/x", "c", "c/x/y/z"];

#[derive(Clone, Debug)]
enum Step {
    /// A listener watches these of the paths.
    Set(usize, Vec<usize>),
    /// A listener is dropped and another one takes its place.
    Renew(usize),
    Make(usize),
    Remove(usize),
    Rename(usize, usize),
}

fn step() -> impl Strategy<Value = Step> {
    let path = || 0..PATHS.len();
    prop_oneof![
        6 => (0..LISTENERS, prop::collection::vec(path(), 0..4)).prop_map(|(l, p)| Step::Set(l, p)),
        1 => (0..LISTENERS).prop_map(Step::Renew),
        3 => path().prop_map(Step::Make),
        2 => path().prop_map(Step::Remove),
        1 => (path(), path()).prop_map(|(from, to)| Step::Rename(from, to)),
    ]
}

fn nearest(path: &Path) -> &Path {
    path.ancestors().find(|path| path.is_dir()).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn whatever_happens_the_kernel_watches_what_each_listener_was_last_set_to(
        steps in prop::collection::vec(step(), 1..40),
    ) {
        let root = tempfile::tempdir().unwrap();
        let path = |at: usize| root.path().join(PATHS[at]);
        let watcher = Watcher::for_test();
        let mut watches: Vec<Watch> = (0..LISTENERS).map(|_| watcher.listen(|| ())).collect();
        // The inodes that each listener found at its last `set`.
        let mut found: BTreeMap<usize, BTreeSet<u64>> = BTreeMap::new();
        for step in steps {
            match step {
                Step::Set(listener, paths) => {
                    let paths: Vec<PathBuf> = paths.into_iter().map(path).collect();
                    // The event that tells it what has changed may still be on its way.
                    if watches[listener].answered.lock().unwrap().is_some() {
                        age(&watches[listener], POLLING_TRUSTED);
                    }
                    let targets: Vec<Target> = paths.iter().map(|path| target(path, &["log"])).collect();
                    prop_assert_eq!(watches[listener].set(targets), Coverage::Events);
                    found.insert(listener, inodes(paths.iter().map(|path| nearest(path))));
                }
                Step::Renew(listener) => {
                    watches[listener] = watcher.listen(|| ());
                    found.remove(&listener);
                }
                Step::Make(at) => fs::create_dir_all(path(at)).unwrap(),
                Step::Remove(at) if path(at).is_dir() => {
                    let before = everything(root.path());
                    fs::remove_dir_all(path(at)).unwrap();
                    let gone = &before - &everything(root.path());
                    found.values_mut().for_each(|inodes| inodes.retain(|i| !gone.contains(i)));
                }
                Step::Remove(_) => {}
                Step::Rename(from, to) => {
                    // Refused where it makes no sense; a directory that it replaces is gone.
                    let before = everything(root.path());
                    let _ = fs::rename(path(from), path(to));
                    let gone = &before - &everything(root.path());
                    found.values_mut().for_each(|inodes| inodes.retain(|i| !gone.contains(i)));
                }
            }
            let expected: BTreeSet<u64> = found.values().flatten().copied().collect();
            prop_assert_eq!(watched(&watcher), expected);
        }
    }
}

/// The inodes of a directory and of all below it.
fn everything(directory: &Path) -> BTreeSet<u64> {
    let mut inodes = inodes([directory]);
    for entry in fs::read_dir(directory).unwrap() {
        inodes.extend(everything(&entry.unwrap().path()));
    }
    inodes
}

#[test]
fn listeners_that_come_and_go_at_the_same_time_leave_no_watch_and_lose_none() {
    let dir = tempfile::tempdir().unwrap();
    let (watcher, bell) = (Watcher::for_test(), Bell::default());
    let targets = [target(dir.path(), &[])];
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..500 {
                    watcher.listen(|| ()).set(targets.to_vec());
                }
            });
        }
    });
    assert!(watched(&watcher).is_empty());
    let stays = bell.listen(&watcher);
    stays.set(targets.to_vec());
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..500 {
                    watcher.listen(|| ()).set(targets.to_vec());
                }
            });
        }
    });
    let there = inodes([dir.path()]);
    set_until(&stays, &targets, || watched(&watcher) == there);
    bell.take();
    File::create(dir.path().join("a")).unwrap();
    assert!(bell.heard());
}
