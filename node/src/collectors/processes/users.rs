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

use super::stat;

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
            self.names = parse(&fs::read(&self.file)?);
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

/// Names by number. Of two names for one number the first counts, as for the C library. Lines that
/// are no user's, such as those of NIS, are passed over.
fn parse(passwd: &[u8]) -> HashMap<u32, String> {
    let mut names = HashMap::new();
    for line in passwd.split(|&byte| byte == b'\n') {
        let mut fields = line.split(|&byte| byte == b':');
        let (Some(name), Some(user_id)) = (fields.next(), fields.nth(1)) else {
            continue;
        };
        let user_id = stat::number(user_id).and_then(|user_id| u32::try_from(user_id).ok());
        if let Some(user_id) = user_id.filter(|_| is_name(name)) {
            names
                .entry(user_id)
                .or_insert_with(|| text::from_bytes(name).into_owned());
        }
    }
    names
}

fn is_name(name: &[u8]) -> bool {
    !matches!(name.first(), None | Some(b'+' | b'-' | b'#'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const PASSWD: &[u8] = b"root:x:0:0:root:/root:/bin/bash\n\
        toor:x:0:0::/root:/bin/sh\n\
        # etl:x:7:7::/:/bin/sh\n\
        +nis:x:8:8::/:\n\
        broken\n\
        odd:x:minus:1::/:\n\
        huge:x:4294967296:1::/:\n\
        etl:x:1001:1001:ETL,,,:/srv/etl:/bin/bash";

    #[test]
    fn the_first_name_of_a_number_counts() {
        let names = parse(PASSWD);
        assert_eq!(names[&0], "root");
        assert_eq!(names[&1001], "etl");
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

    proptest! {
        #[test]
        fn no_text_makes_it_panic(passwd in proptest::collection::vec(any::<u8>(), 0..200)) {
            parse(&passwd);
        }
    }
}
