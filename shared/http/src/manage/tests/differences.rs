//! Where Tollgate answers otherwise than LiteLLM on purpose, and why. A table, no logic.

use serde_json::{Value, json};

/// What comes of a step instead.
pub enum Difference {
    /// The step is about another area, whose own tests play it, or LiteLLM sells what it asks for and we do not: played,
    /// it would change what the steps after it find.
    Unplayed,
    /// Another status, and this body; `<anything>` where the status says enough.
    Answer(u64, Value),
}

/// Scene, path, a part of the caller, note and body, and what comes of it.
type Case = (&'static str, &'static str, &'static str, Option<u64>);

const CASES: &[Case] = &[
    // Sold by LiteLLM, free here.
    ("teams: update, block, models", "/team/update", "\"tags\"", None),
    ("budgets", "/budget/new", "\"model_max_budget\":{", None),
    // LiteLLM unblocks nobody; the scene goes on with customers who are blocked still.
    ("customers", "/customer/unblock", "", None),
    ("customers", "/end_user/unblock", "", None),
    // LiteLLM fails by itself, where there is something to answer.
    ("teams: members", "/team/team-1/members/me", "", Some(200)),
    ("customers", "/customer/block", "[", Some(200)),
    ("tags", "/tag/new", "id-chat", Some(200)),
    ("organizations", "/organization/list", "plain key", Some(200)),
    ("organizations", "/organization/new", "again", Some(400)),
    ("organizations", "/organization/new", "\"budget_id\":\"no-such\"", Some(400)),
    ("organizations", "/organization/update", "\"no-such\"", Some(404)),
    ("organizations", "/organization/update", "\"max_budget\":\"x\"", Some(422)),
    // LiteLLM makes an organization with a budget that is never reset; it is missing from the list after it, too.
    ("organizations", "/organization/new", "\"abc\"", Some(400)),
    ("organizations", "/organization/list", "admin  null", Some(200)),
    // LiteLLM forgets the budget that the request gives the member.
    ("organizations", "/organization/member_add", "max_budget_in_organization", Some(200)),
    // Python lists the names of models in no order.
    ("customers", "/customer/new", "\"default_model\":\"no-such\"", Some(422)),
];

/// The difference of a step, if there is one.
pub fn difference(scene: &str, step: &Value) -> Option<Difference> {
    let path = step["path"].as_str().unwrap_or_default();
    let is_elsewhere = path.contains("/daily/activity")
        || path.starts_with("/key/") && path != "/key/generate"
        || path.starts_with("/user/") && path != "/user/new"
        || path.starts_with("/v1/chat");
    if is_elsewhere {
        return Some(Difference::Unplayed);
    }
    let text = |name: &str| step[name].as_str().unwrap_or_default().to_owned();
    let said = format!("{} {} {}", text("by"), text("note"), step["body"]);
    let (_, _, _, status) = CASES.iter().find(|case| case.0 == scene && case.1 == path && said.contains(case.2))?;
    Some(match status {
        None => Difference::Unplayed,
        Some(status) => Difference::Answer(*status, json!("<anything>")),
    })
}
