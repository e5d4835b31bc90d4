//! Excluded entries are neither counted nor entered.

use super::*;

/// Patterns, and what `find` calls the same; `ROOT` stands for the root.
pub(super) const AS_FIND: &[(&str, &[&str])] = &[
    ("*.tmp", &["-name", "*.tmp"]),
    ("a*", &["-name", "a*"]),
    ("?", &["-name", "?"]),
    ("[ab]", &["-name", "[ab]"]),
    ("\\*", &["-name", "\\*"]),
    ("keep/", &["-type", "d", "-name", "keep"]),
    ("/a", &["-path", "ROOT/a"]),
    (
        "/?/",
        &["-type", "d", "-path", "ROOT/?", "!", "-path", "ROOT/*/*"],
    ),
    ("*\nline", &["-name", "*\nline"]),
    ("sp ace", &["-name", "sp ace"]),
];

/// The expression that leaves out what `condition` tells.
pub(super) fn pruned<'c>(root: &Path, condition: &[&'c str]) -> Vec<&'c str> {
    let root = root.to_str().unwrap();
    let mut expression: Vec<&str> = vec!["("];
    expression.extend(condition.iter().map(|word| -> &str {
        if word.starts_with("ROOT") {
            word.replace("ROOT", root).leak()
        } else {
            word
        }
    }));
    expression.extend([")", "-prune", "-o"]);
    expression
}

fn excluding(pattern: &str) -> WalkOptions {
    WalkOptions {
        exclude: Excludes::new(&[pattern.to_owned()]).unwrap(),
        ..WalkOptions::default()
    }
}

#[test]
fn an_excluded_directory_is_neither_counted_nor_entered() {
    let root = tree(&["a/1", "a/2", "b/1", "old/x/y", "sub/old/z", "sub/old.txt"]);
    assert_eq!(counts(root.path(), &excluding("old")), (4, 3));
}

#[test]
fn an_anchored_pattern_is_relative_to_the_root_of_the_walk() {
    let root = tree(&["data/1", "sub/data/2", "sub/deep/3"]);
    for (pattern, expected) in [("/data", (2, 3)), ("sub/deep", (2, 3)), ("sub/**", (1, 2))] {
        let found = counts(root.path(), &excluding(pattern));
        assert_eq!(found, expected, "{pattern}");
    }
}

#[test]
fn names_that_are_no_utf8_are_matched_by_their_bytes() {
    let root = tree(&["keep"]);
    fs::write(named(root.path(), b"\xff\xfe.tmp"), "").unwrap();
    fs::create_dir(named(root.path(), b"d\xff")).unwrap();
    fs::write(named(root.path(), b"d\xff/inside"), "").unwrap();
    for (pattern, expected) in [("*.tmp", (2, 1)), ("d?", (2, 0)), ("d?/inside", (2, 1))] {
        let found = counts(root.path(), &excluding(pattern));
        assert_eq!(found, expected, "{pattern}");
    }
}

#[test]
fn excluded_entries_do_not_count_against_the_limit() {
    let root = tree(&["a.tmp", "b.tmp", "c"]);
    let options = WalkOptions {
        max_files: Some(1),
        ..excluding("*.tmp")
    };
    assert_eq!(counts(root.path(), &options), (1, 0));
}
