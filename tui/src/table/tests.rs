//! Tables of any width.

use super::*;
use crate::frame::Size;
use proptest::prelude::*;

const COLUMNS: &[Column] = &[
    Column::right("SIZE", 1, 4),
    Column::left("TYPE", 2, 4),
    Column::left("NAME", 0, 6),
];

fn table(rows: &[(Option<f64>, &str)]) -> Table {
    let row = |(size, name): &(Option<f64>, &str)| Row {
        id: (*name).to_owned(),
        cells: vec![
            Cell::number(*size, |size| format!("{size}")),
            Cell::text("type"),
            Cell::text(*name),
        ],
    };
    Table {
        columns: COLUMNS,
        rows: rows.iter().map(row).collect(),
    }
}

fn names(table: &Table) -> Vec<&str> {
    table.rows.iter().map(|row| row.id.as_str()).collect()
}

fn text(table: &Table, width: usize) -> Vec<String> {
    let lines = table.lines(None, Size { width, height: 9 });
    lines
        .iter()
        .map(|line| line.text().trim_end().to_owned())
        .collect()
}

#[test]
fn columns_go_by_priority_when_it_is_narrow() {
    let table = table(&[(Some(12.0), "/data/in")]);
    assert_eq!(
        text(&table, 30),
        ["SIZE  TYPE  NAME", "  12  type  /data/in"]
    );
    assert_eq!(text(&table, 15), ["SIZE  NAME", "  12  /data/in"]);
    assert_eq!(text(&table, 8), ["NAME", "/data/in"]);
    assert_eq!(text(&table, 6), ["NAME", "/data…"]);
}

#[test]
fn what_is_not_known_comes_last_in_either_order() {
    let mut state = TableState {
        sort: Some(0),
        ..TableState::default()
    };
    for (inverted, expected) in [(false, ["b", "a", "x"]), (true, ["a", "b", "x"])] {
        let mut table = table(&[(None, "x"), (Some(2.0), "a"), (Some(1.0), "b")]);
        state.inverted = inverted;
        table.arrange(&state);
        assert_eq!(names(&table), expected);
    }
}

#[test]
fn a_filter_looks_at_every_cell() {
    let mut table = table(&[(Some(1.0), "Alpha"), (Some(77.0), "beta")]);
    table.arrange(&TableState {
        filter: "ALP".to_owned(),
        ..TableState::default()
    });
    assert_eq!(names(&table), ["Alpha"]);
}

#[test]
fn the_chosen_row_stays_chosen_when_others_come_and_go() {
    let state = TableState {
        chosen: Some("b".to_owned()),
        index: 1,
        ..TableState::default()
    };
    assert_eq!(table(&[(None, "a"), (None, "b")]).position(&state), 1);
    assert_eq!(
        table(&[(None, "new"), (None, "a"), (None, "b")]).position(&state),
        2
    );
    assert_eq!(
        table(&[(None, "a"), (None, "c"), (None, "d")]).position(&state),
        1
    );
    assert_eq!(table(&[]).position(&state), 0);
}

proptest! {
    #[test]
    fn no_line_is_wider_than_the_screen_while_its_last_column_fits(
        cells in proptest::collection::vec(("\\PC{0,30}", proptest::option::of(0.0..1e6)), 0..5),
        width in 6_usize..60,
        height in 0_usize..6,
    ) {
        let rows: Vec<_> = cells.iter().map(|(name, size)| (*size, name.as_str())).collect();
        for line in table(&rows).lines(None, Size { width, height }) {
            prop_assert!(line.width() <= width, "{:?}", line.text());
        }
    }
}
