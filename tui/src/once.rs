//! One frame of a screen as plain text, for scripts and tests.

use std::thread;

use etlmon_shared::{Client, Timestamp};

use crate::app::App;
use crate::frame::Size;
use crate::model::{Link, Report};
use crate::screens::{Screen, list_queries};

/// Asks all nodes at once what the screen needs; answers its text, and whether any node answered.
pub fn print(app: &mut App, clients: &[Client], screen: Screen, size: Size) -> (String, bool) {
    app.show(screen);
    let reports: Vec<Vec<Report>> = thread::scope(|scope| {
        let app = &*app;
        let asking: Vec<_> = clients
            .iter()
            .enumerate()
            .map(|(index, client)| scope.spawn(move || ask(app, index, client)))
            .collect();
        let answers = asking
            .into_iter()
            .map(|asking| asking.join().unwrap_or_default());
        answers.collect()
    });
    let now = Timestamp::now();
    for (index, reports) in reports.into_iter().enumerate() {
        for report in reports {
            app.take(index, report, now);
        }
    }
    app.settle(size, now);
    let answered = app.nodes.iter().any(|node| node.link == Link::Up);
    (app.frame(size, now).text(), answered)
}

fn ask(app: &App, index: usize, client: &Client) -> Vec<Report> {
    let mut queries = app.queries(index);
    queries.extend(list_queries());
    let mut reports = Vec::new();
    for query in queries {
        let report = query.report(client);
        let is_away = matches!(report, Report::Unreachable { .. });
        reports.push(report);
        if is_away {
            break;
        }
    }
    reports
}
