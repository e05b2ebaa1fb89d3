//! Reading a request's fields by a table: each as LiteLLM's model of the request takes it, and only what was sent.
//!
//! What was sent as null stays null, because an update tells it from what was not sent. Fields of no table are left out.

use serde_json::{Map, Value, json};

use super::Fields;
use crate::Error;
use crate::denial::Denial;
use crate::directory::{Kind as ColumnKind, Row, moment_of, moment_text, schema};

/// What a field holds.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    Text,
    /// A text, of which an empty one is none.
    Id,
    Number,
    /// A number, of which an empty text is none.
    Budget,
    Whole,
    /// A whole number that a column of 32 bits holds.
    Int,
    Positive,
    Flag,
    Map,
    Texts,
    /// A map of lists of texts.
    MapOfTexts,
    MapOfWholes,
    /// A list of `{budget_duration, max_budget}`.
    Windows,
    /// Some of the columns of a `LiteLLM_ObjectPermissionTable`.
    Permission,
    /// Some of these members.
    Part(&'static [&'static str]),
    /// A list of maps.
    Maps,
    /// One of these; the text lists them as LiteLLM does, and the first says how its fault is called.
    Choice(&'static str, &'static [&'static str], &'static str),
    /// A date and time.
    Moment,
}

/// Fields and what they hold.
pub type Shape = &'static [(&'static str, Kind)];

/// The fields that were sent, as they are taken.
///
/// # Errors
/// 422 with everything that is of a wrong kind; 400 for numbers that are none.
pub fn read(fields: &Fields<'_>, shapes: &[Shape]) -> Result<Row, Error> {
    let mut row = Map::new();
    for (name, kind) in shapes.iter().copied().flatten() {
        if fields.is_sent(name) {
            row.insert((*name).to_owned(), taken(fields, name, *kind)?);
        }
    }
    fields.check()?;
    Ok(row)
}

fn taken(fields: &Fields<'_>, name: &'static str, kind: Kind) -> Result<Value, Error> {
    let is_empty = fields.any(name).is_some_and(|value| value.as_str() == Some(""));
    let value = match kind {
        Kind::Id | Kind::Budget if is_empty => None,
        Kind::Text | Kind::Id => fields.text(name).map(Value::from),
        Kind::Number | Kind::Budget => return number(fields, name),
        Kind::Whole => fields.whole(name).map(Value::from),
        Kind::Int => int(fields, name),
        Kind::Positive => positive(fields, name),
        Kind::Flag => fields.flag(name).map(Value::from),
        Kind::Map => fields.map(name).cloned().map(Value::Object),
        Kind::Texts => fields.texts(name).map(Value::from),
        Kind::MapOfTexts => map_of(fields, name, "list_type", "Input should be a valid list", is_texts),
        Kind::MapOfWholes => map_of(fields, name, "int_type", "Input should be a valid integer", Value::is_i64),
        Kind::Windows => windows(fields, name)?,
        Kind::Permission => permission(fields, name),
        Kind::Part(names) => part(fields, name, names),
        Kind::Maps => maps(fields, name),
        Kind::Choice(fault, choices, listed) => choice(fields, name, (fault, choices, listed)),
        Kind::Moment => moment(fields, name),
    };
    Ok(value.unwrap_or(Value::Null))
}

/// A number that is none, as `"nan"`, would let every budget pass: it is refused before JSON makes null of it.
fn number(fields: &Fields<'_>, name: &'static str) -> Result<Value, Error> {
    let Some(number) = fields.number(name) else { return Ok(Value::Null) };
    if number.is_finite() { Ok(number.into()) } else { Err(not_finite(name, number)) }
}

fn not_finite(name: &str, number: f64) -> Error {
    let wanted = if name.ends_with("budget") { "a non-negative finite number" } else { "a finite number" };
    let shown = match number {
        number if number.is_nan() => "nan",
        f64::INFINITY => "inf",
        _ => "-inf",
    };
    Denial::management_error(400, &format!("{name} must be {wanted}. Received: {shown}")).into()
}

fn int(fields: &Fields<'_>, name: &'static str) -> Option<Value> {
    let number = fields.whole(name)?;
    if i32::try_from(number).is_ok() {
        return Some(number.into());
    }
    fields.fault(name, "less_than_equal", "Input should be less than or equal to 2147483647");
    None
}

fn positive(fields: &Fields<'_>, name: &'static str) -> Option<Value> {
    let number = fields.whole(name)?;
    if number > 0 {
        return Some(number.into());
    }
    fields.fault(name, "greater_than", "Input should be greater than 0");
    None
}

fn is_texts(value: &Value) -> bool {
    value.as_array().is_some_and(|items| items.iter().all(Value::is_string))
}

fn map_of(
    fields: &Fields<'_>,
    name: &'static str,
    fault: &str,
    sentence: &str,
    fits: fn(&Value) -> bool,
) -> Option<Value> {
    let map = fields.map(name)?;
    for (member, _) in map.iter().filter(|(_, value)| !fits(value)) {
        fields.fault_at(json!(["body", name, member]), fault, sentence);
    }
    Some(Value::Object(map.clone()))
}

fn windows(fields: &Fields<'_>, name: &'static str) -> Result<Option<Value>, Error> {
    let Some(items) = fields.list(name) else { return Ok(None) };
    let mut windows = Vec::with_capacity(items.len());
    for (place, item) in items.iter().enumerate() {
        let at = |member: &str| json!(["body", name, place, member]);
        let Some(item) = item.as_object() else {
            fields.fault_at(json!(["body", name, place]), MODEL.0, MODEL.1);
            continue;
        };
        for member in ["budget_duration", "max_budget"].into_iter().filter(|member| !item.contains_key(*member)) {
            fields.fault_at(at(member), "missing", "Field required");
        }
        let duration = item.get("budget_duration");
        if duration.is_some_and(|value| !value.is_string()) {
            fields.fault_at(at("budget_duration"), "string_type", "Input should be a valid string");
        }
        let budget = item.get("max_budget").map(number_of);
        match budget {
            Some(None) => fields.fault_at(at("max_budget"), "float_type", "Input should be a valid number"),
            Some(Some(number)) if !number.is_finite() || number < 0.0 => return Err(bad_window(number)),
            _ => {}
        }
        windows.push(json!({ "budget_duration": duration, "max_budget": budget.flatten() }));
    }
    Ok(Some(Value::Array(windows)))
}

fn number_of(value: &Value) -> Option<f64> {
    value.as_f64().or_else(|| value.as_str()?.trim().parse().ok())
}

fn bad_window(number: f64) -> Error {
    let sentence = format!("budget_limits entry max_budget ({number:?}) must be a non-negative finite number.");
    Denial::management_error(400, &sentence).into()
}

/// LiteLLM's fault of what should be a model of its own and is no object.
const MODEL: (&str, &str) =
    ("model_attributes_type", "Input should be a valid dictionary or object to extract fields from");

fn model<'a>(fields: &Fields<'a>, name: &'static str) -> Option<&'a Map<String, Value>> {
    let value = fields.any(name)?;
    if value.as_object().is_none() {
        fields.fault(name, MODEL.0, MODEL.1);
    }
    value.as_object()
}

fn permission(fields: &Fields<'_>, name: &'static str) -> Option<Value> {
    let sent = model(fields, name)?;
    let mut taken = Map::new();
    for column in schema::OBJECT_PERMISSIONS.columns.iter().skip(1) {
        let Some(value) = sent.get(column.name).filter(|value| !value.is_null()) else { continue };
        if !column.fits(value) {
            let is_list = column.kind == ColumnKind::Texts;
            let (fault, sentence) = if is_list {
                ("list_type", "Input should be a valid list")
            } else {
                ("bool_type", "Input should be a valid boolean")
            };
            fields.fault_at(json!(["body", name, column.name]), fault, sentence);
        }
        taken.insert(column.name.to_owned(), value.clone());
    }
    Some(Value::Object(taken))
}

fn part(fields: &Fields<'_>, name: &'static str, names: &[&str]) -> Option<Value> {
    let sent = model(fields, name)?;
    let known = sent.iter().filter(|(member, value)| names.contains(&member.as_str()) && !value.is_null());
    Some(Value::Object(known.map(|(member, value)| (member.clone(), value.clone())).collect()))
}

fn maps(fields: &Fields<'_>, name: &'static str) -> Option<Value> {
    let items = fields.list(name)?;
    for (place, _) in items.iter().enumerate().filter(|(_, item)| !item.is_object()) {
        fields.fault_at(json!(["body", name, place]), MODEL.0, MODEL.1);
    }
    Some(Value::Array(items.clone()))
}

fn choice(
    fields: &Fields<'_>,
    name: &'static str,
    (fault, choices, listed): (&'static str, &[&str], &str),
) -> Option<Value> {
    let value = fields.any(name)?;
    if value.as_str().is_some_and(|text| choices.contains(&text)) {
        return Some(value.clone());
    }
    fields.fault(name, fault, &format!("Input should be {listed}"));
    None
}

fn moment(fields: &Fields<'_>, name: &'static str) -> Option<Value> {
    let value = fields.any(name)?;
    let read = value.as_str().and_then(|text| moment_of(text).or_else(|| moment_of(&format!("{text}T00:00:00"))));
    if read.is_none() {
        let sentence = "Input should be a valid datetime or date, input is too short";
        fields.fault(name, "datetime_from_date_parsing", sentence);
    }
    read.map(|moment| moment_text(moment).into())
}
