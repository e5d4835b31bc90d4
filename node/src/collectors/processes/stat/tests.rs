use proptest::prelude::*;

use super::*;

macro_rules! captured {
    ($pid:literal) => {
        include_bytes!(concat!("../testdata/odd/", $pid, "/stat"))
    };
}

#[test]
fn names_of_any_bytes_are_read_whole() {
    let names: [(&[u8], &[u8]); 10] = [
        (captured!("101"), b"a b"),
        (captured!("102"), b") R 1 ("),
        (captured!("103"), b"new\nline"),
        (captured!("104"), b"\xff\xfe\xc3"),
        (captured!("105"), b"((()))"),
        (captured!("106"), b""),
        (captured!("107"), b"tab\tesc\x1b[2J"),
        (captured!("108"), b"exactly15bytes!"),
        (captured!("109"), "자료".as_bytes()),
        (captured!("110"), b"a\\nb"),
    ];
    for (line, name) in names {
        let stat = parse(line).unwrap();
        assert_eq!(stat.comm, name);
        assert_eq!((stat.state, stat.threads), (State::Sleeping, 1));
        assert!(!stat.is_kernel_thread && stat.ppid > 1);
        assert!(stat.rss_pages > 1_000 && stat.start_ticks > 1_000_000);
    }
}

#[test]
fn a_thread_of_the_kernel_has_no_memory() {
    let stat = parse(captured!("2")).unwrap();
    assert_eq!(stat.comm, b"kthreadd");
    assert!(stat.is_kernel_thread && !stat.image.has_memory());
    assert_eq!((stat.ppid, stat.rss_pages, stat.start_ticks), (0, 0, 30));
    assert_eq!(stat.cpu_ticks, 5);
}

#[test]
fn a_zombie_has_no_memory_and_what_may_not_be_traced_has_some() {
    let zombie = parse(captured!("200")).unwrap();
    assert_eq!(zombie.state, State::Zombie);
    assert!(!zombie.image.has_memory() && !zombie.is_kernel_thread);
    let withheld = parse(captured!("203")).unwrap();
    assert!(withheld.image.has_memory());
}

#[test]
fn threads_and_states_are_read() {
    assert_eq!(parse(captured!("201")).unwrap().threads, 4);
    assert_eq!(parse(captured!("202")).unwrap().state, State::Stopped);
}

/// Fields 3 to 52 with the numbers of the fields for values, but for those replaced.
fn line(replaced: &[(usize, &str)]) -> Vec<u8> {
    let mut line = b"7 (x) S".to_vec();
    for field in 4..=52 {
        let replacement = replaced.iter().find(|(number, _)| *number == field);
        let value = replacement.map_or_else(|| field.to_string(), |(_, text)| (*text).to_owned());
        line.push(b' ');
        line.extend_from_slice(value.as_bytes());
    }
    line.push(b'\n');
    line
}

#[test]
fn every_field_is_taken_from_its_place() {
    let expected = Stat {
        comm: b"x",
        state: State::Sleeping,
        ppid: 4,
        is_kernel_thread: false,
        cpu_ticks: 14 + 15,
        threads: 20,
        start_ticks: 22,
        rss_pages: 24,
        image: Image {
            start_code: 26,
            start_stack: 28,
            arg_start: 48,
            arg_end: 49,
        },
    };
    assert_eq!(parse(&line(&[])), Ok(expected));
    let kernels = line(&[(9, "2129984")]);
    assert!(parse(&kernels).unwrap().is_kernel_thread);
}

#[test]
fn negative_numbers_where_they_may_be_do_no_harm() {
    let odd = line(&[(8, "-1"), (16, "-3"), (18, "-100"), (19, "-20"), (21, "-1")]);
    assert_eq!(parse(&odd), parse(&line(&[])));
}

#[test]
fn the_state_of_a_kernel_to_come_keeps_its_letter() {
    let with = |state: &str| {
        let text = String::from_utf8(line(&[])).unwrap();
        text.replacen(") S ", &format!(") {state} "), 1)
    };
    for letter in "RSDZTtXIKPWQ".chars() {
        let text = with(&letter.to_string());
        assert_eq!(parse(text.as_bytes()).unwrap().state.letter(), letter);
    }
    for damaged in ["", "7", "SS", "é", "-"] {
        assert_eq!(parse(with(damaged).as_bytes()), Err(Damage::Odd("state")));
    }
}

#[test]
fn damage_is_told_by_its_field() {
    assert_eq!(parse(b""), Err(Damage::NoName));
    assert_eq!(parse(b"7 x S 1"), Err(Damage::NoName));
    assert_eq!(parse(b"7 )x( S 1"), Err(Damage::NoName));
    assert_eq!(parse(b"7 (x)"), Err(Damage::Missing("state")));
    assert_eq!(parse(b"7 (x) S 1 2"), Err(Damage::Missing("flags")));
    let odd = [
        (4, "-1", "ppid"),
        (14, "", "utime"),
        (22, "1e3", "starttime"),
    ];
    for (field, text, name) in odd {
        assert_eq!(parse(&line(&[(field, text)])), Err(Damage::Odd(name)));
    }
    let huge = "18446744073709551616";
    assert_eq!(parse(&line(&[(24, huge)])), Err(Damage::Odd("rss")));
    assert_eq!(
        parse(&line(&[(20, "4294967296")])),
        Err(Damage::Odd("num_threads"))
    );
}

#[test]
fn a_line_cut_short_anywhere_is_damaged_until_the_last_field_that_matters() {
    let whole = line(&[]);
    let enough = whole.len() - " 25".len();
    let upto_rss = whole.windows(4).position(|four| four == b" 24 ").unwrap() + 2;
    assert!(upto_rss < enough);
    for end in 0..upto_rss {
        assert!(parse(&whole[..end]).is_err(), "{end}");
    }
    for end in upto_rss + 1..whole.len() {
        assert!(parse(&whole[..end]).is_ok(), "{end}");
    }
}

fn name() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![Just(b')'), Just(b'('), Just(b' '), Just(b'\n'), 1..=255_u8];
    proptest::collection::vec(byte, 0..16)
}

proptest! {
    #[test]
    fn any_name_and_any_figures_come_back(
        comm in name(),
        ppid in any::<u32>(),
        user in 0..u64::MAX / 2,
        start in any::<u64>(),
        rss in any::<u64>(),
    ) {
        let figures = [ppid.into(), user, start, rss].map(|figure: u64| figure.to_string());
        let [ppid_text, user_text, start_text, rss_text] = figures.each_ref().map(String::as_str);
        let text = line(&[(4, ppid_text), (14, user_text), (22, start_text), (24, rss_text)]);
        let text = [b"7 (", comm.as_slice(), b")", &text[5..]].concat();
        let stat = parse(&text).unwrap();
        prop_assert_eq!(stat.comm, comm.as_slice());
        prop_assert_eq!((stat.ppid, stat.cpu_ticks), (ppid, user + 15));
        prop_assert_eq!((stat.start_ticks, stat.rss_pages), (start, rss));
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = parse(&bytes);
    }

    #[test]
    fn no_damage_makes_it_panic(at in 0..200_usize, byte in any::<u8>()) {
        let mut text = line(&[]);
        let at = at % text.len();
        text[at] = byte;
        let _ = parse(&text);
    }

    #[test]
    fn numbers_are_read_as_the_standard_library_does(text in "[0-9]{0,22}|[0-9+-]{0,4}|\\PC{0,3}") {
        let plain = text.bytes().all(|byte| byte.is_ascii_digit());
        let expected = text.parse().ok().filter(|_| plain);
        prop_assert_eq!(number(text.as_bytes()), expected);
    }
}
