//! Rows as what they mean: models, credentials, settings and variables, their secrets opened.

use serde_json::{Map, Value};

use super::Read;
use crate::Secret;
use crate::config::{Config, StoredCredential, StoredModel};
use crate::directory::{Columns, Row};
use crate::seal::{Sealer, SecretObject};

/// The sections of a configuration that may be stored.
pub const SECTIONS: &[&str] = &["general_settings", "litellm_settings", "router_settings"];
pub const VARIABLES: &str = "environment_variables";
const SWITCH: &str = "store_model_in_db";

/// Whether what is stored says that it counts; what the file says stands above that.
pub fn turns_on(file: &Config, settings: &[Row]) -> bool {
    let row = settings.iter().find(|row| row.text("param_name") == Some("general_settings"));
    let said = row.and_then(|row| row.object("param_value")).and_then(|values| values.get(SWITCH));
    file.sections.value("general_settings", SWITCH).is_none() && said == Some(&Value::Bool(true))
}

/// `rows`: of settings, of credentials, of models; nothing where they do not count.
pub fn read(rows: &[Vec<Row>], sealer: Option<&Sealer>) -> Read {
    let mut read = Read::default();
    let [settings, credentials, models] = rows else { return read };
    for row in settings {
        let (Some(name), Some(values)) = (row.text("param_name"), row.object("param_value")) else { continue };
        if SECTIONS.contains(&name) {
            read.stored.sections.push((name.to_owned(), values.clone()));
        } else if name == VARIABLES {
            read.take_variables(values, sealer);
        }
    }
    for row in credentials {
        let name = row.text("credential_name").unwrap_or_default();
        if let Some(values) = read.opened(&format!("credential `{name}`"), row.object("credential_values"), sealer) {
            read.stored.credentials.push(StoredCredential { name: name.to_owned(), values });
        }
    }
    for row in models {
        read.take_model(row, sealer);
    }
    read
}

impl Read {
    fn take_model(&mut self, row: &Row, sealer: Option<&Sealer>) {
        let (id, group) = (row.text("model_id").unwrap_or_default(), row.text("model_name").unwrap_or_default());
        let what = format!("model `{group}` ({id})");
        let Some(params) = self.opened(&what, row.object("litellm_params"), sealer) else { return };
        self.stored.models.push(StoredModel {
            id: id.to_owned(),
            group: group.to_owned(),
            params,
            info: row.object("model_info").cloned().unwrap_or_default(),
            is_blocked: row.flag("blocked") == Some(true),
        });
    }

    /// Variables are sealed one by one, and each stands for itself.
    fn take_variables(&mut self, values: &Map<String, Value>, sealer: Option<&Sealer>) {
        for (name, value) in values {
            let one: Map<String, Value> = [(name.clone(), value.clone())].into_iter().collect();
            let Some(opened) = self.opened(&format!("variable `{name}`"), Some(&one), sealer) else { continue };
            if let Some(text) = opened.expose().get(name).and_then(Value::as_str) {
                self.stored.variables.push((name.clone(), Secret::new(text.to_owned())));
            }
        }
    }

    fn opened(
        &mut self,
        what: &str,
        values: Option<&Map<String, Value>>,
        sealer: Option<&Sealer>,
    ) -> Option<SecretObject> {
        let Some(values) = values else { return Some(SecretObject::new(Map::new())) };
        let Some(sealer) = sealer else {
            self.faults.push(format!("the stored {what} is left out: set LITELLM_SALT_KEY to what it was sealed with"));
            return None;
        };
        match sealer.open_object(values) {
            Ok(opened) => Some(opened),
            Err(error) => {
                self.faults.push(format!("the stored {what} is left out: {error}"));
                None
            }
        }
    }
}
