//! What stays known when a node goes away.

use super::*;
use crate::samples;

fn at(ms: i64) -> Timestamp {
    Timestamp::from_millis(1_768_472_625_000 + ms)
}

#[test]
fn the_last_answer_stays_with_its_time_when_the_node_goes_away() {
    let mut node = Node::new("etl", "http://etl:8080");
    node.take(
        Report::Answered(Box::new(Answer::Filesystems(samples::filesystems()))),
        at(0),
    );
    let gone = |seconds| Report::Unreachable {
        reason: "connection refused".to_owned(),
        retry_in: Duration::from_secs(seconds),
    };
    node.take(gone(2), at(1_000));
    node.take(gone(4), at(3_000));
    assert_eq!(
        node.link,
        Link::Down {
            reason: "connection refused".to_owned(),
            since: at(1_000),
            retry_at: at(7_000)
        }
    );
    assert_eq!(node.filesystems.at, Some(at(0)));
    assert_eq!(node.filesystems.rows, Some(samples::filesystems()));
    assert_eq!(node.seen_at, Some(at(0)));
}

#[test]
fn a_refusal_keeps_the_rows_and_the_next_answer_takes_it_away() {
    let mut node = Node::new("etl", "http://etl:8080");
    node.take(
        Report::Answered(Box::new(Answer::Cron(samples::cron()))),
        at(0),
    );
    node.take(
        Report::Refused(Query::Cron, "not offered by this node".to_owned()),
        at(1),
    );
    assert_eq!(node.link, Link::Up);
    assert_eq!(
        node.cron.refused.as_deref(),
        Some("not offered by this node")
    );
    assert!(node.cron.rows.is_some());
    node.take(Report::Answered(Box::new(Answer::Cron(Vec::new()))), at(2));
    assert_eq!(node.cron.refused, None);
}

#[test]
fn a_rate_is_what_came_between_two_looks() {
    let mut node = Node::new("etl", "http://etl:8080");
    let mut logs = samples::logs();
    let path = logs[0].path.clone();
    node.take(
        Report::Answered(Box::new(Answer::Logs(logs.clone()))),
        at(0),
    );
    assert!(node.rates.is_empty());
    logs[0].lines_stored += 5_000;
    node.take(Report::Answered(Box::new(Answer::Logs(logs))), at(2_000));
    assert_eq!(node.rates[&path], 2_500.0);
}

#[test]
fn a_trend_has_one_moment_a_scan() {
    let mut node = Node::new("etl", "http://etl:8080");
    let mut paths = samples::paths();
    let path = paths[0].path.clone();
    for _ in 0..3 {
        node.take(
            Report::Answered(Box::new(Answer::Paths(paths.clone()))),
            at(0),
        );
    }
    assert_eq!(node.trends[&path].len(), 1);
    paths[0].collected_at = Some(at(9_000));
    node.take(Report::Answered(Box::new(Answer::Paths(paths))), at(9_000));
    assert_eq!(node.trends[&path].len(), 2);
}
