//! One frame, without a terminal.

use integration_tests::expect;

use crate::watched::node;

#[test]
fn one_frame_is_printed_without_a_terminal() {
    let folder = tempfile::tempdir().unwrap();
    let (node, _) = node(folder.path());
    let (text, _) = expect(&["ui", "--once", "paths", "--node", &node.url], 0);
    assert_eq!(text.lines().count(), 24);
    assert!(text.contains("/p1"), "{text}");
    assert!(!text.contains('\u{1b}'), "{text}");
    let (text, _) = expect(&["ui", "--once", "nodes", "--node", "127.0.0.1:1"], 3);
    assert!(text.contains("DOWN"), "{text}");
    let (_, errors) = expect(&["ui", "--once", "colours"], 2);
    assert!(errors.contains("filesystems"), "{errors}");
    let file = folder.path().join("ui.yaml");
    std::fs::write(&file, "ui:\n  colour: red\n").unwrap();
    let (_, errors) = expect(&["ui", "-c", file.to_str().unwrap(), "--once", "nodes"], 1);
    assert!(errors.contains("ui.yaml:2:"), "{errors}");
}
