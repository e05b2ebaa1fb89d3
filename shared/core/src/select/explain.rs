//! Explanations: the record of a selection as JSON, for `/router/explain` and `tollgate explain`.

use serde_json::{Value, json};

use super::{Chosen, Refusal, Trace};
use crate::catalog::Group;

/// What was considered, what each filter took out and why, the scores, and the choice.
pub fn explain(group: &Group, trace: &Trace, outcome: &Result<Chosen, Refusal>) -> Value {
    let id = |place: usize| group.deployments.get(place).map_or("", |deployment| deployment.id.as_str());
    let candidates: Vec<Value> = group
        .deployments
        .iter()
        .map(|deployment| {
            json!({
                "model_id": deployment.id,
                "model": deployment.named,
                "api_base": deployment.api_base,
            })
        })
        .collect();
    let details = trace.details();
    let removed: Vec<Value> = details
        .map(|details| &details.removed)
        .into_iter()
        .flatten()
        .map(|removed| {
            json!({ "model_id": id(removed.place), "filter": removed.stage.name(), "reason": removed.why.to_string() })
        })
        .collect();
    let scores: Vec<Value> = details
        .map(|details| &details.scores)
        .into_iter()
        .flatten()
        .map(|(place, score)| json!({ "model_id": id(*place), "score": score }))
        .collect();
    let mut explained = json!({
        "model_group": group.name,
        "routing_strategy": trace.strategy().name(),
        "candidates": candidates,
        "removed": removed,
        "scores": scores,
        "score_meaning": meaning(trace),
        "summary": trace.compact(),
    });
    match outcome {
        Ok(chosen) => explained["chosen"] = id(chosen.place).into(),
        Err(refusal) => {
            explained["chosen"] = Value::Null;
            explained["error"] = json!({
                "message": refusal.message,
                "filter": refusal.stage().map(super::Stage::name),
                "retry_after_s": refusal.retry_after.map(super::refusal::whole_seconds),
            });
        }
    }
    explained
}

/// What the strategy's scores are, and which wins.
fn meaning(trace: &Trace) -> &'static str {
    use crate::config::Strategy;
    match trace.strategy() {
        Strategy::SimpleShuffle => "share of the calls; one is drawn",
        Strategy::LeastBusy => "calls under way; the fewest win",
        Strategy::UsageBased => "tokens this minute; the fewest win",
        Strategy::LatencyBased => "seconds a token, or to the first token of a stream; the fewest win",
        Strategy::CostBased => "US dollars for a token in and a token out; the fewest win",
    }
}
