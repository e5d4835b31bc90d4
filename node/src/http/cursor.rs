//! Keyset pages: the newest rows, those after an id, those before one, and the link that leads on.

use actix_web::web::Query;
use actix_web::{HttpRequest, HttpResponse};
use etlmon_shared::routes::percent_encoded;
use rusqlite::Transaction;
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;

use super::{ApiError, Page};
use crate::store::ReadPool;

/// The parameters of a list that is read by the page and has no others.
#[derive(Clone, Copy, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// Rows at most: 1 to 10000, 100 when it is missing.
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 10000)]
    limit: Page,
    /// The rows that follow the one with this id. Without it and `before`, the newest rows.
    #[param(value_type = Option<u64>)]
    after: Option<RowId>,
    /// The rows that precede the one with this id.
    #[param(value_type = Option<u64>)]
    before: Option<RowId>,
}

impl PageQuery {
    /// Which rows are asked for, and how many at most.
    ///
    /// # Errors
    /// `bad_query` when the page is to go both ways.
    pub fn cursor(self) -> Result<(Cursor, u32), ApiError> {
        Ok((Cursor::new(self.after, self.before)?, self.limit.rows()))
    }

    /// Answers the page that is asked for, as `page` reads it.
    ///
    /// # Errors
    /// As [`cursor`](Self::cursor), and what the database says.
    pub async fn answer<T, Q>(
        self,
        reads: &ReadPool,
        request: &HttpRequest,
        page: Q,
        id: impl Fn(&T) -> i64,
    ) -> Result<HttpResponse, ApiError>
    where
        T: Serialize + Send + 'static,
        Q: FnOnce(&Transaction<'_>, Cursor, u32) -> rusqlite::Result<(Vec<T>, bool)>
            + Send
            + 'static,
    {
        let (cursor, limit) = self.cursor()?;
        let page = reads
            .read(move |snapshot| page(snapshot, cursor, limit))
            .await?;
        Ok(cursor.answer(request, page, id))
    }
}

/// The id of a row, from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct RowId(pub i64);

impl TryFrom<String> for RowId {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let id = text.parse().ok().filter(|id| *id >= 0);
        id.map(Self)
            .ok_or_else(|| format!("`{text}` is not the id of a row, a whole number from 0"))
    }
}

/// Which rows of a list a page has. They come in ascending id whichever they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cursor {
    /// The last ones.
    Newest,
    /// The first ones whose id is higher.
    After(i64),
    /// The last ones whose id is lower.
    Before(i64),
}

impl Cursor {
    /// What the parameters `after` and `before` ask for.
    ///
    /// # Errors
    /// `bad_query` when both are given.
    pub fn new(after: Option<RowId>, before: Option<RowId>) -> Result<Self, ApiError> {
        match (after, before) {
            (None, None) => Ok(Self::Newest),
            (Some(RowId(id)), None) => Ok(Self::After(id)),
            (None, Some(RowId(id))) => Ok(Self::Before(id)),
            (Some(_), Some(_)) => Err(ApiError::bad_query(
                "after and before are given; a page goes one way",
            )),
        }
    }

    /// The page behind one whose first and last rows have these ids, in the same direction: from
    /// the newest it goes to older ones.
    #[must_use]
    pub fn onward(self, first: i64, last: i64) -> Self {
        match self {
            Self::After(_) => Self::After(last),
            Self::Newest | Self::Before(_) => Self::Before(first),
        }
    }

    /// Between which ids the rows lie, and the order (SQL) that begins with those of this page.
    #[must_use]
    pub fn range(self) -> (i64, i64, &'static str) {
        match self {
            Self::Newest => (-1, i64::MAX, "DESC"),
            Self::After(id) => (id, i64::MAX, "ASC"),
            Self::Before(id) => (-1, id, "DESC"),
        }
    }

    /// Makes a page of the rows of the cursor's range, of which there may be one more than `limit`:
    /// the rows in ascending order, and whether there are more in the cursor's direction.
    #[must_use]
    pub fn cut<T>(self, mut rows: Vec<T>, limit: u32) -> (Vec<T>, bool) {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = rows.len() > limit;
        rows.truncate(limit);
        if !matches!(self, Self::After(_)) {
            rows.reverse();
        }
        (rows, more)
    }

    /// Answers a page, with the link that leads on where there are more rows.
    pub fn answer<T: Serialize>(
        self,
        request: &HttpRequest,
        (rows, more): (Vec<T>, bool),
        id: impl Fn(&T) -> i64,
    ) -> HttpResponse {
        let mut answer = HttpResponse::Ok();
        if let (true, Some(first), Some(last)) = (more, rows.first(), rows.last()) {
            let next = self.onward(id(first), id(last));
            answer.insert_header(("Link", next.link(request)));
        }
        answer.json(rows)
    }

    /// The value of the `Link` header (RFC 8288) that leads from a request to the page of this
    /// cursor: the request's own path and parameters, but for the cursor.
    pub fn link(self, request: &HttpRequest) -> String {
        let asked = Query::<Vec<(String, String)>>::from_query(request.query_string());
        let mut parameters = asked.map(Query::into_inner).unwrap_or_default();
        parameters.retain(|(name, _)| name != "after" && name != "before");
        match self {
            Self::Newest => {}
            Self::After(id) => parameters.push(("after".to_owned(), id.to_string())),
            Self::Before(id) => parameters.push(("before".to_owned(), id.to_string())),
        }
        let parameters: Vec<_> = parameters
            .iter()
            .map(|(name, value)| format!("{}={}", percent_encoded(name), percent_encoded(value)))
            .collect();
        format!(
            "<{}?{}>; rel=\"next\"",
            request.path(),
            parameters.join("&")
        )
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;
    use proptest::prelude::*;

    use super::*;

    fn id(text: &str) -> Result<RowId, String> {
        RowId::try_from(text.to_owned())
    }

    #[test]
    fn an_id_is_a_whole_number_from_0() {
        assert_eq!(id("0"), Ok(RowId(0)));
        assert_eq!(id("9223372036854775807"), Ok(RowId(i64::MAX)));
        for text in ["", "-1", "9223372036854775808", "1.0", " 1", "newest"] {
            assert!(id(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_page_goes_one_way() {
        let (one, two) = (Some(RowId(1)), Some(RowId(2)));
        assert_eq!(Cursor::new(None, None).unwrap(), Cursor::Newest);
        assert_eq!(Cursor::new(one, None).unwrap(), Cursor::After(1));
        assert_eq!(Cursor::new(None, two).unwrap(), Cursor::Before(2));
        assert!(Cursor::new(one, two).is_err());
    }

    #[test]
    fn from_the_newest_rows_the_way_on_is_to_older_ones() {
        assert_eq!(Cursor::Newest.onward(3, 5), Cursor::Before(3));
        assert_eq!(Cursor::Before(6).onward(3, 5), Cursor::Before(3));
        assert_eq!(Cursor::After(2).onward(3, 5), Cursor::After(5));
    }

    #[test]
    fn the_link_keeps_the_path_and_the_other_parameters() {
        let request = TestRequest::with_uri("/a/%ED%95%9C?host=x%26+y&%62efore=9&limit=2");
        assert_eq!(
            Cursor::Before(7).link(&request.to_http_request()),
            "</a/%ED%95%9C?host=x%26%20y&limit=2&before=7>; rel=\"next\""
        );
        let request = TestRequest::with_uri("/a").to_http_request();
        assert_eq!(
            Cursor::After(7).link(&request),
            "</a?after=7>; rel=\"next\""
        );
    }

    proptest! {
        #[test]
        fn every_filter_survives_the_link(value in ".*") {
            let uri = format!("/a?contains={}&after=1", percent_encoded(&value));
            let link = Cursor::After(2).link(&TestRequest::with_uri(&uri).to_http_request());
            prop_assert!(link.bytes().all(|byte| (b' '..=b'~').contains(&byte)));
            let query = link.split(['?', '>']).nth(1).unwrap();
            let asked = Query::<Vec<(String, String)>>::from_query(query).unwrap();
            let kept = [("contains", value.as_str()), ("after", "2")];
            prop_assert_eq!(asked.into_inner(), kept.map(|(a, b)| (a.to_owned(), b.to_owned())));
        }
    }
}
