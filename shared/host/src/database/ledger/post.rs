//! What a batch changes, as a few statements of many rows each. Pure.
//!
//! Rows are locked in one order, the tables', then the keys', so that two writers do not wait for each other in a circle.

use serde_json::Value;
use tollgate_core::clock::Moment;
use tollgate_core::directory::schema::{CUSTOMERS, KEYS, SPEND_LOGS, TEAM_MEMBERSHIPS, TEAMS, WINDOW_SPEND};
use tollgate_core::directory::{Fault, Kind, Row, Table, moment_text};
use tollgate_core::ledger::{Days, Totals};
use tollgate_core::quota::Window;

use super::super::dialect::{Dialect, quoted};
use super::super::statement::{Bound, Statement};
use super::cells::{self, Cell, money};

fn spend_is_money(name: &str, kind: Kind) -> Cell {
    if name == "spend" || name == "total_spend" { Cell::Money } else { Cell::Of(kind) }
}

/// Whole rows of a table, in the order of its columns, with what is added to money put in place.
fn insert(dialect: &Dialect, table: &'static Table, rows: Vec<Value>) -> Statement {
    let names: Vec<String> = table.columns.iter().map(|column| quoted(column.name)).collect();
    let cells: Vec<Cell> = table.columns.iter().map(|column| spend_is_money(column.name, column.kind)).collect();
    let mut statement = Statement::new(dialect);
    statement.push(&format!("INSERT INTO {} ({}) SELECT * FROM (", dialect.table(table), names.join(", ")));
    cells::select(&mut statement, &cells, rows);
    // What follows would be read as part of the query else.
    statement.push(") AS r WHERE TRUE");
    statement
}

/// A complete row as an array, in the order of the table's columns.
fn array(table: &'static Table, row: Row, picousd: u64, now: Moment) -> Result<Value, Fault> {
    let mut whole = table.complete(row, now)?;
    let cell = |name: &str| match name {
        "spend" | "total_spend" => money(picousd),
        name => whole.remove(name).unwrap_or_default(),
    };
    Ok(table.columns.iter().map(|column| column.name).map(cell).collect())
}

/// Which of these ids a log has already.
pub fn taken(dialect: &Dialect, ids: &[String]) -> Statement {
    let name = quoted("request_id");
    let shown = if dialect.is_postgres() { format!("json_build_array({name})::text") } else { name.clone() };
    let mut statement = Statement::new(dialect);
    statement.push(&format!("SELECT {shown} FROM {} WHERE ", dialect.table(&SPEND_LOGS)));
    statement.is_one_of(&name, ids);
    statement
}

/// What is added to one table's rows.
pub fn totals(dialect: &Dialect, totals: &Totals, active: Moment, now: Moment) -> Result<Vec<Statement>, Fault> {
    let table = totals.table;
    if table.name == CUSTOMERS.name {
        return Ok(vec![customers(dialect, totals, now)?]);
    }
    let mut statements = Vec::new();
    if dialect.is_postgres() {
        statements.push(lock(dialect, totals));
    }
    statements.push(match table.name {
        name if name == TEAM_MEMBERSHIPS.name => members(dialect, totals),
        _ => update(dialect, totals, active),
    });
    Ok(statements)
}

fn keys(totals: &Totals) -> Vec<Value> {
    totals
        .rows
        .iter()
        .map(|(key, sum)| key.iter().map(|part| Value::from(part.as_str())).chain([money(*sum)]).collect())
        .collect()
}

fn key_cells(table: &Table) -> Vec<Cell> {
    table.key.iter().map(|_| Cell::Of(Kind::Text)).chain([Cell::Money]).collect()
}

/// `t."a" = r.c0 AND …` over the table's key.
fn is_same(table: &Table, own: &str) -> String {
    let parts = table.key.iter().enumerate().map(|(place, name)| format!("{own}.{} = r.c{place}", quoted(name)));
    parts.collect::<Vec<_>>().join(" AND ")
}

/// An update locks rows in an order of its own: these are locked before.
fn lock(dialect: &Dialect, totals: &Totals) -> Statement {
    let table = totals.table;
    let mut statement = Statement::new(dialect);
    statement.push(&format!("SELECT 1 FROM {} AS t JOIN (", dialect.table(table)));
    cells::select(&mut statement, &key_cells(table), keys(totals));
    statement.push(&format!(") AS r ON {} ORDER BY ", is_same(table, "t")));
    statement.join(table.key.iter().map(|name| format!("t.{}", quoted(name))), ", ");
    statement.push(" FOR NO KEY UPDATE OF t");
    statement
}

fn update(dialect: &Dialect, totals: &Totals, active: Moment) -> Statement {
    let table = totals.table;
    let amount = format!("r.c{}", table.key.len());
    let mut statement = Statement::new(dialect);
    statement.push(&format!("UPDATE {} AS t SET ", dialect.table(table)));
    let sums = totals.columns.iter().map(|name| quoted(name));
    statement.join(sums.map(|name| format!("{name} = COALESCE(t.{name}, 0) + {amount}")), ", ");
    if table.name == KEYS.name {
        statement.push(&format!(", {} = ", quoted("last_active")));
        statement.bind_as(Kind::Time, Bound::Text(Some(moment_text(active))));
    }
    statement.push(" FROM (");
    cells::select(&mut statement, &key_cells(table), keys(totals));
    statement.push(&format!(") AS r WHERE {}", is_same(table, "t")));
    statement
}

/// LiteLLM makes the row of whoever spends as a customer.
fn customers(dialect: &Dialect, totals: &Totals, now: Moment) -> Result<Statement, Fault> {
    let row = |(key, sum): (&Vec<String>, &u64)| {
        let id = key.first().map_or("", String::as_str);
        let row = Row::from_iter([("user_id".to_owned(), Value::from(id))]);
        array(&CUSTOMERS, row, *sum, now)
    };
    let rows: Result<Vec<Value>, Fault> = totals.rows.iter().map(row).collect();
    let mut statement = insert(dialect, &CUSTOMERS, rows?);
    statement.push(" ON CONFLICT (\"user_id\") DO UPDATE SET ");
    statement.push(&format!("\"spend\" = {}.\"spend\" + excluded.\"spend\"", dialect.table(&CUSTOMERS)));
    Ok(statement)
}

/// LiteLLM makes the row of a member when it spends; who has left the team gets none.
fn members(dialect: &Dialect, totals: &Totals) -> Statement {
    let (table, teams) = (dialect.table(&TEAM_MEMBERSHIPS), dialect.table(&TEAMS));
    let is_member = if dialect.is_postgres() {
        "t.members_with_roles @> jsonb_build_array(jsonb_build_object('user_id', r.c0))"
    } else {
        "EXISTS (SELECT 1 FROM json_each(t.members_with_roles) AS m WHERE CASE WHEN m.type = 'object' \
         THEN json_extract(m.value, '$.user_id') = r.c0 ELSE FALSE END)"
    };
    let mut statement = Statement::new(dialect);
    statement.push(&format!(
        "INSERT INTO {table} (\"user_id\", \"team_id\", \"spend\", \"total_spend\") SELECT r.c0, r.c1, r.c2, r.c2 FROM ("
    ));
    cells::select(&mut statement, &key_cells(&TEAM_MEMBERSHIPS), keys(totals));
    statement.push(&format!(
        ") AS r WHERE EXISTS (SELECT 1 FROM {table} AS o WHERE o.\"user_id\" = r.c0 AND o.\"team_id\" = r.c1) \
         OR EXISTS (SELECT 1 FROM {teams} AS t WHERE t.\"team_id\" = r.c1 AND {is_member}) \
         ON CONFLICT (\"user_id\", \"team_id\") DO UPDATE SET \"spend\" = {table}.\"spend\" + excluded.\"spend\", \
         \"total_spend\" = {table}.\"total_spend\" + excluded.\"total_spend\""
    ));
    statement
}

/// What budget windows have spent: a newer window takes the place of an older one, which adds nothing to it.
pub fn windows(dialect: &Dialect, windows: &[(Window, u64)], now: Moment) -> Result<Statement, Fault> {
    let row = |(window, sum): &(Window, u64)| {
        let texts = [
            ("entity_type", window.entity_type.clone()),
            ("entity_id", window.entity_id.clone()),
            ("window_duration", window.duration.clone()),
            ("window_start", moment_text(window.start)),
        ];
        let row = texts.into_iter().map(|(name, text)| (name.to_owned(), Value::from(text)));
        array(&WINDOW_SPEND, row.collect(), *sum, now)
    };
    let rows: Result<Vec<Value>, Fault> = windows.iter().map(row).collect();
    let own = dialect.table(&WINDOW_SPEND);
    let mut statement = insert(dialect, &WINDOW_SPEND, rows?);
    statement.push(&format!(
        " ON CONFLICT (\"entity_type\", \"entity_id\", \"window_duration\") DO UPDATE SET \
         \"spend\" = CASE WHEN {own}.\"window_start\" = excluded.\"window_start\" \
         THEN {own}.\"spend\" + excluded.\"spend\" ELSE excluded.\"spend\" END, \
         \"window_start\" = excluded.\"window_start\", \"updated_at\" = excluded.\"updated_at\" \
         WHERE {own}.\"window_start\" <= excluded.\"window_start\""
    ));
    Ok(statement)
}

/// What is added to a daily table.
pub fn daily(dialect: &Dialect, days: &Days, now: Moment) -> Result<Statement, Fault> {
    let table = days.table;
    let has_request_id = table.column("request_id").is_some();
    let mut rows = Vec::with_capacity(days.rows.len());
    for (key, day) in &days.rows {
        let texts = days.by.iter().copied().zip(key.iter().map(String::as_str));
        let mut row: Row = texts.map(|(name, text)| (name.to_owned(), text.into())).collect();
        row.insert("model_group".to_owned(), day.model_group.as_str().into());
        if has_request_id {
            row.insert("request_id".to_owned(), day.request_id.as_str().into());
        }
        row.extend(day.counts().map(|(name, count)| (name.to_owned(), count.into())));
        rows.push(array(table, row, day.cost_picousd, now)?);
    }
    let own = dialect.table(table);
    let mut statement = insert(dialect, table, rows);
    let by = days.by.iter().map(|name| quoted(name)).collect::<Vec<_>>().join(", ");
    statement.push(&format!(" ON CONFLICT ({by}) DO UPDATE SET "));
    let sums = ["spend"].into_iter().chain(tollgate_core::ledger::Day::default().counts().map(|(name, _)| name));
    statement.join(sums.map(|name| format!("{0} = {own}.{0} + excluded.{0}", quoted(name))), ", ");
    if has_request_id {
        statement.push(&format!(", \"request_id\" = COALESCE(excluded.\"request_id\", {own}.\"request_id\")"));
    }
    statement.push(", \"updated_at\" = excluded.\"updated_at\"");
    Ok(statement)
}
