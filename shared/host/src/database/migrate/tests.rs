//! Migrations: on nothing, on LiteLLM's own database, on an older one, and by several at once.

use std::collections::BTreeMap;

use futures_util::future::join_all;
use serde_json::{Map, Value, json};
use tollgate_core::clock::Clock;
use tollgate_core::directory::{Change, Directory, Filter, Kind, Otherwise, Query, Row};
use tollgate_testkit::postgres::{Server, server};

use super::super::tests::file;
use super::super::{Address, Settings};
use super::*;

fn open(address: &str) -> Database {
    let settings = Settings::of(Address::parse(address).expect("an address"));
    Database::open(settings, Clock::System).expect("a database")
}

#[tokio::test]
async fn instances_that_begin_at_once_do_the_work_once() {
    let (_folder, path) = file();
    for address in [server().empty_database(), path] {
        let databases: Vec<Database> = (0..4).map(|_| open(&address)).collect();
        let told = databases[0].migrate(Migration::Told).await.expect("a plan");
        assert_eq!(databases[1].migrate(Migration::Told).await.expect("a plan"), told, "a dry run changes nothing");
        let outcomes = join_all(databases.iter().map(|database| database.migrate(Migration::Done))).await;
        let mut lengths: Vec<usize> = outcomes.into_iter().map(|outcome| outcome.expect("done").len()).collect();
        lengths.sort_unstable();
        assert_eq!(lengths, [0, 0, 0, told.len()]);
        assert_eq!(databases[2].migrate(Migration::Told).await, Ok(Vec::new()));
    }
}

/// What PostgreSQL says of the columns of a schema: type, precision, whether it may be null, default.
fn columns(address: &str) -> BTreeMap<String, Vec<String>> {
    let sql = "SELECT table_name || '.' || column_name, udt_name, datetime_precision, is_nullable, \
               replace(column_default, '\"', '') FROM information_schema.columns WHERE table_schema = 'public'";
    let text = server().psql(Server::name_in(address), sql);
    let cells = |line: &str| line.split('|').map(str::to_owned).collect::<Vec<_>>();
    text.lines().map(cells).map(|mut cells| (cells.remove(0), cells)).collect()
}

fn indexes(address: &str) -> Vec<String> {
    let sql = "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'";
    server().psql(Server::name_in(address), sql).lines().map(str::to_owned).collect()
}

#[tokio::test]
async fn our_tables_are_litellms_column_by_column() {
    let (ours, theirs) = (server().empty_database(), server().litellm_database());
    open(&ours).migrate(Migration::Done).await.expect("a schema");
    let (our_columns, their_columns) = (columns(&ours), columns(&theirs));
    let mut compared = 0;
    for table in schema::ALL.iter().filter(|table| table.name.starts_with("LiteLLM_")) {
        for column in table.columns {
            let name = place(table, column);
            let (our, their) =
                (&our_columns[&name], their_columns.get(&name).unwrap_or_else(|| panic!("LiteLLM has no {name}")));
            assert_eq!(our[..3], their[..3], "{name}");
            // Prisma's engine fills some itself, where we leave it to the database as well.
            let is_filled = matches!(column.otherwise, Otherwise::Now | Otherwise::Empty) && their[3].is_empty();
            assert!(is_filled || our[3] == their[3], "{name}: {} for {}", our[3], their[3]);
            compared += 1;
        }
        let own = |name: &&String| name.starts_with(&format!("{}.", table.name));
        let unknown: Vec<_> =
            their_columns.keys().filter(own).filter(|name| !our_columns.contains_key(*name)).collect();
        assert!(unknown.is_empty(), "{unknown:?} are not in the schema");
    }
    assert!(compared > 500, "{compared} columns");
    let their_indexes = indexes(&theirs);
    let uniques = indexes(&ours).into_iter().filter(|index| index.contains("UNIQUE") && index.contains("LiteLLM_"));
    for index in uniques {
        assert!(their_indexes.contains(&index), "{index}");
    }
}

#[tokio::test]
async fn on_litellms_database_only_our_own_tables_are_made() {
    let address = server().litellm_database();
    let before = columns(&address);
    let database = open(&address);
    let statements = database.migrate(Migration::Done).await.expect("a schema");
    // Functions are called `tollgate_…`, and speak of LiteLLM's tables inside.
    let is_ours = |text: &String| text.to_ascii_lowercase().contains("\"tollgate_");
    assert!(!statements.is_empty() && statements.iter().all(is_ours), "{statements:?}");
    let after = columns(&address);
    assert!(before.iter().all(|(name, column)| after.get(name) == Some(column)));
}

/// A row in which every column is given, or every one that may be left out is.
fn sample(table: &Table, is_full: bool) -> Row {
    let mut row = Map::new();
    for column in table.columns {
        // What names a row of another table is left out: LiteLLM's database knows of that.
        let is_reference = !table.key.contains(&column.name)
            && column.is_optional
            && (column.name.ends_with("_id") || column.name == "organization_id");
        let is_needed =
            table.key.contains(&column.name) || (!column.is_optional && column.otherwise == Otherwise::Nothing);
        if is_reference || column.otherwise == Otherwise::Serial || (!is_full && !is_needed) {
            continue;
        }
        let value = match column.kind {
            Kind::Text => json!(if is_full { "ü '1'" } else { "2" }),
            Kind::Texts => json!(["a", "\"b\""]),
            Kind::Json => json!({ "a": [1, "ß"] }),
            Kind::Float => json!(0.1),
            Kind::Int => json!(-5),
            Kind::Big => json!(1_i64 << 40),
            Kind::Flag => json!(true),
            Kind::Time => json!("2026-01-31T12:00:00.123Z"),
        };
        row.insert(column.name.to_owned(), value);
    }
    row
}

#[tokio::test]
async fn every_table_of_litellms_database_is_read_and_written() {
    let database = open(&server().litellm_database());
    database.migrate(Migration::Done).await.expect("a schema");
    for is_full in [true, false] {
        // Rows that others refer to come first; what they refer to by need is made of the same texts.
        let mut tables: Vec<&'static Table> = schema::ALL.to_vec();
        let first = [&schema::BUDGETS, &schema::ORGANIZATIONS, &schema::USERS, &schema::KEYS];
        let rank = |table: &Table| first.iter().position(|first| first.name == table.name).unwrap_or(first.len());
        tables.sort_by_key(|table| rank(table));
        for table in tables.into_iter().filter(|table| **table != schema::MIGRATIONS) {
            let row = sample(table, is_full);
            database
                .write(vec![Change::Insert(table, row.clone())])
                .await
                .unwrap_or_else(|fault| panic!("{table:?}: {fault}"));
            let filters: Vec<Filter> =
                table.key.iter().filter_map(|name| Some(Filter::Is(name, row.get(*name)?.clone()))).collect();
            let query = Query { filters: filters.clone(), ..Query::of(table) };
            let found = database.find(&query).await.expect("rows");
            let read = found.last().unwrap_or_else(|| panic!("{table:?} has lost its row"));
            for (name, value) in &row {
                assert_eq!(read.get(name), Some(value), "{table:?}.{name}");
            }
            assert_eq!(read.len(), table.columns.len());
            let set = row.iter().filter(|(name, _)| !table.key.contains(&name.as_str()));
            let set: Row = set.map(|(name, value)| (name.clone(), Value::clone(value))).collect();
            database
                .write(vec![Change::Update(table, filters, set)])
                .await
                .unwrap_or_else(|fault| panic!("{table:?}: {fault}"));
        }
    }
}

#[tokio::test]
async fn an_older_database_gets_what_rows_can_be_given_and_is_refused_else() {
    let address = server().litellm_database();
    let name = Server::name_in(&address);
    server().psql(name, "INSERT INTO \"LiteLLM_VerificationToken\" (token) VALUES ('old')");
    server().psql(
        name,
        "ALTER TABLE \"LiteLLM_VerificationToken\" DROP COLUMN \"budget_limits\", DROP COLUMN \"total_spend\"",
    );
    server().psql(name, "DROP TABLE \"LiteLLM_JWTKeyMapping\"");
    let database = open(&address);
    database.migrate(Migration::Done).await.expect("a schema");
    let row = database.find(&Query::of(&schema::KEYS)).await.expect("rows").pop().expect("the row");
    assert_eq!((&row["token"], &row["budget_limits"], &row["total_spend"]), (&json!("old"), &json!(null), &json!(0.0)));
    server().psql(name, "ALTER TABLE \"LiteLLM_DailyTagSpend\" DROP COLUMN \"date\"");
    let before = columns(&address);
    let fault = database.migrate(Migration::Done).await.expect_err("no day can be given to rows");
    assert!(matches!(&fault, Fault::Misfit(text) if text.contains("LiteLLM_DailyTagSpend.date")), "{fault}");
    assert_eq!(columns(&address), before);
}
