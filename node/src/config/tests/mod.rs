//! Tests of the configuration as a whole; `read_text` stands for a file without a file.

mod configs;
mod environment;
mod files;
mod followed;
mod messages;
mod random;
mod samples;
mod values;

use super::error::ConfigError;
use super::variables::Variables;
use super::{Config, Loaded};

/// A host's environment with nothing in it that matters.
fn variables(pairs: &[(&str, &str)]) -> Variables {
    pairs
        .iter()
        .map(|(name, value)| (name.into(), value.into()))
        .collect()
}

fn read_with(yaml: &str, pairs: &[(&str, &str)]) -> Result<Loaded, String> {
    super::read(Some(yaml.as_bytes()), &variables(pairs)).map_err(|problems| {
        assert!(!problems.is_empty(), "refused without a reason: {yaml:?}");
        ConfigError::Invalid {
            file: Some("node.yaml".into()),
            problems,
        }
        .to_string()
    })
}

fn config_of(yaml: &str) -> Config {
    match read_with(yaml, &[]) {
        Ok(loaded) => loaded.config,
        Err(problems) => panic!("refused:\n{problems}\nin:\n{yaml}"),
    }
}

#[track_caller]
fn refused(yaml: &str, expected: &str) {
    refused_with(yaml, &[], expected);
}

#[track_caller]
fn refused_with(yaml: &str, pairs: &[(&str, &str)], expected: &str) {
    match read_with(yaml, pairs) {
        Ok(loaded) => panic!("accepted: {yaml:?} as {:?}", loaded.config),
        Err(problems) => assert_eq!(problems, expected, "for {yaml:?} with {pairs:?}"),
    }
}
