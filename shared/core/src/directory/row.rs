//! A row, as JSON, and how its columns are read.
//!
//! Knows no table.

use jiff::Timestamp;
use jiff::fmt::temporal::DateTimeParser;
use serde_json::Value;

use crate::clock::Moment;

/// A row of a table, by column.
pub type Row = serde_json::Map<String, Value>;

/// Reading a row's columns; what is null, absent or of another kind reads as nothing.
pub trait Columns {
    fn text(&self, name: &str) -> Option<&str>;
    fn number(&self, name: &str) -> Option<f64>;
    fn whole(&self, name: &str) -> Option<i64>;
    fn flag(&self, name: &str) -> Option<bool>;
    fn texts(&self, name: &str) -> Vec<String>;
    fn moment(&self, name: &str) -> Option<Moment>;
    fn object(&self, name: &str) -> Option<&Row>;
}

impl Columns for Row {
    fn text(&self, name: &str) -> Option<&str> {
        self.get(name)?.as_str()
    }

    fn number(&self, name: &str) -> Option<f64> {
        self.get(name)?.as_f64()
    }

    fn whole(&self, name: &str) -> Option<i64> {
        self.get(name)?.as_i64()
    }

    fn flag(&self, name: &str) -> Option<bool> {
        self.get(name)?.as_bool()
    }

    fn texts(&self, name: &str) -> Vec<String> {
        let items = self.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        items.iter().filter_map(Value::as_str).map(str::to_owned).collect()
    }

    fn moment(&self, name: &str) -> Option<Moment> {
        moment_of(self.text(name)?)
    }

    fn object(&self, name: &str) -> Option<&Row> {
        self.get(name)?.as_object()
    }
}

static PARSER: DateTimeParser = DateTimeParser::new();

/// The moment that a text of RFC 3339 names; a text without an offset is in UTC.
pub fn moment_of(text: &str) -> Option<Moment> {
    let timestamp = PARSER.parse_timestamp(text).ok().or_else(|| {
        let local = PARSER.parse_datetime(text).ok()?;
        jiff::tz::TimeZone::UTC.to_timestamp(local).ok()
    })?;
    u64::try_from(timestamp.as_microsecond()).ok().map(Moment)
}

/// The moment as rows show it: `2026-01-31T12:00:00.000Z`, cut to the millisecond.
pub fn moment_text(moment: Moment) -> String {
    let milliseconds = i64::try_from(moment.0 / 1000).unwrap_or(i64::MAX);
    let timestamp = Timestamp::from_millisecond(milliseconds).unwrap_or(Timestamp::MAX);
    format!("{timestamp:.3}")
}
