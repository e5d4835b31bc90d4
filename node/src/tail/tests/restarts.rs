//! What happened while nobody looked, and what a crash leaves.

use std::io::{self, ErrorKind};
use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::sync::Arc;

use super::super::StartAt;
use super::*;

#[test]
fn after_a_restart_the_renamed_file_is_drained_first() {
    let mut world = World::new("app.log");
    world.append("app.log", "1\n2\n3\n");
    world.read_some(up_to(1));
    world.rename("app.log", "app.log.1");
    world.append("app.log", "4\n");
    world.restart();
    world.expect(&["1", "2", "3", "4"]);
    world.expect_no_gaps();
}

#[test]
fn after_a_restart_all_files_in_between_are_read_in_their_order() {
    for (name, compressed) in [("app.log", false), ("app.log", true), ("app.log*", true)] {
        let mut world = World::new(name);
        world.append("app.log", "1\n2\n3\n");
        world.read_some(up_to(1));
        for rotation in 0..3 {
            for number in (1..=rotation).rev() {
                let ending = if compressed && number > 1 { ".gz" } else { "" };
                let (from, to) = (
                    format!("app.log.{number}{ending}"),
                    format!("app.log.{}{ending}", number + 1),
                );
                world.rename(&from, &to);
                if compressed && number == 1 {
                    world.compress(&to);
                }
            }
            world.rename("app.log", "app.log.1");
            std::thread::sleep(Duration::from_millis(10));
            world.append("app.log", format!("{}\n", rotation + 4));
        }
        world.restart();
        world.expect(&["1", "2", "3", "4", "5", "6"]);
        world.wait(61);
        world.restart();
        world.expect(&["1", "2", "3", "4", "5", "6"]);
        world.expect_no_gaps();
    }
}

#[test]
fn a_file_cut_and_grown_while_stopped_goes_on_in_its_copy_even_compressed() {
    for (name, compressed) in [("app.log", true), ("app.log*", true), ("app.log*", false)] {
        let mut world = World::new(name);
        world.append("app.log", "1\n2\n3\n");
        world.read_some(up_to(1));
        world.copy("app.log", "app.log.1");
        world.truncate("app.log");
        if compressed {
            world.compress("app.log.1");
        }
        world.append("app.log", "a longer new beginning\n");
        world.restart();
        world.expect(&["1", "2", "3", "a longer new beginning"]);
        assert_eq!(world.stored.gaps.len(), 1);
        assert_eq!(world.stored.gaps[0].reason, GapReason::CopyTruncated);
        world.wait(61);
        world.restart();
        world.expect(&["1", "2", "3", "a longer new beginning"]);
    }
}

#[test]
fn another_content_in_the_same_inode_is_read_from_its_beginning() {
    let mut world = World::new("app.log");
    world.append("app.log", "1\n2\n");
    world.read();
    world.truncate("app.log");
    world.append("app.log", "A\nB\n");
    world.restart();
    world.expect(&["1", "2", "A", "B"]);
    assert_eq!(world.stored.gaps[0].from_offset, 4);
    assert_eq!(
        world.stored.gaps[0].to_offset, None,
        "nobody saw whether there was more"
    );
}

#[test]
fn a_shared_header_does_not_make_two_files_one() {
    let mut world = World::new("app.log");
    world.append("app.log", "#header\n1\n");
    world.read();
    world.truncate("app.log");
    world.append("app.log", "#header\n2\n3\n");
    world.restart();
    world.expect(&["#header", "1", "#header", "2", "3"]);
}

#[test]
fn a_file_of_one_byte_is_told_from_another_one() {
    let mut world = World::new("app.log");
    world.append("app.log", "x");
    world.read();
    world.truncate("app.log");
    world.append("app.log", "y\n");
    world.restart();
    world.expect(&["y"]);
    assert_eq!(
        (
            world.stored.gaps[0].from_offset,
            world.stored.gaps[0].to_offset
        ),
        (0, Some(1))
    );
}

#[test]
fn a_file_that_vanished_while_stopped_leaves_a_row_in_the_ledger() {
    let mut world = World::new("app.log");
    world.append("app.log", "1\n2\n");
    world.read_some(up_to(1));
    world.remove("app.log");
    world.append("app.log", "3\n");
    world.restart();
    world.expect(&["1", "3"]);
    assert_eq!(world.stored.gaps.len(), 1);
    assert_eq!(world.stored.gaps[0].from_offset, 2);
}

#[test]
fn other_device_numbers_after_a_reboot_do_no_harm() {
    let mut world = World::new("app.log");
    world.append("app.log.1", "#h\nold\n");
    world.append("app.log", "#h\n");
    world.read();
    for row in world.stored.rows.values_mut() {
        row.identity.device += 1;
    }
    world.append("app.log", "1\n");
    world.restart();
    world.expect(&["#h", "1"]);
    world.expect_no_gaps();
}

#[test]
fn what_was_not_stored_is_read_again() {
    let mut world = World::new("app.log");
    world.append("app.log", "1\n2\n3\n");
    let chunk = world.follower.read(up_to(1), world.now);
    assert_eq!(chunk.lines().len(), 1);
    world.follower.roll_back();
    let chunk = world.follower.read(Budget::default(), world.now);
    assert_eq!(chunk.lines().len(), 3);
    assert_eq!(chunk.checkpoints.len(), 2);
    world.rename("app.log", "app.log.1");
    world.append("app.log", "4\n");
    // A read without a commit before it rolls back as well.
    world.expect(&["1", "2", "3", "4"]);
}

#[test]
fn a_rolled_back_gap_is_told_again() {
    let mut world = World::new("app.log");
    world.append("app.log", "1\n");
    world.read();
    world.truncate("app.log");
    assert_eq!(
        world.follower.read(Budget::default(), world.now).gaps.len(),
        1
    );
    world.follower.roll_back();
    world.read();
    assert_eq!(world.stored.gaps.len(), 1);
    world.read();
    assert_eq!(world.stored.gaps.len(), 1);
}

#[test]
fn a_log_is_read_from_where_it_was_first_seen() {
    let mut world = World::with("app.log", |settings| settings.from_beginning = false);
    world.append("app.log", "old\nbegun ");
    world.expect(&[]);
    world.append("app.log", "before\nnew\n");
    world.restart();
    world.expect(&["begun before", "new"]);
    world.remove("app.log");
    world.append("app.log", "from the beginning\n");
    world.expect(&["begun before", "new", "from the beginning"]);
}

#[test]
fn a_file_that_appears_later_is_read_from_its_beginning() {
    let mut world = World::with("app.log", |settings| settings.from_beginning = false);
    world.read();
    assert_eq!(world.follower.files()[0].status, FileStatus::Waiting);
    world.restart();
    world.append("app.log", "1\n");
    world.expect(&["1"]);
    assert_eq!(world.follower.files()[0].status, FileStatus::Tailing);
}

/// Leaves out the lines that begin with `old`, and fails where there are none.
#[derive(Debug)]
struct AfterOld;

impl StartAt for AfterOld {
    fn start_at(&self, file: &File, size: u64) -> io::Result<u64> {
        let mut text = vec![0; usize::try_from(size).unwrap()];
        file.read_exact_at(&mut text, 0)?;
        let last = memchr::memmem::rfind(&text, b"old\n").ok_or(ErrorKind::InvalidData)?;
        Ok(last as u64 + 4)
    }
}

#[test]
fn a_search_says_where_the_first_file_is_begun() {
    let mut world = World::with("app.log", |settings| {
        settings.start_at = Some(Arc::new(AfterOld));
    });
    world.append("app.log", "1 old\n2 old\n3\n");
    world.expect(&["3"]);
    world.restart();
    world.append("app.log", "4 old\n5\n");
    world.expect(&["3", "4 old", "5"]);
    // Only what there was at first sight is searched.
    world.rename("app.log", "app.log.1");
    world.append("app.log", "6 old\n7\n");
    world.expect(&["3", "4 old", "5", "6 old", "7"]);
    world.expect_no_gaps();
}

#[test]
fn a_file_that_comes_after_first_sight_is_not_searched() {
    let mut world = World::with("app.log", |settings| {
        settings.start_at = Some(Arc::new(AfterOld));
    });
    world.read();
    world.append("app.log", "1 old\n2\n");
    world.expect(&["1 old", "2"]);
}

#[test]
fn where_the_search_fails_all_is_read() {
    let mut world = World::with("app.log", |settings| {
        settings.start_at = Some(Arc::new(AfterOld));
    });
    world.append("app.log", "1\n2\n");
    world.expect(&["1", "2"]);
    assert_eq!(world.follower.files()[0].error_message, None);
}

#[test]
fn another_configured_path_starts_anew() {
    let mut world = World::new("app.log");
    world.append("app.log", "1\n");
    world.append("other.log", "2\n");
    world.read();
    world.settings = TailSettings::new(world.path("other.log")).unwrap();
    world.restart();
    world.append("app.log", "3\n");
    world.append("other.log", "4\n");
    world.read();
    world.append("other.log", "5\n");
    world.expect(&["1", "5"]);
    assert_eq!(world.stored.rows.len(), 2);
}

#[test]
fn a_path_that_becomes_a_glob_goes_on_in_the_files_in_between() {
    let mut world = World::new("app.log");
    world.append("app.log", "1\n");
    world.expect(&["1"]);
    world.append("app.log", "2\n");
    world.rename("app.log", "app.log.2");
    world.append("app.log.1", "3\n");
    world.append("app.log", "4\n");
    world.append("app-new.log.1", "old\n");
    world.append("app-new.log", "old\n");
    world.settings = TailSettings::new(world.path("app*.log")).unwrap();
    world.restart();
    world.expect(&["1", "2", "3", "4"]);
    world.expect_no_gaps();
}

#[test]
fn files_that_begin_alike_are_told_apart_when_they_are_compressed_while_nobody_looks() {
    for (rotations, reused) in [(1, false), (2, false), (2, true)] {
        let mut world = World::new("app.log");
        // Nobody gets the inode of a file that is open.
        let (mut expected, mut open) = (Vec::new(), Vec::new());
        let mut begin = |world: &World, lines: &'static [&str]| {
            open.push(world.open("app.log"));
            for line in ["#Fields: date time"].iter().chain(lines) {
                world.append("app.log", format!("{line}\n"));
                expected.push(*line);
            }
        };
        // As logrotate does it with `create` and `delaycompress`.
        let rotate = |world: &World| {
            let is_there = |name: &str| world.path(name).exists();
            for number in (2..6)
                .rev()
                .filter(|n| is_there(&format!("app.log.{n}.gz")))
            {
                let to = format!("app.log.{}.gz", number + 1);
                world.rename(&format!("app.log.{number}.gz"), &to);
            }
            if is_there("app.log.1") {
                world.compress("app.log.1");
                world.rename("app.log.1.gz", "app.log.2.gz");
            }
            world.rename("app.log", "app.log.1");
        };
        // The first holds nothing but what all begin with, and is compressed while it is open.
        begin(&world, &[]);
        for lines in [&["b1", "b2", "b3"][..], &["c1", "c2"]] {
            world.read();
            rotate(&world);
            begin(&world, lines);
        }
        world.read();
        world.wait(70);
        world.read();
        for lines in [&["d1", "d2"][..], &["e1"]].iter().take(rotations) {
            rotate(&world);
            begin(&world, lines);
        }
        if reused {
            // A file that nobody has seen has the number that the first one had.
            let unseen = fs::metadata(world.path("app.log.1")).unwrap();
            let first = world.stored.rows.get_mut(&1).unwrap();
            first.identity.inode = unseen.ino();
            first.identity.born_ns = Some(1);
        }
        world.restart();
        world.expect(&expected);
        world.expect_no_gaps();
    }
}

#[test]
fn a_file_that_was_read_and_removed_is_no_loss_where_its_writers_are_not_to_be_seen() {
    let mut world = World::new("app.log");
    let mut writer = world.open("app.log");
    writer.write_all(b"one\n").unwrap();
    world.expect(&["one"]);
    world.remove("app.log");
    world.append("app.log", "new\n");
    world.expect(&["one", "new"]);
    world.wait(6);
    world.expect(&["one", "new"]);
    // It is read for as long as there is a handle, whatever the checkpoint says.
    writer.write_all(b"two\n").unwrap();
    world.expect(&["one", "new", "two"]);
    world.wait(6);
    world.read();
    world.restart();
    world.expect(&["one", "new", "two"]);
    world.wait(61);
    world.append("app.log", "newer\n");
    world.expect(&["one", "new", "two", "newer"]);
    world.expect_no_gaps();
}

#[test]
fn a_line_without_its_end_in_a_removed_file_is_not_taken_for_read() {
    let mut world = World::with("app.log", |settings| {
        settings.partial_after = Duration::from_secs(50);
    });
    world.append("app.log", "one\ntwo");
    world.expect(&["one"]);
    world.remove("app.log");
    world.append("app.log", "new\n");
    world.wait(6);
    world.expect(&["one", "new"]);
    world.restart();
    world.expect(&["one", "new"]);
    assert_eq!(world.stored.gaps.len(), 1);
    assert_eq!(world.stored.gaps[0].from_offset, 4);
}

#[test]
fn a_removed_file_that_was_just_written_may_have_lost_something() {
    let mut world = World::new("app.log");
    world.append("app.log", "one\n");
    world.expect(&["one"]);
    world.remove("app.log");
    world.append("app.log", "new\n");
    world.expect(&["one", "new"]);
    world.restart();
    world.expect(&["one", "new"]);
    assert_eq!(world.stored.gaps.len(), 1);
    assert_eq!(world.stored.gaps[0].to_offset, None);
}

#[test]
fn a_shorter_file_that_begins_like_one_that_was_deleted_is_read() {
    let header: String = (0..40)
        .map(|line| format!("# line {line} of a header over 1 KiB\n"))
        .collect();
    for compressed in [false, true] {
        let mut world = World::new("app.log");
        let mut written = Vec::new();
        let mut content = |world: &World, number: usize, lines: usize| {
            let lines: String = (0..lines)
                .map(|line| format!("{number} {line}\n"))
                .collect();
            world.append("app.log", header.clone() + &lines);
            written.extend(header.lines().chain(lines.lines()).map(str::to_owned));
        };
        let rotate = |world: &World| {
            let name = |number: usize| match compressed {
                true => format!("app.log.{number}.gz"),
                false => format!("app.log.{number}"),
            };
            let _ = fs::remove_file(world.path(&name(3)));
            for number in (1..3).rev() {
                if world.path(&name(number)).exists() {
                    world.rename(&name(number), &name(number + 1));
                }
            }
            world.rename("app.log", "app.log.1");
            if compressed {
                world.compress("app.log.1");
            }
            std::thread::sleep(Duration::from_millis(20));
        };
        content(&world, 0, 100);
        world.read();
        for number in 1..5 {
            rotate(&world);
            content(&world, number, 100 + number * 20);
            world.read();
            world.wait(61);
            world.read();
        }
        // While nobody looks: shorter ones.
        rotate(&world);
        content(&world, 5, 80);
        rotate(&world);
        content(&world, 6, 70);
        world.restart();
        world.read();
        world.wait(61);
        world.read();
        world.expect_in_any_order(&written);
        world.expect_no_gaps();
    }
}

#[test]
fn a_part_of_a_deleted_content_is_left_to_the_one_of_which_it_is_the_whole() {
    let header: String = (0..40)
        .map(|line| format!("# line {line} of a header over 1 KiB\n"))
        .collect();
    let mut world = World::new("app.log");
    world.append("app.log", header.clone() + &"long\n".repeat(50));
    world.read();
    let cut = |world: &World| {
        world.copy("app.log", "app.log.1");
        world.truncate("app.log");
    };
    // Not finished yet, as it was just written.
    cut(&world);
    world.append("app.log", header.clone() + "next\n");
    world.read();
    // While nobody looks, it is deleted by the next rotation.
    world.remove("app.log.1");
    world.append("app.log", "next\n".repeat(3));
    cut(&world);
    world.append("app.log", header.clone() + "last\n");
    world.restart();
    world.read();
    let of = |text: &str| world.lines().iter().filter(|line| **line == text).count();
    assert_eq!([of("long"), of("next"), of("last")], [50, 4, 1]);
    assert_eq!(world.lines().len(), 3 * header.lines().count() + 55);
}
