//! Encodings of followed files, by the labels of the WHATWG Encoding Standard and those it lacks.

use encoding_rs::{EUC_KR, Encoding};
use serde::{Serialize, Serializer};

use super::item::{Item, nearest};

/// What people mean by a slip of the pen. The standard knows some 200 labels more.
const NAMES: [&str; 41] = [
    "big5",
    "euc-jp",
    "euc-kr",
    "gb18030",
    "gbk",
    "ibm866",
    "iso-2022-jp",
    "iso-8859-1",
    "iso-8859-2",
    "iso-8859-3",
    "iso-8859-4",
    "iso-8859-5",
    "iso-8859-6",
    "iso-8859-7",
    "iso-8859-8",
    "iso-8859-8-i",
    "iso-8859-10",
    "iso-8859-13",
    "iso-8859-14",
    "iso-8859-15",
    "iso-8859-16",
    "koi8-r",
    "koi8-u",
    "macintosh",
    "shift_jis",
    "us-ascii",
    "utf-8",
    "utf-16be",
    "utf-16le",
    "windows-874",
    "windows-949",
    "windows-1250",
    "windows-1251",
    "windows-1252",
    "windows-1253",
    "windows-1254",
    "windows-1255",
    "windows-1256",
    "windows-1257",
    "windows-1258",
    "x-mac-cyrillic",
];

/// Reads a label.
pub(super) fn read(item: &Item<'_>) -> Option<&'static Encoding> {
    let label = item.text()?;
    let known = by_label(label);
    if known.is_none() {
        let hint = nearest(label, &NAMES)
            .map_or_else(String::new, |name| format!("; did you mean {name}?"));
        return item.refuse(format!(
            "a label of the WHATWG Encoding Standard, such as utf-8, euc-kr or windows-1252{hint}"
        ));
    }
    known
}

/// Writes a label that [`read`] reads back, or null.
pub(super) fn serialize<S, E>(encoding: &E, out: S) -> Result<S::Ok, S::Error>
where
    S: Serializer,
    E: Copy + Into<Option<&'static Encoding>>,
{
    let encoding: Option<&'static Encoding> = (*encoding).into();
    encoding.map(Encoding::name).serialize(out)
}

/// Korean Windows is known to most by names that the standard lacks; its EUC-KR is that code page.
fn by_label(label: &str) -> Option<&'static Encoding> {
    match label.trim().to_ascii_lowercase().as_str() {
        "cp949" | "ms949" | "uhc" => Some(EUC_KR),
        label => Encoding::for_label_no_replacement(label.as_bytes()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_that_is_proposed_is_accepted_and_read_back_from_its_encoding() {
        for name in NAMES {
            let encoding = by_label(name).unwrap_or_else(|| panic!("{name} is unknown"));
            assert_eq!(by_label(encoding.name()), Some(encoding));
        }
    }

    #[test]
    fn korean_windows_is_known_by_all_its_names() {
        let names = [
            "euc-kr",
            "EUC-KR",
            "ks_c_5601-1987",
            "windows-949",
            "cp949",
            "CP949",
            " uhc ",
            "ms949",
        ];
        for name in names {
            assert_eq!(by_label(name), Some(EUC_KR), "{name}");
        }
        // A syllable that the code page has, and KS X 1001 has not.
        assert_eq!(EUC_KR.decode(b"\x8c\x63").0, "똠");
    }

    #[test]
    fn what_would_decode_to_nothing_and_what_nobody_knows_is_no_encoding() {
        for label in [
            "replacement",
            "hz-gb-2312",
            "klingon",
            "utf-7",
            "\u{212a}oi8-r",
        ] {
            assert_eq!(by_label(label), None, "{label}");
        }
    }
}
