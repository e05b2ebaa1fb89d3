//! Scenes of LiteLLM's management API, as recorded: what was asked, and what was answered.
//!
//! `tests/record/management/placeholders.py` says how names stand for what differs from run to run. Knows no gateway: a
//! test asks its own, and has the answers compared here.

mod names;

use serde_json::Value;

pub use names::Names;

/// One scene: its configuration and its steps.
pub struct Scene {
    pub name: String,
    /// The whole configuration of the scene, as LiteLLM was given it.
    pub config: Value,
    pub steps: Vec<Value>,
}

impl Scene {
    /// Every scene of a recording whose name begins with one of these.
    ///
    /// # Errors
    /// Where the recording is no JSON.
    pub fn all(recording: &str, beginnings: &[&str]) -> Result<Vec<Self>, serde_json::Error> {
        let recording: Value = serde_json::from_str(recording)?;
        let scenes = recording["scenes"].as_array().cloned().unwrap_or_default();
        let wanted = |scene: &&Value| beginnings.iter().any(|name| text(scene, "name").starts_with(name));
        Ok(scenes.iter().filter(wanted).map(|scene| Self::of(&recording["config"], scene)).collect())
    }

    fn of(common: &Value, scene: &Value) -> Self {
        let mut config = common.clone();
        for (name, section) in
            [("general", "general_settings"), ("settings", "litellm_settings"), ("router", "router_settings")]
        {
            let more = scene[name].as_object().cloned().unwrap_or_default();
            if let Some(section) = config[section].as_object_mut() {
                section.extend(more);
            }
        }
        if let (Some(models), Some(more)) = (config["model_list"].as_array_mut(), scene["models"].as_array()) {
            models.extend(more.iter().cloned());
        }
        let steps = scene["steps"].as_array().cloned().unwrap_or_default();
        Self { name: text(scene, "name").to_owned(), config, steps }
    }
}

/// A text of an object, or nothing.
pub fn text<'a>(object: &'a Value, name: &str) -> &'a str {
    object[name].as_str().unwrap_or_default()
}

/// How a step is told from others: its method, path and body.
pub fn title(step: &Value) -> String {
    if let Some(query) = step["query"].as_str() {
        return query.to_owned();
    }
    let body = match (&step["raw"], &step["body"]) {
        (Value::String(raw), _) => raw.clone(),
        (_, Value::Null) => String::new(),
        (_, body) => body.to_string(),
    };
    let by = step["by"].as_str().unwrap_or("nobody");
    format!("{} {} {body} by {by}", text(step, "method"), text(step, "path")).replace("  ", " ")
}
