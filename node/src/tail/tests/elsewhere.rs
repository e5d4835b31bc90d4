//! Files to which two names lead, each of which somebody follows.

use std::os::unix::fs::symlink;

use super::*;
use crate::tail::Elsewhere;

/// Follows `link.log`, but for the files of `others`.
fn beside(others: &str) -> World {
    World::with("link.log", |settings| {
        let others = settings.path.with_file_name(others);
        let mut all = [TailSettings::new(others).unwrap(), settings.clone()];
        Elsewhere::divide(&mut all, true);
        [_, *settings] = all;
    })
}

#[test]
fn a_link_to_a_file_that_another_one_follows_is_left_to_it_through_its_rotations() {
    for others in ["app.log", "app*"] {
        let mut world = beside(others);
        symlink("app.log", world.path("link.log")).unwrap();
        world.expect(&[]);
        world.append("app.log", "one\n");
        world.expect(&[]);
        world.rename("app.log", "app.log.1");
        world.expect(&[]);
        world.append("app.log", "two\n");
        world.expect(&[]);
        world.restart();
        world.expect(&[]);
        // A file of its own is nobody else's.
        world.remove("link.log");
        world.append("link.log", "own\n");
        world.expect(&["own"]);
        world.expect_no_gaps();
    }
}

#[test]
fn a_log_that_becomes_a_link_to_the_file_of_another_one_is_read_to_its_end() {
    let mut world = beside("app.log");
    world.append("link.log", "one\n");
    world.expect(&["one"]);
    world.append("link.log", "two\n");
    world.append("app.log", "theirs\n");
    world.rename("app.log", "app.log.1");
    world.append("app.log", "theirs too\n");
    world.rename("link.log", "link.log.1");
    symlink("app.log", world.path("link.log")).unwrap();
    world.expect(&["one", "two"]);
    world.append("app.log", "theirs\n");
    world.wait(61);
    world.restart();
    world.expect(&["one", "two"]);
    world.expect_no_gaps();
}

#[test]
fn a_rotated_file_belongs_to_the_log_whose_name_is_nearest() {
    for copied in [false, true] {
        let mut world = World::with("app.log", |settings| {
            let other = settings.path.with_file_name("app-1.log");
            let mut all = [settings.clone(), TailSettings::new(other).unwrap()];
            Elsewhere::divide(&mut all, false);
            [*settings, _] = all;
        });
        world.read();
        for round in 1..4 {
            world.append("app.log", format!("own {round}\n"));
            world.append("app-1.log", format!("theirs {round}\n"));
            world.read();
            for name in ["app", "app-1"] {
                let (log, old) = (format!("{name}.log"), format!("{name}-2026013{round}.log"));
                if copied {
                    world.copy(&log, &old);
                    world.truncate(&log);
                } else {
                    world.rename(&log, &old);
                }
            }
            world.append("app.log", format!("own {round} next\n"));
            if round == 2 {
                world.restart();
            }
        }
        world.read();
        world.wait(61);
        world.read();
        assert!(
            world.lines().iter().all(|line| line.starts_with("own")),
            "{:?}",
            world.lines()
        );
        assert_eq!(world.lines().len(), 6);
    }
}
