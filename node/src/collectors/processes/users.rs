//! The names of users, from a file such as `/etc/passwd` (passwd(5)).
//!
//! Names of a directory service (LDAP, SSSD) are not asked for: that goes through C code of the
//! name service switch, which waits for a server as long as it likes. Such users show as numbers.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

use etlmon_shared::text;

use crate::collectors::passwd;

/// The names, read again when the file has changed.
pub struct Users {
    file: PathBuf,
    version: Option<Version>,
    names: HashMap<u32, String>,
}

/// Device, inode, size, and time of the last change in nanoseconds of one version of the file.
type Version = (u64, u64, u64, i64, i64);

impl Users {
    /// The users of `file`; it is read by [`Users::refresh`].
    #[must_use]
    pub fn new(file: PathBuf) -> Self {
        Self {
            file,
            version: None,
            names: HashMap::new(),
        }
    }

    /// Reads the file if it has changed.
    ///
    /// # Errors
    /// It cannot be read. The names known before stay.
    pub fn refresh(&mut self) -> io::Result<()> {
        let found = fs::metadata(&self.file)?;
        let version = (
            found.dev(),
            found.ino(),
            found.size(),
            found.ctime(),
            found.ctime_nsec(),
        );
        if self.version != Some(version) {
            self.names = names(&fs::read(&self.file)?);
            self.version = Some(version);
        }
        Ok(())
    }

    /// A user's name, or the number of one that has none.
    #[must_use]
    pub fn name(&self, user_id: u32) -> String {
        match self.names.get(&user_id) {
            Some(name) => name.clone(),
            None => user_id.to_string(),
        }
    }
}

/// Names by number. Of two names for one number the first counts, as for the C library.
fn names(passwd: &[u8]) -> HashMap<u32, String> {
    let mut names = HashMap::new();
    for (name, user_id) in passwd::users(passwd) {
        names
            .entry(user_id)
            .or_insert_with(|| text::from_bytes(name).into_owned());
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_name_of_a_number_counts() {
        let names = names(b"root:x:0:0::/:/bin/sh\ntoor:x:0:0::/:/bin/sh\n\xff:x:7:7::/:");
        assert_eq!(names[&0], "root");
        assert_eq!(names[&7], text::from_bytes(b"\xff"));
        assert_eq!(names.len(), 2);
    }

    #[test]
    fn a_user_without_a_name_is_a_number() {
        let users = Users::new(PathBuf::from("/nowhere"));
        assert_eq!(users.name(54_321), "54321");
    }

    #[test]
    fn a_change_is_seen_and_a_file_that_is_gone_leaves_the_names() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("passwd");
        fs::write(&file, "old:x:5:5::/:/bin/sh\n").unwrap();
        let mut users = Users::new(file.clone());
        users.refresh().unwrap();
        assert_eq!(users.name(5), "old");
        let new = directory.path().join("passwd.new");
        fs::write(&new, "new:x:5:5::/:/bin/sh\n").unwrap();
        fs::rename(&new, &file).unwrap();
        users.refresh().unwrap();
        assert_eq!(users.name(5), "new");
        fs::remove_file(&file).unwrap();
        assert!(users.refresh().is_err());
        assert_eq!(users.name(5), "new");
    }
}
