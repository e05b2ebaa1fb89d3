//! What the operator's service answers.
//!
//! Decides between three things: who the caller is, that it is turned away, that the answer is none.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::fields::{self, Place, ROLES};
use super::{Grant, Verdict, hash};
use crate::Secret;

/// What a caller is told at most.
const MESSAGE_CHARACTERS_MAX: usize = 500;

#[derive(Debug, PartialEq, Eq)]
pub enum Failure {
    Refused {
        status: u16,
        message: String,
    },
    /// The reason, for the log; it holds no value.
    Misfit(String),
}

/// `shown` is the hash of what the caller has shown.
pub fn read(status: u16, body: &[u8], shown: String) -> Result<Verdict, Failure> {
    match status {
        200 => granted(body, shown),
        401 | 403 => Err(Failure::Refused { status, message: message(status, body) }),
        other => Err(Failure::Misfit(format!("the service answered {other}: it is to answer 200, 401 or 403"))),
    }
}

fn granted(body: &[u8], shown: String) -> Result<Verdict, Failure> {
    match serde_json::from_slice(body) {
        Ok(Value::String(key)) if !key.is_empty() => Ok(Verdict::Key(Secret::new(key))),
        Ok(Value::Object(fields)) => Ok(Verdict::Grant(Arc::new(grant(fields, shown)?))),
        _ => misfit("the service answered 200 without an object or a key in JSON".to_owned()),
    }
}

fn grant(given: Map<String, Value>, shown: String) -> Result<Grant, Failure> {
    let mut grant = Grant { hash: shown, user_role: None, key: Map::new(), beside: Map::new() };
    let mut token = None;
    for (name, value) in given {
        // Null says nothing, as with LiteLLM.
        if value.is_null() {
            continue;
        }
        match (name.as_str(), &value) {
            ("api_key", Value::String(key)) => grant.hash = booked(key),
            ("token", Value::String(key)) => token = Some(booked(key)),
            ("user_role", Value::String(role)) if ROLES.contains(&role.as_str()) => {
                grant.user_role = Some(role.clone());
            }
            ("user_role", _) => return misfit(format!("`user_role` is none of {}", ROLES.join(", "))),
            _ => place(&mut grant, name, value)?,
        }
    }
    grant.hash = token.unwrap_or(grant.hash);
    Ok(grant)
}

fn place(grant: &mut Grant, name: String, value: Value) -> Result<(), Failure> {
    // LiteLLM has two names for it, of which the table has the longer.
    let name = if name == "org_id" { "organization_id".to_owned() } else { name };
    let Some((place, kind)) = fields::find(&name) else {
        let name: String = name.chars().take(64).collect();
        return misfit(format!("`{name}` is no field of LiteLLM's UserAPIKeyAuth: correct its name or leave it out"));
    };
    if !fields::fits(&value, kind) {
        return misfit(format!("`{name}` is no {kind:?}"));
    }
    let into = if place == Place::Key { &mut grant.key } else { &mut grant.beside };
    into.insert(name, value);
    Ok(())
}

/// What LiteLLM writes in place of a key. A hash stays one; anything else may be a key, which nothing is booked on.
fn booked(key: &str) -> String {
    let bearer = key.get(..7).is_some_and(|scheme| scheme.eq_ignore_ascii_case("bearer "));
    let key = if bearer { &key[7..] } else { key };
    let is_hash = key.len() == 64 && key.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_hash {
        return key.to_ascii_lowercase();
    }
    let kind = if crate::jwt::is_jwt(key) { "hashed-jwt-" } else { "" };
    format!("{kind}{}", hash(key))
}

/// What the service says to the caller: `message`, `detail`, `error` or `error.message`.
fn message(status: u16, body: &[u8]) -> String {
    let body: Option<Value> = serde_json::from_slice(body).ok();
    let said = body.as_ref().and_then(|body| {
        let error = body.get("error");
        let places = [body.get("message"), body.get("detail"), error, error.and_then(|error| error.get("message"))];
        places.into_iter().flatten().find_map(Value::as_str)
    });
    let otherwise = if status == 401 { "Invalid credentials" } else { "Access forbidden" };
    said.filter(|said| !said.is_empty()).unwrap_or(otherwise).chars().take(MESSAGE_CHARACTERS_MAX).collect()
}

fn misfit<T>(reason: String) -> Result<T, Failure> {
    Err(Failure::Misfit(reason))
}
