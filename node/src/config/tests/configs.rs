//! Arbitrary valid configurations.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use chrono::DateTime;
use encoding_rs::Encoding;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use super::super::*;

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

fn followed() -> impl Strategy<Value = PathBuf> {
    "/([a-z]{1,3}/|\\*\\*/){0,2}[a-z*? :#]{0,8}[a-z?]".prop_filter_map("a file", |path| {
        let path: PathBuf = PathBuf::from(path).components().collect();
        path.file_name().is_some().then_some(path)
    })
}

fn encoding() -> impl Strategy<Value = &'static Encoding> {
    let labels = ["utf-8", "euc-kr", "utf-16le", "x-user-defined", "latin1"];
    prop::sample::select(labels.to_vec())
        .prop_map(|label| Encoding::for_label(label.as_bytes()).unwrap())
}

fn pattern() -> impl Strategy<Value = Pattern> {
    "[a-z.*#: ]{0,8}[a-z]".prop_filter_map("compiles", |text| Pattern::new(&text).ok())
}

fn log_config() -> impl Strategy<Value = LogConfig> {
    let multiline = (pattern(), millis(100..=3_600_000))
        .prop_map(|(start, timeout)| MultilineConfig { start, timeout });
    let rotated_to = unique(path(), |path| format!("{path:?}"));
    let names = (name(), followed(), rotated_to, encoding());
    let limits = (
        1..=100_000_u32,
        millis(100..=3_600_000),
        1_024..=16_777_216_usize,
    );
    (names, any::<(bool, bool)>(), limits, option::of(multiline)).prop_map(
        |(names, (follow, from_beginning), limits, multiline)| {
            let (name, path, rotated_to, encoding) = names;
            let (buffer_lines, partial_after, max_line_bytes) = limits;
            LogConfig {
                name,
                path,
                follow,
                from_beginning,
                buffer_lines,
                encoding,
                partial_after,
                max_line_bytes,
                rotated_to,
                multiline,
            }
        },
    )
}

fn rules() -> impl Strategy<Value = Vec<ProcessRule>> {
    let by_pattern =
        (name(), pattern()).prop_map(|(name, pattern)| ProcessRule::Match { name, pattern });
    let rule = prop_oneof![
        by_pattern,
        (1..=1_u32 << 22).prop_map(|pid| ProcessRule::Pid { pid })
    ];
    unique(rule, |rule| match rule {
        ProcessRule::Match { name, .. } => name.clone(),
        ProcessRule::Pid { pid } => format!("/{pid}"),
    })
}

fn process() -> impl Strategy<Value = ProcessConfig> {
    let words = || unique(text(), Clone::clone);
    let allow = prop_oneof![
        Just(Killable::Watched),
        Just(Killable::None),
        words()
            .prop_filter("one at least", |users| !users.is_empty())
            .prop_map(Killable::OfUsers),
    ];
    let kill = (allow, words(), 1..=1_000_u32).prop_map(|(allow, deny, per_minute)| KillPolicy {
        allow,
        deny,
        per_minute,
    });
    (0..=10_000_u32, millis(1_000..=604_800_000), kill).prop_map(|(top_n, keep_stopped, kill)| {
        ProcessConfig {
            top_n,
            keep_stopped,
            kill,
        }
    })
}

fn xferlog() -> impl Strategy<Value = XferlogConfig> {
    let time =
        (0..4_000_000_000_000_i64).prop_map(|ms| DateTime::from_timestamp_millis(ms).unwrap());
    let paths = unique(followed(), |path| format!("{path:?}"))
        .prop_filter("one at least", |all| !all.is_empty());
    let encoding = option::of(encoding());
    (any::<bool>(), paths, encoding, option::of(time)).prop_map(
        |(enabled, paths, encoding, parse_start)| XferlogConfig {
            enabled,
            paths,
            encoding,
            parse_start,
        },
    )
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
    (limits(), limits(), limits(), limits()).prop_map(
        |(log_lines, xferlog_entries, filesystem_history, audit)| Retention {
            log_lines,
            xferlog_entries,
            filesystem_history,
            audit,
        },
    )
}

pub(super) fn configs() -> impl Strategy<Value = Config> {
    let refresh =
        (interval(), interval(), interval()).prop_map(|(disk, default_path_scan, process)| {
            Refresh {
                disk,
                default_path_scan,
                process,
            }
        });
    let paths = unique(path_config(), |config| format!("{:?}", config.path));
    let logs = unique(log_config(), |config| config.name.clone()).prop_map(|mut logs| {
        // Logs of the same file name need different directories.
        let mut seen = BTreeSet::new();
        for log in &mut logs {
            let name = log.path.file_name().map(ToOwned::to_owned);
            let rotated_to = &mut log.rotated_to;
            rotated_to.retain(|directory| seen.insert((name.clone(), directory.clone())));
        }
        logs
    });
    let first = (node(), refresh, filesystem(), paths, logs, rules());
    let second = (
        process(),
        any::<bool>(),
        xferlog(),
        vec(pattern(), 0..3),
        auth(),
        retention(),
    );
    (first, second).prop_map(
        |((node, refresh, filesystem, paths, logs, process_watch), second)| {
            let (process, enabled, xferlog, patterns, auth, retention) = second;
            Config {
                cron: CronConfig { enabled },
                ..Config {
                    node,
                    refresh,
                    filesystem,
                    paths,
                    logs,
                    process_watch,
                    process,
                    xferlog,
                    secrets: SecretsConfig { patterns },
                    auth,
                    retention,
                    ..Config::default()
                }
            }
        },
    )
}
