//! The sixth field: what cron gives to the shell, to its standard input, and to syslog.

use super::Dialect;

/// A command as cron runs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// What follows `sh -c`: the text before the first `%` that is not escaped.
    pub shell: Vec<u8>,
    /// What the command can read: the rest, with a newline for each `%` and at the end.
    pub input: Option<Vec<u8>>,
}

impl Run {
    /// Splits the text of a job, see crontab(5). In the shell's part `\%` becomes `%`, and in Debian's
    /// cron `\\` a single `\`; in the input only `\%` changes.
    #[must_use]
    pub fn of(text: &[u8], dialect: Dialect) -> Run {
        let mut shell = Vec::with_capacity(text.len());
        let mut escaped = false;
        let mut input: &[u8] = &[];
        for (index, byte) in text.iter().enumerate() {
            match byte {
                _ if escaped => {
                    if *byte == b'%' || (*byte == b'\\' && dialect == Dialect::Debian) {
                        shell.pop();
                    }
                    shell.push(*byte);
                    escaped = false;
                }
                b'%' => {
                    input = text.get(index + 1..).unwrap_or_default();
                    break;
                }
                _ => {
                    shell.push(*byte);
                    escaped = *byte == b'\\';
                }
            }
        }
        Run {
            shell,
            input: (!input.is_empty()).then(|| standard_input(input)),
        }
    }
}

fn standard_input(text: &[u8]) -> Vec<u8> {
    let mut input = Vec::with_capacity(text.len() + 1);
    let (mut escaped, mut open_line) = (false, false);
    for byte in text {
        if escaped && *byte != b'%' {
            input.push(b'\\');
        }
        let byte = match byte {
            b'%' if !escaped => b'\n',
            other => *other,
        };
        escaped = byte == b'\\';
        if !escaped {
            input.push(byte);
            open_line = byte != b'\n';
        }
    }
    if escaped {
        input.push(b'\\');
    }
    if open_line {
        input.push(b'\n');
    }
    input
}

/// The shell's part as cron writes it to syslog, `(user) CMD (…)`: control characters as `^A`, bytes
/// from 127 on as `^?` or `\ooo` in octal. Blanks in front and at the end are kept.
#[must_use]
pub fn logged(shell: &[u8]) -> String {
    let mut text = String::with_capacity(shell.len());
    for byte in shell {
        match byte {
            0..=31 => text.extend(['^', char::from(byte + b'@')]),
            127 => text.push_str("^?"),
            128.. => text.push_str(&format!("\\{byte:03o}")),
            _ => text.push(char::from(*byte)),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(text: &str) -> (String, Option<String>) {
        let run = Run::of(text.as_bytes(), Dialect::Debian);
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (text(run.shell), run.input.map(text))
    }

    #[test]
    fn a_percent_sign_parts_command_and_input() {
        assert_eq!(run("cat%a%b"), ("cat".into(), Some("a\nb\n".into())));
        assert_eq!(run("cat%a%"), ("cat".into(), Some("a\n".into())));
        assert_eq!(run("cat%"), ("cat".into(), None));
        assert_eq!(
            run(r"cat%a\\%\"),
            ("cat".into(), Some(r"a\%\".to_owned() + "\n"))
        );
        assert_eq!(run(r"cat%%\"), ("cat".into(), Some("\n\\".into())));
        assert_eq!(run(r"date +\%d"), ("date +%d".into(), None));
        assert_eq!(
            run(r"cat%50\% \x%z\"),
            ("cat".into(), Some("50% \\x\nz\\\n".into()))
        );
    }

    #[test]
    fn a_doubled_backslash_reaches_the_shell_as_one() {
        // seen in the log of a real cron: `run-esc \\ \a` becomes `run-esc \ \a`
        assert_eq!(run(r"run-esc \\ \a"), (r"run-esc \ \a".into(), None));
        assert_eq!(run(r"a\\%b"), (r"a\".into(), Some("b\n".into())));
        assert_eq!(run(r"a\"), (r"a\".into(), None));
        assert_eq!(Run::of(br"a \\ \%b", Dialect::Cronie).shell, br"a \\ %b");
    }

    #[test]
    fn the_log_shows_what_is_not_printable() {
        // seen in the log of a real cron
        assert_eq!(
            logged(b"run-esc \\ \\a \x01 \xc3\xa9"),
            r"run-esc \ \a ^A \303\251"
        );
        assert_eq!(logged(b"  run-cr\r"), "  run-cr^M");
        assert_eq!(logged(b"\x7f"), "^?");
    }
}
