//! Brings a database to what this version needs: tables and columns that are missing, and nothing else.
//!
//! A database of LiteLLM's keeps all it has; what this adds to it beside tables of its own can be null or has a default,
//! so that LiteLLM goes on writing. Several instances may begin at once: one does the work, the others find it done.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use sqlx::Row as _;
use tollgate_core::directory::{Column, Fault, Table, schema};

use super::dialect::{Dialect, quoted};
use super::fault::fault_of;
use super::statement::{Bound, Statement};
use super::transaction::{Transaction, TransactionKind};
use super::{Database, create, execute, quota};

/// The version of the schema that this program brings a database to. Raise it with every change of `schema`.
const VERSION: i32 = 1;
/// Other instances may be at it, and a large table takes its time.
const TIMEOUT: Duration = Duration::from_mins(5);

/// Whether statements are run, or told only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Migration {
    Done,
    Told,
}

/// The columns that each table has.
type Found = BTreeMap<String, BTreeSet<String>>;

impl Database {
    /// Makes what is missing, all or nothing. Returns the statements; none where nothing is missing.
    ///
    /// # Errors
    /// [`Fault::Misfit`] where a column is missing that rows cannot do without, with each such column.
    pub async fn migrate(&self, migration: Migration) -> Result<Vec<String>, Fault> {
        self.before(TIMEOUT, async {
            let statements = self.plan().await?;
            if statements.is_empty() || migration == Migration::Told {
                return Ok(statements);
            }
            let mut transaction = self.begin().await.map_err(|error| fault_of(&error, None))?;
            transaction.queue("migrate").await.map_err(|stop| stop.fault)?;
            // Somebody else may have done it meanwhile.
            let statements = transaction.plan().await?;
            for statement in &statements {
                transaction.run_text(statement).await.map_err(|error| refused(statement, &error))?;
            }
            transaction.commit().await.map_err(|stop| stop.fault)?;
            Ok(statements)
        })
        .await
    }

    /// What would be done.
    async fn plan(&self) -> Result<Vec<String>, Fault> {
        self.begin().await.map_err(|error| fault_of(&error, None))?.plan().await
    }
}

fn refused(statement: &str, error: &sqlx::Error) -> Fault {
    match fault_of(error, None) {
        Fault::Unavailable(text) => Fault::Unavailable(text),
        _ => {
            Fault::Misfit(format!("{statement}: {error}: run `tollgate migrate` as a user that may change the schema"))
        }
    }
}

impl Transaction {
    async fn run_text(&mut self, text: &str) -> Result<(), sqlx::Error> {
        let statement = Statement::new(&self.dialect).text(text);
        self.execute(statement).await.map(drop)
    }

    async fn plan(&mut self) -> Result<Vec<String>, Fault> {
        let found = self.found().await.map_err(|error| fault_of(&error, None))?;
        let has_version = found.contains_key(schema::MIGRATIONS.name) && self.version().await? >= VERSION;
        let mut statements = self.schema_made(&found).await?;
        statements.extend(missing(&self.dialect, &found)?);
        statements.extend(quota::missing(self).await.map_err(|error| fault_of(&error, None))?);
        if !has_version {
            let table = self.dialect.table(&schema::MIGRATIONS);
            let now =
                if self.dialect.is_postgres() { "CURRENT_TIMESTAMP" } else { "strftime('%Y-%m-%dT%H:%M:%fZ', 'now')" };
            statements.push(format!("INSERT INTO {table} (\"version\", \"applied_at\") VALUES ({VERSION}, {now})"));
        }
        Ok(statements)
    }

    async fn version(&mut self) -> Result<i32, Fault> {
        let table = self.dialect.table(&schema::MIGRATIONS);
        let statement = Statement::new(&self.dialect).text(&format!(
            "SELECT COALESCE(MAX(\"version\"), 0){} FROM {table}",
            self.dialect.cast(tollgate_core::directory::Kind::Big)
        ));
        let version = self.number(statement).await.map_err(|error| fault_of(&error, None))?;
        Ok(i32::try_from(version).unwrap_or(i32::MAX))
    }

    /// A schema that the address names is made, as Prisma makes it.
    async fn schema_made(&mut self, found: &Found) -> Result<Vec<String>, Fault> {
        let Dialect::Postgres { schema: Some(schema) } = self.dialect.clone() else { return Ok(Vec::new()) };
        if !found.is_empty() {
            return Ok(Vec::new());
        }
        let mut statement = Statement::new(&self.dialect).text("SELECT COUNT(*) FROM pg_namespace WHERE nspname = ");
        statement.bind(Bound::Text(Some(schema.clone())));
        let count = self.number(statement).await.map_err(|error| fault_of(&error, None))?;
        Ok(if count == 0 { vec![format!("CREATE SCHEMA IF NOT EXISTS {}", quoted(&schema))] } else { Vec::new() })
    }

    async fn found(&mut self) -> Result<Found, sqlx::Error> {
        let mut statement = Statement::new(&self.dialect);
        let rows: Vec<(String, String)> = match (&mut self.kind, &self.dialect) {
            (TransactionKind::Sqlite(inner), _) => {
                statement.push("SELECT t.name, c.name FROM sqlite_master t JOIN pragma_table_info(t.name) c WHERE t.type = 'table'");
                let rows = execute::sqlite(statement).fetch_all(&mut **inner).await?;
                rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect::<Result<_, sqlx::Error>>()?
            }
            (TransactionKind::Postgres(inner), dialect) => {
                let schema = if let Dialect::Postgres { schema } = dialect { schema.clone() } else { None };
                statement.push("SELECT table_name::text, column_name::text FROM information_schema.columns WHERE table_schema = COALESCE(");
                statement.bind(Bound::Text(schema));
                statement.push("::text, current_schema()::text)");
                let rows = execute::postgres(statement).fetch_all(&mut **inner).await?;
                rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect::<Result<_, sqlx::Error>>()?
            }
        };
        let mut found = Found::new();
        for (table, column) in rows {
            found.entry(table).or_default().insert(column);
        }
        Ok(found)
    }
}

/// The statements that make what is missing.
fn missing(dialect: &Dialect, found: &Found) -> Result<Vec<String>, Fault> {
    let (mut statements, mut impossible) = (Vec::new(), Vec::new());
    for table in schema::ALL {
        let Some(columns) = found.get(table.name) else {
            statements.extend(create::table(dialect, table));
            continue;
        };
        for column in table.columns.iter().filter(|column| !columns.contains(column.name)) {
            match create::column(dialect, table, column) {
                Some(statement) => statements.push(statement),
                None => impossible.push(place(table, column)),
            }
        }
    }
    if impossible.is_empty() {
        return Ok(statements);
    }
    let columns = impossible.join(", ");
    Err(Fault::Misfit(format!(
        "the database lacks {columns}, which its rows cannot be given afterwards: it is of an older LiteLLM: let LiteLLM 1.106 migrate it first"
    )))
}

fn place(table: &Table, column: &Column) -> String {
    format!("{}.{}", table.name, column.name)
}

#[cfg(test)]
mod tests;
