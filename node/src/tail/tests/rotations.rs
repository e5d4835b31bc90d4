//! Every kind of rotation while the follower runs.

use super::super::crowd::Common;
use super::*;

#[test]
fn lines_of_a_renamed_file_come_before_those_of_its_successor() {
    let mut world = World::new("app.log");
    world.append("app.log", "1\n2\n3\n");
    world.read_some(up_to(1));
    world.append("app.log", "4\n");
    world.rename("app.log", "app.log.1");
    world.append("app.log", "5\n");
    world.append("app.log.1", "late\n");
    world.expect(&["1", "2", "3", "4", "late", "5"]);
    world.append("app.log.1", "later\n");
    world.append("app.log", "6\n");
    world.expect(&["1", "2", "3", "4", "late", "5", "later", "6"]);
    world.expect_no_gaps();
}

#[test]
fn a_file_that_is_cut_after_copying_goes_on_in_its_copy() {
    for name in ["app.log", "app.log*"] {
        let mut world = World::new(name);
        world.append("app.log", "1\n2\n3\n");
        world.read_some(up_to(1));
        world.copy("app.log", "app.log.1");
        world.truncate("app.log");
        world.append("app.log", "4\n");
        world.expect(&["1", "2", "3", "4"]);
        let gap = &world.stored.gaps[0];
        assert_eq!((gap.from_offset, gap.reason), (6, GapReason::CopyTruncated));
        assert_eq!(gap.to_offset, None);
        world.append("app.log", "5\n");
        world.rename("app.log.1", "app.log.2");
        world.copy("app.log", "app.log.1");
        world.truncate("app.log");
        world.expect(&["1", "2", "3", "4", "5"]);
        assert_eq!(world.stored.gaps.len(), 2);
    }
}

#[test]
fn a_copy_is_not_delivered_while_it_is_made_nor_when_it_is_only_a_copy() {
    let mut world = World::new("app.log*");
    world.append("app.log", "1\n2\n3\n");
    world.read_some(up_to(1));
    world.append("app.log.1", "1\n");
    world.expect(&["1", "2", "3"]);
    world.append("app.log.1", "2\n3\n");
    world.expect(&["1", "2", "3"]);
    world.append("app.log", "4\n");
    world.restart();
    world.expect(&["1", "2", "3", "4"]);
    world.expect_no_gaps();
}

#[test]
fn a_file_that_only_began_like_the_log_is_delivered_once_it_differs() {
    let mut world = World::new("app.log*");
    world.append("app.log", "#header\na\n");
    world.read();
    world.append("app.log-20260102", "#header\n");
    world.expect(&["#header", "a"]);
    world.append("app.log-20260102", "b\n");
    world.expect(&["#header", "a", "#header", "b"]);
}

#[test]
fn what_was_read_beyond_the_copy_is_not_read_twice_and_the_rest_is_in_the_ledger() {
    for name in ["app.log", "app.log*"] {
        let mut world = World::new(name);
        world.append("app.log", "1\n2\n");
        world.copy("app.log", "app.log.1");
        world.append("app.log", "3\n");
        world.read();
        world.append("app.log", "destroyed\n");
        world.truncate("app.log");
        world.append("app.log", "4\n");
        world.expect(&["1", "2", "3", "4"]);
        assert_eq!(world.stored.gaps.len(), 1);
        assert_eq!(world.stored.gaps[0].from_offset, 6);
    }
}

#[test]
fn a_deleted_file_is_read_to_its_end() {
    let mut world = World::new("app.log");
    world.append("app.log", "1\n2\n3\n");
    world.read_some(up_to(1));
    world.remove("app.log");
    world.append("app.log", "4\n");
    world.expect(&["1", "2", "3", "4"]);
    world.wait(61);
    world.read();
    world.read();
    world.expect_no_gaps();
    let files: Vec<_> = world.stored.rows.keys().collect();
    assert_eq!(files, [&0, &2], "the deleted file is forgotten");
}

#[test]
fn a_file_that_is_cut_without_a_copy_leaves_a_row_in_the_ledger() {
    let mut world = World::new("app.log");
    world.append("app.log", "1\n2\n3\n");
    world.read_some(up_to(1));
    world.truncate("app.log");
    world.append("app.log", "longer than all that was before\n");
    world.expect(&["1", "longer than all that was before"]);
    let gap = &world.stored.gaps[0];
    assert_eq!((gap.from_offset, gap.to_offset), (2, Some(6)));
    assert_eq!(gap.reason, GapReason::Truncated);
}

#[test]
fn a_link_that_is_set_to_the_next_file_is_followed_with_the_files_in_between() {
    let mut world = World::new("app.log");
    let link = |world: &World, to: &str| {
        let _ = fs::remove_file(world.path("app.log"));
        std::os::unix::fs::symlink(to, world.path("app.log")).unwrap();
    };
    world.append("day-01.log", "1\n");
    link(&world, "day-01.log");
    world.read();
    world.append("day-01.log", "2\n");
    world.append("day-02.log", "3\n");
    link(&world, "day-02.log");
    world.expect(&["1", "2", "3"]);
    world.append("day-02.log", "4\n");
    world.append("day-03.log", "5\n");
    world.append("day-04.log", "6\n");
    world.append("other-03.log", "x\n");
    link(&world, "day-04.log");
    world.restart();
    world.expect(&["1", "2", "3", "4", "5", "6"]);
    world.expect_no_gaps();
}

#[test]
fn two_rotations_between_two_looks_lose_nothing() {
    let mut world = World::new("app.log");
    world.append("app.log", "1\n2\n");
    world.read_some(up_to(1));
    world.rename("app.log", "app.log.1");
    world.append("app.log", "3\n");
    world.rename("app.log.1", "app.log.2");
    world.rename("app.log", "app.log.1");
    world.append("app.log", "4\n");
    world.expect(&["1", "2", "3", "4"]);
    world.expect_no_gaps();
}

#[test]
fn rotation_into_names_with_dates_and_other_directories_is_followed() {
    let mut world = World::with("app.log", |_| {});
    fs::create_dir(world.path("old")).unwrap();
    world.settings.old_directories = vec![world.path("old")];
    world.restart();
    world.append("app.log", "1\n2\n");
    world.read_some(up_to(1));
    world.rename("app.log", "old/app.log-20260101");
    world.append("app.log", "3\n");
    world.rename("app.log", "old/app-20260102.log");
    world.append("app.log", "4\n");
    world.restart();
    world.expect(&["1", "2", "3", "4"]);
    world.expect_no_gaps();
}

#[test]
fn copies_in_a_directory_below_that_of_another_path_are_not_this_ones() {
    let mut world = World::new("*/app.log");
    for name in ["x/old", "y/old"] {
        fs::create_dir_all(world.path(name)).unwrap();
        world.settings.old_directories.push(world.path(name));
    }
    world.append("x/app.log", "x1\n");
    world.append("y/app.log", "y1\n");
    world.restart();
    world.expect(&["x1", "y1"]);
    for number in [2, 3] {
        for directory in ["x", "y"] {
            let log = format!("{directory}/app.log");
            world.copy(&log, &format!("{directory}/old/app.log-2026010{number}"));
            world.truncate(&log);
            world.append(&log, format!("{directory}{number}\n"));
        }
        world.read();
    }
    world.expect(&["x1", "y1", "x2", "y2", "x3", "y3"]);
    let mut gaps = world.stored.gaps.iter();
    assert!(gaps.all(|gap| gap.reason == GapReason::CopyTruncated));
}

#[test]
fn old_files_that_were_there_before_are_not_the_logs_new_ones() {
    let mut world = World::new("app.log");
    world.append("app.log.1", "old\n");
    world.append("app.log.2", "older\n");
    world.compress("app.log.2");
    world.append("app.log", "1\n");
    world.expect(&["1"]);
    world.rename("app.log.2.gz", "app.log.3.gz");
    world.rename("app.log.1", "app.log.2");
    world.compress("app.log.2");
    world.rename("app.log", "app.log.1");
    world.append("app.log", "2\n");
    world.expect(&["1", "2"]);
    world.restart();
    world.remove("app.log.3.gz");
    world.append("app.log.1", "late\n");
    world.expect(&["1", "2", "late"]);
}

#[test]
fn a_rotated_file_is_finished_and_taken_up_again_when_it_grows() {
    let mut world = World::new("app.log");
    let mut late = world.open("app.log");
    late.write_all(b"1\nunterminated").unwrap();
    world.read();
    world.rename("app.log", "app.log.1");
    world.append("app.log", "2\n");
    world.expect(&["1", "2"]);
    world.wait(61);
    world.expect(&["1", "2", "unterminated"]);
    world.read();
    assert!(
        world
            .follower
            .files()
            .iter()
            .all(|file| file.place == Some(world.path("app.log")))
    );
    late.write_all(b"\n3\n").unwrap();
    world.expect(&["1", "2", "unterminated", "3"]);
    world.wait(61);
    world.restart();
    late.write_all(b"4\n").unwrap();
    world.expect(&["1", "2", "unterminated", "3", "4"]);
    world.expect_no_gaps();
}

#[test]
fn a_rotated_file_is_kept_as_long_as_somebody_has_it_open_for_writing() {
    let mut world = World::with("app.log", |settings| settings.proc = PathBuf::from("/proc"));
    let mut late = world.open("app.log");
    late.write_all(b"1\n").unwrap();
    world.read();
    world.rename("app.log", "app.log.1");
    world.append("app.log", "2\n");
    world.read();
    world.wait(3600);
    world.read();
    assert_eq!(
        world.follower.files().len(),
        2,
        "its writer is this very process"
    );
    late.write_all(b"3\n").unwrap();
    drop(late);
    world.expect(&["1", "2", "3"]);
    world.wait(3600);
    world.read();
    assert_eq!(world.follower.files().len(), 1);
}

#[test]
fn a_look_at_the_processes_from_before_a_rename_does_not_finish_the_file() {
    let common = Common::default();
    let world = || {
        let mut world = World::with("app.log", |settings| {
            settings.proc = PathBuf::from("/proc");
            settings.common = common.clone();
        });
        world.append("app.log", "1\n");
        world.read();
        world
    };
    let (mut other, mut world) = (world(), world());
    other.rename("app.log", "app.log.1");
    other.append("app.log", "2\n");
    other.wait(10);
    other.read();
    assert_eq!(other.follower.files().len(), 1);
    world.wait(11);
    world.read();
    let mut late = world.open("app.log");
    world.rename("app.log", "app.log.1");
    world.append("app.log", "2\n");
    world.read();
    world.remove("app.log.1");
    world.wait(1);
    world.read();
    late.write_all(b"3\n").unwrap();
    world.expect(&["1", "2", "3"]);
    drop(late);
    for _ in 0..2 {
        world.wait(10);
        world.read();
    }
    assert_eq!(world.follower.files().len(), 1);
    world.expect_no_gaps();
}

#[test]
fn a_glob_follows_files_that_come_and_go() {
    let mut world = World::new("*.log");
    world.append("a.log", "a1\n");
    world.append("b.log", "b1\n");
    world.append("a.txt", "no\n");
    world.expect(&["a1", "b1"]);
    world.append("c.log", "c1\n");
    world.append("b.log", "b2\n");
    world.remove("b.log");
    world.append("a.log", "a2\n");
    world.rename("a.log", "a.log.1");
    world.append("a.log", "a3\n");
    world.read();
    world.expect_in_any_order(&["a1", "a2", "a3", "b1", "b2", "c1"]);
    world.rename("c.log", "d.log");
    world.append("d.log", "d1\n");
    world.read();
    assert_eq!(world.lines().last(), Some(&"d1"));
    world.expect_no_gaps();
}

#[test]
fn what_a_compressor_that_is_not_gzip_made_is_no_text() {
    for name in ["app.log", "app.log*"] {
        for ending in ["xz", "zst", "bz2"] {
            let mut world = World::new(name);
            let compressed = |number| format!("app.log.{number}.{ending}");
            // There before the first look; its line ends are by chance.
            world.append(&compressed(2), b"\xfd7zXZ\0older\n\x80\n");
            world.append("app.log", "1\n2\n");
            world.expect(&["1", "2"]);
            world.append("app.log", "3\n");
            world.rename("app.log", "app.log.1");
            world.append("app.log", "4\n");
            world.expect(&["1", "2", "3", "4"]);
            world.append(&compressed(1), b"\xfd7zXZ\0new");
            world.read();
            world.append(&compressed(1), b"er\n\x80\n");
            world.remove("app.log.1");
            world.restart();
            world.rename(&compressed(1), &compressed(3));
            world.append("app.log", "5\n");
            world.expect(&["1", "2", "3", "4", "5"]);
            // Its file was removed while nobody looked, and that it had no more is not known.
            let reasons = world.stored.gaps.iter().map(|gap| gap.reason);
            assert_eq!(reasons.collect::<Vec<_>>(), [GapReason::Vanished]);
        }
    }
}

#[test]
fn an_older_copy_of_a_file_that_was_deleted_is_not_read_again() {
    let mut world = World::new("app.log");
    world.append("app.log", "1\n");
    world.read();
    world.copy("app.log", "app.log.bak");
    world.append("app.log", "2\n");
    world.read();
    world.wait(61);
    world.remove("app.log");
    for _ in 0..3 {
        world.expect(&["1", "2"]);
        world.wait(61);
    }
    world.append("app.log", "3\n");
    world.expect(&["1", "2", "3"]);
    world.expect_no_gaps();
}

#[test]
fn what_came_and_was_rotated_between_two_looks_is_read_while_no_new_log_is_there() {
    for (glob, compressed, restarted) in [
        (false, false, false),
        (false, true, false),
        (false, true, true),
        (true, false, false),
        (true, true, false),
        (true, true, true),
    ] {
        let mut world = World::new(if glob { "*.log" } else { "app.log" });
        world.append("app.log", "one\n");
        world.expect(&["one"]);
        world.rename("app.log", "app.log.1");
        world.expect(&["one"]);
        world.wait(61);
        world.expect(&["one"]);
        // Made by its writer, with `nocreate`.
        world.append("app.log", "two\n");
        world.rename("app.log.1", "app.log.2");
        world.rename("app.log", "app.log.1");
        if compressed {
            world.compress("app.log.2");
            world.compress("app.log.1");
        }
        if restarted {
            world.restart();
        }
        world.wait(31);
        world.expect(&["one", "two"]);
        world.wait(31);
        world.append("app.log", "three\n");
        world.expect(&["one", "two", "three"]);
        world.expect_no_gaps();
    }
}

#[test]
fn a_log_that_is_copied_under_its_passing_name_is_stored_once_by_a_glob_that_matches_both() {
    for looks in 0..16_u8 {
        let mut world = World::new("app.log*");
        let look = |world: &mut World, step: u8| {
            if looks & (1 << step) != 0 {
                world.read();
            }
        };
        let mut written = Vec::new();
        for round in 0..3 {
            let line = format!("{round}");
            world.append("app.log", line.clone() + "\n");
            written.push(line);
            let expected: Vec<_> = written.iter().map(String::as_str).collect();
            world.expect(&expected);
            // logrotate(8) with `renamecopy`.
            if round > 0 {
                world.rename("app.log.1", "app.log.2");
            }
            world.rename("app.log", "app.log.tmp");
            look(&mut world, 0);
            world.append("app.log", format!("{round} next\n"));
            written.push(format!("{round} next"));
            look(&mut world, 1);
            world.copy("app.log.tmp", "app.log.1");
            look(&mut world, 2);
            world.remove("app.log.tmp");
            look(&mut world, 3);
            let expected: Vec<_> = written.iter().map(String::as_str).collect();
            world.expect(&expected);
            world.wait(61);
        }
        let expected: Vec<_> = written.iter().map(String::as_str).collect();
        world.expect(&expected);
        world.expect_no_gaps();
    }
}

#[test]
fn copies_in_another_directory_that_a_glob_matches_too_belong_to_the_log() {
    for restarted in [false, true] {
        let mut world = World::with("**/*.log", |settings| {
            settings.old_directories = vec![settings.path.ancestors().nth(2).unwrap().join("old")];
        });
        fs::create_dir(world.path("old")).unwrap();
        world.read();
        let mut written = Vec::new();
        for round in 1..5 {
            let text = format!("{round}\n{round} more\n");
            world.append("app.log", &text);
            written.extend(text.lines().map(str::to_owned));
            world.read();
            // logrotate(8) with `copytruncate`, `dateext`, `extension .log` and `olddir old`.
            world.copy("app.log", &format!("old/app-2026013{round}.log"));
            world.truncate("app.log");
            if restarted && round == 2 {
                world.restart();
            }
            world.append("app.log", format!("{round} next\n"));
            written.push(format!("{round} next"));
            world.read();
            world.wait(61);
            world.read();
        }
        let expected: Vec<_> = written.iter().map(String::as_str).collect();
        world.expect(&expected);
        let states = world.follower.files();
        let paths: Vec<_> = states.iter().map(|state| state.path.clone()).collect();
        assert_eq!(paths, [world.path("app.log")]);
    }
}

#[test]
fn what_shred_writes_over_a_rotated_file_is_nothing_of_the_log() {
    for glob in [false, true] {
        let mut world = World::new(if glob { "app*" } else { "app.log" });
        let lines: String = (0..500).map(|line| format!("{line}\n")).collect();
        world.append("app.log", &lines);
        world.read();
        // logrotate(8) with `compress` and `shred`.
        world.rename("app.log", "app.log.1");
        world.append("app.log", "next\n");
        world.read();
        world.copy("app.log.1", "x");
        world.compress("x");
        world.rename("x.gz", "app.log.1.gz");
        let noise = |at: u32| u8::try_from(at.wrapping_mul(2_654_435_761) >> 24).unwrap();
        let noise: Vec<u8> = (0..40_000).map(noise).collect();
        let mut old = File::options()
            .write(true)
            .open(world.path("app.log.1"))
            .unwrap();
        old.write_all(&noise).unwrap();
        for _ in 0..3 {
            world.read();
            world.wait(61);
        }
        world.remove("app.log.1");
        world.read();
        assert_eq!(world.lines().len(), 501, "{:?}", world.lines().last());
    }
}
