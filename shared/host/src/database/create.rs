//! Tables as statements that make them: the types, keys and names that Prisma would give, so that LiteLLM finds its own.
//!
//! Pure. Says nothing that removes or rewrites anything.

use tollgate_core::directory::{Column, Kind, Otherwise, Table};

use super::dialect::{Dialect, quoted};

/// PostgreSQL's names have no more bytes; Prisma cuts them before the suffix.
const NAME_BYTES_MAX: usize = 63;

/// The statements that make a table and its indexes.
pub fn table(dialect: &Dialect, table: &Table) -> Vec<String> {
    let serial = |column: &Column| column.otherwise == Otherwise::Serial;
    let has_row_id = !dialect.is_postgres() && table.columns.iter().any(serial);
    let mut parts: Vec<String> = table.columns.iter().map(|column| definition(dialect, column)).collect();
    if !has_row_id {
        parts.push(format!("CONSTRAINT {} PRIMARY KEY ({})", quoted(&name(table, &[], "_pkey")), list(table.key)));
    }
    let end = if dialect.is_postgres() { "" } else { " STRICT" };
    let head = format!("CREATE TABLE IF NOT EXISTS {}", dialect.table(table));
    let mut statements = vec![format!("{head} ({}){end}", parts.join(", "))];
    let on = dialect.table(table);
    for (columns, kind, suffix) in indexes(table) {
        let index = quoted(&name(table, columns, suffix));
        statements.push(format!("CREATE {kind} IF NOT EXISTS {index} ON {on} ({})", list(columns)));
    }
    statements
}

fn indexes(table: &Table) -> impl Iterator<Item = (&'static [&'static str], &'static str, &'static str)> {
    let unique = table.unique.iter().map(|columns| (*columns, "UNIQUE INDEX", "_key"));
    unique.chain(table.indexes.iter().map(|columns| (*columns, "INDEX", "_idx")))
}

/// The statement that adds a column to a table that has rows; nothing where rows without it could not be told what
/// they hold.
pub fn column(dialect: &Dialect, table: &Table, column: &Column) -> Option<String> {
    let is_nullable = column.is_optional || column.kind == Kind::Texts;
    if !is_nullable && default(dialect, column).is_none() {
        return None;
    }
    let mut definition = definition(dialect, column);
    let mut guard = " IF NOT EXISTS";
    if !dialect.is_postgres() {
        guard = "";
        if column.otherwise == Otherwise::Now {
            // SQLite adds no column whose default has to be computed.
            definition = format!("{} TEXT", quoted(column.name));
            definition.push_str(if is_nullable { "" } else { " NOT NULL DEFAULT '1970-01-01T00:00:00.000Z'" });
        }
    }
    Some(format!("ALTER TABLE {} ADD COLUMN{guard} {definition}", dialect.table(table)))
}

fn definition(dialect: &Dialect, column: &Column) -> String {
    let (name, kind) = (quoted(column.name), type_of(dialect, column));
    if column.otherwise == Otherwise::Serial {
        return format!("{name} {kind}");
    }
    // Prisma's lists may be null; what reads them takes that as empty.
    let is_nullable = column.is_optional || column.kind == Kind::Texts;
    let null = if is_nullable { "" } else { " NOT NULL" };
    let default = default(dialect, column).map(|text| format!(" DEFAULT {text}")).unwrap_or_default();
    let check = match (dialect.is_postgres(), column.kind) {
        (false, Kind::Int) => format!(" CHECK ({name} BETWEEN -2147483648 AND 2147483647)"),
        _ => String::new(),
    };
    format!("{name} {kind}{null}{default}{check}")
}

const fn type_of(dialect: &Dialect, column: &Column) -> &'static str {
    match (dialect, column.kind, column.otherwise) {
        (Dialect::Postgres { .. }, Kind::Int, Otherwise::Serial) => "SERIAL NOT NULL",
        (Dialect::Sqlite, Kind::Int, Otherwise::Serial) => "INTEGER PRIMARY KEY",
        (Dialect::Postgres { .. }, kind, _) => match kind {
            Kind::Text => "TEXT",
            Kind::Texts => "TEXT[]",
            Kind::Json => "JSONB",
            Kind::Float => "DOUBLE PRECISION",
            Kind::Int => "INTEGER",
            Kind::Big => "BIGINT",
            Kind::Flag => "BOOLEAN",
            Kind::Time => "TIMESTAMP(3)",
        },
        (Dialect::Sqlite, kind, _) => match kind {
            Kind::Text | Kind::Texts | Kind::Json | Kind::Time => "TEXT",
            Kind::Float => "REAL",
            Kind::Int | Kind::Big | Kind::Flag => "INTEGER",
        },
    }
}

fn default(dialect: &Dialect, column: &Column) -> Option<String> {
    let is_postgres = dialect.is_postgres();
    Some(match (column.otherwise, column.kind) {
        (Otherwise::Nothing | Otherwise::Uuid | Otherwise::Serial, _) => return None,
        (Otherwise::Empty, _) if is_postgres => "ARRAY[]::TEXT[]".to_owned(),
        (Otherwise::Empty, _) => "'[]'".to_owned(),
        (Otherwise::Now, _) if is_postgres => "CURRENT_TIMESTAMP".to_owned(),
        (Otherwise::Now, _) => "(strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))".to_owned(),
        (Otherwise::Literal(text), Kind::Text | Kind::Json | Kind::Texts | Kind::Time) => {
            format!("'{}'", text.replace('\'', "''"))
        }
        (Otherwise::Literal("true"), Kind::Flag) if !is_postgres => "1".to_owned(),
        (Otherwise::Literal("false"), Kind::Flag) if !is_postgres => "0".to_owned(),
        (Otherwise::Literal(text), _) => text.to_owned(),
    })
}

/// A name as Prisma makes it of the table and the columns.
fn name(table: &Table, columns: &[&str], suffix: &str) -> String {
    let parts: Vec<&str> = std::iter::once(table.name).chain(columns.iter().copied()).collect();
    let mut name = parts.join("_");
    name.truncate(NAME_BYTES_MAX - suffix.len());
    name + suffix
}

fn list(columns: &[&str]) -> String {
    columns.iter().map(|name| quoted(name)).collect::<Vec<_>>().join(", ")
}
