//! How soon the first page of a search is there: a scan, FTS5, the blocks.

use std::path::Path;
use std::time::{Duration, Instant};

use etlmon_node::collectors::logs::page::{Search, page};
use etlmon_node::collectors::logs::pattern::Pattern;
use etlmon_node::http::Cursor;
use etlmon_node::store::ReadPool;
use etlmon_node::tail::Chunk;
use memchr::memmem::Finder;
use regex::Regex;

use crate::text::{KOREAN_WORD, OLDEST_WORD, RARE_LETTERS, RARE_WORD};
use crate::{Way, reader};

const LIMIT: usize = 100;
const RUNS: usize = 5;

struct Query {
    name: &'static str,
    /// What every line that is looked for has in it.
    text: String,
    regex: Option<&'static str>,
}

/// Prints a row a question: milliseconds to the first page of the newest lines.
pub fn print(folder: &Path, chunks: &[Chunk]) {
    let id_line = chunks[chunks.len() / 4].lines().next().unwrap().text;
    let behind = |label: &str| &id_line[id_line.find(label).unwrap() + label.len()..];
    let (id, took) = (&behind("id=")[..16], behind("took_us="));
    let number = &id_line[id_line.find("took_us=").unwrap()..];
    let address = behind("ip=").split(' ').next().unwrap();
    let pid = format!("[{}]:", behind("[").split(']').next().unwrap());
    let query = |name, text: &str, regex| Query {
        name,
        text: text.to_owned(),
        regex,
    };
    let queries = [
        query("a word of one line", RARE_WORD, None),
        query("an id of one line (16 hex digits)", id, None),
        query("half of an id (8 hex digits)", &id[4..12], None),
        query("6 hex digits of an id", &id[4..10], None),
        query("a number (5 digits and a name)", number, None),
        query("5 digits", took, None),
        query("an address", address, None),
        query("a pid in brackets", &pid, None),
        query("a time to the second", &id_line[..19], None),
        query("a Korean word of one line", KOREAN_WORD, None),
        query("a word of the oldest line", OLDEST_WORD, None),
        query("a word of one line in twelve", "rejected", None),
        query("a word that does not occur", "nonexistent", None),
        query("it does not, its halves do", "commitoken", None),
        query("three letters, common", "WAR", None),
        query("three letters of one line", RARE_LETTERS, None),
        query("two letters, common", "WA", None),
        query("two letters of one line", &RARE_LETTERS[..2], None),
        query(
            "regex with a word",
            RARE_WORD,
            Some(r": flux-capacitor id=[0-9a-f]+ "),
        ),
        query(
            "regex, word between",
            RARE_WORD,
            Some(r"\d+\]: flux-capacitor \w+=\w+ ip=10\."),
        ),
        query("regex, any case", RARE_WORD, Some("(?i)FLUX-capacitor")),
        query("regex without a text", RARE_LETTERS, Some("[X-Z]q[X-Z]")),
    ];
    println!("\nms to the first page of {LIMIT}, median of {RUNS}, warm cache");
    println!(
        "{:<34} {:>8} {:>9} {:>9} {:>9} {:>9}",
        "", "matches", "scan", "blocks", "FTS none", "FTS full"
    );
    for query in &queries {
        let (found, scan) = timed(|pool| by_scan(pool, query), &Way::Bare.database(folder));
        let (ours, blocks) = timed(|pool| by_blocks(pool, query), &Way::Blocks.database(folder));
        let (none, fts_none) = timed(
            |pool| by_glob(pool, query),
            &Way::FtsNoDetail.database(folder),
        );
        // It finds nothing shorter.
        let (full, fts_full) = if query.text.len() < 3 {
            (found.clone(), f64::NAN)
        } else {
            timed(|pool| by_match(pool, query), &Way::FtsFull.database(folder))
        };
        assert_eq!(found, ours, "{}", query.name);
        assert_eq!(found, none, "{}", query.name);
        assert_eq!(found, full, "{}", query.name);
        println!(
            "{:<34} {:>8} {scan:>9.1} {blocks:>9.1} {fts_none:>9.1} {fts_full:>9.1}",
            query.name,
            found.len(),
        );
    }
}

fn timed(find: impl Fn(&ReadPool) -> Vec<i64>, database: &Path) -> (Vec<i64>, f64) {
    let pool = reader(database);
    let found = find(&pool);
    let mut times: Vec<Duration> = (0..RUNS)
        .map(|_| {
            let began = Instant::now();
            assert_eq!(find(&pool), found);
            began.elapsed()
        })
        .collect();
    times.sort();
    (found, times[RUNS / 2].as_secs_f64() * 1000.0)
}

fn by_blocks(pool: &ReadPool, query: &Query) -> Vec<i64> {
    let search = Search {
        contains: query.regex.is_none().then(|| query.text.clone()),
        regex: query.regex.map(|regex| Pattern::new(regex).unwrap()),
        ..Search::default()
    };
    let found = pool.read_here(|db| page(db, "app", &search, Cursor::Newest, LIMIT as u32));
    found
        .unwrap()
        .lines
        .iter()
        .rev()
        .map(|line| line.id)
        .collect()
}

fn by_scan(pool: &ReadPool, query: &Query) -> Vec<i64> {
    by_rows(
        pool,
        query,
        "SELECT id, line FROM log_lines ORDER BY id DESC",
        None,
    )
}

fn by_glob(pool: &ReadPool, query: &Query) -> Vec<i64> {
    let sql = "SELECT rowid, line FROM fts WHERE line GLOB ?1 ORDER BY rowid DESC";
    let text = query.text.replace('[', "[[]");
    by_rows(pool, query, sql, Some(format!("*{text}*")))
}

fn by_match(pool: &ReadPool, query: &Query) -> Vec<i64> {
    let sql = "SELECT rowid, line FROM fts WHERE fts MATCH ?1 ORDER BY rowid DESC";
    by_rows(pool, query, sql, Some(format!("\"{}\"", query.text)))
}

fn by_rows(pool: &ReadPool, query: &Query, sql: &str, text: Option<String>) -> Vec<i64> {
    let finder = Finder::new(&query.text);
    let regex = query.regex.map(|regex| Regex::new(regex).unwrap());
    let found = pool.read_here(|db| {
        let mut statement = db.prepare_cached(sql)?;
        let mut rows = statement.query(rusqlite::params_from_iter(text))?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            let line = row.get_ref(1)?.as_str()?;
            let matches = match &regex {
                Some(regex) => regex.is_match(line),
                None => finder.find(line.as_bytes()).is_some(),
            };
            if matches {
                found.push(row.get(0)?);
                if found.len() == LIMIT {
                    break;
                }
            }
        }
        Ok(found)
    });
    found.unwrap()
}
