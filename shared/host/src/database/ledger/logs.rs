//! New spend logs as statements: a row for every call, so nothing of it is written twice on the way.
//!
//! SQLite gets rows, a fixed number a statement, so that each is prepared once; taking a text of JSON apart costs it
//! more than the insert. PostgreSQL gets a list for each column, in one statement. Pure.

use std::borrow::Cow;
use std::sync::Arc;

use tollgate_core::directory::schema::SPEND_LOGS;
use tollgate_core::directory::{Column, Kind};
use tollgate_core::ledger::{COLUMNS, Cell, Log, Rules};

use super::super::dialect::{Dialect, quoted};
use super::super::statement::{Bound, Statement};

/// How many rows a statement has: as many of the first as there are, then of the next.
const ROWS: [usize; 3] = [50, 10, 1];

/// The statements that add these rows. `now` is the time of the write, as rows show it.
pub fn insert(dialect: &Dialect, logs: &[Log<'_>], rules: &Rules, now: &str) -> Vec<Statement> {
    if dialect.is_postgres() {
        return vec![columns(dialect, logs, rules, now)];
    }
    let mut statements = Vec::new();
    let mut rest = logs;
    for size in ROWS {
        while let Some((these, others)) = rest.split_at_checked(size) {
            statements.push(rows(dialect, these, rules, now));
            rest = others;
        }
    }
    statements
}

/// `INSERT INTO …` without what follows it.
fn begin(dialect: &Dialect) -> Statement {
    let mut statement = Statement::new(dialect);
    // What a row that is refused leaves behind is taken back with the transaction: SQLite need not note what each
    // statement has changed, too.
    let insert = if dialect.is_postgres() { "INSERT" } else { "INSERT OR FAIL" };
    statement.push(&format!("{insert} INTO {} (", dialect.table(&SPEND_LOGS)));
    statement.join(SPEND_LOGS.columns.iter().map(|column| quoted(column.name)), ", ");
    statement.push(") ");
    statement
}

fn rows(dialect: &Dialect, logs: &[Log<'_>], rules: &Rules, now: &str) -> Statement {
    let mut statement = begin(dialect);
    statement.values.reserve(logs.len() * COLUMNS);
    statement.push("VALUES ");
    let mut above = [const { None }; COLUMNS];
    for (place, log) in logs.iter().enumerate() {
        statement.push(if place == 0 { "(" } else { ", (" });
        for (place, (_, cell)) in log.cells(rules, now).into_iter().enumerate() {
            if place > 0 {
                statement.push(",");
            }
            statement.bind(bound(cell, &mut above[place]));
        }
        statement.push(")");
    }
    statement
}

/// The value of a cell. Most say what the one above them says, and share its text.
fn bound(cell: Cell<'_>, above: &mut Option<Arc<str>>) -> Bound {
    match cell {
        Cell::Nothing => Bound::Text(None),
        Cell::Text(Cow::Owned(text)) | Cell::Json(Cow::Owned(text)) => Bound::Text(Some(text)),
        Cell::Text(Cow::Borrowed(text)) | Cell::Json(Cow::Borrowed(text)) => match above {
            Some(above) if **above == *text => Bound::Shared(Arc::clone(above)),
            _ => Bound::Shared(Arc::clone(above.insert(text.into()))),
        },
        Cell::Whole(number) => Bound::Big(Some(number)),
        Cell::Number(number) => Bound::Float(Some(number)),
    }
}

/// One column of many rows.
enum Values {
    Texts(Vec<Option<String>>),
    Floats(Vec<Option<f64>>),
    Wholes(Vec<Option<i64>>),
}

impl Values {
    fn of(column: &Column, count: usize) -> Self {
        match column.kind {
            Kind::Float => Self::Floats(Vec::with_capacity(count)),
            Kind::Int | Kind::Big => Self::Wholes(Vec::with_capacity(count)),
            _ => Self::Texts(Vec::with_capacity(count)),
        }
    }

    fn push(&mut self, cell: Cell<'_>) {
        match (self, cell) {
            (Self::Texts(values), Cell::Text(text) | Cell::Json(text)) => values.push(Some(text.into_owned())),
            (Self::Texts(values), _) => values.push(None),
            (Self::Floats(values), Cell::Number(number)) => values.push(Some(number)),
            (Self::Floats(values), _) => values.push(None),
            (Self::Wholes(values), Cell::Whole(number)) => values.push(Some(number)),
            (Self::Wholes(values), _) => values.push(None),
        }
    }

    /// The value to bind, and the type of the list.
    fn bound(self) -> (Bound, &'static str) {
        match self {
            Self::Texts(values) => (Bound::TextColumn(values), "::text[]"),
            Self::Floats(values) => (Bound::FloatColumn(values), "::float8[]"),
            Self::Wholes(values) => (Bound::BigColumn(values), "::int8[]"),
        }
    }
}

fn columns(dialect: &Dialect, logs: &[Log<'_>], rules: &Rules, now: &str) -> Statement {
    let columns = SPEND_LOGS.columns;
    let mut values: Vec<Values> = columns.iter().map(|column| Values::of(column, logs.len())).collect();
    for log in logs {
        for (values, (_, cell)) in values.iter_mut().zip(log.cells(rules, now)) {
            values.push(cell);
        }
    }
    let mut statement = begin(dialect);
    statement.push("SELECT ");
    let shown = columns.iter().enumerate().map(|(place, column)| format!("c{place}{}", dialect.cast(column.kind)));
    statement.join(shown, ", ");
    statement.push(" FROM unnest(");
    for (place, values) in values.into_iter().enumerate() {
        let (value, kind) = values.bound();
        statement.push(if place == 0 { "" } else { ", " });
        statement.bind(value);
        statement.push(kind);
    }
    statement.push(") AS r(");
    statement.join((0..columns.len()).map(|place| format!("c{place}")), ", ");
    statement.push(")");
    statement
}
