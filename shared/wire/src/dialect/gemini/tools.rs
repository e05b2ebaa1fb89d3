//! Tools: OpenAI's functions and Google's own tools, each as Gemini wants it.
//!
//! LiteLLM's order and rules. Knows no message.

use memchr::memmem;
use serde_json::{Map, Value, json};

use super::schema;
use crate::prepare::Refusal;

/// Google's own tools in the order in which they are sent: its name there, and the names clients use.
const HOSTED: [(&str, &[&str]); 7] = [
    ("googleSearch", &["googleSearch", "google_search"]),
    ("googleSearchRetrieval", &["googleSearchRetrieval", "google_search_retrieval"]),
    ("enterpriseWebSearch", &["enterpriseWebSearch", "enterprise_web_search"]),
    ("code_execution", &["code_execution", "codeExecution"]),
    ("url_context", &["url_context", "urlContext"]),
    ("googleMaps", &["googleMaps", "google_maps"]),
    ("computerUse", &["computerUse", "computer_use"]),
];
/// Those that cannot stand beside functions.
const SEARCHES: [&str; 4] = ["googleSearch", "googleSearchRetrieval", "enterpriseWebSearch", "url_context"];

/// What a call says of tools.
#[derive(Debug, Default)]
pub(super) struct Tools {
    functions: Vec<Value>,
    hosted: Vec<(&'static str, Value)>,
    /// Where Google Maps shall look.
    pub retrieval: Option<Value>,
}

impl Tools {
    /// Reads `tools` or `functions`.
    ///
    /// # Errors
    /// Where a schema cannot be expressed.
    pub fn read(&mut self, text: &str) -> Result<(), Refusal> {
        let parsed = serde_json::from_str::<Vec<Value>>(text);
        let tools = parsed.map_err(|error| Refusal::bad(format!("tools: {error}: send a list of tools")))?;
        let has = |name: &str| memmem::find(text.as_bytes(), name.as_bytes()).is_some();
        let (has_closed, has_strict) = (has("\"additionalProperties\""), has("\"strict\""));
        for mut tool in tools {
            if has_closed {
                schema::open_objects(&mut tool);
            }
            if has_strict {
                schema::remove_strict(&mut tool);
            }
            self.add(tool)?;
        }
        Ok(())
    }

    fn add(&mut self, tool: Value) -> Result<(), Refusal> {
        let Value::Object(mut fields) = tool else { return Ok(()) };
        match fields.get("type").and_then(Value::as_str) {
            Some("computer_use") => {
                fields.shift_remove("type");
                self.host("computerUse", Value::Object(fields));
                return Ok(());
            }
            Some("web_search" | "web_search_preview") => {
                self.search_web();
                return Ok(());
            }
            _ => {}
        }
        fields.shift_remove("type");
        if let (1, Some((name, value))) = (fields.len(), fields.iter().next())
            && let Some((own, _)) = HOSTED.iter().find(|(_, names)| names.contains(&name.as_str()))
        {
            if !value.is_null() {
                self.host(own, value.clone());
            }
            return Ok(());
        }
        self.function(fields)
    }

    fn function(&mut self, mut fields: Map<String, Value>) -> Result<(), Refusal> {
        let is_nested = fields.get("function").is_some_and(Value::is_object);
        if is_nested && let Some(Value::Object(inner)) = fields.shift_remove("function") {
            fields = inner;
        }
        let Some(name) = fields.shift_remove("name") else { return Ok(()) };
        let mut declared = json!({ "name": name });
        if let Some(description) = fields.shift_remove("description").filter(|text| !text.is_null()) {
            declared["description"] = description;
        }
        match fields.shift_remove("parameters") {
            None | Some(Value::Null) => {}
            Some(Value::String(text)) if text.is_empty() => declared["parameters"] = json!({ "type": "object" }),
            // The older `functions` are sent as they are.
            Some(parameters) if is_nested && parameters.is_object() => {
                declared["parameters"] = schema::convert(parameters)?;
            }
            Some(parameters) => declared["parameters"] = parameters,
        }
        self.functions.push(declared);
        Ok(())
    }

    /// What `web_search_options` asks for.
    pub fn search_web(&mut self) {
        self.host("googleSearch", json!({}));
    }

    fn host(&mut self, name: &'static str, value: Value) {
        let value = match name {
            "googleMaps" => self.maps(value),
            "computerUse" => computer(&value),
            _ => value,
        };
        self.hosted.retain(|(other, _)| *other != name);
        self.hosted.push((name, value));
    }

    /// Where to look is said beside the tools, not in them.
    fn maps(&mut self, mut value: Value) -> Value {
        let Some(fields) = value.as_object_mut() else { return value };
        let [latitude, longitude, language] =
            ["latitude", "longitude", "languageCode"].map(|name| fields.shift_remove(name).filter(|v| !v.is_null()));
        if let (Some(latitude), Some(longitude)) = (latitude, longitude) {
            let mut retrieval = json!({ "latLng": { "latitude": latitude, "longitude": longitude } });
            if let Some(language) = language {
                retrieval["languageCode"] = language;
            }
            self.retrieval = Some(retrieval);
        }
        value
    }

    /// The list as it is sent: functions together, every other tool by itself. `None` where there are none.
    ///
    /// Searches do not stand beside functions, unless the model is told to run its own tools beside the client's.
    pub fn list(mut self, runs_own_tools: bool) -> Option<Vec<Value>> {
        if !self.functions.is_empty() && !runs_own_tools {
            self.hosted.retain(|(name, _)| !SEARCHES.contains(name));
        }
        let mut list = Vec::new();
        if !self.functions.is_empty() {
            let declared = ("function_declarations".to_owned(), Value::Array(self.functions));
            list.push(Value::Object(Map::from_iter([declared])));
        }
        for (name, _) in HOSTED {
            let found = self.hosted.iter().find(|(other, _)| *other == name);
            list.extend(found.map(|(_, value)| Value::Object(Map::from_iter([(name.to_owned(), value.clone())]))));
        }
        (!list.is_empty()).then_some(list)
    }
}

fn computer(config: &Value) -> Value {
    let mut out = json!({});
    match config.get("environment").and_then(Value::as_str) {
        Some("browser" | "ENVIRONMENT_BROWSER") => out["environment"] = "ENVIRONMENT_BROWSER".into(),
        Some("unspecified" | "ENVIRONMENT_UNSPECIFIED") => out["environment"] = "ENVIRONMENT_UNSPECIFIED".into(),
        _ => {}
    }
    let excluded = config.get("excluded_predefined_functions").or_else(|| config.get("excludedPredefinedFunctions"));
    if let Some(excluded) = excluded {
        out["excludedPredefinedFunctions"] = excluded.clone();
    }
    out
}

/// `toolConfig` for `tool_choice`.
///
/// # Errors
/// A word that Gemini does not have.
pub(super) fn choice(text: &str) -> Result<Option<Value>, Refusal> {
    let choice: Value = serde_json::from_str(text).unwrap_or(Value::Null);
    let config = match &choice {
        Value::String(word) if word == "none" => json!({ "mode": "NONE" }),
        Value::String(word) if word == "required" => json!({ "mode": "ANY" }),
        Value::String(word) if word == "auto" => json!({ "mode": "AUTO" }),
        Value::String(word) => {
            return Err(Refusal::unsupported(format!(
                "VertexAI doesn't support tool_choice={word}. Supported tool_choice values=['auto', 'required', json \
                 object]. To drop it from the call, set `litellm.drop_params = True."
            )));
        }
        Value::Object(_) => {
            let name = choice.pointer("/function/name").and_then(Value::as_str).unwrap_or_default();
            json!({ "mode": "ANY", "allowed_function_names": [name] })
        }
        _ => return Ok(None),
    };
    Ok(Some(json!({ "functionCallingConfig": config })))
}
