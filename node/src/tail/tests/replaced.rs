//! Files that are put in place of others, and names that come about while nobody looks.

use std::io::Seek as _;

use super::*;

/// More than a file may have in common with another one by chance.
fn long(lines: std::ops::Range<u32>) -> String {
    lines
        .map(|line| format!("line {line} of a log\n"))
        .collect()
}

/// Says of a file that it was last written an hour ago.
fn age(world: &World, name: &str) {
    let long_ago = std::time::SystemTime::now() - Duration::from_hours(1);
    let file = File::options().write(true).open(world.path(name));
    file.unwrap().set_modified(long_ago).unwrap();
}

#[test]
fn a_file_that_is_replaced_by_its_own_copy_is_not_read_twice() {
    for name in ["app.log", "*.log"] {
        for (keeps_time, grows) in [(true, false), (true, true), (false, true)] {
            let mut world = World::new(name);
            world.append("app.log", long(0..100));
            world.read_some(up_to(40));
            let modified = fs::metadata(world.path("app.log"))
                .unwrap()
                .modified()
                .unwrap();
            world.copy("app.log", "new");
            if grows {
                world.append("new", long(100..101));
            }
            if keeps_time {
                let file = File::options().write(true).open(world.path("new")).unwrap();
                file.set_modified(modified).unwrap();
            }
            let mut writer = world.open("app.log");
            world.rename("new", "app.log");
            world.read();
            // Who writes to the old one is read on.
            writer.write_all(b"to the old one\n").unwrap();
            world.append("app.log", "to the new one\n");
            world.read();
            let mut lines: Vec<_> = world
                .lines()
                .iter()
                .map(|line| (*line).to_owned())
                .collect();
            let mut expected: Vec<_> = long(0..if grows { 101 } else { 100 })
                .lines()
                .map(str::to_owned)
                .collect();
            expected.extend(["to the old one", "to the new one"].map(str::to_owned));
            lines.sort_unstable();
            expected.sort_unstable();
            assert_eq!(lines, expected, "{name} {keeps_time} {grows}");
            world.expect_no_gaps();
        }
    }
}

#[test]
fn a_file_that_is_written_anew_with_the_same_lines_is_read_again() {
    let mut world = World::new("app.log");
    world.append("app.log", long(0..100));
    world.read();
    std::thread::sleep(Duration::from_millis(10));
    world.append("new", long(0..100));
    world.rename("new", "app.log");
    world.read();
    assert_eq!(world.lines().len(), 200);
}

#[test]
fn files_that_swap_their_names_while_nobody_looks_go_on_where_they_were() {
    let mut world = World::new("*.log");
    world.append("a.log", "a1\n");
    world.append("b.log", "b1\n");
    world.append("app.log", "c1\n");
    world.expect(&["a1", "c1", "b1"]);
    world.rename("a.log", "other");
    world.rename("b.log", "a.log");
    world.rename("other", "b.log");
    world.rename("app.log", "app-1.log");
    world.append("app.log", "d1\n");
    world.append("a.log", "b2\n");
    world.restart();
    world.read();
    world.expect_in_any_order(&["a1", "b1", "b2", "c1", "d1"]);
    world.expect_no_gaps();
}

#[test]
fn the_times_of_a_file_in_between_do_not_matter() {
    for compressed in [false, true] {
        let mut world = World::new("app.log");
        world.append("app.log", "1\n");
        world.expect(&["1"]);
        world.rename("app.log", "app.log.2");
        world.append("app.log.1", "2\n");
        age(&world, "app.log.1");
        if compressed {
            world.compress("app.log.1");
        }
        world.append("app.log", "3\n");
        world.restart();
        world.expect(&["1", "2", "3"]);
        world.expect_no_gaps();
    }
}

#[test]
fn a_file_between_two_looks_is_read_though_all_before_it_are_finished() {
    for name in ["app.log", "*.log"] {
        let mut world = World::new(name);
        world.append("app.log", "1\n");
        world.expect(&["1"]);
        world.rename("app.log", "app.log.2");
        world.compress("app.log.2");
        world.restart();
        world.expect(&["1"]);
        world.append("app.log", "2\n");
        world.rename("app.log", "app.log.1");
        world.compress("app.log.1");
        world.append("app.log", "3\n");
        world.restart();
        world.expect(&["1", "2", "3"]);
        world.expect_no_gaps();
    }
}

#[test]
fn an_old_file_that_is_brought_back_is_not_read() {
    let mut world = World::new("app.log");
    world.append("app.log", "1\n");
    world.expect(&["1"]);
    world.append("app.log.7", "of last year\n");
    age(&world, "app.log.7");
    world.rename("app.log", "app.log.1");
    world.append("app.log", "2\n");
    world.expect(&["1", "2"]);
}

#[test]
fn zeros_before_the_first_line_of_a_copy_are_no_line_of_it() {
    for compressed in [false, true] {
        let mut world = World::new("app.log");
        let mut writer = File::create(world.path("app.log")).unwrap();
        writer.write_all(long(0..10).as_bytes()).unwrap();
        world.read();
        // Two copies and cuts under a writer that goes on at its offset, and nobody looks.
        world.copy("app.log", "app.log.2");
        world.truncate("app.log");
        writer.write_all(b"in between\n").unwrap();
        world.copy("app.log", "app.log.1");
        world.truncate("app.log");
        writer.write_all(b"last\n").unwrap();
        if compressed {
            world.compress("app.log.2");
            world.compress("app.log.1");
        }
        world.restart();
        world.read();
        assert_eq!(world.lines()[10..], ["in between", "last"]);
    }
}

#[test]
fn zeros_that_come_into_a_file_that_is_already_open_are_no_line_of_it() {
    for looks_in_between in [false, true] {
        let mut world = World::new("app.log");
        let mut writer = File::create(world.path("app.log")).unwrap();
        writer.write_all(long(0..10).as_bytes()).unwrap();
        world.read();
        world.copy("app.log", "app.log.1");
        world.truncate("app.log");
        // It is empty when it is taken up.
        world.read();
        if looks_in_between {
            let zeros = writer.stream_position().unwrap();
            let room = File::options()
                .write(true)
                .open(world.path("app.log"))
                .unwrap();
            room.set_len(zeros).unwrap();
            world.wait(10);
            world.read();
        }
        writer.write_all(b"first\n").unwrap();
        world.read();
        writer.write_all(b"second\n").unwrap();
        world.read();
        assert_eq!(world.lines()[10..], ["first", "second"]);
        world.restart();
        writer.write_all(b"third\n").unwrap();
        world.read();
        assert_eq!(world.lines()[10..], ["first", "second", "third"]);
    }
}

#[test]
fn zeros_of_a_second_cut_are_told_from_those_of_the_first_behind_which_nothing_is_read_yet() {
    for restarts in [false, true] {
        let mut world = World::new("app.log");
        let mut writer = File::create(world.path("app.log")).unwrap();
        writer.write_all(long(0..100).as_bytes()).unwrap();
        world.read();
        world.copy("app.log", "app.log.1");
        world.truncate("app.log");
        writer.write_all(b"in between\n").unwrap();
        world.read_some(up_to(0));
        world.rename("app.log.1", "app.log.2");
        world.copy("app.log", "app.log.1");
        world.truncate("app.log");
        if restarts {
            world.restart();
        }
        writer.write_all(b"last\n").unwrap();
        world.read();
        assert_eq!(world.lines()[100..], ["in between", "last"], "{restarts}");
    }
}

#[test]
fn a_file_that_nobody_can_read_is_in_the_ledger_of_a_glob_to_which_it_is_new() {
    let mut world = World::new("*.log");
    std::thread::sleep(Duration::from_millis(20));
    world.restart();
    world.append("a.log", "1\n");
    world.expect(&["1"]);
    std::thread::sleep(Duration::from_millis(20));
    world.append("b.log.1.bz2", "BZh9 what a compressor makes of some lines");
    world.append("b.log", "2\n");
    world.restart();
    world.expect(&["1", "2"]);
    let gaps = &world.stored.gaps;
    assert_eq!(gaps.len(), 1, "{gaps:?}");
    assert_eq!(gaps[0].reason, GapReason::Unreadable);
    assert_eq!(gaps[0].place, world.path("b.log.1.bz2"));
}
