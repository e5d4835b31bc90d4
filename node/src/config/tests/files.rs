//! Files: which is read, and what makes one unreadable.

use std::fs;
use std::io::Write;
use std::path::Path;

use super::super::{Config, ConfigError, Loaded, load};
use super::read_with;

fn load_file(explicit: Option<&Path>, default_file: &Path) -> Result<Loaded, ConfigError> {
    load(explicit, default_file, std::iter::empty())
}

/// The refusal of a file with this content, without the folder's name.
fn refusal_of(content: &[u8]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("node.yaml");
    fs::write(&file, content).unwrap();
    let error = load_file(Some(&file), Path::new("/nonexistent"))
        .unwrap_err()
        .to_string();
    error.replace(&format!("{}/", folder.path().display()), "")
}

#[test]
fn an_explicit_file_must_exist_and_the_default_one_need_not() {
    let folder = tempfile::tempdir().unwrap();
    let absent = folder.path().join("node.yaml");
    let loaded = load_file(None, &absent).unwrap();
    assert_eq!((&loaded.config, &loaded.file), (&Config::default(), &None));
    let error = load_file(Some(&absent), &absent).unwrap_err();
    let expected = "cannot read the configuration: No such file or directory (os error 2)";
    assert_eq!(
        error.to_string(),
        format!("{}: {expected}", absent.display())
    );

    fs::write(&absent, "process: { top_n: 7 }").unwrap();
    let loaded = load_file(None, &absent).unwrap();
    assert_eq!(
        (loaded.config.process.top_n, loaded.file),
        (7, Some(absent.clone()))
    );
    let explicit = folder.path().join("other.yaml");
    fs::write(&explicit, "process: { top_n: 8 }").unwrap();
    let loaded = load_file(Some(&explicit), &absent).unwrap();
    assert_eq!(
        (loaded.config.process.top_n, loaded.file),
        (8, Some(explicit))
    );
    assert_eq!(loaded.sections, ["process"]);
}

#[test]
fn a_default_file_that_cannot_be_read_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let error = load_file(None, folder.path()).unwrap_err().to_string();
    assert!(
        error.ends_with("cannot read the configuration: Is a directory (os error 21)"),
        "{error}"
    );
    let dangling = folder.path().join("dangling");
    std::os::unix::fs::symlink("nowhere", &dangling).unwrap();
    assert!(
        matches!(load_file(None, &dangling), Err(ConfigError::Read { path, .. }) if path == dangling)
    );
    let below_file = folder.path().join("file/node.yaml");
    fs::write(folder.path().join("file"), "").unwrap();
    assert!(matches!(
        load_file(None, &below_file),
        Err(ConfigError::Read { .. })
    ));
}

#[test]
fn a_file_of_more_than_a_mebibyte_is_refused_and_one_of_just_that_read() {
    let mut content = b"# \n".to_vec();
    content.resize(1024 * 1024, b'#');
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(&content).unwrap();
    let loaded = load_file(Some(file.path()), Path::new("/nonexistent")).unwrap();
    assert_eq!(loaded.config, Config::default());
    content.push(b'#');
    let expected = "node.yaml: cannot read the configuration: it is larger than 1 MiB";
    assert_eq!(refusal_of(&content), expected);
    let endless = load_file(Some(Path::new("/dev/zero")), Path::new("/nonexistent"));
    assert!(matches!(endless, Err(ConfigError::Read { .. })));
}

#[test]
fn bytes_that_are_not_utf_8_are_refused_where_they_stand() {
    let cases: [(&[u8], &str); 4] = [
        (b"\xff\xfen\0o\0", "1:1"),
        (b"node:\n  node_name: \xe9\n", "2:14"),
        (b"a\n\n\xc3", "3:1"),
        ("# \u{e9}\u{e9}".as_bytes(), ""),
    ];
    for (content, place) in cases {
        if place.is_empty() {
            let broken = [content, b"\x80"].concat();
            assert_eq!(
                refusal_of(&broken),
                "node.yaml:1:5: the text is not UTF-8 here"
            );
        } else {
            assert_eq!(
                refusal_of(content),
                format!("node.yaml:{place}: the text is not UTF-8 here")
            );
        }
    }
}

#[test]
fn what_is_not_one_plain_yaml_document_is_refused_where_it_goes_wrong() {
    let anchor = "a * begins the name of an anchor, and there is none of this name; put a glob such as \
                  \"*.tmp\" in quotes";
    let cases = [
        (
            "node:\n  listen: a\n  listen: b\n",
            "3:3: the key \"listen\" is given twice in this mapping",
        ),
        (
            "a: 1\n---\nb: 2\n",
            "3:1: a second YAML document begins here; a configuration is a single one",
        ),
        (
            "node:\n\tlisten: x\n",
            "2:2: YAML: tabs disallowed within this context (block indentation)",
        ),
        ("a: [1", "1:4: YAML: unclosed bracket '['"),
        (
            "a: b: c\n",
            "1:5: YAML: mapping values are not allowed in this context",
        ),
        ("x: { exclude: [*.tmp] }", &format!("1:16: {anchor}")),
        (
            "a: &a [*a]",
            "1:8: YAML: recursive references require weak recursion types",
        ),
    ];
    for (yaml, expected) in cases {
        assert_eq!(
            refusal_of(yaml.as_bytes()),
            format!("node.yaml:{expected}"),
            "{yaml:?}"
        );
    }
}

/// YAML that would need a deep stack, with the levels written out or hidden in a chain of aliases.
fn deep_documents() -> [String; 9] {
    let chain = |first: &str, item: &dyn Fn(usize) -> String| {
        let items = (1..1000).map(|index| format!("- &a{index} {}\n", item(index - 1)));
        format!("- &a0 {first}\n{}", items.collect::<String>())
    };
    [
        "[".repeat(100_000),
        "{a: ".repeat(100_000),
        "{? ".repeat(10_000),
        "? ".repeat(100_000),
        "- ".repeat(100_000),
        (0..200)
            .map(|depth| format!("{}a:\n", " ".repeat(depth)))
            .collect(),
        chain("[x]", &|before| format!("[*a{before}]")),
        chain("[x]", &|before| format!("{{? *a{before} : x}}")),
        chain("{x: 1}", &|before| format!("{{y: {{<<: *a{before}}}}}")),
    ]
}

#[test]
fn nesting_of_any_kind_is_refused_before_it_costs_half_a_mebibyte_of_stack() {
    let reader = std::thread::Builder::new().stack_size(512 * 1024);
    let refusals = reader.spawn(|| deep_documents().map(|yaml| read_with(&yaml, &[]).unwrap_err()));
    for refusal in refusals.unwrap().join().unwrap() {
        let reasons = [
            "nested too deeply, or too large",
            "recursion limit exceeded",
        ];
        assert!(
            reasons.iter().any(|reason| refusal.contains(reason)),
            "{refusal}"
        );
    }
}

#[test]
fn an_alias_bomb_is_refused() {
    let mut bomb = "a0: &a0 [x]\n".to_owned();
    for level in 1..6 {
        let aliases = vec![format!("*a{}", level - 1); 100].join(", ");
        bomb.push_str(&format!("a{level}: &a{level} [{aliases}]\n"));
    }
    let refusal = refusal_of(bomb.as_bytes());
    let reason = "the YAML is nested too deeply, or too large once its aliases are expanded";
    assert!(refusal.ends_with(reason), "{refusal}");
}
