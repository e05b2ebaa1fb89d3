//! The management API: keys, teams, users, budgets and what belongs to them.
//!
//! A handler reads a request's fields, decides, writes through `Governance`, and answers in LiteLLM's words. Who may
//! come here at all has been decided before; whose records they may touch is the handler's business.

pub mod access_groups;
mod archive;
pub mod audit;
pub mod audit_log;
pub mod budgets;
pub mod cache;
mod callbacks;
pub mod configuration;
pub mod credentials;
pub mod customers;
mod fields;
pub mod find;
mod input;
pub mod jwt_keys;
pub mod keys;
pub mod model_groups;
pub mod models;
mod money;
mod newcomers;
pub mod organizations;
pub mod page;
mod permission;
pub mod projects;
mod promise;
mod read;
mod records;
pub mod show;
pub mod spend;
pub mod tags;
pub mod teams;
mod usage;
pub mod users;

use serde_json::Value;

pub use fields::Fields;

use crate::denial::Denial;
use crate::directory::{Fault, Row, Standing};
use crate::govern::authorise::Entry;
use crate::govern::{Caller, unavailable};
use crate::upstream::BoxFuture;
use crate::{App, Error};

/// A request to manage something.
pub struct Request {
    pub caller: Caller,
    pub method: http::Method,
    pub path: String,
    /// What stands in the places of the route's path, decoded.
    pub places: Vec<(&'static str, String)>,
    /// The parameters of the query, decoded.
    pub query: Vec<(String, String)>,
    /// The body; null where there is none.
    pub body: Value,
    /// `litellm-changed-by`: for whom an admin acts, for the audit log.
    pub changed_by: Option<String>,
}

/// What is answered.
#[derive(Debug, PartialEq)]
pub struct Answer {
    pub status: u16,
    pub body: Value,
}

/// What a handler comes to.
pub type Outcome = Result<Answer, Error>;

/// A handler, as the table of routes names it.
pub type Handler = for<'a> fn(&'a App, Request) -> BoxFuture<'a, Outcome>;

impl Answer {
    pub const fn ok(body: Value) -> Self {
        Self { status: 200, body }
    }
}

impl Request {
    /// What stands in a place of the path.
    pub fn place(&self, name: &str) -> &str {
        self.places.iter().find(|(place, _)| *place == name).map_or("", |(_, value)| value)
    }

    /// A parameter of the query, where it is given and not empty.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        let found = self.query.iter().find(|(parameter, _)| parameter == name)?;
        Some(found.1.as_str()).filter(|value| !value.is_empty())
    }

    /// Every value of a parameter that may be given several times.
    pub fn parameters(&self, name: &str) -> Vec<&str> {
        self.query.iter().filter(|(parameter, _)| parameter == name).map(|(_, value)| value.as_str()).collect()
    }

    /// Who is written down as the author of a change.
    pub fn author(&self) -> String {
        let changed_by = self.changed_by.clone().filter(|_| self.caller.is_admin());
        changed_by.or_else(|| self.caller.user_id().map(str::to_owned)).unwrap_or_default()
    }

    /// The fields of the body.
    ///
    /// # Errors
    /// 422 where the body is no object, as LiteLLM's framework answers.
    pub fn fields(&self) -> Result<Fields<'_>, Error> {
        Fields::of(&self.body)
    }
}

/// Hands the request to its handler, once it is certain that the caller may ask for it.
///
/// # Errors
/// The refusal, or the handler's own.
pub async fn serve(app: &App, entry: Entry, handler: Handler, mut request: Request) -> Outcome {
    entry.about(&app.governance, &named(&request)).await?;
    if app.governance.directory.standing() == Standing::Absent {
        let sentence = "DB not connected. See https://docs.litellm.ai/docs/proxy/virtual_keys";
        return Err(Denial::management_error(500, sentence).into());
    }
    if holds_nul(&request.body) {
        let sentence = "a text of the request holds the character U+0000, which no database keeps: leave it out";
        return Err(Denial::management_error(400, sentence).into());
    }
    callbacks::seal(app, &mut request.body)?;
    let mut answer = handler(app, request).await?;
    callbacks::cover(app, &mut answer.body);
    Ok(answer)
}

/// Whether any text or name in it holds U+0000. How deep a body is has been limited by whoever parsed it.
fn holds_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(items) => items.iter().any(holds_nul),
        Value::Object(members) => members.iter().any(|(name, value)| name.contains('\0') || holds_nul(value)),
        _ => false,
    }
}

/// The organizations that a request names, in its body or, where it reads, in its query.
fn named(request: &Request) -> Value {
    let of = |name: &str| request.body.get(name).cloned().unwrap_or(Value::Null);
    let mut single = of("organization_id");
    if let (Value::Null, Some(id)) = (&single, request.parameter("organization_id")) {
        single = id.into();
    }
    serde_json::json!({ "organization_id": single, "organizations": of("organizations") })
}

/// A fault of the directory, as a management call answers it. What must be unique and is not is told by the handler,
/// which knows the sentence.
pub fn failed(fault: &Fault) -> Error {
    match fault {
        Fault::Unavailable(_) => unavailable(fault),
        Fault::Changed(_) => Denial::management(409, fault.to_string()).into(),
        Fault::Taken { .. } => Denial::management(400, fault.to_string()).into(),
        Fault::Misfit(_) => Denial::management(500, fault.to_string()).into(),
    }
}

/// A row without these columns: what is never shown.
#[must_use]
pub fn without(mut row: Row, columns: &[&str]) -> Row {
    row.retain(|name, _| !columns.contains(&name.as_str()));
    row
}
