//! What a request gives for the columns of a table.

use serde_json::{Value, json};

use super::{Fields, Request};
use crate::Error;
use crate::denial::Denial;
use crate::directory::{Kind, Row, Table, moment_of, moment_text};

/// The columns among these whose fields were sent, be it as null.
pub fn columns(fields: &Fields<'_>, table: &'static Table, names: &[&'static str]) -> Row {
    let mut row = Row::new();
    for name in names {
        if fields.is_sent(name)
            && let Some(column) = table.column(name)
        {
            row.insert((*name).to_owned(), value(fields, column.name, column.kind));
        }
    }
    row
}

/// Those of them that are not null.
pub fn given(fields: &Fields<'_>, table: &'static Table, names: &[&'static str]) -> Row {
    let mut row = columns(fields, table, names);
    row.retain(|_, value| !value.is_null());
    row
}

fn value(fields: &Fields<'_>, name: &'static str, kind: Kind) -> Value {
    match kind {
        Kind::Text => fields.text(name).map_or(Value::Null, Value::from),
        Kind::Texts => fields.texts(name).map_or(Value::Null, Value::from),
        Kind::Json => fields.map(name).cloned().map_or(Value::Null, Value::Object),
        Kind::Float => fields.number(name).map_or(Value::Null, Value::from),
        Kind::Int | Kind::Big => fields.whole(name).map_or(Value::Null, Value::from),
        Kind::Flag => fields.flag(name).map_or(Value::Null, Value::from),
        Kind::Time => moment(fields, name),
    }
}

fn moment(fields: &Fields<'_>, name: &'static str) -> Value {
    let Some(sent) = fields.any(name) else { return Value::Null };
    match sent.as_str().and_then(moment_of) {
        Some(moment) => moment_text(moment).into(),
        None => {
            let (kind, sentence) = ("datetime_from_date_parsing", "Input should be a valid datetime or date");
            let is_short = sent.as_str().is_some_and(|text| text.len() < 10);
            let sentence = if is_short { format!("{sentence}, input is too short") } else { sentence.to_owned() };
            fields.fault(name, kind, &sentence);
            Value::Null
        }
    }
}

/// A list of texts that must be sent.
pub fn required_texts(fields: &Fields<'_>, name: &'static str) -> Vec<String> {
    if !fields.is_sent(name) {
        fields.fault(name, "missing", "Field required");
        return Vec::new();
    }
    match fields.any(name) {
        Some(_) => fields.texts(name).unwrap_or_default(),
        None => {
            fields.fault(name, "list_type", "Input should be a valid list");
            Vec::new()
        }
    }
}

/// One of these texts.
pub fn one_of<'a>(fields: &Fields<'a>, name: &'static str, known: &[&str]) -> Option<&'a str> {
    let sent = fields.any(name)?;
    match sent.as_str().filter(|text| known.contains(text)) {
        Some(text) => Some(text),
        None => {
            fields.fault(name, "literal_error", &expected(known));
            None
        }
    }
}

/// LiteLLM's framework's sentence for a value that is none of these.
pub fn expected(known: &[&str]) -> String {
    let quoted: Vec<String> = known.iter().map(|each| format!("'{each}'")).collect();
    match quoted.split_last() {
        Some((last, [])) => format!("Input should be {last}"),
        Some((last, first)) => format!("Input should be {} or {last}", first.join(", ")),
        None => String::new(),
    }
}

/// A parameter of the query that must be given.
///
/// # Errors
/// 422 as LiteLLM's framework answers.
pub fn required_parameter<'a>(request: &'a Request, name: &str) -> Result<&'a str, Error> {
    let found = request.query.iter().find(|(parameter, _)| parameter == name);
    found.map(|(_, value)| value.as_str()).ok_or_else(|| {
        let fault = json!({ "type": "missing", "loc": ["query", name], "msg": "Field required", "input": null });
        Denial::detail(422, json!([fault])).into()
    })
}

/// A whole number of the query, between bounds.
///
/// # Errors
/// 422 as LiteLLM's framework answers.
pub fn whole_parameter(request: &Request, name: &str, otherwise: u64, (min, max): (u64, u64)) -> Result<u64, Error> {
    let Some(text) = request.parameter(name) else { return Ok(otherwise) };
    let refuse = |kind: &str, sentence: String| -> Error {
        let fault = json!({ "type": kind, "loc": ["query", name], "msg": sentence, "input": text });
        Denial::detail(422, json!([fault])).into()
    };
    let number: i128 = text.trim().parse().map_err(|_| {
        let sentence = "Input should be a valid integer, unable to parse string as an integer";
        refuse("int_parsing", sentence.to_owned())
    })?;
    if number < i128::from(min) {
        return Err(refuse("greater_than_equal", format!("Input should be greater than or equal to {min}")));
    }
    if number > i128::from(max) {
        return Err(refuse("less_than_equal", format!("Input should be less than or equal to {max}")));
    }
    u64::try_from(number).map_err(|_| refuse("int_parsing", "Input should be a valid integer".to_owned()))
}

/// A whole request that does not hold together, as LiteLLM's own checks of it tell.
pub fn unfit(sentence: &str) -> Error {
    let fault = json!({ "type": "value_error", "loc": ["body"], "msg": format!("Value error, {sentence}") });
    Denial::detail(422, json!([fault])).into()
}
