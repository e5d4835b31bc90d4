use std::fs;

use super::super::open::Opener;
use super::super::{Stop, WalkOptions};
use super::*;

#[test]
fn a_directory_with_very_many_is_read_in_parts_unless_too_many_are_half_read() {
    let root = tempfile::tempdir().unwrap();
    for n in 0..1500 {
        fs::create_dir(root.path().join(format!("{n:0250}"))).unwrap();
    }
    let stop = Stop::at(Instant::now() + Duration::from_secs(60));
    for (half_read, ended) in [(0, false), (KEPT_OPEN, true)] {
        let opener = Opener::new(root.path(), false).unwrap();
        let options = WalkOptions::default();
        let shared = Shared::new(root.path(), &options, &stop, opener);
        std::thread::scope(|scope| {
            let mut worker = Worker::new(&shared, scope);
            let (node, fd) = (Arc::new(Node::root()), shared.opener.root());
            for _ in 0..half_read {
                worker.push(Job::Read {
                    node: Arc::clone(&node),
                    fd: Arc::clone(&fd),
                });
            }
            let found = worker
                .read(fd.as_fd(), &mut Place::Known(&node), None)
                .unwrap();
            assert_eq!(found, ended);
            let part = NAMES_AT_ONCE..NAMES_AT_ONCE + 40_000;
            assert_eq!(part.contains(&worker.reader.names().len()), !ended);
        });
    }
}
