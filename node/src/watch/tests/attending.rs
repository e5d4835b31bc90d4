//! A thread that empties the queue in place of the watcher's task.

use std::cell::Cell;
use std::sync::mpsc::{Receiver, channel};

use super::*;

/// A listener to one file, and the words that it is told.
struct Ear {
    file: PathBuf,
    watch: Watch,
    words: Receiver<Word>,
    /// Whether it was told of a rest, and of its end not yet.
    rests: Cell<bool>,
}

/// A directory with the files `a` and `b`, which nobody hears of any more.
fn folder() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for name in ["a", "b"] {
        File::create(dir.path().join(name)).unwrap();
    }
    dir
}

impl Ear {
    fn new(watcher: &Watcher, directory: &Path, name: &str) -> Self {
        let file = directory.join(name);
        let (say, words) = channel();
        let watch = watcher.listen_to_all(move |word| {
            let _ = say.send(word);
        });
        watch.set(vec![target(directory, &[name])]);
        let ear = Self {
            file,
            watch,
            words,
            rests: Cell::new(false),
        };
        assert_eq!(ear.next(), Word::News);
        ear
    }

    fn write(&self) {
        append(&self.file);
    }

    fn next(&self) -> Word {
        self.heard(self.words.recv_timeout(PATIENCE).unwrap())
    }

    fn heard(&self, word: Word) -> Word {
        self.rests.set(word == Word::NewsAndRest);
        word
    }

    fn is_told(&self) -> bool {
        let word = self.words.try_recv();
        word.map(|word| self.heard(word)).is_ok()
    }

    /// Waits for the end of the rest that it was told of.
    fn settle(&self) {
        while self.rests.get() {
            self.next();
        }
    }

    /// Is told of news until there are two rests in a row, of which the second goes on.
    fn have_two_rests(&self) {
        self.write();
        assert_eq!(self.next(), Word::NewsAndRest);
        self.write();
        assert_eq!(self.next(), Word::Rested);
        assert_eq!(self.next(), Word::NewsAndRest);
    }
}

/// Two listeners of one watcher who have heard all that there was.
fn two(directory: &Path) -> [Ear; 2] {
    let watcher = Watcher::for_test();
    ["a", "b"].map(|name| Ear::new(&watcher, directory, name))
}

#[test]
fn who_attends_hears_what_comes_in_place_of_being_told() {
    let dir = folder();
    let ear = Ear::new(&Watcher::for_test(), dir.path(), "a");
    // A machine that is very busy may let the rest go by.
    let attended = (0..20).any(|_| {
        ear.have_two_rests();
        let begin = Instant::now();
        let mut heard = 0;
        for _ in 0..5 {
            ear.write();
            heard += usize::from(ear.watch.next_news());
        }
        let took = begin.elapsed();
        let is_told = ear.is_told();
        let nothing = ear.watch.next_news();
        ear.settle();
        heard == 5 && took >= REST * 4 && !is_told && !nothing
    });
    assert!(attended);
    // Then it is told as ever.
    ear.write();
    assert_eq!((ear.next(), ear.next()), (Word::NewsAndRest, Word::Rested));
}

#[test]
fn after_the_first_news_nobody_attends_and_all_is_told() {
    let dir = folder();
    let ear = Ear::new(&Watcher::for_test(), dir.path(), "a");
    assert!(!ear.watch.next_news(), "nothing has happened");
    for _ in 0..5 {
        ear.write();
        assert_eq!(ear.next(), Word::NewsAndRest);
        assert!(!ear.watch.next_news(), "the first rest");
        assert_eq!(ear.next(), Word::Rested);
    }
}

#[test]
fn others_are_told_meanwhile_and_then_nobody_attends_alone() {
    let dir = folder();
    let [one, other] = two(dir.path());
    let attended = (0..20).any(|_| {
        one.have_two_rests();
        other.write();
        one.write();
        let heard = one.watch.next_news();
        assert_eq!(other.next(), Word::NewsAndRest);
        let is_alone = one.watch.next_news();
        assert_eq!(other.next(), Word::Rested);
        one.settle();
        heard && !is_alone
    });
    assert!(attended);
}

#[test]
fn who_attends_and_hears_of_others_alone_leaves_it_at_that() {
    let dir = folder();
    let [one, other] = two(dir.path());
    let attended = (0..20).any(|_| {
        one.have_two_rests();
        other.write();
        let begin = Instant::now();
        assert!(!one.watch.next_news());
        let waited = begin.elapsed();
        // Whoever empties the queue, the promises are kept.
        assert_eq!(one.next(), Word::Rested);
        assert_eq!(
            (other.next(), other.next()),
            (Word::NewsAndRest, Word::Rested)
        );
        one.settle();
        other.settle();
        waited > REST / 4
    });
    assert!(attended);
}

#[test]
fn who_attends_and_does_not_come_back_is_not_waited_for() {
    let dir = folder();
    let watcher = Watcher::for_test();
    let ear = Ear::new(&watcher, dir.path(), "a");
    let taken_over = (0..20).any(|_| {
        ear.have_two_rests();
        let queue = watcher.shared.queue.lock().unwrap().clone().unwrap();
        let is_taken = queue.ear.take_over(ear.watch.id).is_some();
        ear.write();
        let begin = Instant::now();
        // Whoever took it over has been told of the rest before.
        assert_eq!(ear.next(), Word::Rested);
        let waited = begin.elapsed();
        assert_eq!(ear.next(), Word::NewsAndRest);
        // Somebody else may attend by now.
        queue.ear.turn.lock().unwrap().attended_by = Some(ear.watch.id + 1);
        assert!(!queue.ear.give_back(ear.watch.id), "the task has gone on");
        queue.ear.turn.lock().unwrap().attended_by = None;
        ear.settle();
        is_taken && waited > REST * 2
    });
    assert!(taken_over);
}
