//! Questions as statements: rows by key, rows by query, counts and sums. Pure.

use tollgate_core::directory::{Column, Direction, Fault, Filter, Kind, Query, Table};

use super::dialect::{Dialect, quoted};
use super::statement::{Bound, Statement};

/// The statement of a query, and the columns of its answer.
pub struct Selection {
    pub statement: Statement,
    pub columns: Vec<&'static Column>,
}

/// One row by its key. A key that the columns cannot hold finds nothing.
pub fn by_key(dialect: &Dialect, table: &'static Table, key: &[String]) -> Option<Selection> {
    let columns: Vec<&Column> = table.columns.iter().collect();
    let mut statement = Statement::new(dialect).text("SELECT ");
    statement.shown(&columns);
    statement.push(&format!(" FROM {} WHERE ", dialect.table(table)));
    for (place, (name, value)) in table.key.iter().zip(key).enumerate() {
        let kind = table.column(name)?.kind;
        statement.push(&format!("{}{} = ", if place > 0 { " AND " } else { "" }, quoted(name)));
        statement.bind_as(kind, key_value(kind, value)?);
    }
    Some(Selection { statement, columns })
}

/// The rows of one table under many keys: each is a JSON array that begins with its place among the wanted.
pub fn by_keys(statement: &mut Statement, table: &'static Table, wanted: &[(i64, &[String])]) {
    let dialect = statement.dialect.clone();
    let kinds: Vec<Kind> = table.key.iter().filter_map(|name| Some(table.column(name)?.kind)).collect();
    let is_possible = |key: &[String]| {
        key.len() == kinds.len() && kinds.iter().zip(key).all(|(kind, value)| key_value(*kind, value).is_some())
    };
    let wanted: Vec<_> = wanted.iter().filter(|(_, key)| is_possible(key)).collect();
    let columns: Vec<String> = table.columns.iter().map(|column| dialect.shown(column)).collect();
    statement.push(&format!("SELECT json_build_array(place, {})::text FROM unnest(", columns.join(", ")));
    statement.bind(Bound::Texts(Some(wanted.iter().map(|(place, _)| place.to_string()).collect())));
    statement.push("::text[]");
    for part in 0..kinds.len() {
        statement.push(", ");
        let values = wanted.iter().filter_map(|(_, key)| key.get(part).cloned());
        statement.bind(Bound::Texts(Some(values.collect())));
        statement.push("::text[]");
    }
    let names: Vec<String> = (0..kinds.len()).map(|part| format!("key_{part}")).collect();
    statement.push(&format!(") AS wanted(place, {}) JOIN {} ON ", names.join(", "), dialect.table(table)));
    let conditions = table.key.iter().zip(&kinds).zip(&names);
    let condition = |((own, kind), name): ((&&str, &Kind), &String)| {
        let cast = if kind.is_number() { "::int8" } else { "" };
        format!("{} = {name}{cast}", quoted(own))
    };
    statement.join(conditions.map(condition), " AND ");
}

fn key_value(kind: Kind, value: &str) -> Option<Bound> {
    match kind {
        Kind::Int => value.parse::<i32>().ok().map(|number| Bound::Big(Some(number.into()))),
        Kind::Big => value.parse().ok().map(|number| Bound::Big(Some(number))),
        _ => (!value.contains('\0')).then(|| Bound::Text(Some(value.to_owned()))),
    }
}

pub fn find(dialect: &Dialect, query: &Query) -> Result<Selection, Fault> {
    query.check()?;
    let is_shown = |column: &&Column| query.columns.is_empty() || query.columns.contains(&column.name);
    let columns: Vec<&Column> = query.table.columns.iter().filter(is_shown).collect();
    let mut statement = Statement::new(dialect).text("SELECT ");
    statement.shown(&columns);
    statement.source(query)?;
    let mut order = Vec::new();
    for (name, direction) in &query.sort {
        let column = query.table.expect(name)?;
        order.push(ordered(&dialect.ordered(column), *direction, column.is_optional));
    }
    statement.order(order, query, query.table.key);
    Ok(Selection { statement, columns })
}

pub fn count(dialect: &Dialect, query: &Query) -> Result<Statement, Fault> {
    query.check()?;
    let Some(most) = query.counted_max else {
        let mut statement = Statement::new(dialect).text("SELECT COUNT(*)");
        statement.source(query)?;
        return Ok(statement);
    };
    let mut statement = Statement::new(dialect).text("SELECT COUNT(*) FROM (SELECT 1");
    statement.source(query)?;
    statement.push(" LIMIT ");
    statement.bind_as(Kind::Big, Bound::Big(Some(i64::try_from(most).unwrap_or(i64::MAX))));
    statement.push(") AS counted");
    Ok(statement)
}

/// How many rows the filters find, none of which anybody else changes before the end of the transaction.
pub fn count_locked(dialect: &Dialect, table: &Table, filters: &[Filter]) -> Result<Statement, Fault> {
    Filter::check_all(filters, table)?;
    let mut statement = Statement::new(dialect);
    statement.push(&format!("SELECT COUNT(*) FROM (SELECT 1 FROM {} WHERE ", dialect.table(table)));
    statement.filters(table, filters)?;
    statement.push(if dialect.is_postgres() { " FOR UPDATE) AS found" } else { ")" });
    Ok(statement)
}

/// The `by` columns, the sums, and how many rows were added up.
pub fn sum(
    dialect: &Dialect,
    query: &Query,
    by: &[&'static str],
    columns: &[&'static str],
) -> Result<Statement, Fault> {
    query.check_sum(by, columns)?;
    let mut shown = Vec::new();
    for name in by {
        shown.push(dialect.shown(query.table.expect(name)?));
    }
    shown.extend(columns.iter().map(|name| dialect.total(&quoted(name))));
    shown.push("COUNT(*)".to_owned());
    let mut statement = Statement::new(dialect).text("SELECT ");
    statement.array(shown);
    statement.source(query)?;
    if by.is_empty() {
        statement.push(" HAVING COUNT(*) > 0");
    } else {
        statement.push(" GROUP BY ");
        statement.join(by.iter().map(|name| quoted(name)), ", ");
    }
    let mut order = Vec::new();
    for (name, direction) in &query.sort {
        let sorted = match (*name, by.contains(name)) {
            ("rows", false) => "COUNT(*)".to_owned(),
            (name, true) => dialect.ordered(query.table.expect(name)?),
            (name, false) => dialect.total(&quoted(name)),
        };
        order.push(ordered(&sorted, *direction, true));
    }
    statement.order(order, query, by);
    Ok(statement)
}

/// Where nothing is null, its place is not told: a database that were told would sort what an index has in order.
fn ordered(expression: &str, direction: Direction, is_optional: bool) -> String {
    let word = if direction == Direction::Up { "ASC" } else { "DESC" };
    let nulls = if is_optional { " NULLS LAST" } else { "" };
    format!("{expression} {word}{nulls}")
}

impl Statement {
    fn shown(&mut self, columns: &[&Column]) {
        let dialect = self.dialect.clone();
        self.array(columns.iter().map(|column| dialect.shown(column)).collect());
    }

    /// PostgreSQL answers with one JSON array a row: every table and every sum is read alike.
    fn array(&mut self, columns: Vec<String>) {
        let is_postgres = self.dialect.is_postgres();
        self.push(if is_postgres { "json_build_array(" } else { "" });
        self.join(columns, ", ");
        self.push(if is_postgres { ")::text" } else { "" });
    }

    fn source(&mut self, query: &Query) -> Result<(), Fault> {
        let table = self.dialect.table(query.table);
        self.push(&format!(" FROM {table} WHERE "));
        self.filters(query.table, &query.filters)
    }

    /// Rows that are equal in what they are sorted by stand in one order, so that pages do not overlap.
    fn order(&mut self, mut order: Vec<String>, query: &Query, last: &[&str]) {
        let is_paged = query.offset > 0 || query.limit.is_some();
        if !order.is_empty() || is_paged {
            let rest = last.iter().filter(|name| !query.sort.iter().any(|(sorted, _)| sorted == *name));
            order.extend(rest.map(|name| quoted(name)));
        }
        if !order.is_empty() {
            self.push(" ORDER BY ");
            self.join(order, ", ");
        }
        if is_paged {
            let whole = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
            self.push(" LIMIT ");
            self.bind_as(Kind::Big, Bound::Big(Some(query.limit.map_or(i64::MAX, whole))));
            self.push(" OFFSET ");
            self.bind_as(Kind::Big, Bound::Big(Some(whole(query.offset))));
        }
    }
}
