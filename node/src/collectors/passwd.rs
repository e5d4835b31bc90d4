//! The users in a file such as `/etc/passwd` (passwd(5)).

/// Name and number of each user, in the order of the file. Lines that are no user's, such as those
/// of NIS, are passed over.
pub(super) fn users(passwd: &[u8]) -> impl Iterator<Item = (&[u8], u32)> {
    let lines = passwd.split(|byte| *byte == b'\n');
    lines.filter_map(|line| {
        let mut fields = line.split(|byte| *byte == b':');
        let name = fields.next()?;
        let id = std::str::from_utf8(fields.nth(1)?).ok()?.parse().ok()?;
        let is_name = !matches!(name.first(), None | Some(b'+' | b'-' | b'#'));
        is_name.then_some((name, id))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_user_has_a_name_and_a_number() {
        let passwd = b"root:x:0:0:root:/root:/bin/bash\n\
            toor:x:0:0::/root:/bin/sh\n\
            # etl:x:7:7::/:/bin/sh\n\
            #etl:x:7:7::/:/bin/sh\n\
            +nis:x:8:8::/:\n\
            +:::::::\n\
            :x:9:9::/:\n\
            broken\n\
            odd:x:minus:1::/:\n\
            huge:x:4294967296:1::/:\n\
            etl:x:1001:1001:ETL,,,:/srv/etl:/bin/bash";
        let expected: [(&[u8], u32); 3] = [(b"root", 0), (b"toor", 0), (b"etl", 1001)];
        assert!(users(passwd).eq(expected));
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(passwd in proptest::collection::vec(any::<u8>(), 0..200)) {
            users(&passwd).for_each(drop);
        }
    }
}
