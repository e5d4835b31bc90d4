//! Which names rotating tools give: logrotate(8) with its options, savelog(8), and by hand.

use std::path::{Path, PathBuf};

/// Extensions of compressed files.
const COMPRESSED: [&[u8]; 12] = [
    b".gz", b".xz", b".zst", b".bz2", b".Z", b".lz4", b".zip", b".zz", b".lz", b".lzma", b".lzo",
    b".br",
];
/// Words put behind a name by hand or by a script.
const WORDS: [&[u8]; 5] = [b"old", b"bak", b"prev", b"orig", b"save"];

/// Whether a file of this name is compressed.
pub(crate) fn is_compressed(name: &[u8]) -> bool {
    COMPRESSED.iter().any(|ending| name.ends_with(ending))
}

/// Whether `name` is one that a rotation gives to a file that was called `live`:
/// `app.log.1`, `app.log-20260131`, `app.log.old`, `app-20260131.log`, `app.1.log`, each also
/// with the ending of a compressor.
pub(crate) fn is_rotated(live: &[u8], name: &[u8]) -> bool {
    let plain = without_compression(name);
    if plain == live {
        return plain.len() < name.len();
    }
    if let Some(rest) = plain.strip_prefix(live) {
        return is_stamp(rest);
    }
    let Some(dot) = live
        .iter()
        .rposition(|&byte| byte == b'.')
        .filter(|&dot| dot > 0)
    else {
        return false;
    };
    let (stem, extension) = live.split_at(dot);
    plain
        .strip_prefix(stem)
        .and_then(|rest| rest.strip_suffix(extension))
        .is_some_and(is_inner_stamp)
}

/// Whether `name` is one that hardly anything but a rotation gives to `live`, though nobody has seen
/// that: `app.log.1`, `app.log.old`, `app.1`, `app-20260131`; not `app-1.log` or `app_01`, of `app`.
pub(crate) fn is_surely_rotated(live: &[u8], name: &[u8]) -> bool {
    let plain = without_compression(name);
    plain.strip_prefix(live).is_some_and(|rest| {
        let digits = rest.iter().filter(|byte| byte.is_ascii_digit()).count();
        let has_letters = rest.iter().any(u8::is_ascii_alphabetic);
        live.contains(&b'.') || (!has_letters && (rest.starts_with(b".") || digits >= 6))
    })
}

/// The names from which a rotation can have made `name`, the longest first.
pub(crate) fn originals(name: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    let plain = without_compression(name);
    let extension = plain
        .iter()
        .rposition(|&byte| byte == b'.')
        .unwrap_or(plain.len());
    let extension = plain.split_at(extension).1;
    let whole = (plain.len() < name.len()).then(|| plain.to_vec());
    let cuts = (1..plain.len())
        .rev()
        .filter(|&at| plain.get(at).is_some_and(|b| b".-_~".contains(b)));
    let cut = cuts.flat_map(move |at| {
        let stem = plain.split_at(at).0;
        [stem.to_vec(), [stem, extension].concat()]
    });
    whole
        .into_iter()
        .chain(cut)
        .filter(move |original| is_rotated(original, name))
}

/// What logrotate(8) calls a file from its renaming to its copying with `renamecopy`.
pub(crate) fn passing(live: &Path) -> PathBuf {
    let mut name = live.as_os_str().to_owned();
    name.push(".tmp");
    PathBuf::from(name)
}

/// Whether two names differ in their digits only, as those of files that a symbolic link points
/// to in turn do.
pub(crate) fn differ_in_digits(one: &[u8], other: &[u8]) -> bool {
    let shape = |name: &[u8]| -> Vec<u8> {
        let mut shape: Vec<u8> = Vec::with_capacity(name.len());
        for &byte in without_compression(name) {
            let byte = if byte.is_ascii_digit() { b'0' } else { byte };
            if byte != b'0' || shape.last() != Some(&b'0') {
                shape.push(byte);
            }
        }
        shape
    };
    one != other && one.iter().any(u8::is_ascii_digit) && shape(one) == shape(other)
}

/// A name without the ending of a compressor.
pub(crate) fn without_compression(name: &[u8]) -> &[u8] {
    COMPRESSED
        .iter()
        .find_map(|ending| name.strip_suffix(*ending))
        .unwrap_or(name)
}

/// `.1`, `-20260131`, `-20260131-1769817600`, `.2026-01-31T00:00:00Z`, `.old`, `.bak.1`, `~`, and
/// `.1.bak` or `.1.any_word`, as `addextension` has it.
fn is_stamp(rest: &[u8]) -> bool {
    let dated = extended(rest).filter(|stamp| stamp.iter().any(u8::is_ascii_digit));
    if dated.is_some_and(is_stamp) {
        return true;
    }
    let before = WORDS
        .iter()
        .find_map(|word| rest.strip_suffix(*word)?.strip_suffix(b"."));
    let rest = before.filter(|rest| !rest.is_empty()).unwrap_or(rest);
    if rest == b"~" {
        return true;
    }
    let Some((b'.' | b'-' | b'_' | b'~', rest)) = rest.split_first() else {
        return false;
    };
    let rest = WORDS
        .iter()
        .find_map(|word| rest.strip_prefix(*word))
        .map_or(rest, |after| if after.is_empty() { b"0" } else { after });
    rest.iter().any(u8::is_ascii_digit)
        && rest
            .iter()
            .all(|byte| byte.is_ascii_digit() || b".-_:+TZ~".contains(byte))
}

/// What is before an extension that is a word.
fn extended(rest: &[u8]) -> Option<&[u8]> {
    let dot = rest.iter().rposition(|&byte| byte == b'.')?;
    let (stamp, word) = rest.split_at(dot);
    let is_word = matches!(word, [b'.', first, ..] if first.is_ascii_alphabetic())
        && word
            .iter()
            .skip(1)
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(byte));
    is_word.then_some(stamp)
}

/// Between stem and extension only what is surely no part of another log's name: `.1`, or a date;
/// `worker-1.log` is not an old `worker.log`.
fn is_inner_stamp(rest: &[u8]) -> bool {
    let digits = rest.iter().filter(|byte| byte.is_ascii_digit()).count();
    is_stamp(rest) && (digits >= 6 || (rest.starts_with(b".") && digits > 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_rotations_give_are_known() {
        for name in [
            "app.log.1",
            "app.log.12.gz",
            "app.log-20260131",
            "app.log-20260131-1769817600.zst",
            "app.log.2026-01-31T00:00:00",
            "app.log.old",
            "app.log.bak.1",
            "app.log.1.bak",
            "app.log.1.arch",
            "app.log-20260131.arch.gz",
            "app.log-20260131.old.gz",
            "app.log~",
            "app.log.gz",
            "app-20260131.log",
            "app-2026-01-31.log.xz",
            "app.1.log",
        ] {
            assert!(is_rotated(b"app.log", name.as_bytes()), "{name}");
            assert!(
                originals(name.as_bytes()).any(|one| one == b"app.log"),
                "{name}"
            );
        }
    }

    #[test]
    fn names_of_other_logs_are_not_taken_for_rotated_ones() {
        for name in [
            "app.log",
            "app.logs",
            "app-1.log",
            "app-error.log",
            "app.log.lock",
            "app.log.swp",
            "app2.log",
            "application.log.1",
            "app.log.",
        ] {
            assert!(!is_rotated(b"app.log", name.as_bytes()), "{name}");
        }
        assert!(!is_rotated(b".log", b"a.1.log"));
    }

    #[test]
    fn targets_of_a_link_differ_in_their_digits() {
        assert!(differ_in_digits(b"a-2026-01-09.log", b"a-2026-01-10.log"));
        assert!(differ_in_digits(b"a-9.log", b"a-10.log.gz"));
        assert!(!differ_in_digits(b"a-9.log", b"b-9.log"));
        assert!(!differ_in_digits(b"a.log", b"a.log.gz"));
    }
}
