//! Parameters of a query, checked as LiteLLM's framework checks them: pages, numbers and flags.
//!
//! What is of a wrong type is refused with 422 and all faults at once.

use std::sync::{Mutex, PoisonError};

use serde_json::{Value, json};

use super::Request;
use crate::Error;
use crate::denial::Denial;

/// A query, and what was found wrong with it so far.
pub struct Parameters<'a> {
    request: &'a Request,
    faults: Mutex<Vec<Value>>,
}

impl<'a> Parameters<'a> {
    pub fn of(request: &'a Request) -> Self {
        Self { request, faults: Mutex::default() }
    }

    /// # Errors
    /// 422 with everything that was found wrong.
    pub fn check(&self) -> Result<(), Error> {
        let faults = self.faults.lock().unwrap_or_else(PoisonError::into_inner);
        if faults.is_empty() { Ok(()) } else { Err(Denial::detail(422, Value::Array(faults.clone())).into()) }
    }

    pub fn text(&self, name: &str) -> Option<&'a str> {
        self.request.parameter(name)
    }

    /// A whole number from 1 on, up to a maximum where there is one.
    pub fn count(&self, name: &str, otherwise: u64, most: Option<u64>) -> u64 {
        let Some(text) = self.text(name) else { return otherwise };
        let Ok(number) = text.trim().parse::<i64>() else {
            let sentence = "Input should be a valid integer, unable to parse string as an integer";
            self.fault(name, "int_parsing", sentence);
            return otherwise;
        };
        let number = u64::try_from(number).unwrap_or(0);
        if number < 1 {
            self.fault(name, "greater_than_equal", "Input should be greater than or equal to 1");
        }
        if let Some(most) = most.filter(|most| number > *most) {
            self.fault(name, "less_than_equal", &format!("Input should be less than or equal to {most}"));
        }
        number
    }

    pub fn flag(&self, name: &str) -> bool {
        let Some(text) = self.text(name) else { return false };
        match text.to_ascii_lowercase().as_str() {
            "true" | "1" | "t" | "y" | "yes" | "on" => true,
            "false" | "0" | "f" | "n" | "no" | "off" => false,
            _ => {
                let sentence = "Input should be a valid boolean, unable to interpret input";
                self.fault(name, "bool_parsing", sentence);
                false
            }
        }
    }

    fn fault(&self, name: &str, kind: &str, sentence: &str) {
        let fault = json!({ "type": kind, "loc": ["query", name], "msg": sentence });
        self.faults.lock().unwrap_or_else(PoisonError::into_inner).push(fault);
    }
}

/// How many pages there are.
pub const fn pages(total: u64, size: u64) -> u64 {
    total.div_ceil(size)
}

/// Where a page begins.
pub const fn offset(page: u64, size: u64) -> u64 {
    page.saturating_sub(1).saturating_mul(size)
}
