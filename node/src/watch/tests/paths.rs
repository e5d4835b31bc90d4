//! Directories that come, go and move.

use super::*;

#[test]
fn a_directory_that_is_removed_and_made_again_is_watched_again() {
    let root = tempfile::tempdir().unwrap();
    let dir = root.path().join("d");
    let (watcher, bell) = (Watcher::for_test(), Bell::default());
    fs::create_dir(&dir).unwrap();
    let targets = [target(&dir, &["a"])];
    let watch = bell.watching(&watcher, &dir, &["a"]);
    for _ in 0..3 {
        fs::remove_dir_all(&dir).unwrap();
        assert!(bell.heard());
        let awaiting = inodes([root.path()]);
        set_until(&watch, &targets, || watched(&watcher) == awaiting);
        bell.settle();
        fs::create_dir(&dir).unwrap();
        assert!(bell.heard());
        let there = inodes([dir.as_path()]);
        set_until(&watch, &targets, || watched(&watcher) == there);
        assert!(
            bell.heard(),
            "what came before the watch is not told otherwise"
        );
        assert!(bell.silent());
        File::create(dir.join("a")).unwrap();
        assert!(bell.heard());
    }
}

#[test]
fn a_directory_that_is_renamed_away_is_no_longer_heard() {
    let root = tempfile::tempdir().unwrap();
    let (dir, away) = (root.path().join("d"), root.path().join("away"));
    let (watcher, bell) = (Watcher::for_test(), Bell::default());
    fs::create_dir(&dir).unwrap();
    let watch = bell.watching(&watcher, &dir, &[]);
    fs::rename(&dir, &away).unwrap();
    assert!(bell.heard());
    fs::create_dir(&dir).unwrap();
    assert_eq!(watch.set(vec![target(&dir, &[])]), Coverage::Events);
    assert!(bell.heard());
    bell.settle();
    File::create(away.join("a")).unwrap();
    assert!(bell.silent());
    File::create(dir.join("a")).unwrap();
    assert!(bell.heard());
}

#[test]
fn a_directory_that_is_made_later_is_found_at_once_step_by_step() {
    let root = tempfile::tempdir().unwrap();
    let (dir, bell) = (root.path().join("a/b/c"), Bell::default());
    let watcher = Watcher::for_test();
    let watch = bell.watching(&watcher, &dir, &["log"]);
    let targets = [target(&dir, &["log"])];
    File::create(root.path().join("other")).unwrap();
    assert!(bell.silent(), "not on the way");
    for step in ["a", "a/b", "a/b/c"] {
        let step = root.path().join(step);
        fs::create_dir(&step).unwrap();
        assert!(bell.heard());
        let there = inodes([step.as_path()]);
        set_until(&watch, &targets, || watched(&watcher) == there);
        assert!(bell.heard());
        assert!(bell.silent());
    }
    File::create(dir.join("log")).unwrap();
    assert!(bell.heard());
}

#[test]
fn a_file_in_the_place_of_a_directory_is_waited_out() {
    let root = tempfile::tempdir().unwrap();
    let (dir, bell) = (root.path().join("d"), Bell::default());
    File::create(&dir).unwrap();
    let watcher = Watcher::for_test();
    let watch = bell.watching(&watcher, &dir, &[]);
    fs::remove_file(&dir).unwrap();
    fs::create_dir(&dir).unwrap();
    assert!(bell.heard());
    watch.set(vec![target(&dir, &[])]);
    assert_eq!(watched(&watcher), inodes([dir.as_path()]));
}

#[test]
fn a_path_that_leads_elsewhere_without_an_event_is_noticed_when_it_is_looked_at_again() {
    let root = tempfile::tempdir().unwrap();
    let (parent, dir) = (root.path().join("p"), root.path().join("p/d"));
    fs::create_dir_all(&dir).unwrap();
    let (watcher, bell) = (Watcher::for_test(), Bell::default());
    let watch = bell.watching(&watcher, &dir, &[]);
    let old = watched(&watcher);
    fs::rename(&parent, root.path().join("away")).unwrap();
    fs::create_dir_all(&dir).unwrap();
    assert!(bell.silent());
    watch.set(vec![target(&dir, &[])]);
    assert_eq!(watched(&watcher), old, "an answer is good for a while");
    age(&watch, EVENTS_TRUSTED);
    watch.set(vec![target(&dir, &[])]);
    assert!(bell.heard());
    assert_eq!(watched(&watcher), inodes([dir.as_path()]));
}
