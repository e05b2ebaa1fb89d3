//! One callback of a team: its name, the events it is for, and its variables.

use serde_json::{Value, json};

use super::check;
use crate::directory::{Columns, Row};
use crate::manage::{Fields, input};
use crate::seal::variables;
use crate::{App, Error, denial::Denial};

const BOTH: &str = "success_and_failure";
const EVENTS: &[&str] = &["success", "failure", BOTH];

/// An entry of `logging`. Secrets of one that is stored are sealed, of one that was sent they are open.
pub struct Entry {
    pub name: String,
    /// Null stands for both.
    event: Option<String>,
    pub variables: Row,
}

impl Entry {
    /// What a request gives.
    ///
    /// # Errors
    /// 422 for what LiteLLM's model of it refuses.
    pub fn read(app: &App, fields: &Fields<'_>) -> Result<Self, Error> {
        if let Some(sent) = fields.object().get("callback_vars").and_then(Value::as_object) {
            for (name, value) in sent {
                check::variable(name, &opened(app, value)).map_err(|sentence| input::unfit(&sentence))?;
            }
        }
        let name = fields.required("callback_name").to_owned();
        let event = match fields.object().get("callback_type") {
            None => Some(BOTH.to_owned()),
            Some(_) => input::one_of(fields, "callback_type", EVENTS).map(str::to_owned),
        };
        let sent = fields.map("callback_vars").cloned().unwrap_or_default();
        match fields.object().get("callback_vars") {
            None => fields.fault("callback_vars", "missing", "Field required"),
            Some(Value::Null) => fields.fault("callback_vars", "dict_type", "Input should be a valid dictionary"),
            Some(_) => {}
        }
        fields.check()?;
        let variables = sent.iter().map(|(name, value)| (name.clone(), opened(app, value).into())).collect();
        Ok(Self { name, event, variables })
    }

    /// What is stored, where LiteLLM would take it.
    pub fn parse(stored: &Value) -> Option<Self> {
        let stored = stored.as_object()?;
        let variables = stored.object("callback_vars")?.clone();
        let event = match stored.get("callback_type") {
            None => Some(BOTH.to_owned()),
            Some(Value::Null) => None,
            Some(event) => Some(event.as_str().filter(|event| EVENTS.contains(event))?.to_owned()),
        };
        let is_known =
            |(name, value): (&String, &Value)| check::variable(name, value.as_str().unwrap_or_default()).is_ok();
        let entry = Self { name: stored.text("callback_name")?.to_owned(), event, variables };
        entry.variables.iter().all(is_known).then_some(entry)
    }

    pub fn event(&self) -> Value {
        self.event.as_deref().map_or(Value::Null, Value::from)
    }

    pub fn succeeds(&self) -> bool {
        self.event.as_deref() != Some("failure")
    }

    pub fn fails(&self) -> bool {
        self.event.as_deref() != Some("success")
    }

    /// # Errors
    /// 400 for what could not be acted on later.
    pub fn check(&self) -> Result<(), Error> {
        let checked = check::agree(&self.name, self.event.as_deref(), &self.variables);
        checked.map_err(|sentence| Denial::detail_error(400, &sentence).into())
    }

    /// The entry with its secrets sealed.
    ///
    /// # Errors
    /// Where there is no key to seal with.
    pub fn stored(&self, app: &App) -> Result<Value, Error> {
        let mut entry =
            json!({ "callback_name": self.name, "callback_type": self.event(), "callback_vars": self.variables });
        crate::manage::callbacks::seal(app, &mut entry)?;
        Ok(entry)
    }
}

/// A variable as it was before it was sealed, and as Python writes it where it is no text.
pub fn opened(app: &App, value: &Value) -> String {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Null => "None".to_owned(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        other => other.to_string(),
    };
    if variables::marked(&text).is_none() {
        return text;
    }
    let secret = app.stored.sealer().ok().and_then(|sealer| sealer.open_variable(&text).ok());
    secret.map_or(text, |secret| secret.expose().to_owned())
}
