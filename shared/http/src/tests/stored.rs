//! Scenes of stored models, credentials and settings, played over a directory in memory.
//!
//! What is answered otherwise on purpose stands in `differences`; anything else that differs fails.

mod claims;
mod differences;
mod routes;
mod stage;

use serde_json::Value;
use tollgate_testkit::scenes::{Names, Scene, text, title};

use stage::Stage;

const RECORDING: &str = include_str!("../../../../tests/recorded/management.json");
/// Between two steps: rows are sorted by when they were made.
const STEP_US: u64 = 7_000;
/// Members of answers that depend on what a model map knows beyond what ours does, or on LiteLLM's client library.
const UNTOLD: &[&str] =
    &["supported_openai_params", "access_via_team_ids", "direct_access", "output_vector_size", "<opaque>"];

/// Everything in which a scene differs from what was recorded: the step, and what is different.
async fn play(scene: &Scene) -> Vec<(String, String)> {
    let stage = Stage::of(scene).await;
    let mut names = Names::default();
    let mut found = Vec::new();
    for (number, step) in scene.steps.iter().enumerate() {
        stage.clock.advance(std::time::Duration::from_micros(STEP_US));
        names.now = stage.clock.now();
        let difference = match step["method"].as_str() {
            None => stage.rows(step, &mut names).await,
            Some(_) if is_elsewhere(step) => stage.made_elsewhere(step, &mut names).await,
            Some(_) => compare(&stage, step, &mut names).await,
        };
        if let Err(difference) = difference {
            found.push((format!("{} #{number}: {}", scene.name, title(step)), difference));
        }
    }
    found
}

/// What other areas answer, and calls that need a provider.
fn is_elsewhere(step: &Value) -> bool {
    let path = text(step, "path");
    let is_call = path.starts_with("/v1/chat/") && step["status"] == 200;
    is_call || ["/user/", "/team/", "/key/", "/cache/"].iter().any(|area| path.starts_with(area))
}

async fn compare(stage: &Stage, step: &Value, names: &mut Names) -> Result<(), String> {
    let (status, answer) = stage.ask(step, names).await;
    if step["status"] != status {
        return Err(format!("{status}, not {}: {answer}", step["status"]));
    }
    names.compare(&told(&step["answer"], &answer), &told(&answer, &step["answer"]))
}

/// A value without what is not compared; where the other side is opaque, so is this one.
fn told(value: &Value, other: &Value) -> Value {
    match (value, other) {
        (Value::String(text), Value::String(other)) if text == "<opaque>" || other == "<opaque>" => "opaque".into(),
        (Value::Object(members), _) => {
            let kept = members.iter().filter(|(name, value)| {
                let is_unknown = value.is_null() && other.get(name.as_str()).is_none();
                !UNTOLD.contains(&name.as_str()) && !is_unknown
            });
            Value::Object(kept.map(|(name, value)| (name.clone(), told(value, &other[name.as_str()]))).collect())
        }
        (Value::Array(items), _) => items.iter().enumerate().map(|(place, item)| told(item, &other[place])).collect(),
        (value, _) => value.clone(),
    }
}

#[test]
fn stored_models_and_settings_are_answered_as_by_litellm() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let scenes = Scene::all(RECORDING, &["models", "credentials", "configuration"]).expect("a recording");
    assert!(scenes.len() >= 6, "only {} scenes", scenes.len());
    let found: Vec<(String, String)> = scenes.iter().flat_map(|scene| runtime.block_on(play(scene))).collect();
    let unexplained: Vec<String> = found
        .iter()
        .filter(|(step, difference)| !differences::explains(step, difference))
        .map(|(step, difference)| format!("{step}\n    {difference}"))
        .collect();
    assert!(unexplained.is_empty(), "{} steps differ:\n{}", unexplained.len(), unexplained.join("\n"));
    let stale = differences::stale(&found);
    assert!(stale.is_empty(), "differences that are none any more: {stale:?}");
}
