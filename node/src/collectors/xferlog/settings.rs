//! How the follower is to read a transfer log.

use std::path::Path;
use std::sync::Arc;

use encoding_rs::X_USER_DEFINED;
use etlmon_shared::Timestamp;

use super::seek::ParseStart;
use crate::config::XferlogConfig;
use crate::tail::{SettingsError, StartAt, TailSettings};

/// The follower's settings for one of the paths of `xferlog`. Without an encoding the bytes 0x80 to
/// 0xFF come as U+F780 to U+F7FF (WHATWG's x-user-defined), so that none is lost.
///
/// # Errors
/// A path that can't be followed; no configuration that was loaded has one.
pub(super) fn settings(config: &XferlogConfig, path: &Path) -> Result<TailSettings, SettingsError> {
    let mut settings = TailSettings::new(path)?;
    settings.from_beginning = true;
    settings.start_at = config.parse_start.map(|at| {
        let at = Timestamp::from_millis(at.timestamp_millis());
        Arc::new(ParseStart(at)) as Arc<dyn StartAt>
    });
    settings.encoding = config.encoding.unwrap_or(X_USER_DEFINED);
    Ok(settings)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(config: &XferlogConfig) -> Vec<TailSettings> {
        let paths = config.effective_paths().iter();
        paths.map(|path| settings(config, path).unwrap()).collect()
    }

    #[test]
    fn the_usual_files_are_read_from_their_beginning_as_bytes() {
        let all = of(&XferlogConfig::default());
        let paths: Vec<_> = all.iter().map(|one| one.path.as_path()).collect();
        let usual = ["/var/log/vsftpd.log", "/var/log/xferlog"];
        assert_eq!(paths, usual.map(Path::new));
        for settings in all {
            assert!(settings.from_beginning);
            assert_eq!(settings.encoding, X_USER_DEFINED);
        }
    }

    #[test]
    fn a_configured_encoding_is_used() {
        let config = XferlogConfig {
            encoding: Some(encoding_rs::EUC_KR),
            ..XferlogConfig::default()
        };
        let used: Vec<_> = of(&config).iter().map(|one| one.encoding).collect();
        assert_eq!(used, [encoding_rs::EUC_KR; 2]);
    }

    #[test]
    fn no_byte_is_lost_without_an_encoding() {
        let bytes: Vec<u8> = (0..=u8::MAX).collect();
        let text = X_USER_DEFINED.decode_without_bom_handling(&bytes).0;
        let back = text.chars().map(|one| match u32::from(one) {
            code @ 0..=0x7f => u8::try_from(code).unwrap(),
            code => u8::try_from(code - 0xf700).unwrap(),
        });
        assert_eq!(back.collect::<Vec<_>>(), bytes);
    }

    #[test]
    fn a_path_that_cannot_be_followed_is_an_error() {
        let outcome = settings(&XferlogConfig::default(), Path::new("/"));
        assert!(matches!(outcome, Err(SettingsError::Path(_))));
    }
}
