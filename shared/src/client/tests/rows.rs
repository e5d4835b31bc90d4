//! Lists in pages, in both directions.

use super::*;

/// A page of rows, and the link that leads on from it.
fn page(body: &str, link: &str) -> Vec<u8> {
    let length = body.len();
    format!("HTTP/1.1 200 OK\r\nLink: {link}\r\nContent-Length: {length}\r\n\r\n{body}")
        .into_bytes()
}

/// What a list of these pages gives, and the questions that were asked for it.
fn rows(
    pages: &[(&str, &str)],
    cursor: Option<Cursor>,
    limit: u32,
) -> (Result<Rows<i64>, ClientError>, Vec<String>) {
    let answers = pages.iter().map(|(body, link)| page(body, link)).collect();
    let (address, requests) = serve(answers);
    let client = Client::new(&address, options()).unwrap();
    let rows = client.rows("/x", &[("contains", "a b")], cursor, limit);
    // Ends the connection, and with it the server.
    drop(client);
    let line = |request: String| request.split(' ').nth(1).unwrap().to_owned();
    (rows, requests.iter().map(line).collect())
}

#[test]
fn a_full_page_is_the_answer_as_it_came() {
    let link = "</x?contains=a%20b&limit=2&before=4>; rel=\"next\"";
    let (rows, asked) = rows(&[(" [4, 5]\n", link)], None, 2);
    let rows = rows.unwrap();
    assert_eq!((rows.rows, rows.text.as_str()), (vec![4, 5], " [4, 5]\n"));
    assert_eq!(asked, ["/x?contains=a%20b&limit=2"]);
}

#[test]
fn a_page_without_a_link_is_the_last() {
    let (rows, asked) = rows(&[("[4]", "</y>; rel=\"up\"")], Some(Cursor::Before(9)), 5);
    assert_eq!(rows.unwrap().text, "[4]");
    assert_eq!(asked, ["/x?contains=a%20b&limit=5&before=9"]);
}

#[test]
fn a_search_goes_on_until_there_are_enough_rows() {
    let older = [
        ("[8, 9]", "</x?before=8>; rel=next"),
        ("[]", "</x?before=5&limit=9>; a=b; rel=\"next\""),
        ("[ 3, 4 ]", "</x?before=3>; rel=\"next\""),
    ];
    let (found, asked) = rows(&older, None, 4);
    let found = found.unwrap();
    assert_eq!(
        (found.rows, found.text.as_str()),
        (vec![3, 4, 8, 9], "[3, 4,8, 9]")
    );
    assert_eq!(
        asked,
        [
            "/x?contains=a%20b&limit=4",
            "/x?contains=a%20b&limit=2&before=8",
            "/x?contains=a%20b&limit=2&before=5",
        ]
    );
    let newer = [("[1]", "</x?after=7>; rel=\"next\""), ("[8]", "")];
    let (found, asked) = rows(&newer, Some(Cursor::After(0)), 4);
    let found = found.unwrap();
    assert_eq!((found.rows, found.text.as_str()), (vec![1, 8], "[1,8]"));
    assert_eq!(asked[1], "/x?contains=a%20b&limit=3&after=7");
}

#[test]
fn a_search_that_finds_nothing_gives_an_empty_list() {
    let pages = [("[]", "</x?before=8>; rel=\"next\""), ("[]", "")];
    let found = rows(&pages, None, 4).0.unwrap();
    assert_eq!((found.rows.len(), found.text.as_str()), (0, "[]"));
}

#[test]
fn links_that_lead_in_a_circle_end() {
    for (cursor, link) in [
        (Some(Cursor::Before(8)), "</x?before=8>; rel=\"next\""),
        (Some(Cursor::After(8)), "</x?after=8>; rel=\"next\""),
        (Some(Cursor::After(8)), "</x?before=4>; rel=\"next\""),
        (None, "</x?after=4>; rel=\"next\""),
    ] {
        let error = rows(&[("[]", link)], cursor, 4).0.unwrap_err();
        assert!(error.to_string().ends_with("in a circle"), "{error}");
    }
}
