//! What people are told of how much was stored.

use rusqlite::OptionalExtension as _;

use super::*;

#[test]
fn lines_of_a_file_that_is_gone_stay_counted_with_its_path() {
    let mut bench = Bench::new();
    let mut collector = bench.collector_with(true, |settings| {
        settings.finish_after = Duration::ZERO;
    });
    bench.append("one\ntwo\n");
    bench.cycle(&mut collector);
    let [before] = bench.files().try_into().unwrap();
    assert_eq!((before.lines_stored, before.offset_bytes), (2, Some(8)));
    let rotated = bench.folder.path().join("app.log.1");
    fs::rename(bench.log(), &rotated).unwrap();
    bench.append("three\n");
    bench.cycles_until(&mut collector, &["one", "two", "three"]);
    let first = |bench: &Bench| -> Option<String> {
        let state = "SELECT state FROM followed_contents WHERE sequence = 1";
        let state = bench.writer.query_row(state, [], |row| row.get(0));
        state.optional().unwrap()
    };
    let deadline = Instant::now() + Duration::from_secs(20);
    while first(&bench).as_deref() != Some("finished") {
        assert!(Instant::now() < deadline);
        bench.cycle(&mut collector);
    }
    let [read] = bench.files().try_into().unwrap();
    assert_eq!((read.lines_stored, read.offset_bytes), (3, Some(6)));
    // The next rotation takes its place.
    fs::rename(bench.log(), &rotated).unwrap();
    bench.append("four\n");
    bench.cycles_until(&mut collector, &["one", "two", "three", "four"]);
    assert_eq!(first(&bench), None);
    let [after] = bench.files().try_into().unwrap();
    assert_eq!((after.lines_stored, after.offset_bytes), (4, Some(5)));
    assert!(after.last_line_at >= before.last_line_at && before.last_line_at.is_some());
}

#[test]
fn lines_stay_counted_with_the_path_that_they_were_stored_under() {
    let mut bench = Bench::new();
    let path = |name: &str| bench.folder.path().join(name);
    let (a, b) = (path("a.log"), path("b.log"));
    let mut collector = bench.collector_with(true, |settings| {
        *settings = TailSettings::new(a.with_file_name("*.log")).unwrap();
        settings.from_beginning = true;
    });
    fs::write(&a, "one\ntwo\n").unwrap();
    bench.cycles_until(&mut collector, &["one", "two"]);
    fs::rename(&a, &b).unwrap();
    fs::write(&a, "three\n").unwrap();
    let mut log = OpenOptions::new().append(true).open(&b).unwrap();
    log.write_all(b"four\n").unwrap();
    let deadline = Instant::now() + Duration::from_secs(20);
    while bench.lines().len() < 4 {
        assert!(Instant::now() < deadline, "{:?}", bench.lines());
        bench.cycle(&mut collector);
    }
    let told = bench.files().into_iter();
    let told: Vec<_> = told
        .map(|file| {
            (
                PathBuf::from(file.path),
                file.lines_stored,
                file.offset_bytes,
            )
        })
        .collect();
    assert_eq!(told, [(a, 3, Some(6)), (b, 1, Some(13))]);
}

#[test]
fn what_is_left_out_is_counted_where_nothing_else_is_new_to_tell() {
    let mut bench = Bench::new();
    let mut collector = bench.collector(true);
    for count in 1..=2 {
        bench.append(&"x".repeat((1 << 20) + 10));
        bench.append("\n");
        let deadline = Instant::now() + Duration::from_secs(20);
        let log = loop {
            bench.cycle(&mut collector);
            match bench.files().pop() {
                Some(log) if log.lines_stored == count => break log,
                _ => assert!(Instant::now() < deadline),
            }
        };
        bench.cycle(&mut collector);
        assert_eq!(log.truncated_bytes, 10 * count);
    }
}
