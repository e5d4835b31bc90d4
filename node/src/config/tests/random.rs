//! Arbitrary input never panics, and every valid configuration is read back equal.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use chrono::DateTime;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use super::super::*;
use super::{config_of, read_with, variables};

/// Every key, and some that are none.
const KEYS: &str = "node listen node_name db_path refresh disk default_path_scan process filesystem \
    include_types exclude_types exclude_mount_points statvfs_timeout history_step paths path \
    scan_interval max_depth exclude max_files_per_scan timeout max_io_ops_per_sec measure_sizes \
    cross_mounts logs name follow from_beginning buffer_lines encoding process_watch match pid top_n \
    cron enabled xferlog parse_start auth tokens sha256 reads retention log_lines xferlog_entries \
    filesystem_history max_age max_rows no_such_key <<";

/// Text that could be a configuration: known keys, values that nearly fit, in flow style.
fn yaml_like() -> impl Strategy<Value = String> {
    let scalar = prop_oneof![
        "[0-9]{1,4}(ms|s|m|M|h|d| )?",
        Just("/a/b".to_owned()),
        Just("~".to_owned()),
        Just("true".to_owned()),
        Just("127.0.0.1:80".to_owned()),
        "-?[0-9]{1,25}(\\.[0-9])?",
        "[*&!|>%@'\"#\\[\\]{},:a ]{0,4}",
        "\\PC{0,8}",
    ];
    let key = (0..KEYS.split_whitespace().count())
        .prop_map(|index| KEYS.split_whitespace().nth(index).unwrap());
    scalar.prop_recursive(4, 40, 5, move |inner| {
        prop_oneof![
            2 => vec((key.clone(), inner.clone()), 0..5).prop_map(|pairs| {
                let pairs: Vec<_> = pairs.iter().map(|(key, value)| format!("{key}: {value}")).collect();
                format!("{{ {} }}", pairs.join(", "))
            }),
            1 => vec(inner, 0..4).prop_map(|items| format!("[{}]", items.join(", "))),
        ]
    })
}

proptest! {
    #[test]
    fn arbitrary_bytes_are_read_or_refused_without_a_panic(bytes: Vec<u8>) {
        let outcome = super::super::read(Some(&bytes), &variables(&[]));
        prop_assert!(outcome.is_ok() || outcome.is_err_and(|problems| !problems.is_empty()));
    }

    #[test]
    fn arbitrary_text_is_read_or_refused_in_whole_lines(text in "\\PC*|[-a-z:{}\\[\\]&*!|>'\"%#\\n\\t ]*") {
        if let Err(problems) = read_with(&text, &[]) {
            prop_assert!(problems.lines().all(|line| line.starts_with("node.yaml:")), "{}", problems);
        }
    }

    #[test]
    fn what_looks_like_a_configuration_is_read_or_refused(text in yaml_like()) {
        if let Err(problems) = read_with(&text, &[]) {
            for line in problems.lines() {
                prop_assert!(line.starts_with("node.yaml:") || line.starts_with("and "), "{}", problems);
                prop_assert!(!line.contains(|c: char| c.is_control()), "{:?}", problems);
            }
        }
    }

    #[test]
    fn arbitrary_variables_are_read_or_refused(
        keys in vec("[A-Za-z_0-9é]{0,6}", 0..5),
        section in "(NODE__LISTEN|REFRESH__DISK|PATHS|AUTH__TOKENS|RETENTION__LOG_LINES)",
        value in yaml_like(),
    ) {
        let loose = format!("ETLMON_{}", keys.join("__"));
        let known = format!("ETLMON_{section}");
        if let Err(problems) = read_with("", &[(&loose, &value), (&known, &value)]) {
            let named = |line: &str| line.starts_with("environment variable ETLMON_");
            prop_assert!(problems.lines().all(|line| named(line) || line.starts_with("and ")), "{}", problems);
        }
    }

    #[test]
    fn an_arbitrary_duration_text_never_panics(text in "([0-9.]{1,21} ?[a-zµM]{0,3} ?){0,4}|\\PC*") {
        if let Ok(duration) = duration::parse(&text) {
            prop_assert!(text.contains(|c: char| c.is_ascii_digit()), "{:?} is {:?}", text, duration);
        }
    }

    #[test]
    fn a_valid_configuration_is_read_back_equal(config in configs()) {
        let yaml = serde_saphyr::to_string(&config).unwrap();
        prop_assert_eq!(config_of(&yaml), config, "from:\n{}", yaml);
    }
}

#[test]
fn the_defaults_are_read_back_equal() {
    let yaml = serde_saphyr::to_string(&Config::default()).unwrap();
    assert_eq!(config_of(&yaml), Config::default());
}

fn millis(range: std::ops::RangeInclusive<u64>) -> impl Strategy<Value = Duration> {
    range.prop_map(Duration::from_millis)
}

fn interval() -> impl Strategy<Value = Duration> {
    millis(1_000..=86_400_000)
}

/// Texts that YAML might take for something else, and any other.
fn text() -> impl Strategy<Value = String> {
    let tricky = [
        "true",
        "~",
        "null",
        "12",
        "1e3",
        "0x1f",
        "no",
        "-",
        "<<",
        "*a",
        "a: b",
        "#",
        "2026-01-01",
    ];
    prop_oneof![
        prop::sample::select(tricky.to_vec()).prop_map(str::to_owned),
        "\\PC{1,20}"
    ]
}

fn name() -> impl Strategy<Value = String> {
    text().prop_filter_map("a name", |text| {
        let name = text.replace('/', "_").trim().to_owned();
        (!name.is_empty() && name != "." && name != "..").then_some(name)
    })
}

fn path() -> impl Strategy<Value = PathBuf> {
    name().prop_map(|name| PathBuf::from(format!("/{name}/x")))
}

/// Items of which no two have the same key.
fn unique<T: std::fmt::Debug>(
    items: impl Strategy<Value = T>,
    key: impl Fn(&T) -> String + 'static,
) -> impl Strategy<Value = Vec<T>> {
    vec(items, 0..4).prop_map(move |items| {
        let mut seen = std::collections::HashSet::new();
        items
            .into_iter()
            .filter(|item| seen.insert(key(item)))
            .collect()
    })
}

fn address() -> impl Strategy<Value = ListenAddress> {
    prop_oneof![
        any::<([u8; 4], u16)>().prop_map(|address| ListenAddress::Tcp(SocketAddr::from(address))),
        any::<([u8; 16], u16)>().prop_map(|address| ListenAddress::Tcp(SocketAddr::from(address))),
        "[a-z #:{}.]{1,20}".prop_map(|name| ListenAddress::Unix(PathBuf::from(format!("/{name}")))),
    ]
}

fn node() -> impl Strategy<Value = NodeConfig> {
    let listen =
        unique(address(), ToString::to_string).prop_filter("one at least", |all| !all.is_empty());
    (listen, name(), path()).prop_map(|(listen, node_name, db_path)| NodeConfig {
        listen,
        node_name,
        db_path,
    })
}

fn filesystem() -> impl Strategy<Value = FilesystemConfig> {
    let globs = vec("[a-z*?/ ]{1,9}", 0..3);
    (
        vec(text(), 0..3),
        vec(text(), 0..3),
        globs,
        millis(100..=3_600_000),
        interval(),
    )
        .prop_map(
            |(
                include_types,
                exclude_types,
                exclude_mount_points,
                statvfs_timeout,
                history_step,
            )| {
                FilesystemConfig {
                    include_types,
                    exclude_types,
                    exclude_mount_points,
                    statvfs_timeout,
                    history_step,
                }
            },
        )
}

fn path_config() -> impl Strategy<Value = PathConfig> {
    let exclude = vec("!?[a-z*?]{1,8}/?", 0..3);
    let limits = (
        option::of(1..=u32::MAX),
        1..=1_000_000_000_000_u64,
        any::<u32>(),
    );
    (
        path(),
        interval(),
        exclude,
        limits,
        millis(100..=3_600_000),
        any::<(bool, bool)>(),
    )
        .prop_map(
            |(path, scan_interval, exclude, limits, timeout, (measure_sizes, cross_mounts))| {
                PathConfig {
                    max_depth: limits.0,
                    max_files_per_scan: limits.1,
                    max_io_ops_per_sec: limits.2,
                    exclude,
                    timeout,
                    measure_sizes,
                    cross_mounts,
                    ..PathConfig::new(path, scan_interval)
                }
            },
        )
}

fn log_config() -> impl Strategy<Value = LogConfig> {
    let flags = any::<(bool, bool)>();
    (name(), "/[a-z*? :#]{1,9}", flags, 1..=100_000_u32, text()).prop_map(
        |(name, path, (follow, from_beginning), buffer_lines, encoding)| LogConfig {
            name,
            path,
            follow,
            from_beginning,
            buffer_lines,
            encoding,
        },
    )
}

fn rules() -> impl Strategy<Value = Vec<ProcessRule>> {
    let pattern =
        "[a-z.*#: ]{0,8}[a-z]".prop_filter("compiles", |text| regex::Regex::new(text).is_ok());
    let by_pattern = (name(), pattern).prop_map(|(name, text)| {
        let pattern = Pattern::new(&text).unwrap();
        ProcessRule::Match { name, pattern }
    });
    let rule = prop_oneof![
        by_pattern,
        (1..=1_u32 << 22).prop_map(|pid| ProcessRule::Pid { pid })
    ];
    unique(rule, |rule| match rule {
        ProcessRule::Match { name, .. } => name.clone(),
        ProcessRule::Pid { pid } => format!("/{pid}"),
    })
}

fn xferlog() -> impl Strategy<Value = XferlogConfig> {
    let time =
        (0..4_000_000_000_000_i64).prop_map(|ms| DateTime::from_timestamp_millis(ms).unwrap());
    let paths = unique(path(), |path| format!("{path:?}"))
        .prop_filter("one at least", |all| !all.is_empty());
    (paths, option::of(time)).prop_map(|(paths, parse_start)| XferlogConfig { paths, parse_start })
}

fn auth() -> impl Strategy<Value = AuthConfig> {
    let token = (name(), any::<[u8; 32]>()).prop_map(|(name, hash)| Token {
        name,
        sha256: TokenHash(hash),
    });
    (unique(token, |token| token.name.clone()), any::<bool>()).prop_map(|(tokens, closed)| {
        let reads = if closed && !tokens.is_empty() {
            Reads::Token
        } else {
            Reads::Open
        };
        AuthConfig { tokens, reads }
    })
}

fn retention() -> impl Strategy<Value = Retention> {
    let limits = || {
        (millis(60_000..=315_576_000_000), 1..=1_000_000_000_000_u64)
            .prop_map(|(max_age, max_rows)| Limits { max_age, max_rows })
    };
    (limits(), limits(), limits()).prop_map(|(log_lines, xferlog_entries, filesystem_history)| {
        Retention {
            log_lines,
            xferlog_entries,
            filesystem_history,
        }
    })
}

fn configs() -> impl Strategy<Value = Config> {
    let refresh =
        (interval(), interval(), interval()).prop_map(|(disk, default_path_scan, process)| {
            Refresh {
                disk,
                default_path_scan,
                process,
            }
        });
    let paths = unique(path_config(), |config| format!("{:?}", config.path));
    let logs = unique(log_config(), |config| config.name.clone());
    let first = (node(), refresh, filesystem(), paths, logs, rules());
    let second = (
        0..=10_000_u32,
        any::<bool>(),
        option::of(xferlog()),
        auth(),
        retention(),
    );
    (first, second).prop_map(
        |((node, refresh, filesystem, paths, logs, process_watch), second)| {
            let (top_n, enabled, xferlog, auth, retention) = second;
            Config {
                process: ProcessConfig { top_n },
                cron: CronConfig { enabled },
                ..Config {
                    node,
                    refresh,
                    filesystem,
                    paths,
                    logs,
                    process_watch,
                    xferlog,
                    auth,
                    retention,
                    ..Config::default()
                }
            }
        },
    )
}
