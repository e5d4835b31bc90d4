//! temp
use crate::config::LogConfig;
use crate::tail::{SettingsError, TailSettings};
pub fn settings(config: &LogConfig) -> Result<TailSettings, SettingsError> {
    let mut s = TailSettings::new(&config.path)?.encoding(&config.encoding)?;
    s.from_beginning = config.from_beginning;
    Ok(s)
}
