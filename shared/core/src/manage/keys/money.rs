//! Amounts and durations of keys and users: what may be asked for, and when it runs out.
//!
//! A number that is none, or below nothing, is refused wherever it is sent: it would let every budget pass.

use serde_json::{Map, Value};

use crate::Error;
use crate::clock::Moment;
use crate::denial::Denial;
use crate::directory::{Columns, Row, moment_text};
use crate::govern::KeyRules;
use crate::govern::period::{self, Calendar};

/// # Errors
/// 400 for budgets below nothing, and for a `budget_duration` that is none.
pub fn check_budgets(sent: &Row, calendar: &Calendar, now: Moment) -> Result<(), Error> {
    for name in ["max_budget", "soft_budget"] {
        if let Some(number) = sent.number(name).filter(|number| *number < 0.0) {
            let sentence = format!("{name} must be a non-negative finite number. Received: {number:?}");
            return Err(refused(400, &sentence));
        }
    }
    match sent.text("budget_duration").map(|duration| calendar.check(duration, now)) {
        Some(Err(error)) => Err(refused(400, &error.to_string())),
        _ => Ok(()),
    }
}

fn refused(status: u16, sentence: &str) -> Error {
    Denial::management_error(status, sentence).into()
}

/// When something that lasts this long ends; the row's text.
///
/// # Errors
/// 500 with LiteLLM's sentences.
pub fn end_of(duration: &str, now: Moment) -> Result<Value, Error> {
    match period::length(duration, now) {
        Some(length) => Ok(moment_text(now + length).into()),
        None => Err(Denial::management(500, bad_duration(duration)).into()),
    }
}

fn bad_duration(duration: &str) -> String {
    let digits = duration.bytes().take_while(u8::is_ascii_digit).count();
    let is_read = digits > 0 && duration.as_bytes().get(digits).is_some_and(u8::is_ascii_lowercase);
    match is_read {
        true => format!("Unsupported duration unit, passed duration: {duration}"),
        false => "Invalid duration format".to_owned(),
    }
}

/// The windows of `budget_limits`, each with the end of the one that is now.
pub fn windows(sent: &Value, calendar: &Calendar, now: Moment) -> Value {
    let Some(items) = sent.as_array().filter(|items| !items.is_empty()) else { return Value::Null };
    let windows = items.iter().map(|item| {
        let duration = item.get("budget_duration").and_then(Value::as_str).unwrap_or_default();
        let end = crate::manage::show::moment(calendar.next(duration, now), crate::manage::show::Times::Offset);
        let mut window = item.as_object().cloned().unwrap_or_default();
        window.insert("reset_at".to_owned(), end.into());
        Value::Object(window)
    });
    Value::Array(windows.collect())
}

/// Budgets of single models: `{model: {budget_limit | max_budget, time_period | budget_duration}}`.
///
/// # Errors
/// LiteLLM's 500 with what is wrong.
pub fn check_model_budgets(sent: &Row) -> Result<(), Error> {
    for (model, budget) in sent.object("model_max_budget").into_iter().flatten() {
        if let Err(reason) = check_model_budget(model, budget) {
            let sentence = format!(
                "Invalid model_max_budget: {reason}. Example of valid model_max_budget: \
                 https://docs.litellm.ai/docs/proxy/users"
            );
            return Err(Denial::management(500, sentence).into());
        }
    }
    Ok(())
}

fn check_model_budget(model: &str, budget: &Value) -> Result<(), String> {
    let Some(budget) = budget.as_object() else {
        return Err(format!("'{}' object is not iterable", python_kind(budget)));
    };
    for name in ["budget_limit", "max_budget"] {
        let Some(value) = budget.get(name).filter(|value| !value.is_null()) else { continue };
        let number = value.as_f64().or_else(|| value.as_str()?.trim().parse().ok());
        match number {
            None if value.is_string() => {
                let text = crate::denial::python_text(value.as_str().unwrap_or_default());
                return Err(format!("could not convert string to float: {text}"));
            }
            None => return Err(format!("{name} of {model} is no number")),
            Some(number) if !number.is_finite() || number < 0.0 => {
                return Err(format!("{name} of {model} must be a non-negative finite number"));
            }
            Some(_) => {}
        }
    }
    Ok(())
}

fn python_kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "NoneType",
        Value::Bool(_) => "bool",
        Value::Number(number) if number.is_f64() => "float",
        Value::Number(_) => "int",
        Value::String(_) => "str",
        Value::Array(_) => "list",
        Value::Object(_) => "dict",
    }
}

/// Fills in what the operator gives keys that ask for nothing.
pub fn apply_defaults(sent: &mut Row, rules: &KeyRules) {
    let names = [
        "max_budget",
        "user_id",
        "team_id",
        "max_parallel_requests",
        "tpm_limit",
        "rpm_limit",
        "budget_duration",
        "duration",
    ];
    for name in names {
        let is_missing = sent.get(name).is_none_or(Value::is_null);
        // Without a budget's duration is also something to ask for.
        let is_refused = name == "budget_duration" && sent.contains_key(name);
        if let Some(value) = rules.defaults.get(name).filter(|value| is_missing && !is_refused && !value.is_null()) {
            sent.insert(name.to_owned(), value.clone());
        }
    }
    for name in ["models", "metadata"] {
        let is_empty = match sent.get(name) {
            None => true,
            Some(Value::Array(items)) => items.is_empty(),
            Some(Value::Object(members)) => members.is_empty(),
            Some(_) => false,
        };
        if let Some(value) = rules.defaults.get(name).filter(|_| is_empty) {
            sent.insert(name.to_owned(), value.clone());
        }
    }
    apply_default_permission(sent, rules);
}

fn apply_default_permission(sent: &mut Row, rules: &KeyRules) {
    let Some(defaults) = rules.defaults.object("object_permission") else { return };
    let permission = sent.entry("object_permission").or_insert(Value::Null);
    if permission.is_null() {
        *permission = Value::Object(Map::new());
    }
    let Some(permission) = permission.as_object_mut() else { return };
    for (name, value) in defaults {
        permission.entry(name).or_insert_with(|| value.clone());
    }
}

/// Whether what is asked for stays within `upperbound_key_generate_params`.
///
/// # Errors
/// 400 with the field, what was asked for, and the most that there is.
pub fn check_bounds(sent: &Row, rules: &KeyRules, now: Moment) -> Result<(), Error> {
    for name in ["max_budget", "max_parallel_requests", "tpm_limit", "rpm_limit"] {
        let (Some(asked), Some(most)) = (sent.number(name), rules.bounds.number(name)) else { continue };
        if asked > most {
            return Err(over(name, &shown(sent, name), &shown(&rules.bounds, name)));
        }
    }
    for name in ["budget_duration", "duration"] {
        let (Some(asked), Some(most)) = (sent.text(name), rules.bounds.text(name)) else { continue };
        let most_length = period::length(most, now);
        let is_over = asked == "-1" || period::length(asked, now).zip(most_length).is_some_and(|(a, b)| a > b);
        if is_over {
            return Err(over(name, asked, most));
        }
    }
    Ok(())
}

/// Gives a new key the most that there is, where it asks for nothing.
pub fn apply_bounds(sent: &mut Row, rules: &KeyRules) {
    for (name, most) in &rules.bounds {
        let slot = sent.entry(name).or_insert(Value::Null);
        if slot.is_null() {
            *slot = most.clone();
        }
    }
}

fn shown(row: &Row, name: &str) -> String {
    row.get(name).map(Value::to_string).unwrap_or_default()
}

fn over(name: &str, asked: &str, most: &str) -> Error {
    refused(400, &format!("{name} is over max limit set in config - user_value={asked}; max_value={most}"))
}
