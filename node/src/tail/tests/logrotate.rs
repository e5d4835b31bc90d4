//! The real logrotate(8), in its variants, against a log that is written all the time.

use std::process::Command;

use super::*;

/// Rotates with these directives again and again while lines are written, each time by a writer
/// that goes on for a while in its old file; reads in small bites, and starts anew now and then.
fn rotate_and_follow(glob: bool, directives: &str) {
    if Command::new("logrotate").arg("--version").output().is_err() {
        assert!(
            std::env::var_os("ETLMON_REQUIRE_PEERS").is_none(),
            "logrotate is missing"
        );
        println!("skipped: there is no logrotate here");
        return;
    }
    let mut world = World::new(if glob { "app.log*" } else { "app.log" });
    fs::create_dir(world.path("etc")).unwrap();
    world.read();
    let mut written = 0;
    for round in 0..12 {
        let mut writer = world.open("app.log");
        let mut write = |lines: usize| {
            for _ in 0..lines {
                written += 1;
                writer
                    .write_all(format!("line {written}\n").as_bytes())
                    .unwrap();
            }
        };
        write(20 + round * 7);
        world.read_some(Budget {
            lines: 10 * (round % 3),
            bytes: 1 << 20,
        });
        // All rotations are in a few seconds, so a date alone would not do.
        let directives = directives.replace("ROUND", &format!("{round:02}"));
        let path = world.path("app.log");
        let config = format!("{} {{\n rotate 30\n {directives}\n}}\n", path.display());
        fs::write(world.path("etc/conf"), config).unwrap();
        let rotated = Command::new("logrotate")
            .args(["--force", "--state"])
            .args([world.path("etc/state"), world.path("etc/conf")])
            .output()
            .unwrap();
        assert!(
            rotated.status.success(),
            "{}",
            String::from_utf8_lossy(&rotated.stderr)
        );
        // A file that was compressed or copied is not written to any more, or logrotate itself would
        // lose lines.
        let is_renamed = !directives.contains("compress") || directives.contains("delaycompress");
        if is_renamed && !directives.contains("renamecopy") {
            write(5);
        }
        drop(writer);
        if round % 4 == 1 {
            world.restart();
        }
        if round % 4 == 2 {
            world.follower.read(
                Budget {
                    lines: 3,
                    bytes: 1 << 20,
                },
                world.now,
            );
            world.restart();
        }
        if round % 5 == 4 {
            world.wait(61);
            world.read();
        }
    }
    world.append("app.log", "the end\n");
    for _ in 0..3 {
        world.read();
        world.wait(61);
    }
    let mut lines = world.lines();
    lines.sort_unstable_by_key(|line| {
        line.strip_prefix("line ")
            .map_or(usize::MAX, |number| number.parse().unwrap())
    });
    let expected: Vec<String> = (1..=written)
        .map(|number| format!("line {number}"))
        .collect();
    assert_eq!(lines.pop(), Some("the end"));
    assert_eq!(lines, expected, "{directives}: {:?}", world.stored.gaps);
    if !directives.contains("copy") {
        world.expect_no_gaps();
    }
}

#[test]
fn a_log_that_logrotate_renames_is_stored_once() {
    for glob in [false, true] {
        rotate_and_follow(glob, "create");
        rotate_and_follow(glob, "nocreate");
    }
}

#[test]
fn a_log_that_logrotate_copies_under_another_name_is_stored_once() {
    for glob in [false, true] {
        rotate_and_follow(glob, "renamecopy");
        rotate_and_follow(glob, "renamecopy\n dateext\n dateformat -%Y%m%d-ROUND");
        rotate_and_follow(glob, "renamecopy\n compress");
    }
}

#[test]
fn a_log_that_logrotate_copies_and_cuts_is_stored_once() {
    for glob in [false, true] {
        rotate_and_follow(glob, "copytruncate");
        rotate_and_follow(glob, "copytruncate\n compress");
        rotate_and_follow(glob, "copytruncate\n compress\n delaycompress");
    }
}

#[test]
fn a_log_that_logrotate_compresses_is_stored_once() {
    for glob in [false, true] {
        rotate_and_follow(glob, "create\n compress");
        rotate_and_follow(glob, "create\n compress\n delaycompress");
    }
}

#[test]
fn a_log_that_logrotate_compresses_in_another_way_is_stored_once() {
    for (tool, extension) in [("xz", ".xz"), ("zstd", ".zst")] {
        let directives =
            format!("create\n compress\n compresscmd /usr/bin/{tool}\n compressext {extension}");
        for glob in [false, true] {
            rotate_and_follow(glob, &directives);
        }
    }
}

#[test]
fn a_log_that_logrotate_gives_dates_to_is_stored_once() {
    for glob in [false, true] {
        let dates = "dateext\n dateformat -%Y%m%d-%sROUND";
        rotate_and_follow(glob, &format!("create\n {dates}"));
        rotate_and_follow(
            glob,
            &format!("create\n {dates}\n extension .log\n compress"),
        );
    }
}
