//! What is right is read as it was meant.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::super::{
    Config, Limits, ListenAddress, LogConfig, NodeConfig, PathConfig, ProcessRule, Reads,
};
use super::{config_of, read_with};

const CONTRACT: &str = include_str!("../testdata/contract.yaml");
const SHIPPED: &str = include_str!("../../../../conf/node.yaml");

/// The shipped file with its disabled settings enabled: those whose `#` has no single blank after it.
fn enabled(yaml: &str) -> String {
    let is_setting =
        |rest: &str| !rest.is_empty() && (!rest.starts_with(' ') || rest.starts_with("  "));
    let lines = yaml
        .lines()
        .filter(|line| *line != "  tokens: []")
        .map(|line| {
            line.strip_prefix('#')
                .filter(|rest| is_setting(rest))
                .unwrap_or(line)
        });
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn every_key_of_the_contract_is_read() {
    let config = config_of(CONTRACT);
    let tcp = |text: &str| ListenAddress::Tcp(text.parse().unwrap());
    let node = NodeConfig {
        listen: vec![tcp("0.0.0.0:8080")],
        node_name: "prod-etl-01".to_owned(),
        db_path: PathBuf::from("/var/lib/etlmon/etlmon.db"),
    };
    assert_eq!(config.node, node);
    assert_eq!(config.refresh.disk, Duration::from_secs(15));
    assert_eq!(config.refresh.default_path_scan, Duration::from_mins(5));
    assert_eq!(config.refresh.process, Duration::from_secs(5));
    let data = PathConfig {
        max_depth: Some(5),
        exclude: vec!["*.tmp".to_owned()],
        ..PathConfig::new(PathBuf::from("/data/logs"), Duration::from_mins(1))
    };
    assert_eq!(config.paths, [data]);
    let app = LogConfig {
        buffer_lines: 500,
        ..LogConfig::new("app".to_owned(), PathBuf::from("/var/log/app.log"))
    };
    assert_eq!(config.logs, [app]);
    match config.process_watch.as_slice() {
        [
            ProcessRule::Match { name, pattern },
            ProcessRule::Pid { pid: 12345 },
        ] => {
            assert_eq!(name, "etl_worker");
            assert!(pattern.regex().is_match("/opt/etl_worker -v"));
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(config.process.top_n, 20);
    assert!(config.cron.enabled);
    let paths = config.xferlog.effective_paths();
    assert_eq!(paths, [Path::new("/var/log/xferlog")]);
    let parse_start = config.xferlog.parse_start.unwrap();
    assert_eq!(parse_start.timestamp(), 1_767_225_600);
    let week = Limits {
        max_age: Duration::from_secs(604_800),
        max_rows: 100_000,
    };
    assert_eq!(
        (config.retention.log_lines, config.retention.xferlog_entries),
        (week.clone(), week)
    );
}

#[test]
fn the_shipped_file_is_the_defaults() {
    assert_eq!(config_of(SHIPPED), Config::default());
}

#[test]
fn the_shipped_file_holds_every_key() {
    let config = config_of(&enabled(SHIPPED));
    assert_eq!(config.paths.len(), 1);
    assert_eq!(config.logs.len(), 1);
    assert_eq!(config.process_watch.len(), 2);
    assert_eq!(config.auth.tokens.len(), 1);
    assert!(config.logs[0].multiline.is_some());
    assert!(config.xferlog.parse_start.is_some());
    // What a configuration serialises to has every key there is: each must stand in the file.
    let yaml = serde_saphyr::to_string(&config).unwrap();
    for line in yaml.lines() {
        let key = line
            .trim_start_matches([' ', '-'])
            .split(':')
            .next()
            .unwrap();
        if line.contains(": ") || line.ends_with(':') {
            let shown = SHIPPED.contains(&format!("{key}:"));
            assert!(
                shown,
                "{key} does not stand in the shipped file; in line {line:?}"
            );
        }
    }
}

#[test]
fn what_the_shipped_file_calls_a_default_is_one() {
    let config = config_of(&enabled(SHIPPED));
    let path = config.paths[0].clone();
    let default = PathConfig::new(path.path.clone(), path.scan_interval);
    let unlimited = PathConfig {
        max_depth: None,
        exclude: Vec::new(),
        ..path
    };
    assert_eq!(unlimited, default);
    let log = LogConfig {
        rotated_to: Vec::new(),
        multiline: None,
        ..config.logs[0].clone()
    };
    assert_eq!(log, LogConfig::new(log.name.clone(), log.path.clone()));
    let start = config.logs[0].multiline.clone().unwrap().start;
    let yaml = format!("logs: [{{ name: a, path: /a, multiline: {{ start: '{start:?}' }} }}]");
    let timeout = |config: &Config| config.logs[0].multiline.clone().unwrap().timeout;
    assert_eq!(timeout(&config), timeout(&config_of(&yaml)));
    assert_eq!(config.node.db_path, Config::default().node.db_path);
}

#[test]
fn an_empty_file_comments_and_empty_sections_are_the_defaults() {
    for yaml in [
        "",
        "\n\n",
        "# nothing\n",
        "---\n",
        "---\n# c\n...\n",
        "\u{feff}",
        "~",
        "{}",
    ] {
        assert_eq!(config_of(yaml), Config::default(), "{yaml:?}");
    }
    let sections = [
        "node",
        "refresh",
        "filesystem",
        "paths",
        "logs",
        "process_watch",
        "process",
        "cron",
        "xferlog",
        "secrets",
        "auth",
        "retention",
    ];
    for section in sections {
        for null in ["", " ~", " null"] {
            let yaml = format!("{section}:{null}\n");
            let loaded = read_with(&yaml, &[]).unwrap();
            assert_eq!(
                (loaded.config, loaded.sections),
                (Config::default(), vec![]),
                "{yaml:?}"
            );
        }
    }
    assert_eq!(
        config_of("node:\n  listen:\nauth:\n  tokens:\n  reads:\n"),
        Config::default()
    );
    assert_eq!(
        config_of("paths: []\nlogs: []\nprocess_watch: []\n"),
        Config::default()
    );
}

#[test]
fn a_byte_order_mark_and_carriage_returns_change_nothing() {
    let dos = format!("\u{feff}{}", CONTRACT.replace('\n', "\r\n"));
    assert_eq!(config_of(&dos), config_of(CONTRACT));
}

#[test]
fn anchors_and_merge_keys_may_be_used() {
    let yaml = "paths:\n  - &base { path: /a, max_depth: 3 }\n  - { <<: *base, path: /b }\n";
    let config = config_of(yaml);
    assert_eq!(config.paths[1].path, Path::new("/b"));
    assert_eq!(config.paths[1].max_depth, Some(3));
}

#[test]
fn durations_are_read_as_they_are_written() {
    let cases = [
        ("15s", 15_000),
        ("5m", 300_000),
        ("1h 30m", 5_400_000),
        ("1h30m", 5_400_000),
        ("1.5s", 1_500),
        (" 2 min ", 120_000),
        ("24h", 86_400_000),
        ("1day", 86_400_000),
        ("1500ms", 1_500),
        ("90 seconds", 90_000),
    ];
    for (text, expected) in cases {
        let config = config_of(&format!("refresh: {{ disk: '{text}' }}"));
        assert_eq!(
            config.refresh.disk,
            Duration::from_millis(expected),
            "{text:?}"
        );
    }
    let month = config_of("retention: { log_lines: { max_age: 1 month } }");
    assert_eq!(
        month.retention.log_lines.max_age,
        Duration::from_secs(2_630_016)
    );
}

#[test]
fn a_scan_interval_not_given_is_the_one_of_refresh() {
    let yaml = "paths: [{ path: /a }, { path: /b, scan_interval: 7s }]\nrefresh: { default_path_scan: 9s }";
    let intervals = |config: &Config| -> Vec<u64> {
        config
            .paths
            .iter()
            .map(|path| path.scan_interval.as_secs())
            .collect()
    };
    assert_eq!(intervals(&config_of(yaml)), [9, 7]);
    let loaded = read_with(yaml, &[("ETLMON_REFRESH__DEFAULT_PATH_SCAN", "11s")]).unwrap();
    assert_eq!(intervals(&loaded.config), [11, 7]);
}

#[test]
fn addresses_of_every_kind_are_understood_and_know_whether_they_are_loopback() {
    let cases = [
        ("127.0.0.1:8080", "127.0.0.1:8080", true),
        ("127.9.9.9:1", "127.9.9.9:1", true),
        ("localhost:0", "127.0.0.1:0", true),
        ("'[::1]:8080'", "[::1]:8080", true),
        ("'[::ffff:127.0.0.1]:80'", "[::ffff:127.0.0.1]:80", true),
        (
            "unix:/run/etlmon/etlmon.sock",
            "unix:/run/etlmon/etlmon.sock",
            true,
        ),
        ("0.0.0.0:8080", "0.0.0.0:8080", false),
        ("'[::]:8080'", "[::]:8080", false),
        ("10.0.0.11:65535", "10.0.0.11:65535", false),
    ];
    for (text, shown, loopback) in cases {
        let listen = config_of(&format!("node: {{ listen: [{text}] }}"))
            .node
            .listen;
        assert_eq!(listen.len(), 1);
        assert_eq!(listen[0].to_string(), shown);
        assert_eq!(listen[0].is_loopback(), loopback, "{text}");
        assert_eq!(
            config_of(&format!("node:\n  listen: {text}\n")).node.listen,
            listen
        );
    }
    let both = config_of("node: { listen: [127.0.0.1:1, unix:/s] }")
        .node
        .listen;
    assert_eq!(both.len(), 2);
}

#[test]
fn a_path_is_kept_in_its_plainest_spelling() {
    for path in ["/data/in/", "//data/./in", "/data/in/.", "/data//in//"] {
        assert_eq!(
            config_of(&format!("paths: [{{ path: {path} }}]")).paths[0]
                .path
                .as_os_str(),
            "/data/in"
        );
    }
    assert_eq!(
        config_of("paths: [{ path: / }]").paths[0].path.as_os_str(),
        "/"
    );
}

#[test]
fn several_transfer_logs_and_a_token_rule_are_read() {
    let hash = "AB".repeat(32);
    let yaml = format!(
        "xferlog: {{ path: [/a, /b] }}\nauth: {{ tokens: [{{ name: ops, sha256: '{hash}' }}], reads: token }}"
    );
    let config = config_of(&yaml);
    assert_eq!(config.xferlog.paths, ["/a", "/b"].map(PathBuf::from));
    assert_eq!(config.auth.reads, Reads::Token);
    assert_eq!(config.auth.tokens[0].sha256.0, [0xab; 32]);
    assert_eq!(config.auth.tokens[0].sha256.to_string(), "ab".repeat(32));
}
