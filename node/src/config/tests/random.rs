//! Arbitrary input never panics, and every valid configuration is read back equal.

use proptest::collection::vec;
use proptest::prelude::*;

use super::super::*;
use super::configs::configs;
use super::{config_of, read_with, variables};

/// Every key, and some that are none.
const KEYS: &str = "node listen node_name db_path refresh disk default_path_scan process filesystem \
    include_types exclude_types exclude_mount_points statvfs_timeout history_step paths path \
    scan_interval max_depth exclude max_files_per_scan timeout max_io_ops_per_sec measure_sizes \
    cross_mounts logs name follow from_beginning buffer_lines encoding partial_after max_line_bytes \
    rotated_to multiline start process_watch match pid top_n keep_stopped kill allow \
    deny per_minute audit \
    cron enabled xferlog parse_start auth tokens sha256 reads secrets patterns retention log_lines \
    xferlog_entries filesystem_history max_age max_rows no_such_key <<";

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
