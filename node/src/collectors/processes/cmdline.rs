//! Reads `/proc/[pid]/cmdline` (`proc_pid_cmdline(5)`).

use etlmon_shared::text;

/// The arguments, the program's name first. A process that rewrote them has one alone, its title;
/// a zombie and a thread of the kernel have none.
#[must_use]
pub fn arguments(cmdline: &[u8]) -> Vec<String> {
    // A title written over the arguments leaves the rest of them NUL.
    let Some(last) = cmdline.iter().rposition(|&byte| byte != 0) else {
        return Vec::new();
    };
    let text = cmdline.get(..=last).unwrap_or_default();
    text.split(|&byte| byte == 0)
        .map(|argument| text::from_bytes(argument).into_owned())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_keep_their_spaces_and_newlines_and_may_be_empty() {
        let found = arguments(b"/usr/bin/job\0--name=a b\0\0line\nline\0");
        assert_eq!(found, ["/usr/bin/job", "--name=a b", "", "line\nline"]);
    }

    #[test]
    fn a_title_is_one_argument() {
        assert_eq!(
            arguments(b"nginx: worker process\0\0\0\0"),
            ["nginx: worker process"]
        );
        assert_eq!(arguments(b"sshd: root@pts/0"), ["sshd: root@pts/0"]);
    }

    #[test]
    fn without_arguments_there_are_none() {
        assert!(arguments(b"").is_empty());
        assert!(arguments(b"\0\0").is_empty());
    }

    #[test]
    fn other_bytes_than_utf8_are_escaped() {
        assert_eq!(arguments(b"a\xff\0"), ["a\\xff"]);
    }
}
