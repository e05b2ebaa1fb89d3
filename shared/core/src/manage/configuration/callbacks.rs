//! `GET /get/config/callbacks`: what is told of calls, and how they are routed. `GET /callbacks/list`: who is told.

use serde_json::{Map, Value, json};

use super::within;
use crate::App;
use crate::manage::{Answer, Outcome, Request};
use crate::upstream::BoxFuture;

/// Settings of the router that are shown, in LiteLLM's order, and what they are where nothing says so.
const ROUTER: &[(&str, Default)] = &[
    ("routing_strategy_args", Default::Empty),
    ("routing_strategy", Default::Text("simple-shuffle")),
    ("allowed_fails", Default::Number(3)),
    ("cooldown_time", Default::Number(5)),
    ("num_retries", Default::Number(2)),
    ("timeout", Default::Nothing),
    ("retry_after", Default::Number(0)),
    ("fallbacks", Default::Nothing),
    ("context_window_fallbacks", Default::Nothing),
    ("model_group_retry_policy", Default::Empty),
    ("retry_policy", Default::Nothing),
    ("model_group_alias", Default::Empty),
    ("enable_weighted_failover", Default::Off),
    ("enable_tag_filtering", Default::Off),
    ("tag_routing_prefix", Default::Text("")),
    ("routing_groups", Default::None),
];

#[derive(Clone, Copy)]
enum Default {
    Nothing,
    Off,
    Empty,
    None,
    Text(&'static str),
    Number(i64),
}

impl Default {
    fn value(self) -> Value {
        match self {
            Self::Nothing => Value::Null,
            Self::Off => false.into(),
            Self::Empty => json!({}),
            Self::None => json!([]),
            Self::Text(text) => text.into(),
            Self::Number(number) => number.into(),
        }
    }
}

/// `GET /get/config/callbacks`.
pub fn callbacks(app: &App, _request: Request) -> BoxFuture<'_, Outcome> {
    Box::pin(async move {
        let said = super::values(super::stored(app, "router_settings").await?.as_ref());
        let of_file = |name: &str| app.stored.file().and_then(|file| file.sections.value("router_settings", name));
        let router = ROUTER.iter().map(|(name, otherwise)| {
            let value = of_file(name).or_else(|| said.get(*name).cloned());
            ((*name).to_owned(), value.map_or_else(|| otherwise.value(), |value| within(&value)))
        });
        Ok(Answer::ok(json!({
            "status": "success",
            "callbacks": [],
            "alerts": [],
            "active_alerting_destinations": [],
            "router_settings": router.collect::<Map<_, _>>(),
            "available_callbacks": {},
        })))
    })
}

/// `GET /callbacks/list`: the names that the configuration has, by what they are told. LiteLLM names parts of itself, too.
pub fn names(app: &App, _request: Request) -> BoxFuture<'_, Outcome> {
    Box::pin(async move {
        let said = super::values(super::stored(app, "litellm_settings").await?.as_ref());
        let named = |setting: &str| listed(app, &said, setting);
        let (success, failure, both) = (named("success_callback"), named("failure_callback"), named("callbacks"));
        let (mut of_success, mut of_failure, mut of_both) = (Vec::new(), Vec::new(), Vec::new());
        for name in success.iter().chain(&failure).chain(&both) {
            let has_both = both.contains(name) || (success.contains(name) && failure.contains(name));
            let names = match (has_both, success.contains(name)) {
                (true, _) => &mut of_both,
                (false, true) => &mut of_success,
                (false, false) => &mut of_failure,
            };
            if !names.contains(name) {
                names.push(name.clone());
            }
        }
        Ok(Answer::ok(json!({ "success": of_success, "failure": of_failure, "success_and_failure": of_both })))
    })
}

fn listed(app: &App, said: &Map<String, Value>, setting: &str) -> Vec<String> {
    let own = app.stored.file().and_then(|file| file.sections.value("litellm_settings", setting));
    match own.as_ref().or_else(|| said.get(setting)) {
        Some(Value::String(name)) => vec![name.clone()],
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => Vec::new(),
    }
}
