//! Zones by name for cronie's `CRON_TZ`, from the machine's own tzdata, as cronie's libc reads it.

use super::Zone;

/// A zone of `/usr/share/zoneinfo`, or one described by POSIX rules (`JST-9`), see tzset(3).
#[derive(Clone, Debug)]
pub struct NamedZone(tz::TimeZone);

impl NamedZone {
    /// Reads the file of a zone. `None` for a name that stands for none: glibc takes such a one for
    /// UTC, and so should the caller.
    ///
    /// The name comes from any user's crontab, so no path out of the directory of zones is opened:
    /// glibc would (`:/some/file`), with the rights of root.
    #[must_use]
    pub fn find(name: &str) -> Option<NamedZone> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_+-/,.<>:".contains(&byte);
        let outside = name.starts_with(['/', ':', '.']) || name.contains("..");
        if outside || name == "localtime" || !name.bytes().all(plain) {
            return None;
        }
        tz::TimeZone::from_posix_tz(name).ok().map(NamedZone)
    }
}

impl Zone for NamedZone {
    fn offset_sec(&self, unix_sec: i64) -> i64 {
        let found = self.0.find_local_time_type(unix_sec);
        found.map_or(0, |kind| i64::from(kind.ut_offset()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machines_zones_have_the_offsets_of_the_tz_database_for_decades() {
        for name in [
            "UTC",
            "America/New_York",
            "Europe/London",
            "Asia/Seoul",
            "Australia/Lord_Howe",
        ] {
            let Some(named) = NamedZone::find(name) else {
                // a machine without tzdata
                assert!(
                    !std::path::Path::new("/usr/share/zoneinfo")
                        .join(name)
                        .exists()
                );
                continue;
            };
            let embedded: chrono_tz::Tz = name.parse().unwrap();
            // half an hour and a second, from 1980 to 2090
            for at in (315_532_800..3_786_912_000).step_by(1_801 * 24) {
                assert_eq!(named.offset_sec(at), embedded.offset_sec(at), "{name} {at}");
            }
        }
    }

    #[test]
    fn posix_rules_are_zones_and_what_is_no_zone_is_none() {
        assert_eq!(
            NamedZone::find("JST-9").map(|zone| zone.offset_sec(0)),
            Some(32_400)
        );
        let rules = NamedZone::find("EST5EDT,M3.2.0,M11.1.0").unwrap();
        assert_eq!(rules.offset_sec(1_783_000_000), -4 * 3600);
        for name in [
            "",
            "Nowhere/City",
            "/etc/passwd",
            ":/etc/passwd",
            "../../../etc/passwd",
            "localtime",
            "America",
            "Mars\n",
        ] {
            assert!(NamedZone::find(name).is_none(), "{name}");
        }
    }
}
