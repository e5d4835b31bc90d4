//! Files in the formats of compressors that are not read: each that nobody read is in the ledger.

use super::*;

/// What bzip2 or another compressor does to a file: a new one that nobody here can read, with the
/// old one's time.
fn hide(world: &World, name: &str) {
    let path = world.path(name);
    let data = fs::read(&path).unwrap();
    let modified = fs::metadata(&path).unwrap().modified().unwrap();
    let hidden: Vec<u8> = data.iter().map(|byte| byte ^ 0x80).collect();
    let file = world.path(&format!("{name}.bz2"));
    fs::write(
        &file,
        [b"BZh9 a header of a file".as_slice(), &hidden].concat(),
    )
    .unwrap();
    let file = File::options().write(true).open(file).unwrap();
    file.set_modified(modified).unwrap();
    fs::remove_file(path).unwrap();
}

/// Rotates `app.log` away, as `compress` does or, where the last one stays plain, `delaycompress`.
fn rotate(world: &World, delay: bool) {
    for number in (1..9).rev() {
        for ending in ["", ".bz2"] {
            let from = format!("app.log.{number}{ending}");
            if !world.path(&from).exists() {
                continue;
            }
            let to = format!("app.log.{}", number + 1);
            world.rename(&from, &format!("{to}{ending}"));
            if ending.is_empty() {
                hide(world, &to);
            }
        }
    }
    world.rename("app.log", "app.log.1");
    if !delay {
        hide(world, "app.log.1");
    }
    // Files are told in the order of their times, which a file system keeps in steps.
    std::thread::sleep(Duration::from_millis(10));
}

/// The reasons and the names of the files in the ledger.
fn ledger(world: &World) -> Vec<(GapReason, String, u64)> {
    let rows = world.stored.gaps.iter();
    rows.map(|gap| {
        let name = gap.place.file_name().unwrap().to_string_lossy();
        (gap.reason, name.into_owned(), gap.from_offset)
    })
    .collect()
}

#[test]
fn each_file_that_was_hidden_while_nobody_looked_is_a_row_in_the_ledger() {
    for (name, delay) in [
        ("app.log", false),
        ("app.log", true),
        ("app.log*", false),
        ("app.log*", true),
        ("*.log", true),
    ] {
        let mut world = World::new(name);
        world.append("app.log", "a line of the first file\n2\n");
        world.read_some(up_to(1));
        for round in 0..4 {
            rotate(&world, delay);
            world.append("app.log", format!("the only line of file {round}\n"));
        }
        world.restart();
        world.read();
        let seen = if delay {
            vec![
                "a line of the first file",
                "the only line of file 2",
                "the only line of file 3",
            ]
        } else {
            vec!["a line of the first file", "the only line of file 3"]
        };
        assert_eq!(world.lines(), seen);
        let mut expected = vec![
            (GapReason::Vanished, "app.log".to_owned(), 25),
            (GapReason::Unreadable, "app.log.3.bz2".to_owned(), 0),
            (GapReason::Unreadable, "app.log.2.bz2".to_owned(), 0),
        ];
        if !delay {
            expected.push((GapReason::Unreadable, "app.log.1.bz2".to_owned(), 0));
        }
        assert_eq!(ledger(&world), expected, "{name} {delay}");
        // Known from now on, under every name.
        for _ in 0..2 {
            world.wait(61);
            world.read();
            rotate(&world, delay);
            world.append("app.log", "more\n");
            world.read();
            world.restart();
            world.read();
        }
        assert_eq!(ledger(&world).len(), expected.len(), "{:?}", ledger(&world));
    }
}

#[test]
fn a_hidden_copy_of_what_was_read_is_no_loss() {
    for (name, delay) in [("app.log", false), ("app.log", true), ("app.log*", true)] {
        let mut world = World::new(name);
        let mut written = Vec::new();
        for round in 0..6 {
            let text = format!("line {round} that is long enough");
            let mut writer = world.open("app.log");
            writer.write_all(format!("{text}\n").as_bytes()).unwrap();
            written.push(text);
            world.read();
            rotate(&world, delay);
            if delay {
                // A writer that goes on in the renamed file makes it younger than its successor.
                world.append("app.log", "");
                world.read();
                let late = format!("late {round}");
                writer.write_all(format!("{late}\n").as_bytes()).unwrap();
                written.push(late);
            }
            world.read();
            if round % 2 == 1 {
                world.wait(61);
                world.read();
            }
            if round % 3 == 2 {
                world.restart();
            }
        }
        world.append("app.log", "end\n");
        written.push("end".to_owned());
        world.read();
        world.wait(61);
        world.restart();
        world.read();
        assert_eq!(world.lines(), written);
        assert!(
            ledger(&world)
                .iter()
                .all(|row| row.0 == GapReason::Vanished),
            "{name} {delay}: {:?}",
            ledger(&world)
        );
    }
}

#[test]
fn hidden_files_from_before_the_first_look_are_no_loss() {
    for name in ["app.log", "app.log*"] {
        let mut world = World::new(name);
        for _ in 0..3 {
            world.append("app.log", "a line from before the first look\n");
            rotate(&world, false);
        }
        world.append("app.log", "1\n");
        world.read();
        world.restart();
        rotate(&world, true);
        world.append("app.log", "2\n");
        world.expect(&["1", "2"]);
        world.expect_no_gaps();
    }
}

#[test]
fn a_damaged_file_that_nobody_read_is_a_row_in_the_ledger() {
    let mut world = World::new("app.log");
    world.append("app.log", "1\n");
    world.read();
    world.rename("app.log", "app.log.9");
    world.append("app.log.1", "a line in between\n");
    world.compress("app.log.1");
    let path = world.path("app.log.1.gz");
    let mut packed = fs::read(&path).unwrap();
    packed.truncate(10);
    // A kind of block that there is not.
    packed.extend_from_slice(&[0xff; 16]);
    fs::write(&path, packed).unwrap();
    world.append("app.log", "2\n");
    for round in 0..3 {
        world.restart();
        world.read();
        let expected = [(GapReason::Damaged, "app.log.1.gz".to_owned(), 0)];
        assert_eq!(ledger(&world), expected);
        let name = |number| format!("app.log.{number}.gz");
        world.rename(&name(round + 1), &name(round + 2));
        world.rename("app.log", &format!("app.log-{round}"));
        world.append("app.log", "more\n");
    }
    assert_eq!(world.lines(), ["1", "2", "more", "more"]);
}

#[test]
fn a_hidden_file_that_is_being_made_is_judged_when_it_is_done() {
    let mut world = World::new("app.log");
    world.append("app.log", "1\n");
    world.read();
    world.rename("app.log", "app.log.1");
    world.append("app.log", "2\n");
    world.append("app.log.1.bz2", "BZh9 the beginning of it");
    world.expect(&["1", "2"]);
    world.wait(61);
    world.read();
    world.append("app.log.1.bz2", " and its end");
    world.remove("app.log.1");
    world.rename("app.log.1.bz2", "app.log.2.bz2");
    world.rename("app.log", "app.log.1");
    world.append("app.log", "3\n");
    world.expect(&["1", "2", "3"]);
    world.expect_no_gaps();
}
