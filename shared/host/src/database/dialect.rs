//! What the two databases write differently. Knows texts of SQL, no connection.
//!
//! Names come from the static tables and the operator's address alone, and are quoted.

use tollgate_core::directory::{Column, Kind, Table};

/// The language of a database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Dialect {
    Sqlite,
    /// The schema that tables are in, where it is not that of the connection. It stands before each name, because a
    /// pooler in between keeps no setting of a connection.
    Postgres {
        schema: Option<String>,
    },
}

impl Dialect {
    pub const fn is_postgres(&self) -> bool {
        matches!(self, Self::Postgres { .. })
    }

    pub fn table(&self, table: &Table) -> String {
        match self {
            Self::Postgres { schema: Some(schema) } => format!("{}.{}", quoted(schema), quoted(table.name)),
            _ => quoted(table.name),
        }
    }

    /// What makes a bound value one of the column's type. As the text of a statement alone says under which types it
    /// was prepared, each place has to name its own.
    pub const fn cast(&self, kind: Kind) -> &'static str {
        match (self, kind) {
            (Self::Sqlite, _) => "",
            (_, Kind::Text) => "::text",
            (_, Kind::Texts) => "::text[]",
            (_, Kind::Json) => "::text::jsonb",
            (_, Kind::Float) => "::float8",
            (_, Kind::Int) => "::int8::int4",
            (_, Kind::Big) => "::int8",
            (_, Kind::Flag) => "::bool",
            (_, Kind::Time) => "::text::timestamp(3)",
        }
    }

    /// The column as rows show it.
    pub fn shown(&self, column: &Column) -> String {
        let name = quoted(column.name);
        match (self, column.kind) {
            (Self::Sqlite, Kind::Texts) => format!("COALESCE({name}, '[]')"),
            (Self::Sqlite, _) => name,
            // What Prisma writes as a list may be null.
            (_, Kind::Texts) => format!("COALESCE({name}, '{{}}')"),
            (_, Kind::Time) => format!("to_char({name}, 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"')"),
            _ => name,
        }
    }

    /// The column as it is sorted and compared by size: texts byte by byte, whatever the language of the database.
    pub fn ordered(&self, column: &Column) -> String {
        let name = quoted(column.name);
        // Days are in order in every language, and asked for by an index that only serves the database's own.
        let is_day = column.name == "date";
        match (self, column.kind) {
            (Self::Postgres { .. }, Kind::Text) if !is_day => format!("{name} COLLATE \"C\""),
            _ => name,
        }
    }

    pub fn real(&self, name: &str) -> String {
        match self {
            Self::Sqlite => format!("CAST({name} AS REAL)"),
            Self::Postgres { .. } => format!("{name}::float8"),
        }
    }

    pub const fn is_distinct(&self) -> &'static str {
        match self {
            Self::Sqlite => "IS NOT",
            Self::Postgres { .. } => "IS DISTINCT FROM",
        }
    }

    /// A sum as a floating-point number, 0 where there is nothing to add.
    pub fn total(&self, name: &str) -> String {
        match self {
            Self::Sqlite => format!("TOTAL({name})"),
            Self::Postgres { .. } => format!("COALESCE(SUM({name})::float8, 0)"),
        }
    }
}

/// A name as both databases read it.
pub fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
