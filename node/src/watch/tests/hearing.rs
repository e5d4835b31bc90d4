//! Which changes are told, and to whom.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;

#[test]
fn a_write_to_a_named_file_is_told_at_once_and_one_to_another_is_not() {
    let dir = tempfile::tempdir().unwrap();
    let (named, other) = (dir.path().join("a"), dir.path().join("b"));
    File::create(&named).unwrap();
    File::create(&other).unwrap();
    let (watcher, bell) = (Watcher::for_test(), Bell::default());
    let _watch = bell.watching(&watcher, dir.path(), &["a"]);
    append(&other);
    fs::read(&named).unwrap();
    assert!(bell.silent());
    // Without the rest of 100 ms, which only follows; a busy machine may need another try.
    let is_at_once = (0..10).any(|_| {
        bell.settle();
        let begin = Instant::now();
        append(&named);
        assert!(bell.heard());
        begin.elapsed() < Duration::from_millis(50)
    });
    assert!(is_at_once);
}

#[test]
fn whoever_is_told_of_a_rest_is_told_of_its_end_even_when_the_watcher_ends() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("a");
    File::create(&file).unwrap();
    let (say, words) = std::sync::mpsc::channel();
    let next = || words.recv_timeout(PATIENCE).unwrap();
    let watcher = Watcher::for_test();
    let watch = watcher.listen_to_all(move |word| {
        let _ = say.send(word);
    });
    watch.set(vec![target(dir.path(), &["a"])]);
    // Nothing was read from the queue for that, so there is no rest after it.
    assert_eq!(next(), Word::News);
    for _ in 0..3 {
        append(&file);
        assert_eq!((next(), next()), (Word::NewsAndRest, Word::Rested));
    }
    append(&file);
    assert_eq!(next(), Word::NewsAndRest);
    drop((watch, watcher));
    assert_eq!(next(), Word::Rested);
}

#[test]
fn a_file_that_may_be_read_from_now_on_is_told() {
    let dir = tempfile::tempdir().unwrap();
    for name in ["a", "b"] {
        File::create(dir.path().join(name)).unwrap();
    }
    let (watcher, bell) = (Watcher::for_test(), Bell::default());
    let _watch = bell.watching(&watcher, dir.path(), &["a"]);
    let readable = || fs::Permissions::from_mode(0o644);
    fs::set_permissions(dir.path().join("b"), readable()).unwrap();
    assert!(bell.silent());
    fs::set_permissions(dir.path().join("a"), readable()).unwrap();
    assert!(bell.heard());
}

#[test]
fn ten_thousand_writes_wake_a_handful_of_times_and_the_last_one_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a");
    let mut file = File::create(&path).unwrap();
    let (watcher, calls) = (Watcher::for_test(), Arc::new(AtomicUsize::new(0)));
    let seen = Arc::new((Mutex::new(0), Condvar::new()));
    let watch = watcher.listen({
        let (calls, seen, path) = (Arc::clone(&calls), Arc::clone(&seen), path.clone());
        move || {
            calls.fetch_add(1, Ordering::Relaxed);
            *seen.0.lock().unwrap() = fs::metadata(&path).unwrap().len();
            seen.1.notify_all();
        }
    });
    watch.set(vec![target(dir.path(), &["a"])]);
    let begin = Instant::now();
    for _ in 0..10_000 {
        file.write_all(b"line\n").unwrap();
    }
    let took = begin.elapsed();
    let size = seen.0.lock().unwrap();
    let waited = seen
        .1
        .wait_timeout_while(size, PATIENCE, |size| *size < 50_000)
        .unwrap();
    assert_eq!(*waited.0, 50_000);
    // One by `set`, one at once, and one for each 100 ms that passed.
    let limit = 3 + usize::try_from(took.as_millis() / 100).unwrap();
    let calls = calls.load(Ordering::Relaxed);
    assert!(calls <= limit, "{calls} calls in {took:?}");
}

#[test]
fn entries_that_come_go_and_are_renamed_are_told() {
    let dir = tempfile::tempdir().unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    let (watcher, bell) = (Watcher::for_test(), Bell::default());
    let _watch = bell.watching(&watcher, dir.path(), &[]);
    let (a, b) = (dir.path().join("a"), dir.path().join("b"));
    let away = elsewhere.path().join("a");
    let changes: [&dyn Fn() -> std::io::Result<()>; 6] = [
        &|| File::create(&a).map(drop),
        &|| fs::rename(&a, &b),
        &|| fs::rename(&b, &away),
        &|| fs::rename(&away, &b),
        &|| fs::hard_link(&b, &a),
        &|| fs::remove_file(&b),
    ];
    for (at, change) in changes.iter().enumerate() {
        bell.settle();
        change().unwrap();
        assert!(bell.heard(), "{at}");
    }
}

#[test]
fn a_writer_that_goes_on_in_a_renamed_or_deleted_file_is_heard() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a");
    let mut file = File::create(&path).unwrap();
    let (watcher, bell) = (Watcher::for_test(), Bell::default());
    let watch = bell.watching(&watcher, dir.path(), &["a"]);
    let renamed = dir.path().join("a.1");
    fs::rename(&path, &renamed).unwrap();
    assert!(bell.heard());
    watch.set(vec![target(dir.path(), &["a", "a.1"])]);
    assert!(bell.heard(), "a name that was not watched before");
    bell.settle();
    file.write_all(b"late").unwrap();
    assert!(bell.heard());
    fs::remove_file(&renamed).unwrap();
    assert!(bell.heard());
    bell.settle();
    file.write_all(b"later").unwrap();
    assert!(bell.heard());
}

#[test]
fn two_listeners_share_a_watch_and_each_hears_its_own() {
    let dir = tempfile::tempdir().unwrap();
    let paths = ["a", "b"].map(|name| dir.path().join(name));
    paths
        .iter()
        .for_each(|path| drop(File::create(path).unwrap()));
    let watcher = Watcher::for_test();
    let (first, second) = (Bell::default(), Bell::default());
    let kept = first.watching(&watcher, dir.path(), &["a"]);
    let dropped = second.watching(&watcher.clone(), dir.path(), &["b"]);
    assert_eq!(watched(&watcher), inodes([dir.path()]));
    append(&paths[1]);
    assert!(second.heard());
    assert_eq!(first.take(), 0);
    drop(dropped);
    append(&paths[0]);
    append(&paths[1]);
    assert!(first.heard());
    assert!(second.silent(), "a listener that was dropped");
    drop(kept);
    assert!(watched(&watcher).is_empty());
}

#[test]
fn names_of_any_bytes_are_watched() {
    let root = tempfile::tempdir().unwrap();
    let dir = root.path().join(OsStr::from_bytes(b"d\xff\n"));
    fs::create_dir(&dir).unwrap();
    let name = OsStr::from_bytes(b"\xfe log");
    File::create(dir.join(name)).unwrap();
    let (watcher, bell) = (Watcher::for_test(), Bell::default());
    let watch = bell.listen(&watcher);
    let targets = vec![Target {
        directory: dir.clone(),
        names: [name.to_owned()].into(),
        entries: [OsString::new()].into(),
    }];
    assert_eq!(watch.set(targets), Coverage::Events);
    bell.take();
    append(&dir.join(name));
    assert!(bell.heard());
}

#[test]
fn a_listener_that_panics_leaves_the_others_heard() {
    let dir = tempfile::tempdir().unwrap();
    let (watcher, bell, armed) = (
        Watcher::for_test(),
        Bell::default(),
        Arc::new(AtomicUsize::new(0)),
    );
    let trigger = Arc::clone(&armed);
    let faulty = watcher.listen(move || assert_eq!(trigger.load(Ordering::Relaxed), 0));
    faulty.set(vec![target(dir.path(), &[])]);
    let _watch = bell.watching(&watcher, dir.path(), &[]);
    armed.store(1, Ordering::Relaxed);
    for name in ["a", "b"] {
        File::create(dir.path().join(name)).unwrap();
        assert!(bell.heard());
    }
}
