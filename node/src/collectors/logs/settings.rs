//! How the follower is to read a log that is configured so.

use crate::config::LogConfig;
use crate::tail::{Multiline, SettingsError, TailSettings};

/// The follower's settings for an item of `logs`.
///
/// # Errors
/// A path that can't be followed; no configuration that was loaded has one.
pub(super) fn settings(config: &LogConfig) -> Result<TailSettings, SettingsError> {
    let mut settings = TailSettings::new(&config.path)?;
    // What is read once would otherwise be nothing: a log's end, where nothing is yet.
    settings.from_beginning = config.from_beginning || !config.follow;
    settings.encoding = config.encoding;
    settings.partial_after = config.partial_after;
    settings.max_line_bytes = config.max_line_bytes;
    settings.old_directories.clone_from(&config.rotated_to);
    settings.multiline = config.multiline.as_ref().map(|multiline| Multiline {
        start: multiline.start.regex().clone(),
        timeout: multiline.timeout,
    });
    Ok(settings)
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};
    use std::time::Duration;

    use super::*;
    use crate::config::{MultilineConfig, Pattern};

    fn log() -> LogConfig {
        LogConfig::new("app".to_owned(), PathBuf::from("/var/log/app*.log"))
    }

    #[test]
    fn a_log_with_the_default_settings_is_followed_as_the_follower_does_by_itself() {
        let (ours, theirs) = (
            settings(&log()).unwrap(),
            TailSettings::new("/var/log/app*.log").unwrap(),
        );
        assert_eq!(format!("{ours:?}"), format!("{theirs:?}"));
    }

    #[test]
    fn every_setting_reaches_the_follower() {
        let config = LogConfig {
            from_beginning: true,
            encoding: encoding_rs::EUC_KR,
            partial_after: Duration::from_secs(7),
            max_line_bytes: 4096,
            rotated_to: vec![PathBuf::from("/var/log/old")],
            multiline: Some(MultilineConfig {
                start: Pattern::new("^[0-9]").unwrap(),
                timeout: Duration::from_secs(9),
            }),
            ..log()
        };
        let settings = settings(&config).unwrap();
        assert_eq!(settings.path, Path::new("/var/log/app*.log"));
        assert!(settings.pattern.is_some());
        assert!(settings.from_beginning);
        assert_eq!(settings.encoding, encoding_rs::EUC_KR);
        assert_eq!(settings.partial_after, Duration::from_secs(7));
        assert_eq!(settings.max_line_bytes, 4096);
        assert_eq!(settings.old_directories, [Path::new("/var/log/old")]);
        let multiline = settings.multiline.unwrap();
        assert_eq!(multiline.start.as_str(), "^[0-9]");
        assert_eq!(multiline.timeout, Duration::from_secs(9));
    }

    #[test]
    fn a_log_that_is_read_once_is_read_from_its_beginning() {
        let begins = |follow, from_beginning| {
            let config = LogConfig {
                follow,
                from_beginning,
                ..log()
            };
            settings(&config).unwrap().from_beginning
        };
        assert!(!begins(true, false));
        assert!(begins(true, true));
        assert!(begins(false, false));
    }

    #[test]
    fn a_path_that_cannot_be_followed_is_an_error() {
        let config = LogConfig {
            path: PathBuf::from("app.log"),
            ..log()
        };
        assert!(matches!(settings(&config), Err(SettingsError::Path(_))));
    }
}
