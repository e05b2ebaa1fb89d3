//! Where Tollgate answers otherwise than LiteLLM on purpose, and why. A table, no logic.

use serde_json::{Value, json};

/// What comes of a step instead.
pub enum Difference {
    /// The step is about another area, whose own tests play it.
    Elsewhere,
    Answer(u64, Value),
}

/// The difference of a step, if there is one.
pub fn difference(scene: &str, step: &Value) -> Option<Difference> {
    let path = step["path"].as_str().unwrap_or_default();
    let is_elsewhere = step.get("sql").is_some()
        || path.contains("/daily/activity")
        || path.starts_with("/key/") && path != "/key/generate"
        || path.starts_with("/user/") && path != "/user/new"
        || path.starts_with("/v1/chat");
    if is_elsewhere {
        return Some(Difference::Elsewhere);
    }
    let body = step["body"].to_string();
    let is = |wanted_scene: &str, wanted_path: &str, part: &str| {
        scene == wanted_scene && path == wanted_path && body.contains(part)
    };
    // The reasons are those of LiteLLM's failures: a licence, or a defect.
    if is("teams: update, block, models", "/team/update", "\"tags\"") {
        return Some(Difference::Answer(200, json!("<anything>")));
    }
    if is("budgets", "/budget/new", "\"model_max_budget\":{") {
        return Some(Difference::Answer(200, json!("<anything>")));
    }
    None
}
