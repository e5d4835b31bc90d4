//! Every pattern's own example, commands of all kinds, and properties over any text.

use super::*;
use proptest::prelude::*;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

fn patterns() -> &'static Patterns {
    static PATTERNS: LazyLock<Patterns> = LazyLock::new(|| Patterns::new([]).unwrap());
    &PATTERNS
}

fn masked(text: &str) -> String {
    mask(text, patterns()).into_owned()
}

#[test]
fn all_patterns_together_mask_every_example() {
    for pattern in PATTERNS {
        assert_eq!(masked(pattern.example), pattern.shown, "{}", pattern.about);
    }
}

#[test]
fn every_pattern_masks_its_own_example_alone() {
    for pattern in PATTERNS {
        let only = Patterns {
            patterns: vec![Compiled::new(pattern.tool, pattern.regex).unwrap()],
        };
        assert_eq!(
            mask(pattern.example, &only),
            pattern.shown,
            "{}",
            pattern.about
        );
    }
}

#[test]
fn every_pattern_is_documented_with_its_example() {
    let documented = include_str!("../../../docs/secrets.md");
    for pattern in PATTERNS {
        let (example, shown) = (pattern.example, pattern.shown);
        let text = format!(
            "- {}\n\n  ```\n  {example}\n  {shown}\n  ```\n",
            pattern.about
        );
        assert!(documented.contains(&text), "docs/secrets.md lacks\n{text}");
    }
    let count = documented.matches("\n- ").count();
    assert_eq!(count, PATTERNS.len(), "it has no others");
}

#[test]
fn secrets_are_masked_in_commands_as_people_write_them() {
    for (command, shown) in [
        (
            "mysql -uroot -psecret -e 'select 1'",
            "mysql -uroot -p*** -e 'select 1'",
        ),
        (
            "mysql -u root --password=secret db",
            "mysql -u root --password=*** db",
        ),
        ("mysql -u root -p'a b' db", "mysql -u root -p'***' db"),
        (
            "MYSQL_PWD=s mysqldump db | gzip",
            "MYSQL_PWD=*** mysqldump db | gzip",
        ),
        (
            "export AWS_SECRET_ACCESS_KEY=abc/def+g=; aws s3 ls",
            "export AWS_SECRET_ACCESS_KEY=*** aws s3 ls",
        ),
        (
            "curl 'https://h/f?api_key=k&x=1'",
            "curl 'https://h/f?api_key=***'",
        ),
        ("curl -u 'me:pa ss' https://h", "curl -u 'me:***' https://h"),
        (
            "curl --user me:pw https://h",
            "curl --user me:*** https://h",
        ),
        (
            "mysql --password=\"x -pA\" -pB",
            "mysql --password=\"***\" -p***",
        ),
        (
            "openssl enc -aes256 -passin pass:pw -in x",
            "openssl enc -aes256 -passin pass:*** -in x",
        ),
        ("sshpass -psecret sftp h", "sshpass -p*** sftp h"),
        ("lftp -u me,pw sftp://h", "lftp -u me,*** sftp://h"),
        (
            "lftp sftp://me:pw@h -e 'mirror'",
            "lftp sftp://me:***@h -e 'mirror'",
        ),
        (
            "rclone --s3-secret-access-key abc sync",
            "rclone --s3-secret-access-key *** sync",
        ),
        (
            r#"curl -d '{"user":"x","password":"y\"z"}' h"#,
            r#"curl -d '{"user":"x","password":"***"}' h"#,
        ),
        (
            "java -Ddb.password=x -jar etl.jar",
            "java -Ddb.password=*** -jar etl.jar",
        ),
        (
            "sqlplus -s etl/pw@orcl @load.sql",
            "sqlplus -s etl/***@orcl @load.sql",
        ),
        (
            "az storage --account-key k --sas-token t",
            "az storage --account-key *** --sas-token ***",
        ),
        (
            "curl 'https://x.blob/c?sv=1&sig=abc%3D'",
            "curl 'https://x.blob/c?sv=1&sig=***'",
        ),
    ] {
        assert_eq!(masked(command), shown);
    }
}

#[test]
fn commands_without_secrets_are_left_as_they_are() {
    for command in [
        "cd / && run-parts --report /etc/cron.hourly",
        "mkdir -p /data/in && rsync -a --password-file=/etc/rsync.pw src/ h::dst",
        "test -x /usr/sbin/anacron || ( cd / && run-parts /etc/cron.daily )",
        "mysql -p db < load.sql",
        "tar czf /backup/$(date +\\%F).tgz /etc",
        "ssh -p 2222 host tokenize --input a",
        "curl -sS https://host:8443/path -o /dev/null",
        "passwd --expire etl",
        "backup --password --host db",
        "",
    ] {
        let shown = mask(command, patterns()).into_owned();
        assert_eq!(shown, command);
    }
    assert!(matches!(mask("ls -l", patterns()), Cow::Borrowed(_)));
}

#[test]
fn configured_patterns_mask_their_groups_or_the_whole_match() {
    let patterns = Patterns::new([r"--pin (\d+)", r"CUST-\d+"]).unwrap();
    assert_eq!(
        mask("pay --pin 1234 for CUST-77 42", &patterns),
        "pay --pin *** for *** 42"
    );
    let error = Patterns::new(["(unclosed"]).unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("the pattern `(unclosed` can't be used: ")
    );
    assert!(Patterns::new([r"\w{1000000}"]).is_err());
}

#[test]
fn a_long_line_takes_no_more_than_its_length() {
    // the time of a mebibyte of the worst lines, against that of an eighth of it
    let patterns = patterns();
    for piece in [
        "mysql ",
        "password",
        "--password ",
        "a://b:",
        "curl -u ",
        "x=",
        "\"'",
        "exp /",
        "eyJaaaaaaaa.",
    ] {
        let time = |bytes: usize| {
            let text = piece.repeat(bytes / piece.len());
            let begun = Instant::now();
            std::hint::black_box(mask(&text, patterns));
            begun.elapsed()
        };
        let (short, long) = (time(1 << 15), time(1 << 18));
        // eight times the text: quadratic work would be 64 times
        assert!(
            long < short * 32 + Duration::from_millis(200),
            "{piece:?}: {short:?}, {long:?}"
        );
    }
}

fn command_like() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        " ",
        " ",
        " ",
        "=",
        ":",
        "\"",
        "'",
        "\\",
        "-p",
        "-u",
        "--",
        "-",
        "/",
        "@",
        "://",
        "a",
        "b1",
        "***",
        "*",
        ";",
        "&",
        ",",
        "%",
        "password",
        "Password",
        "--password",
        "token",
        "secret",
        "api_key",
        "mysql",
        "sshpass",
        "curl",
        "lftp",
        "sqlplus",
        "redis-cli",
        "-a",
        "Authorization",
        "Bearer",
        "bearer",
        "Cookie",
        "pass:",
        "http",
        "AKIAIOSFODNN7EXAMPLE",
        "pwd",
        "\t",
        "\n",
    ]);
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]
    #[test]
    fn masking_again_changes_nothing(text in prop_oneof![command_like(), any::<String>()]) {
        let patterns = patterns();
        let once = mask(&text, patterns).into_owned();
        let twice = mask(&once, patterns).into_owned();
        prop_assert_eq!(once, twice);
    }

    #[test]
    fn a_password_is_never_shown(
        before in prop::sample::select(vec!["", "cd /x && ", "nice -n 5 ", "A=1 "]),
        name in prop::sample::select(vec!["PGPASSWORD=", "--password=", "--password ", "--api-key ", "db_token=", "curl -u me:", "mysql -p"]),
        secret in "[A-Za-z0-9!#$%^*+.,;&|<>(){}~_][A-Za-z0-9!#$%^*+.,;&|<>(){}~_=-]{5,30}",
        after in prop::sample::select(vec!["", " x", "\n", " --host db"]),
    ) {
        let shown = masked(&format!("{before}{name}{secret}{after}"));
        prop_assert!(!shown.contains(&secret), "{}", shown);
        let start = format!("{before}{name}***");
        prop_assert!(shown.starts_with(&start), "{}", shown);
    }
}
