//! The fields of a management request, checked as LiteLLM's framework checks them.
//!
//! What is of a wrong type is refused with 422 and all faults at once: `{"detail":[{"type","loc","msg"}]}`. What was
//! sent instead is not repeated, as LiteLLM does not: it may hold a secret.

use std::sync::{Mutex, PoisonError};

use serde_json::{Map, Value, json};

use crate::Error;
use crate::denial::Denial;

/// A body's fields, and what was found wrong with them so far.
pub struct Fields<'a> {
    object: &'a Map<String, Value>,
    faults: Mutex<Vec<Value>>,
}

impl<'a> Fields<'a> {
    /// # Errors
    /// 422 where the body is no object, or there is none.
    pub fn of(body: &'a Value) -> Result<Self, Error> {
        match body {
            Value::Object(object) => Ok(Self { object, faults: Mutex::default() }),
            Value::Null => {
                let fault = json!({ "type": "missing", "loc": ["body"], "msg": "Field required" });
                Err(Denial::detail(422, json!([fault])).into())
            }
            _ => {
                let fault = json!({
                    "type": "model_attributes_type",
                    "loc": ["body"],
                    "msg": "Input should be a valid dictionary or object to extract fields from",
                });
                Err(Denial::detail(422, json!([fault])).into())
            }
        }
    }

    /// # Errors
    /// 422 with everything that was found wrong.
    pub fn check(&self) -> Result<(), Error> {
        let faults = self.faults.lock().unwrap_or_else(PoisonError::into_inner);
        if faults.is_empty() { Ok(()) } else { Err(Denial::detail(422, Value::Array(faults.clone())).into()) }
    }

    /// Whether the field was sent, be it as null.
    pub fn is_sent(&self, name: &str) -> bool {
        self.object.contains_key(name)
    }

    /// The field as it was sent, if it is not null.
    pub fn any(&self, name: &str) -> Option<&'a Value> {
        self.object.get(name).filter(|value| !value.is_null())
    }

    pub const fn object(&self) -> &'a Map<String, Value> {
        self.object
    }

    pub fn text(&self, name: &'static str) -> Option<&'a str> {
        let value = self.any(name)?;
        self.taken(name, value.as_str(), "string_type", "Input should be a valid string")
    }

    /// A text that must be sent.
    pub fn required(&self, name: &'static str) -> &'a str {
        if !self.object.contains_key(name) {
            self.fault(name, "missing", "Field required");
            return "";
        }
        match self.object.get(name) {
            Some(Value::String(text)) => text,
            _ => {
                self.fault(name, "string_type", "Input should be a valid string");
                ""
            }
        }
    }

    /// A number, also one that is written in a text.
    pub fn number(&self, name: &'static str) -> Option<f64> {
        let value = self.any(name)?;
        let number = match value {
            Value::String(text) => text.trim().parse().ok(),
            Value::Bool(flag) => Some(f64::from(u8::from(*flag))),
            other => other.as_f64(),
        };
        let (kind, sentence) = match value {
            Value::String(_) => ("float_parsing", "Input should be a valid number, unable to parse string as a number"),
            _ => ("float_type", "Input should be a valid number"),
        };
        self.taken(name, number, kind, sentence)
    }

    /// A whole number, also one that is written in a text or with a fraction of nothing.
    pub fn whole(&self, name: &'static str) -> Option<i64> {
        let value = self.any(name)?;
        let (number, kind, sentence) = match value {
            Value::String(text) => (
                text.trim().parse().ok(),
                "int_parsing",
                "Input should be a valid integer, unable to parse string as an integer",
            ),
            Value::Bool(flag) => (Some(i64::from(*flag)), "int_type", ""),
            Value::Number(number) if !number.is_i64() => (
                number
                    .as_f64()
                    .filter(|number| number.fract() == 0.0 && number.abs() < WHOLE_MAX)
                    .map(|number| number as i64),
                "int_from_float",
                "Input should be a valid integer, got a number with a fractional part",
            ),
            other => (other.as_i64(), "int_type", "Input should be a valid integer"),
        };
        self.taken(name, number, kind, sentence)
    }

    pub fn flag(&self, name: &'static str) -> Option<bool> {
        let value = self.any(name)?;
        let (flag, kind, sentence) = match value {
            Value::Bool(flag) => (Some(*flag), "bool_type", ""),
            Value::String(text) => {
                (flag_of(text), "bool_parsing", "Input should be a valid boolean, unable to interpret input")
            }
            Value::Number(number) => (
                number.as_f64().and_then(|number| [0.0, 1.0].iter().position(|each| *each == number)).map(|at| at == 1),
                "bool_parsing",
                "Input should be a valid boolean, unable to interpret input",
            ),
            _ => (None, "bool_type", "Input should be a valid boolean"),
        };
        self.taken(name, flag, kind, sentence)
    }

    pub fn map(&self, name: &'static str) -> Option<&'a Map<String, Value>> {
        let value = self.any(name)?;
        self.taken(name, value.as_object(), "dict_type", "Input should be a valid dictionary")
    }

    pub fn list(&self, name: &'static str) -> Option<&'a Vec<Value>> {
        let value = self.any(name)?;
        self.taken(name, value.as_array(), "list_type", "Input should be a valid list")
    }

    /// A list of texts; each item that is none is a fault of its own.
    pub fn texts(&self, name: &'static str) -> Option<Vec<String>> {
        let items = self.list(name)?;
        let mut texts = Vec::with_capacity(items.len());
        for (place, item) in items.iter().enumerate() {
            match item.as_str() {
                Some(text) => texts.push(text.to_owned()),
                None => self.fault_at(json!(["body", name, place]), "string_type", "Input should be a valid string"),
            }
        }
        Some(texts)
    }

    /// Notes a fault of a field.
    pub fn fault(&self, name: &str, kind: &str, sentence: &str) {
        self.fault_at(json!(["body", name]), kind, sentence);
    }

    /// Notes a fault of what stands at a place within a field.
    pub fn fault_at(&self, location: Value, kind: &str, sentence: &str) {
        let fault = json!({ "type": kind, "loc": location, "msg": sentence });
        self.faults.lock().unwrap_or_else(PoisonError::into_inner).push(fault);
    }

    fn taken<T>(&self, name: &str, taken: Option<T>, kind: &str, sentence: &str) -> Option<T> {
        if taken.is_none() {
            self.fault(name, kind, sentence);
        }
        taken
    }
}

/// Numbers from here on stand for no whole number that a column could hold.
const WHOLE_MAX: f64 = 9.0e15;

fn flag_of(text: &str) -> Option<bool> {
    match text.trim().to_ascii_lowercase().as_str() {
        "true" | "1" | "t" | "y" | "yes" | "on" => Some(true),
        "false" | "0" | "f" | "n" | "no" | "off" => Some(false),
        _ => None,
    }
}
