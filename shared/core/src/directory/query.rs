//! What a directory is asked, and what is to be changed in it.
//!
//! Values are data and nothing else: an adapter binds them, and takes the names of columns from the table alone.

use serde_json::Value;

use super::{Columns, Fault, Kind, Row, Table};

/// Which rows of one table, in which order.
#[derive(Clone, Debug)]
pub struct Query {
    pub table: &'static Table,
    /// All of them must hold.
    pub filters: Vec<Filter>,
    pub sort: Vec<(&'static str, Direction)>,
    pub offset: u64,
    /// `None`: all.
    pub limit: Option<u64>,
    /// Where counting stops; `None`: it does not.
    pub counted_max: Option<u64>,
    /// The columns to show; all where empty.
    pub columns: Vec<&'static str>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Nulls last.
    Up,
    /// Nulls last, too.
    Down,
}

/// What must hold for a row.
#[derive(Clone, Debug, PartialEq)]
pub enum Filter {
    Is(&'static str, Value),
    /// Different from this, or null.
    IsNot(&'static str, Value),
    In(&'static str, Vec<String>),
    Null(&'static str),
    Given(&'static str),
    /// Less than this: a number, or a time as text.
    Below(&'static str, Value),
    /// At least this.
    From(&'static str, Value),
    /// A text that holds this one, whatever the case of ASCII letters: no database folds the others as another does.
    Contains(&'static str, String),
    /// A list of texts (a column of [`Kind::Texts`](super::Kind::Texts), or a JSON list) that has this one.
    Has(&'static str, String),
    /// A JSON object whose member of this name is this text.
    Member(&'static str, &'static str, String),
    Any(Vec<Filter>),
    All(Vec<Filter>),
}

impl Query {
    pub const fn of(table: &'static Table) -> Self {
        Self {
            table,
            filters: Vec::new(),
            sort: Vec::new(),
            offset: 0,
            limit: None,
            counted_max: None,
            columns: Vec::new(),
        }
    }

    #[must_use]
    pub fn with(mut self, filter: Filter) -> Self {
        self.filters.push(filter);
        self
    }

    #[must_use]
    pub fn is(self, column: &'static str, value: impl Into<Value>) -> Self {
        self.with(Filter::Is(column, value.into()))
    }

    #[must_use]
    pub fn sorted(mut self, column: &'static str, direction: Direction) -> Self {
        self.sort.push((column, direction));
        self
    }

    #[must_use]
    pub const fn page(mut self, offset: u64, limit: u64) -> Self {
        (self.offset, self.limit) = (offset, Some(limit));
        self
    }

    /// How far rows are counted: where there are more, this is the answer.
    #[must_use]
    pub const fn counted(mut self, most: u64) -> Self {
        self.counted_max = Some(most);
        self
    }

    #[must_use]
    pub fn only(mut self, columns: &[&'static str]) -> Self {
        self.columns = columns.to_vec();
        self
    }
}

impl Query {
    /// Whether the query can be answered by every adapter.
    ///
    /// # Errors
    /// [`Fault::Misfit`] where a column is none of the table's, or lists and JSON are compared or sorted as a whole.
    pub fn check(&self) -> Result<(), Fault> {
        Filter::check_all(&self.filters, self.table)?;
        for (name, _) in &self.sort {
            simple(self.table, name)?;
        }
        self.columns.iter().try_for_each(|name| self.table.expect(name).map(drop))
    }

    /// The same for a query whose rows are added up.
    ///
    /// # Errors
    /// [`Fault::Misfit`], also where a column that is added up holds no numbers.
    pub fn check_sum(&self, by: &[&'static str], columns: &[&'static str]) -> Result<(), Fault> {
        Filter::check_all(&self.filters, self.table)?;
        by.iter().try_for_each(|name| simple(self.table, name))?;
        for name in columns {
            if !self.table.expect(name)?.kind.is_number() {
                return Err(Fault::Misfit(format!("{}.{name} holds no numbers to add up", self.table.name)));
            }
        }
        let stray = self.sort.iter().find(|(name, _)| *name != "rows" && !by.contains(name) && !columns.contains(name));
        match stray {
            Some((name, _)) => {
                Err(Fault::Misfit(format!("sums are not sorted by {name}: it is none of their columns")))
            }
            None => Ok(()),
        }
    }
}

/// A column that can be compared and sorted as a whole.
fn simple(table: &Table, name: &str) -> Result<(), Fault> {
    match table.expect(name)?.kind {
        Kind::Texts | Kind::Json => Err(Fault::Misfit(format!("{}.{name} is not compared as a whole", table.name))),
        _ => Ok(()),
    }
}

/// One change of a write.
#[derive(Clone, Debug)]
pub enum Change {
    /// A new row; the columns that it leaves out are filled as the table says.
    Insert(&'static Table, Row),
    /// A new row, unless there is one under its primary key or a unique column: then nothing happens.
    Offer(&'static Table, Row),
    /// A new row, or these columns of the one under its primary key.
    Put(&'static Table, Row),
    /// These columns of every row that the filters find.
    Update(&'static Table, Vec<Filter>, Row),
    /// Adds to number columns of every row that the filters find.
    Add(&'static Table, Vec<Filter>, Vec<(&'static str, f64)>),
    Delete(&'static Table, Vec<Filter>),
    /// Fails the write unless the filters find exactly this many rows.
    Expect(&'static Table, Vec<Filter>, u64),
}

impl Change {
    /// The table that is changed, or looked into.
    pub const fn table(&self) -> &'static Table {
        match self {
            Self::Insert(table, _) | Self::Offer(table, _) | Self::Put(table, _) | Self::Update(table, ..) => table,
            Self::Add(table, ..) | Self::Delete(table, _) | Self::Expect(table, ..) => table,
        }
    }
}

impl Filter {
    /// Whether all of these can be asked of the table.
    ///
    /// # Errors
    /// [`Fault::Misfit`] with the first that cannot.
    pub fn check_all(filters: &[Self], table: &Table) -> Result<(), Fault> {
        filters.iter().try_for_each(|filter| match filter {
            Self::Any(filters) | Self::All(filters) => Self::check_all(filters, table),
            Self::Is(name, _) | Self::IsNot(name, _) | Self::Below(name, _) => simple(table, name),
            Self::From(name, _) | Self::In(name, _) | Self::Contains(name, _) => simple(table, name),
            Self::Null(name) | Self::Given(name) => table.expect(name).map(drop),
            Self::Has(name, _) | Self::Member(name, ..) => table.expect(name).map(drop),
        })
    }

    /// Whether the row passes: what every adapter's answer must agree with.
    pub fn passes(&self, row: &Row) -> bool {
        let value = |name: &str| row.get(name).unwrap_or(&Value::Null);
        match self {
            Self::Is(name, wanted) => equal(value(name), wanted),
            Self::IsNot(name, wanted) => !equal(value(name), wanted),
            Self::In(name, wanted) => row.text(name).is_some_and(|text| wanted.iter().any(|wanted| wanted == text)),
            Self::Null(name) => value(name).is_null(),
            Self::Given(name) => !value(name).is_null(),
            Self::Below(name, bound) => less(value(name), bound) == Some(true),
            Self::From(name, bound) => less(value(name), bound) == Some(false),
            Self::Contains(name, part) => {
                row.text(name).is_some_and(|text| text.to_ascii_lowercase().contains(&part.to_ascii_lowercase()))
            }
            Self::Has(name, wanted) => {
                let items = value(name).as_array();
                items.is_some_and(|items| items.iter().any(|item| item.as_str() == Some(wanted)))
            }
            Self::Member(name, member, wanted) => {
                value(name).get(member).and_then(Value::as_str) == Some(wanted.as_str())
            }
            Self::Any(filters) => filters.iter().any(|filter| filter.passes(row)),
            Self::All(filters) => filters.iter().all(|filter| filter.passes(row)),
        }
    }
}

/// Whole numbers are compared as such: the largest are not told apart as floating-point numbers.
fn equal(left: &Value, right: &Value) -> bool {
    match (left.as_i64().zip(right.as_i64()), left.as_f64().zip(right.as_f64())) {
        (Some((left, right)), _) => left == right,
        (None, Some((left, right))) => left == right,
        _ => !left.is_null() && left == right,
    }
}

fn less(value: &Value, bound: &Value) -> Option<bool> {
    if let (Value::String(value), Value::String(bound)) = (value, bound) {
        return Some(value < bound);
    }
    match value.as_i64().zip(bound.as_i64()) {
        Some((value, bound)) => Some(value < bound),
        None => Some(value.as_f64()? < bound.as_f64()?),
    }
}
