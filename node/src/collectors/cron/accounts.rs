//! The users of the machine, as cron looks them up: name to number.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::Path;

use crate::collectors::passwd;

/// Services of nsswitch.conf(5) whose users are in passwd(5), or come and go with services only.
const LOCAL: [&str; 4] = ["files", "compat", "db", "systemd"];

/// Who is known to the machine.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Accounts {
    ids: HashMap<String, u32>,
    /// Whether a directory service (LDAP, SSSD) has more of them. It is not asked, as it may take
    /// as long as it likes: nobody is called unknown then.
    elsewhere: bool,
}

impl Accounts {
    /// Reads `etc/passwd` and `etc/nsswitch.conf` below a root.
    ///
    /// # Errors
    /// There is no passwd(5), or it can't be read.
    pub(super) fn read(root: &Path) -> io::Result<Self> {
        let passwd = fs::read(root.join("etc/passwd"))?;
        // Without the file, glibc looks into passwd(5) alone.
        let switch = fs::read_to_string(root.join("etc/nsswitch.conf")).unwrap_or_default();
        Ok(Self {
            ids: ids(&passwd),
            elsewhere: has_directory_service(&switch),
        })
    }

    /// Whether cron would find a user of this name.
    pub(super) fn is_user(&self, name: &str) -> bool {
        self.elsewhere || self.ids.contains_key(name)
    }

    /// The number of the user to whom the crontab `name` belongs, whose owner is `owner`.
    pub(super) fn id(&self, name: &str, owner: u32) -> Option<u32> {
        let known = self.ids.get(name).copied();
        known.or_else(|| self.elsewhere.then_some(owner))
    }

    /// Whether a user of this name has this number.
    pub(super) fn is(&self, name: &str, id: u32) -> bool {
        self.ids.get(name).is_some_and(|known| *known == id)
    }
}

/// Of two lines with one name the first counts, as for the C library.
fn ids(passwd: &[u8]) -> HashMap<String, u32> {
    let mut ids = HashMap::new();
    for (name, id) in passwd::users(passwd) {
        if let Ok(name) = std::str::from_utf8(name) {
            ids.entry(name.to_owned()).or_insert(id);
        }
    }
    ids
}

fn has_directory_service(switch: &str) -> bool {
    let lines = switch.lines().filter_map(|line| {
        let line = line.split('#').next().unwrap_or_default();
        line.trim_start().strip_prefix("passwd:")
    });
    let mut services = lines.flat_map(str::split_whitespace);
    services.any(|word| !word.starts_with('[') && !word.ends_with(']') && !LOCAL.contains(&word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_number_of_a_name_counts() {
        let ids = ids(b"root:x:0:0::/:/bin/sh\ntoor:x:0:0::/:\nroot:x:7:7::/:\n\xff:x:8:8::/:");
        assert_eq!(ids.len(), 2);
        assert_eq!((ids["root"], ids["toor"]), (0, 0));
    }

    #[test]
    fn where_a_directory_service_has_users_nobody_is_unknown() {
        assert!(!has_directory_service(
            "passwd: files systemd\ngroup: ldap\n"
        ));
        assert!(!has_directory_service(
            "passwd: files [NOTFOUND=return] db # ldap\n"
        ));
        assert!(has_directory_service("passwd:\tfiles sss\n"));
        let accounts = Accounts {
            elsewhere: true,
            ..Accounts::default()
        };
        assert!(accounts.is_user("ldap-user"));
        assert_eq!(accounts.id("ldap-user", 70_001), Some(70_001));
        assert_eq!(Accounts::default().id("nobody-knows", 5), None);
    }
}
