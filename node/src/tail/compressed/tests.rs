//! What the real tools compress, read from everywhere, and what damage does to it.

use std::fs;
use std::io::Write as _;
use std::process::{Command, Stdio};

use super::*;

/// The content as this tool compresses it; none, and a word, where the tool is missing.
fn compressed(tool: &str, arguments: &[&str], content: &[u8]) -> Option<Vec<u8>> {
    let child = Command::new(tool)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn();
    let Ok(mut child) = child else {
        assert!(
            std::env::var_os("ETLMON_REQUIRE_PEERS").is_none(),
            "{tool} is missing"
        );
        println!("skipped: there is no {tool} here");
        return None;
    };
    let mut input = child.stdin.take().unwrap();
    let content = content.to_vec();
    let writing = std::thread::spawn(move || input.write_all(&content).unwrap());
    let output = child.wait_with_output().unwrap();
    writing.join().unwrap();
    assert!(output.status.success());
    Some(output.stdout)
}

fn opened(bytes: &[u8]) -> (tempfile::TempDir, Compressed) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("compressed");
    fs::write(&path, bytes).unwrap();
    let format = Format::of(&bytes[..Format::MAGIC_BYTES]).unwrap();
    (
        folder,
        Compressed::new(File::open(path).unwrap(), format).unwrap(),
    )
}

fn lines(from: usize, to: usize) -> Vec<u8> {
    let lines = (from..to).map(|number| format!("line {number} of a log that was compressed\n"));
    lines.collect::<String>().into_bytes()
}

const TOOLS: [(&str, &[&str]); 5] = [
    ("gzip", &[]),
    ("xz", &[]),
    ("xz", &["-9"]),
    ("zstd", &[]),
    ("zstd", &["-19", "--no-check"]),
];

#[test]
fn what_a_tool_compresses_is_read_from_everywhere_in_it() {
    for (tool, arguments) in TOOLS {
        let content = lines(0, 10_000);
        let Some(bytes) = compressed(tool, arguments, &content) else {
            continue;
        };
        let (_folder, mut source) = opened(&bytes);
        for offset in [
            0,
            5,
            300_000,
            100_000,
            content.len() - 7,
            content.len(),
            1 << 30,
        ] {
            let mut buffer = vec![0; 70_000];
            let read = source.read_at(&mut buffer, offset as u64).unwrap();
            let expected = content.get(offset..).unwrap_or_default();
            let expected = &expected[..expected.len().min(buffer.len())];
            assert!(buffer[..read] == *expected, "{tool} at {offset}");
        }
        assert_eq!(source.len().unwrap(), content.len() as u64);
    }
}

#[test]
fn parts_that_were_compressed_one_by_one_are_one_content() {
    for (tool, arguments) in TOOLS {
        let parts = [lines(0, 300), Vec::new(), lines(300, 5000)];
        let each: Option<Vec<_>> = parts
            .iter()
            .map(|part| compressed(tool, arguments, part))
            .collect();
        let Some(mut each) = each else {
            continue;
        };
        if tool == "zstd" {
            // A frame that holds no content (RFC 8878, 3.1.2).
            each.insert(
                1,
                [&[0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0][..], b"any"].concat(),
            );
        }
        let (_folder, mut source) = opened(&each.concat());
        let mut buffer = vec![0; 1 << 20];
        let read = source.read_at(&mut buffer, 0).unwrap();
        assert!(buffer[..read] == parts.concat(), "{tool}");
    }
}

#[test]
fn what_comes_before_damage_is_good_and_the_damage_is_told() {
    for (tool, arguments) in TOOLS {
        let content = lines(0, 200_000);
        let Some(bytes) = compressed(tool, arguments, &content) else {
            continue;
        };
        let (_folder, mut source) = opened(&bytes[..bytes.len() / 2]);
        let (mut all, mut buffer) = (Vec::new(), vec![0; 10_000]);
        let error = loop {
            match source.read_at(&mut buffer, all.len() as u64) {
                Ok(read) => all.extend_from_slice(&buffer[..read]),
                Err(error) => break error,
            }
            assert!(all.len() < content.len(), "{tool}");
        };
        assert!(content.starts_with(&all), "{tool}: {error}");
    }
}

#[test]
fn a_file_that_asks_for_too_much_memory_is_refused() {
    let content = lines(0, 100);
    let greedy: [(&str, &[&str]); 2] = [
        ("xz", &["--lzma2=dict=1GiB"]),
        ("zstd", &["--ultra", "--long=31"]),
    ];
    for (tool, arguments) in greedy {
        let Some(bytes) = compressed(tool, arguments, &content) else {
            continue;
        };
        let (_folder, mut source) = opened(&bytes);
        assert!(source.read_at(&mut [0; 100], 0).is_err(), "{tool}");
    }
}
