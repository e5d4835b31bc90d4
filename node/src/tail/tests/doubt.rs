//! What can't be looked at for a while is neither lost nor new when it is back.

use std::os::unix::fs::{PermissionsExt as _, symlink};

use rustix::process::{Uid, geteuid};
use rustix::thread::set_thread_res_uid;

use super::*;

/// Nobody may read the file.
fn deny(world: &World, name: &str) {
    set_mode(&world.path(name), 0);
}

fn allow(world: &World, name: &str) {
    set_mode(&world.path(name), 0o644);
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// Reads and stores all there is, on this thread without the rights of root.
fn read_as_nobody(world: &mut World) {
    const NOBODY: Uid = Uid::from_raw_unchecked(65534);
    set_mode(world.directory.path(), 0o755);
    let own = geteuid();
    if own.is_root() {
        set_thread_res_uid(None, NOBODY, None).unwrap();
    }
    world.read();
    if own.is_root() {
        set_thread_res_uid(None, own, None).unwrap();
    }
}

/// A world whose log is in a directory of its own, which can be hidden.
fn world(name: &str) -> World {
    let world = World::new(&format!("logs/{name}"));
    fs::create_dir(world.path("logs")).unwrap();
    world
}

/// From now on nobody can look into the directory; not even root through a link to itself.
fn hide(world: &World, name: &str) {
    world.rename(name, "hidden");
    symlink(world.path(name), world.path(name)).unwrap();
    let error = fs::metadata(world.path(name)).unwrap_err();
    assert_ne!(error.kind(), std::io::ErrorKind::NotFound);
}

fn show(world: &World, name: &str) {
    world.remove(name);
    world.rename("hidden", name);
}

#[test]
fn a_directory_that_cannot_be_looked_at_takes_nothing_with_it() {
    for name in ["app.log", "*.log"] {
        for restarts in [false, true] {
            let mut world = world(name);
            world.append("logs/app.log", "1\n2\n");
            world.expect(&["1", "2"]);
            hide(&world, "logs");
            if restarts {
                world.restart();
            }
            for _ in 0..100 {
                world.wait(5);
                world.read();
            }
            let states = world.follower.files();
            let told = states.iter().find(|state| state.error_message.is_some());
            assert!(told.is_some() || !restarts, "{name}: {states:?}");
            show(&world, "logs");
            world.append("logs/app.log", "3\n");
            world.expect(&["1", "2", "3"]);
            world.expect_no_gaps();
            let states = world.follower.files();
            assert!(states.iter().all(|state| state.error_message.is_none()));
        }
    }
}

#[test]
fn files_without_a_handle_outlive_a_directory_that_cannot_be_looked_at() {
    let mut world = World::with("logs/*.log", |settings| settings.max_open_files = 2);
    fs::create_dir(world.path("logs")).unwrap();
    for number in 1..=6 {
        world.append(&format!("logs/{number}.log"), format!("{number}\n"));
    }
    world.read();
    world.wait(10);
    world.expect(&["1", "2", "3", "4", "5", "6"]);
    hide(&world, "logs");
    for _ in 0..20 {
        world.wait(5);
        world.read();
    }
    show(&world, "logs");
    world.append("logs/3.log", "more\n");
    world.read();
    world.expect(&["1", "2", "3", "4", "5", "6", "more"]);
    world.expect_no_gaps();
}

#[test]
fn a_file_system_that_is_not_there_is_waited_for() {
    let mut world = World::new("app.log");
    world.append("app.log", "1\n2\n");
    world.read_some(up_to(1));
    // What is there now is what lies below the mount point.
    world.remove("app.log");
    for row in world.stored.rows.values_mut() {
        row.identity.device += 1;
    }
    world.restart();
    world.read();
    world.wait(3_590);
    world.read();
    world.expect_no_gaps();
    let told = world.follower.files();
    let told = told.iter().find_map(|state| state.error_message.as_deref());
    assert!(told.is_some_and(|told| told.contains("file system is not there")));
    world.wait(20);
    world.read();
    let gaps = &world.stored.gaps;
    assert_eq!(gaps.len(), 1, "{gaps:?}");
    assert_eq!(
        (gaps[0].reason, gaps[0].from_offset),
        (GapReason::Vanished, 2)
    );
}

#[test]
fn a_content_may_be_in_a_file_that_cannot_be_asked_now() {
    let mut world = World::new("app.log");
    world.append("app.log", "1\n2\n");
    world.read_some(up_to(1));
    world.rename("app.log", "app.log.1");
    world.compress("app.log.1");
    let whole = fs::read(world.path("app.log.1.gz")).unwrap();
    world.append("app.log", "3\n");
    world.restart();
    deny(&world, "app.log.1.gz");
    world.wait(5);
    read_as_nobody(&mut world);
    assert_eq!(world.lines(), ["1", "3"]);
    let states = world.follower.files();
    let told = states.iter().any(|state| {
        let message = state.error_message.as_deref();
        message.is_some_and(|message| message.contains("app.log.1.gz"))
    });
    assert!(told, "{states:?}");
    allow(&world, "app.log.1.gz");
    assert_eq!(fs::read(world.path("app.log.1.gz")).unwrap(), whole);
    world.wait(5);
    world.expect(&["1", "3", "2"]);
    world.expect_no_gaps();
}

#[test]
fn what_a_rotation_made_is_read_when_it_can_be_or_is_in_the_ledger() {
    for (becomes_readable, stays) in [(true, true), (false, true), (false, false)] {
        let mut world = World::new("app.log");
        world.append("app.log", "1\n");
        world.expect(&["1"]);
        // Nobody has seen the one in between.
        world.rename("app.log", "app.log.2");
        world.append("app.log.1", "2\n");
        world.append("app.log", "3\n");
        deny(&world, "app.log.1");
        read_as_nobody(&mut world);
        assert_eq!(world.lines(), ["1", "3"]);
        world.wait(5);
        read_as_nobody(&mut world);
        world.expect_no_gaps();
        if becomes_readable {
            allow(&world, "app.log.1");
            world.rename("app.log", "app.log.0");
            world.append("app.log", "4\n");
            read_as_nobody(&mut world);
            world.expect_in_any_order(&["1", "2", "3", "4"]);
            world.expect_no_gaps();
            continue;
        }
        if !stays {
            world.remove("app.log.1");
        }
        world.wait(61);
        read_as_nobody(&mut world);
        world.wait(61);
        read_as_nobody(&mut world);
        let gaps = &world.stored.gaps;
        assert_eq!(gaps.len(), 1, "{gaps:?}");
        assert_eq!(gaps[0].reason, GapReason::Unreadable);
        assert_eq!(gaps[0].place, world.path("app.log.1"));
    }
}

#[test]
fn the_first_file_of_a_path_that_is_new_to_a_glob_is_read_though_it_was_rotated_unseen() {
    let mut world = World::new("*.log");
    world.append("a.log", "1\n");
    world.append("old.log.1", "from before\n");
    // Times are told apart by the millisecond, and that of a file system runs behind.
    let pass = || std::thread::sleep(Duration::from_millis(20));
    pass();
    world.restart();
    world.expect(&["1"]);
    pass();
    world.append("b.log", "2\n");
    world.rename("b.log", "b.log.1");
    world.append("b.log", "3\n");
    world.append("old.log", "4\n");
    world.restart();
    world.read();
    world.expect_in_any_order(&["1", "2", "3", "4"]);
    world.expect_no_gaps();
}

#[test]
fn a_file_that_was_read_and_is_gone_is_forgotten_after_a_day() {
    let mut world = World::new("app-*.log");
    world.append("app-1.log", "1\n");
    world.expect(&["1"]);
    world.compress("app-1.log");
    let settle = |world: &mut World| {
        for _ in 0..4 {
            world.wait(61);
            world.read();
        }
    };
    settle(&mut world);
    let is_known = |world: &World| world.stored.rows.len() > 1;
    assert!(is_known(&world));
    // It may come back, and then nothing in it is new.
    world.rename("app-1.log.gz", "moved");
    settle(&mut world);
    assert!(is_known(&world));
    world.rename("moved", "app-1.log.gz");
    settle(&mut world);
    world.remove("app-1.log.gz");
    for _ in 0..2 {
        world.wait(13 * 60 * 60);
        world.read();
        assert!(is_known(&world));
    }
    world.wait(13 * 60 * 60);
    world.read();
    assert!(!is_known(&world));
    assert_eq!(world.lines(), ["1"]);
    world.expect_no_gaps();
}
