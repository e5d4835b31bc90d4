//! Lists that come in pages: as many rows as are wanted, however many pages that takes.

use serde::de::DeserializeOwned;
use ureq::http::HeaderMap;

use super::{Client, ClientError};

/// Where in a list of ascending ids to begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cursor {
    /// With the first row whose id is higher, towards newer ones.
    After(i64),
    /// With the last row whose id is lower, towards older ones.
    Before(i64),
}

/// The rows of a list, in ascending id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rows<T> {
    /// What they say.
    pub rows: Vec<T>,
    /// The JSON array as it came; if it took several pages, with their rows in one array.
    pub text: String,
}

impl Client {
    /// Asks `route` with `query` for up to `limit` rows: those at the cursor, or the newest ones.
    ///
    /// A node that searches for long answers with the part it has searched and a link to go on;
    /// the links are followed until there are enough rows or none left. The timeout of the
    /// options holds for each page.
    pub fn rows<T: DeserializeOwned>(
        &self,
        route: &str,
        query: &[(&str, &str)],
        cursor: Option<Cursor>,
        limit: u32,
    ) -> Result<Rows<T>, ClientError> {
        let mut pages = Vec::new();
        let mut left = usize::try_from(limit).unwrap_or(usize::MAX);
        let mut at = cursor;
        loop {
            let (page, next) = self.page::<T>(route, query, at, left)?;
            left = left.saturating_sub(page.rows.len());
            pages.push(page);
            match next {
                Some(next) if left > 0 => {
                    if !leads_on(at, next) {
                        return Err(self.strange("its link leads in a circle".to_owned()));
                    }
                    at = Some(next);
                }
                _ => break,
            }
        }
        if !matches!(cursor, Some(Cursor::After(_))) {
            pages.reverse();
        }
        Ok(joined(pages))
    }

    /// At most `limit` rows, and where those behind them begin.
    fn page<T: DeserializeOwned>(
        &self,
        route: &str,
        query: &[(&str, &str)],
        cursor: Option<Cursor>,
        limit: usize,
    ) -> Result<(Rows<T>, Option<Cursor>), ClientError> {
        let limit = limit.to_string();
        let cursor = cursor.map(|cursor| match cursor {
            Cursor::After(id) => ("after", id.to_string()),
            Cursor::Before(id) => ("before", id.to_string()),
        });
        let mut query = query.to_vec();
        query.push(("limit", &limit));
        query.extend(cursor.as_ref().map(|(name, id)| (*name, id.as_str())));
        let sent = self.question(route, &query).call();
        let response = sent.map_err(|error| self.failure(error))?;
        let next = next(response.headers());
        let text = self.answer(route, response)?;
        let rows = self.decode(&text)?;
        Ok((Rows { rows, text }, next))
    }
}

/// Whether a page at `next` lies behind one at `at`.
fn leads_on(at: Option<Cursor>, next: Cursor) -> bool {
    match (at, next) {
        (None, Cursor::Before(_)) => true,
        (Some(Cursor::Before(at)), Cursor::Before(next)) => next < at,
        (Some(Cursor::After(at)), Cursor::After(next)) => next > at,
        _ => false,
    }
}

/// The cursor of the link (RFC 8288) that leads on.
fn next(headers: &HeaderMap) -> Option<Cursor> {
    let link = headers.get("Link")?.to_str().ok()?;
    let (target, parameters) = link.strip_prefix('<')?.split_once('>')?;
    let is_next = |parameter: &str| matches!(parameter.trim(), "rel=\"next\"" | "rel=next");
    if !parameters.split(';').any(is_next) {
        return None;
    }
    let (_, query) = target.split_once('?')?;
    query.split('&').find_map(|parameter| {
        let (name, id) = parameter.split_once('=')?;
        let id = id.parse().ok()?;
        match name {
            "after" => Some(Cursor::After(id)),
            "before" => Some(Cursor::Before(id)),
            _ => None,
        }
    })
}

fn joined<T>(mut pages: Vec<Rows<T>>) -> Rows<T> {
    if pages.len() == 1
        && let Some(page) = pages.pop()
    {
        return page;
    }
    let inner = |text: &str| {
        let text = text.trim();
        let text = text.strip_prefix('[').unwrap_or(text);
        text.strip_suffix(']').unwrap_or(text).trim().to_owned()
    };
    let mut texts: Vec<_> = pages.iter().map(|page| inner(&page.text)).collect();
    texts.retain(|text| !text.is_empty());
    Rows {
        rows: pages.into_iter().flat_map(|page| page.rows).collect(),
        text: format!("[{}]", texts.join(",")),
    }
}
