//! `POST /config/update`: several sections at once; each key that is sent takes the place of what is stored.

use serde_json::{Map, Value, json};

use super::{change, owned, owned_detail};
use crate::denial::Denial;
use crate::manage::{Answer, Fields, Outcome, Request};
use crate::seal::SecretObject;
use crate::stored::{SECTIONS, VARIABLES};
use crate::upstream::BoxFuture;
use crate::{App, Error};

/// Settings that are in force as soon as they are stored; the others are when a process starts.
const AT_ONCE: &[(&str, &[&str])] = &[
    (
        "general_settings",
        &[
            "store_model_in_db",
            "proxy_config_reload_interval_seconds",
            "allowed_ips",
            "use_x_forwarded_for",
            "trusted_proxy_ranges",
        ],
    ),
    (
        "litellm_settings",
        &["drop_params", "request_timeout", "modify_params", "cost_discount_config", "cost_margin_config"],
    ),
    ("router_settings", &["model_group_alias", "routing_groups", "timeout", "stream_timeout"]),
];

/// `POST /config/update`.
pub fn update(app: &App, request: Request) -> BoxFuture<'_, Outcome> {
    Box::pin(async move {
        let empty = json!({});
        let fields = Fields::of(if request.body.is_null() { &empty } else { &request.body })?;
        let mut sections: Vec<(&'static str, Map<String, Value>)> = Vec::new();
        for name in SECTIONS.iter().chain([&VARIABLES]) {
            if let Some(values) = fields.map(name) {
                let given = values.iter().filter(|(_, value)| !value.is_null());
                sections.push((name, given.map(|(key, value)| (key.clone(), value.clone())).collect()));
            }
        }
        fields.check()?;
        if !request.caller.is_admin() {
            return Err(Denial::auth(403, "Only proxy admins can update config").into());
        }
        for (section, values) in &sections {
            let keys = owned(app, section, values.keys());
            if !keys.is_empty() {
                return Err(refused(section, &keys));
            }
        }
        let mut later = Vec::new();
        for (section, values) in sections {
            later.extend(at_start(section, &values));
            let values = if section == VARIABLES { sealed(app, values)? } else { values };
            change(app, &request, section, &|mut stored| {
                stored.extend(values.clone());
                Ok(stored)
            })
            .await?;
        }
        let mut answer = json!({ "message": "Config updated successfully" });
        if !later.is_empty() {
            answer["in_force_after_restart"] = later.into();
        }
        Ok(Answer::ok(answer))
    })
}

/// `GET /config/yaml`: LiteLLM's page of what a configuration may hold answers this.
pub fn yaml(_app: &App, _request: Request) -> BoxFuture<'_, Outcome> {
    Box::pin(async move { Ok(Answer::ok(json!({ "hello": "world" }))) })
}

/// The keys that count when a process starts.
pub fn at_start(section: &str, values: &Map<String, Value>) -> Vec<String> {
    if section == VARIABLES {
        return Vec::new();
    }
    let at_once = AT_ONCE.iter().find(|(name, _)| *name == section).map(|(_, keys)| *keys).unwrap_or_default();
    let later = values.keys().filter(|key| !at_once.contains(&key.as_str()));
    later.map(|key| format!("{section}.{key}")).collect()
}

/// Values are sealed one by one; what comes back sealed, as it was shown, stays as it is.
fn sealed(app: &App, values: Map<String, Value>) -> Result<Map<String, Value>, Error> {
    let sealer = app.stored.sealer()?;
    let mut sealed = Map::new();
    for (name, value) in values {
        let text = match &value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        if sealer.open(&text).is_ok() {
            sealed.insert(name, text.into());
            continue;
        }
        let one = SecretObject::new([(name, Value::from(text))].into_iter().collect());
        sealed.extend(sealer.seal_object(&one).map_err(|error| Denial::detail_error(400, &error.to_string()))?);
    }
    Ok(sealed)
}

fn refused(section: &str, keys: &[String]) -> Error {
    let detail = owned_detail(section, keys);
    let written: Vec<String> = detail
        .iter()
        .map(|(name, value)| {
            let value = match value {
                Value::String(text) => crate::denial::python_text(text),
                Value::Array(items) => {
                    let items: Vec<&str> = items.iter().filter_map(Value::as_str).collect();
                    crate::manage::records::python_list(&items)
                }
                other => other.to_string(),
            };
            format!("'{name}': {value}")
        })
        .collect();
    Denial::auth(400, format!("{{{}}}", written.join(", "))).into()
}
