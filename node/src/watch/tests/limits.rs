//! What the kernel refuses or loses, and when the thread is there.

use super::*;

#[test]
fn when_the_queue_overflows_who_heard_nothing_is_told_too() {
    let limit = fs::read_to_string("/proc/sys/fs/inotify/max_queued_events").unwrap();
    let limit: usize = limit.trim().parse().unwrap();
    let (busy, quiet) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut files = ["a", "b"].map(|name| File::create(busy.path().join(name)).unwrap());
    let (watcher, bell) = (Watcher::for_test(), Bell::default());
    let _watch = bell.watching(&watcher, quiet.path(), &[]);
    let gate = Arc::new(Mutex::new(()));
    let (entered, entries) = std::sync::mpsc::channel();
    let held = Arc::clone(&gate);
    let slow = watcher.listen(move || {
        let _ = entered.send(());
        drop(held.lock());
    });
    slow.set(vec![target(busy.path(), &["a"])]);
    entries.recv_timeout(PATIENCE).unwrap();
    let closed = gate.lock().unwrap();
    files[0].write_all(b"line\n").unwrap();
    entries.recv_timeout(PATIENCE).unwrap();
    // The thread waits at the gate; equal events in turn are not merged.
    for _ in 0..=limit / 2 {
        for file in &mut files {
            file.write_all(b"line\n").unwrap();
        }
    }
    drop(closed);
    assert!(bell.heard());
}

#[test]
fn what_can_not_be_watched_is_polled_and_tried_again_after_a_minute() {
    let root = tempfile::tempdir().unwrap();
    let long = root.path().join("n".repeat(300));
    let targets = || vec![target(root.path(), &[]), target(&long, &[])];
    let (watcher, bell) = (Watcher::for_test(), Bell::default());
    let watch = bell.listen(&watcher);
    let Coverage::Polling(reason) = watch.set(targets()) else {
        panic!("a name can't be that long");
    };
    assert!(
        reason.ends_with("can't be watched: File name too long (os error 36)"),
        "{reason}"
    );
    let answered = || watch.answered.lock().unwrap().as_ref().unwrap().at;
    let first = answered();
    watch.set(targets());
    assert_eq!(answered(), first);
    age(&watch, POLLING_TRUSTED);
    watch.set(targets());
    assert!(answered() > first);
    // The other directory is watched all the same.
    bell.take();
    File::create(root.path().join("a")).unwrap();
    assert!(bell.heard());
}

#[test]
fn there_is_a_thread_from_the_first_directory_to_the_last_handle() {
    let dir = tempfile::tempdir().unwrap();
    let (watcher, bell) = (Watcher::for_test(), Bell::default());
    let watch = bell.listen(&watcher);
    assert_eq!(watch.set(Vec::new()), Coverage::Events);
    assert!(watcher.shared.queue.lock().unwrap().is_none());
    watch.set(vec![target(dir.path(), &[])]);
    // Besides the watcher, the thread alone holds the registry.
    let registry = Arc::downgrade(&watcher.shared.registry);
    drop(watcher);
    bell.take();
    File::create(dir.path().join("a")).unwrap();
    assert!(bell.heard(), "a watch keeps it going");
    drop(watch);
    let begin = Instant::now();
    while registry.strong_count() > 0 {
        assert!(begin.elapsed() < PATIENCE);
        std::thread::yield_now();
    }
}

#[test]
fn a_start_that_fails_names_the_limit() {
    let failed = not_started(&Errno::MFILE.into());
    assert!(failed.contains("fs.inotify.max_user_instances"), "{failed}");
    assert!(!not_started(&Errno::NOMEM.into()).contains("max_user_instances"));
}
