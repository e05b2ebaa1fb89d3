//! Many rows as one bound value: a JSON array, which the database takes apart.
//!
//! A statement's text is the same for any number of rows, so that each is prepared once. Money goes in as whole
//! picodollars, and becomes a floating-point number there. Knows no table.

use serde_json::Value;
use tollgate_core::directory::Kind;

use super::super::dialect::Dialect;
use super::super::statement::{Bound, Statement};

/// What stands in one place of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cell {
    Of(Kind),
    /// Whole picodollars, as US dollars.
    Money,
}

impl Cell {
    /// What makes the place of the array element a value of the column.
    fn expression(self, dialect: &Dialect, place: usize) -> String {
        match (self, dialect) {
            (Self::Money, Dialect::Sqlite) => format!("CAST(json_extract(value, '$[{place}]') AS REAL) / 1e12"),
            (Self::Money, Dialect::Postgres { .. }) => format!("(value->>{place})::int8::float8 / 1e12::float8"),
            (Self::Of(Kind::Json), Dialect::Sqlite) => format!("NULLIF(value -> '$[{place}]', 'null')"),
            (Self::Of(Kind::Json), Dialect::Postgres { .. }) => format!("NULLIF(value->{place}, 'null'::jsonb)"),
            (Self::Of(_), Dialect::Sqlite) => format!("json_extract(value, '$[{place}]')"),
            (Self::Of(Kind::Texts), Dialect::Postgres { .. }) => {
                format!("ARRAY(SELECT jsonb_array_elements_text(value->{place}))")
            }
            (Self::Of(kind), Dialect::Postgres { .. }) => format!("(value->>{place}){}", dialect.cast(kind)),
        }
    }
}

/// Appends a query of the rows, whose columns are `c0`, `c1`, …, in their order.
pub fn select(statement: &mut Statement, cells: &[Cell], rows: Vec<Value>) {
    let dialect = statement.dialect.clone();
    let columns =
        cells.iter().enumerate().map(|(place, cell)| format!("{} AS c{place}", cell.expression(&dialect, place)));
    statement.push("SELECT ");
    statement.join(columns, ", ");
    statement.push(if dialect.is_postgres() { " FROM jsonb_array_elements(" } else { " FROM json_each(" });
    statement.bind(Bound::Text(Some(Value::Array(rows).to_string())));
    statement.push(if dialect.is_postgres() {
        "::text::jsonb) WITH ORDINALITY AS e(value, place) ORDER BY place"
    } else {
        ") ORDER BY key"
    });
}

/// Whole picodollars, as far as a database can hold them.
pub fn money(picousd: u64) -> Value {
    i64::try_from(picousd).unwrap_or(i64::MAX).into()
}
