//! A million log lines as servers write them: times, addresses, ids, words, numbers.

use std::fmt::Write as _;

/// A word that one line has, a third of the way from the oldest.
pub const RARE_WORD: &str = "flux-capacitor";
/// A word that another line has.
pub const KOREAN_WORD: &str = "끝났다";
/// A word that only the oldest line has.
pub const OLDEST_WORD: &str = "genesis";
/// Three letters that only that line has.
pub const RARE_LETTERS: &str = "ZqX";

const SERVICES: [&str; 6] = [
    "ingest",
    "billing",
    "gateway",
    "scheduler",
    "exporter",
    "auth",
];
const LEVELS: [&str; 8] = [
    "INFO", "INFO", "INFO", "INFO", "INFO", "DEBUG", "WARN", "ERROR",
];
const EVENTS: [&str; 12] = [
    "request completed",
    "connection accepted from peer",
    "cache refreshed",
    "file received and queued",
    "query executed",
    "session opened",
    "retrying after failure",
    "batch committed",
    "checksum verified",
    "transfer finished",
    "token renewed",
    "record rejected: invalid field",
];
const USERS: [&str; 8] = [
    "anna", "bert", "carlos", "dmitri", "eun-ji", "farid", "greta", "hana",
];

/// So many lines of about 120 bytes, the same each time.
pub fn lines(count: usize) -> String {
    let mut text = String::with_capacity(count * 124);
    let mut random = Random(1);
    for n in 0..count {
        let ms = n * 7;
        let (s, m, h) = (ms / 1000 % 60, ms / 60_000 % 60, ms / 3_600_000 % 24);
        let service = random.of(&SERVICES);
        let level = random.of(&LEVELS);
        let (id, pid, took) = (
            random.next(),
            random.next() % 32_768,
            random.next() % 90_000,
        );
        let address = random.next().to_le_bytes();
        let event = if n == 0 {
            OLDEST_WORD
        } else if n == count / 3 {
            RARE_WORD
        } else if n == count / 2 {
            KOREAN_WORD
        } else {
            random.of(&EVENTS)
        };
        write!(
            text,
            "2026-01-15T{h:02}:{m:02}:{s:02}.{:03}Z {level} {service}[{pid}]: {event} id={id:016x} \
             ip=10.{}.{}.{} user={} took_us={took}",
            ms % 1000,
            address[0] % 4,
            address[1],
            address[2],
            random.of(&USERS),
        )
        .unwrap();
        if n == count / 3 {
            text.push_str(RARE_LETTERS);
        }
        text.push('\n');
    }
    text
}

/// Knuth's linear congruential generator.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 ^ self.0 >> 29).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 2
    }

    fn of<T: Copy>(&mut self, items: &[T]) -> T {
        items[self.next() as usize % items.len()]
    }
}
