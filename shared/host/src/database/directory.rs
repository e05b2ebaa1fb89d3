//! The directory's port on a database.

use serde_json::Value;
use tollgate_core::directory::{Change, Column, Directory, Fault, Kind, Query, Row, Standing, Table};
use tollgate_core::upstream::BoxFuture;

use super::execute;
use super::fault::fault_of;
use super::select::{self, Selection};
use super::statement::Statement;
use super::{Database, Pools};

impl Directory for Database {
    fn get<'a>(
        &'a self,
        wanted: &'a [(&'static Table, Vec<String>)],
    ) -> BoxFuture<'a, Result<Vec<Option<Row>>, Fault>> {
        Box::pin(self.within(async move {
            match &self.pools {
                Pools::Postgres(_) => self.get_at_once(wanted).await,
                Pools::Sqlite { .. } => self.get_one_by_one(wanted).await,
            }
        }))
    }

    fn find<'a>(&'a self, query: &'a Query) -> BoxFuture<'a, Result<Vec<Row>, Fault>> {
        Box::pin(self.within(async move {
            let Selection { statement, columns } = select::find(&self.dialect, query)?;
            let kinds: Vec<Kind> = columns.iter().map(|column| column.kind).collect();
            let rows = self.rows(statement, &kinds, query.table).await?;
            Ok(rows.into_iter().map(|values| execute::row(&columns, values)).collect())
        }))
    }

    fn count<'a>(&'a self, query: &'a Query) -> BoxFuture<'a, Result<u64, Fault>> {
        Box::pin(self.within(async move {
            let statement = select::count(&self.dialect, query)?;
            self.number(statement).await.map_err(|error| fault_of(&error, Some(query.table)))
        }))
    }

    fn sum<'a>(
        &'a self,
        query: &'a Query,
        by: &'a [&'static str],
        columns: &'a [&'static str],
    ) -> BoxFuture<'a, Result<Vec<Row>, Fault>> {
        Box::pin(self.within(async move {
            let statement = select::sum(&self.dialect, query, by, columns)?;
            let own = by.iter().filter_map(|name| query.table.column(name)).map(|column| (column.name, column.kind));
            let sums = columns.iter().map(|name| (*name, Kind::Float));
            let shape: Vec<(&str, Kind)> = own.chain(sums).chain([("rows", Kind::Big)]).collect();
            let kinds: Vec<Kind> = shape.iter().map(|(_, kind)| *kind).collect();
            let rows = self.rows(statement, &kinds, query.table).await?;
            let row = |values: Vec<Value>| -> Row {
                let named = shape.iter().zip(values);
                named.map(|((name, kind), value)| ((*name).to_owned(), execute::of_kind(*kind, value))).collect()
            };
            Ok(rows.into_iter().map(row).collect())
        }))
    }

    fn write(&self, changes: Vec<Change>) -> BoxFuture<'_, Result<(), Fault>> {
        Box::pin(self.within(async move { self.write_all(&changes).await }))
    }

    fn standing(&self) -> Standing {
        self.last_standing()
    }

    fn ping(&self) -> BoxFuture<'_, Standing> {
        Box::pin(async move {
            if self.was_just_reached() {
                return Standing::Connected;
            }
            let asked = self.within(async move {
                let statement = Statement::new(&self.dialect).text("SELECT COUNT(*)");
                self.number(statement).await.map_err(|error| fault_of(&error, None))
            });
            // What came of it has been noted.
            asked.await.ok();
            self.last_standing()
        })
    }
}

impl Database {
    /// One statement for all tables.
    async fn get_at_once(&self, wanted: &[(&'static Table, Vec<String>)]) -> Result<Vec<Option<Row>>, Fault> {
        let mut found: Vec<Option<Row>> = vec![None; wanted.len()];
        let mut statement = Statement::new(&self.dialect);
        let mut tables: Vec<&'static Table> = wanted.iter().map(|(table, _)| *table).collect();
        tables.sort_unstable_by_key(|table| table.name);
        tables.dedup_by_key(|table| table.name);
        for (place, table) in tables.iter().enumerate() {
            let own = wanted.iter().enumerate().filter(|(_, (other, _))| other.name == table.name);
            let own: Vec<(i64, &[String])> =
                own.map(|(place, (_, key))| (i64::try_from(place).unwrap_or(i64::MAX), key.as_slice())).collect();
            statement.push(if place > 0 { " UNION ALL " } else { "" });
            select::by_keys(&mut statement, table, &own);
        }
        if tables.is_empty() {
            return Ok(found);
        }
        for mut values in self.rows(statement, &[], tables[0]).await? {
            let place = values.first().and_then(Value::as_str).and_then(|text| text.parse::<usize>().ok());
            let Some((place, (table, _))) = place.and_then(|place| Some((place, wanted.get(place)?))) else { continue };
            values.remove(0);
            let columns: Vec<&Column> = table.columns.iter().collect();
            found[place] = Some(execute::row(&columns, values));
        }
        Ok(found)
    }

    /// The database is in this process: a statement a row costs no more.
    async fn get_one_by_one(&self, wanted: &[(&'static Table, Vec<String>)]) -> Result<Vec<Option<Row>>, Fault> {
        let mut found = Vec::with_capacity(wanted.len());
        for (table, key) in wanted {
            let Some(Selection { statement, columns }) = select::by_key(&self.dialect, table, key) else {
                found.push(None);
                continue;
            };
            let kinds: Vec<Kind> = columns.iter().map(|column| column.kind).collect();
            let row = self.rows(statement, &kinds, table).await?.pop();
            found.push(row.map(|values| execute::row(&columns, values)));
        }
        Ok(found)
    }
}
