//! Files that are written on after they were compressed and removed.

use super::*;

/// A world that sees who has files open.
fn world(name: &str) -> World {
    World::with(name, |settings| settings.proc = PathBuf::from("/proc"))
}

/// Whether the open files of this process can be told at all.
fn sees_holders() -> bool {
    let sees = fs::read_dir("/proc/self/fd").is_ok();
    if !sees {
        println!("skipped: proc(5) is not mounted here");
    }
    sees
}

#[test]
fn a_file_compressed_under_its_writer_while_nobody_looked_is_read_to_its_real_end() {
    for name in ["app.log", "app.log*"] {
        let mut world = world(name);
        if !sees_holders() {
            return;
        }
        let mut writer = world.open("app.log");
        writer.write_all(b"1\n2\n").unwrap();
        world.read_some(up_to(1));
        world.rename("app.log", "app.log.1");
        world.append("app.log", "");
        writer.write_all(b"3\n").unwrap();
        world.compress("app.log.1");
        writer.write_all(b"4\n5").unwrap();
        world.restart();
        world.expect(&["1", "2", "3", "4"]);
        world.restart();
        writer.write_all(b"\n6\n").unwrap();
        world.append("app.log", "7\n");
        world.read();
        world.expect_in_any_order(&["1", "2", "3", "4", "5", "6", "7"]);
        drop(writer);
        for _ in 0..4 {
            world.wait(61);
            world.read();
        }
        world.restart();
        world.read();
        assert_eq!(world.lines().len(), 7);
        world.expect_no_gaps();
    }
}

#[test]
fn a_file_removed_under_its_writer_while_nobody_looked_is_read_to_its_end() {
    let mut world = world("app.log");
    if !sees_holders() {
        return;
    }
    let mut writer = world.open("app.log");
    writer.write_all(b"1\n").unwrap();
    world.read();
    world.remove("app.log");
    writer.write_all(b"2\n").unwrap();
    world.append("app.log", "3\n");
    world.restart();
    world.expect(&["1", "2", "3"]);
    world.expect_no_gaps();
}

#[test]
fn a_file_in_a_directory_that_was_renamed_while_nobody_looked_is_read_to_its_end() {
    let mut world = world("logs/app.log");
    if !sees_holders() {
        return;
    }
    fs::create_dir(world.path("logs")).unwrap();
    let mut writer = world.open("logs/app.log");
    writer.write_all(b"1\n").unwrap();
    world.read();
    world.rename("logs", "old");
    fs::create_dir(world.path("logs")).unwrap();
    writer.write_all(b"2\n").unwrap();
    world.append("logs/app.log", "3\n");
    world.restart();
    world.expect(&["1", "2", "3"]);
    writer.write_all(b"4\n").unwrap();
    world.expect(&["1", "2", "3", "4"]);
    world.expect_no_gaps();
}

#[test]
fn a_compressed_file_that_ends_within_a_line_was_still_written() {
    for (text, quiet, rows) in [
        ("1\n2\n3", false, 1),
        ("1\n2\n3\n", false, 0),
        ("1\n2\n3", true, 0),
    ] {
        let mut world = World::new("app.log");
        world.append("app.log", text);
        world.read_some(up_to(1));
        world.rename("app.log", "app.log.1");
        if quiet {
            let file = File::options().write(true).open(world.path("app.log.1"));
            let long_ago = std::time::SystemTime::now() - Duration::from_secs(600);
            file.unwrap().set_modified(long_ago).unwrap();
        }
        world.compress("app.log.1");
        world.append("app.log", "4\n");
        world.restart();
        // What is not stored is read again, and told again.
        world.follower.read(Budget::default(), world.now);
        world.expect(&["1", "2", "3", "4"]);
        world.restart();
        world.read();
        let born = fs::metadata(world.path("app.log.1.gz")).unwrap().created();
        let rows = if born.is_ok() { rows } else { 0 };
        assert_eq!(world.stored.gaps.len(), rows, "{text:?} {quiet}");
        for gap in &world.stored.gaps {
            assert_eq!(
                (gap.reason, gap.from_offset, gap.to_offset),
                (GapReason::StillWritten, 5, None)
            );
        }
    }
}

#[test]
fn thousands_of_known_files_are_opened_a_few_at_a_time() {
    let mut world = World::with("*.log", |settings| settings.max_open_files = 5);
    let names: Vec<String> = (0..60).map(|number| format!("{number:02}.log")).collect();
    let open = |world: &World| {
        let files = world.follower.files.iter();
        files.filter(|file| file.source.is_some()).count()
    };
    for name in &names {
        world.append(name, format!("{name} 1\n"));
    }
    world.read();
    world.read();
    world.restart();
    world.read_some(Budget::default());
    assert!(open(&world) <= 5, "{}", open(&world));
    for name in &names {
        world.append(name, format!("{name} 2\n"));
    }
    world.restart();
    while world.read_some(Budget::default()) {
        assert!(open(&world) <= 5, "{}", open(&world));
    }
    let mut expected: Vec<String> = Vec::new();
    for name in &names {
        expected.extend([format!("{name} 1"), format!("{name} 2")]);
    }
    let mut lines = world.lines();
    lines.sort_unstable();
    assert_eq!(lines, expected);
    world.expect_no_gaps();
}
