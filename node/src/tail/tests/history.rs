//! A log's history, as it is made, and what it must leave behind.

use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt;

use super::*;

#[derive(Clone, Debug)]
pub(super) enum Step {
    Write(u8),
    /// A line without its end, which comes with the next write.
    Begin,
    /// The writer may go on in the renamed file.
    Rename {
        reopen: bool,
    },
    Reopen,
    /// Lines may be written between the copy and the cut.
    CopyTruncate {
        between: u8,
    },
    /// A copy that is only a copy.
    Copy,
    Truncate,
    Delete,
    Compress,
    ReadSome(u8),
    Read,
    RollBack(u8),
    Restart,
    /// The process dies with a chunk that was not stored.
    Crash(u8),
    Wait(u8),
}

/// What was written to one file between its creation (or cut) and its end.
#[derive(Default)]
pub(super) struct Content {
    pub(super) bytes: Vec<u8>,
    /// Some of it was taken away before it could surely be read.
    pub(super) destroyed: bool,
    /// The follower looked at the log, and stored that it did, while this was in it. Of another
    /// one nobody can say how much there was.
    pub(super) seen: bool,
    /// The file that it was written to.
    inode: u64,
    compressed: bool,
}

pub(super) struct History {
    pub(super) world: World,
    writer: Option<(File, usize)>,
    pub(super) contents: Vec<Content>,
    /// Which content is under which name, and how much of it.
    names: BTreeMap<String, usize>,
    header: bool,
    next_line: usize,
    begun: bool,
}

impl History {
    /// A log that is followed under this path or glob; all its files may share a first line.
    pub(super) fn new(followed: &str, header: bool) -> Self {
        let mut world = World::new(followed);
        world.read();
        Self {
            world,
            writer: None,
            contents: Vec::new(),
            names: BTreeMap::new(),
            header,
            next_line: 0,
            begun: false,
        }
    }

    fn put(&mut self, text: &str) {
        let (file, content) = self.writer.as_mut().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        self.contents[*content]
            .bytes
            .extend_from_slice(text.as_bytes());
    }

    /// A new content in the writer's file.
    fn begin_content(&mut self) -> usize {
        self.contents.push(Content::default());
        self.contents.len() - 1
    }

    fn introduce(&mut self) {
        let content = self.writer.as_ref().unwrap().1;
        if self.contents[content].bytes.is_empty() {
            let header = if self.header {
                "#a header that all files share\n"
            } else {
                ""
            };
            self.put(&format!("{header}content {content} begins\n"));
        }
    }

    pub(super) fn reopen(&mut self) {
        if !self.names.contains_key("app.log") {
            let content = self.begin_content();
            self.names.insert("app.log".to_owned(), content);
        }
        self.writer = Some((self.world.open("app.log"), self.names["app.log"]));
        self.note_inode();
    }

    fn note_inode(&mut self) {
        let metadata = fs::metadata(self.world.path("app.log")).unwrap();
        self.contents[self.names["app.log"]].inode = metadata.ino();
    }

    fn line(&mut self) -> String {
        self.next_line += 1;
        let pad = "x".repeat(self.next_line * 37 % 400);
        format!("line {} {pad}", self.next_line)
    }

    pub(super) fn write(&mut self, lines: u8) {
        if self.writer.is_none() {
            self.reopen();
        }
        self.introduce();
        for _ in 0..lines {
            if std::mem::take(&mut self.begun) {
                self.put(" ends\n");
            } else {
                let line = self.line();
                self.put(&(line + "\n"));
            }
        }
    }

    /// Makes room for a new `.1`; the fourth file goes.
    fn shift(&mut self) {
        for ending in ["", ".gz"] {
            let last = format!("app.log.4{ending}");
            if self.names.contains_key(&last) {
                self.delete(&last);
            }
            for number in (1..4).rev() {
                let from = format!("app.log.{number}{ending}");
                if let Some(content) = self.names.remove(&from) {
                    let to = format!("app.log.{}{ending}", number + 1);
                    self.world.rename(&from, &to);
                    self.names.insert(to, content);
                }
            }
        }
    }

    fn delete(&mut self, name: &str) {
        let inode = fs::metadata(self.world.path(name)).unwrap().ino();
        self.world.remove(name);
        let content = self.names.remove(name).unwrap();
        self.lose_inode(inode);
        let mut open = self.world.follower.files.iter();
        if !open.any(|file| file.source.is_some() && file.identity.inode == inode) {
            self.contents[content].destroyed = true;
        }
    }

    /// A compressed file whose original is gone looks the same whether that was renamed or copied
    /// and cut.
    fn lose_inode(&mut self, inode: u64) {
        for content in self
            .contents
            .iter_mut()
            .filter(|content| content.inode == inode)
        {
            content.seen &= !content.compressed;
            content.inode = 0;
        }
    }

    /// Without a process that holds them, files without a name are gone.
    fn restart(&mut self) {
        for (index, content) in self.contents.iter_mut().enumerate() {
            content.destroyed |= !self.names.values().any(|&named| named == index);
        }
        self.world.restart();
    }

    fn cut(&mut self) {
        self.world.truncate("app.log");
        let content = self.begin_content();
        let old = self.names.insert("app.log".to_owned(), content);
        if let Some((_, own)) = &mut self.writer
            && Some(*own) == old
        {
            *own = content;
        }
        self.note_inode();
    }

    pub(super) fn look(&mut self) {
        if let Some(&content) = self.names.get("app.log") {
            self.contents[content].seen |= !self.contents[content].bytes.is_empty();
        }
    }

    pub(super) fn take(&mut self, step: &Step) {
        let there = self.names.contains_key("app.log");
        match *step {
            Step::Write(lines) => self.write(lines),
            Step::Begin if !self.begun => {
                self.write(0);
                let line = self.line();
                self.put(&line);
                self.begun = true;
            }
            Step::Rename { reopen } if there => {
                self.shift();
                self.world.rename("app.log", "app.log.1");
                let content = self.names.remove("app.log").unwrap();
                self.names.insert("app.log.1".to_owned(), content);
                if reopen {
                    self.reopen();
                }
            }
            Step::Reopen => self.reopen(),
            Step::CopyTruncate { between } if there && !self.header => {
                self.shift();
                self.world.copy("app.log", "app.log.1");
                let content = self.names["app.log"];
                self.names.insert("app.log.1".to_owned(), content);
                if between > 0 && self.writer.as_ref().is_some_and(|(_, own)| *own == content) {
                    self.write(between);
                    self.contents[content].destroyed = true;
                }
                self.cut();
            }
            Step::Copy if there => self.world.copy("app.log", "app.log.bak"),
            Step::Truncate if there && !self.header => {
                self.contents[self.names["app.log"]].destroyed = true;
                self.cut();
            }
            Step::Delete if there => {
                self.delete("app.log");
                self.reopen();
            }
            Step::Compress => self.compress(),
            Step::ReadSome(lines) => {
                self.look();
                self.world.read_some(up_to(lines));
            }
            Step::Read => {
                self.look();
                self.world.read();
            }
            Step::RollBack(lines) => {
                self.world.follower.read(up_to(lines), self.world.now);
                self.world.follower.roll_back();
            }
            Step::Restart => self.restart(),
            Step::Crash(lines) => {
                self.world.follower.read(up_to(lines), self.world.now);
                self.restart();
            }
            Step::Wait(seconds) => self.world.wait(seconds.into()),
            _ => {}
        }
    }

    fn compress(&mut self) {
        let name = "app.log.2";
        let Some(&content) = self.names.get(name) else {
            return;
        };
        // As `delaycompress` has it: nobody writes to it any more.
        if self.writer.as_ref().is_some_and(|(_, own)| *own == content) {
            return;
        }
        let inode = fs::metadata(self.world.path(name)).unwrap().ino();
        let is_own = self.contents[content].inode == inode;
        self.lose_inode(inode);
        self.world.compress(name);
        let compressed = &mut self.contents[content];
        compressed.compressed = true;
        compressed.seen &= is_own || compressed.inode != 0;
        self.names.remove(name);
        self.names.insert(format!("{name}.gz"), content);
    }
}
