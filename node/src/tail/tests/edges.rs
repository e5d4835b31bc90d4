//! Limits, errors, and what people are told.

use super::*;

#[test]
fn more_files_than_handles_are_followed_all_the_same() {
    let mut world = World::with("*.log", |settings| settings.max_open_files = 4);
    for round in 0..3 {
        for file in 0..20 {
            world.append(&format!("{file}.log"), format!("{file} {round}\n"));
        }
        world.read();
    }
    let mut lines: Vec<String> = world
        .lines()
        .iter()
        .map(|line| (*line).to_owned())
        .collect();
    lines.sort_unstable();
    lines.dedup();
    assert_eq!((lines.len(), world.stored.lines.len()), (60, 60));
    world.expect_no_gaps();
    world.read();
    let directory = world.directory.path();
    let open = fs::read_dir("/proc/self/fd").unwrap().flatten();
    let open = open.filter_map(|file| fs::read_link(file.path()).ok());
    assert!(open.filter(|target| target.starts_with(directory)).count() <= 4);
}

#[test]
fn a_nameless_file_that_is_given_up_is_in_the_ledger() {
    let mut world = World::with("app.log", |settings| settings.max_open_files = 2);
    for number in 0..4 {
        world.append("app.log", format!("{number}\n"));
        world.read();
        world.remove("app.log");
    }
    world.append("app.log", "4\n");
    world.read();
    world.read();
    world.expect(&["0", "1", "2", "3", "4"]);
    assert!(!world.stored.gaps.is_empty());
    assert!(
        world
            .stored
            .gaps
            .iter()
            .all(|gap| gap.reason == GapReason::HandleLimit)
    );
}

#[test]
fn one_huge_file_does_not_starve_the_others() {
    let mut world = World::new("*.log");
    world.append("a.log", "a\n".repeat(100));
    world.append("b.log", "b\n");
    let budget = Budget {
        lines: 10,
        bytes: 1 << 20,
    };
    world.read_some(budget);
    assert!(world.read_some(budget));
    assert!(world.lines().contains(&"b"));
}

#[test]
fn a_path_that_is_no_file_is_an_error_until_it_is_one() {
    let mut world = World::new("app.log");
    fs::create_dir(world.path("app.log")).unwrap();
    world.read();
    let state = &world.follower.files()[0];
    assert_eq!(state.status, FileStatus::Error);
    assert_eq!(state.error_message.as_deref(), Some("not a regular file"));
    fs::remove_dir(world.path("app.log")).unwrap();
    world.append("app.log", "1\n");
    world.expect(&["1"]);
    assert_eq!(world.follower.files()[0].status, FileStatus::Tailing);
}

#[test]
fn a_directory_that_cannot_be_listed_is_an_error_and_not_an_empty_glob() {
    let mut world = World::new("sub/*.log");
    std::os::unix::fs::symlink(world.path("sub"), world.path("sub")).unwrap();
    world.read();
    let files = world.follower.files();
    assert_eq!(files.len(), 1);
    assert_eq!(files[0].status, FileStatus::Error);
    let reason = files[0].error_message.as_deref().unwrap();
    assert!(
        reason.starts_with(world.path("sub").to_str().unwrap()),
        "{reason}"
    );
    fs::remove_file(world.path("sub")).unwrap();
    fs::create_dir(world.path("sub")).unwrap();
    world.append("sub/a.log", "one\n");
    world.expect(&["one"]);
    let files = world.follower.files();
    assert_eq!(files.len(), 1);
    assert_eq!(files[0].status, FileStatus::Tailing);
}

#[test]
fn the_state_of_a_file_says_what_is_left_to_read() {
    let mut world = World::new("app.log");
    world.append("app.log", "12\n345\n");
    world.read_some(up_to(1));
    let state = world.follower.files().remove(0);
    assert_eq!(
        (state.size_bytes, state.offset_bytes, state.lag_bytes),
        (Some(7), 3, Some(4))
    );
    assert_eq!(world.follower.watch_directories(), [world.directory.path()]);
}

#[test]
fn a_second_name_of_a_file_says_where_it_is_read() {
    let mut world = World::new("*.log");
    world.append("app.log", "one\n");
    fs::hard_link(world.path("app.log"), world.path("b.log")).unwrap();
    std::os::unix::fs::symlink("app.log", world.path("c.log")).unwrap();
    world.expect(&["one"]);
    let states = world.follower.files();
    let told: Vec<_> = (states.iter())
        .map(|state| (state.status, state.error_message.clone()))
        .collect();
    let read = Some(format!("is read as {}", world.path("app.log").display()));
    let other = (FileStatus::Waiting, read);
    assert_eq!(told, [(FileStatus::Tailing, None), other.clone(), other]);
}

#[test]
fn a_budget_is_kept_and_nothing_is_lost_at_its_edge() {
    let mut world = World::new("app.log");
    let lines: Vec<String> = (0..1000).map(|number| format!("{number}")).collect();
    world.append("app.log", lines.join("\n") + "\n");
    let mut chunks = 0;
    while world.read_some(Budget {
        lines: 7,
        bytes: 16,
    }) {
        chunks += 1;
    }
    assert!(chunks > 1000 / 7);
    assert_eq!(world.lines(), lines);
}

#[test]
fn a_damaged_compressed_file_is_read_as_far_as_it_goes() {
    let mut world = World::new("app.log");
    let text: String = (0..20_000)
        .map(|number| format!("{number} {}\n", number * 7919))
        .collect();
    world.append("app.log", &text);
    world.read_some(up_to(1));
    world.rename("app.log", "app.log.1");
    world.compress("app.log.1");
    let packed = fs::read(world.path("app.log.1.gz")).unwrap();
    fs::write(world.path("app.log.1.gz"), &packed[..packed.len() / 2]).unwrap();
    world.append("app.log", "next\n");
    world.restart();
    world.read();
    world.wait(61);
    world.read();
    assert!(world.lines().len() > 1000);
    assert!(world.lines().contains(&"next"));
    let [gap] = world.stored.gaps.as_slice() else {
        panic!("one gap: {:?}", world.stored.gaps);
    };
    assert_eq!(gap.reason, GapReason::Damaged);
    let last = world
        .stored
        .lines
        .iter()
        .rfind(|line| line.sequence == gap.sequence)
        .unwrap();
    assert_eq!(gap.from_offset, last.end_offset);
    world.wait(61);
    world.restart();
    world.read();
    assert_eq!(world.stored.gaps.len(), 1);
}

#[test]
fn thousands_of_files_of_a_glob_are_taken_up_with_few_handles() {
    const FILES: usize = 4_000;
    let mut world = World::with("job-*.log", |settings| settings.max_open_files = 1_000);
    for number in 0..FILES {
        world.append(&format!("job-{number}.log"), format!("{number}\n"));
    }
    // Each with a listing of all the others would take minutes.
    while world.read_some(Budget::default()) {
        let files = world.follower.files.iter();
        assert!(files.filter(|file| file.source.is_some()).count() <= 1_000);
    }
    let mut lines: Vec<usize> = world
        .lines()
        .iter()
        .map(|line| line.parse().unwrap())
        .collect();
    lines.sort_unstable();
    assert!(lines.into_iter().eq(0..FILES));
    world.append("job-3999.log", "more\n");
    world.restart();
    world.read();
    assert_eq!(world.lines().len(), FILES + 1);
    world.expect_no_gaps();
}

#[test]
fn last_lines_without_their_ends_are_stored_with_few_handles_too() {
    let mut world = World::with("*.log", |settings| settings.max_open_files = 2);
    for number in 0..6 {
        world.append(&format!("{number}.log"), "no end");
    }
    for _ in 0..6 {
        world.read();
        world.wait(6);
    }
    world.expect(&["no end"; 6]);
}

#[test]
fn files_of_a_glob_with_numbers_in_their_names_and_the_same_content_are_all_read() {
    let mut world = World::new("job-*");
    world.append("job-20260131-101500", "done\n");
    world.append("job-20260131-111500", "done\n");
    world.expect(&["done"; 2]);
    world.append("job-20260131-121500", "done\n");
    world.append("job-20260201-101500", "done\n");
    world.expect(&["done"; 4]);
}

#[test]
fn a_writer_that_goes_on_at_its_old_offset_after_a_cut_leaves_no_zeros_in_a_line() {
    for lines in [10, 300_000] {
        let mut world = World::new("app.log");
        let mut writer = File::create(world.path("app.log")).unwrap();
        writer.write_all("line\n".repeat(lines).as_bytes()).unwrap();
        world.read();
        for round in 0..3 {
            world.copy("app.log", "app.log.1");
            world.truncate("app.log");
            if round == 1 {
                world.restart();
            }
            writer.write_all(b"first\nsecond\n").unwrap();
            world.read();
            assert_eq!(world.lines().len(), lines + 2 * (round + 1));
        }
        let after = world.lines().split_off(lines);
        assert_eq!(after, ["first", "second"].repeat(3));
    }
}

#[test]
fn numbered_files_of_a_glob_that_would_match_their_common_name_are_logs_of_their_own() {
    for (glob, names) in [
        ("worker*", ["worker-1.log", "worker-2.log"]),
        ("*", ["batch_01", "batch_02"]),
        ("db*", ["db-2026-11-29.log", "db-2026-11-30.log"]),
    ] {
        let mut world = World::with(glob, |settings| settings.from_beginning = false);
        for name in names {
            world.append(name, "old\n");
        }
        world.expect(&[]);
        for line in ["ready\n", "done\n"] {
            for name in names {
                world.append(name, line);
                world.read();
            }
        }
        world.expect(&["ready", "ready", "done", "done"]);
        world.expect_no_gaps();
    }
}

#[test]
fn contents_that_begin_alike_are_read_one_after_the_other_while_the_reader_is_behind() {
    for reads in [0, 1, 5, 11, 30, 31, 40, 90] {
        let mut world = World::new("app.log");
        let header: String = (0..30)
            .map(|line| format!("# header line {line} of this file, the same in all\n"))
            .collect();
        world.read();
        let mut written = Vec::new();
        for content in 0..4 {
            let lines: String = (0..60)
                .map(|line| format!("content {content} line {line} with some text\n"))
                .collect();
            world.append("app.log", header.clone() + &lines);
            written.extend(header.lines().chain(lines.lines()).map(str::to_owned));
            for _ in 0..reads {
                world.read_some(up_to(1));
            }
            for old in (1..=content).rev() {
                world.rename(&format!("app.log.{old}"), &format!("app.log.{}", old + 1));
            }
            world.copy("app.log", "app.log.1");
            world.truncate("app.log");
        }
        world.append("app.log", &header);
        written.extend(header.lines().map(str::to_owned));
        world.read();
        world.wait(61);
        world.read();
        // Which of them a line is from that all have, nobody could tell.
        world.expect_in_any_order(&written);
    }
}
