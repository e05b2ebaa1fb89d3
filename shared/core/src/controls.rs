//! What a request says about its own routing: retries, fallbacks, tags, session, priority, switches for tests.
//!
//! Reads fields and headers; decides nothing. What is of a wrong type is refused by name.

use serde_json::{Map, Value};
use tollgate_wire::json::Object;

use crate::Error;
use crate::body::FORBIDDEN;
use crate::call::Hints;
use crate::config::{FallbackTarget, Fallbacks};
use crate::resilience::fallback::Wish as FallbackWish;
use crate::select::Wish;

/// How many fallbacks a request may name, and how many tags.
const TARGETS_MAX: usize = 50;
const TAGS_MAX: usize = 100;

/// Everything that one request says.
#[derive(Clone, Debug, Default)]
pub struct Controls {
    pub retries: Option<u64>,
    pub fallback: FallbackWish,
    pub wish: Wish,
    pub session: Option<String>,
    pub priority: Option<i64>,
    pub mock: Option<MockFault>,
    /// `mock_testing_rate_limit_error`.
    pub mocks_rate_limit: bool,
}

/// The failure that a request asks for, to see its fallbacks at work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MockFault {
    Any,
    ContextWindow,
    ContentPolicy,
}

/// Fields that make a request fail or wait on purpose.
const MOCKS: [&str; 6] = [
    "mock_testing_fallbacks",
    "mock_testing_context_fallbacks",
    "mock_testing_content_policy_fallbacks",
    "mock_testing_rate_limit_error",
    "mock_timeout",
    "mock_delay",
];

/// Refuses switches for tests, unless the operator allows them.
///
/// # Errors
/// [`Error::MockTestingDisabled`] with the names of those that are set.
pub fn check_mocks(object: &Object<'_>, is_allowed: bool) -> Result<(), Error> {
    if is_allowed {
        return Ok(());
    }
    let set: Vec<&'static str> = MOCKS.into_iter().filter(|name| object.given(name).is_some()).collect();
    if set.is_empty() { Ok(()) } else { Err(Error::MockTestingDisabled(set)) }
}

/// Reads them all.
///
/// # Errors
/// [`Error::WrongType`] for a field that is no such thing; [`Error::ForbiddenField`] where a fallback would send the
/// request elsewhere.
pub fn read(object: &Object<'_>, hints: &Hints) -> Result<Controls, Error> {
    Ok(Controls {
        // LiteLLM writes the header over the body.
        retries: hints.retries.or(count(object, "num_retries")?),
        fallback: fallback(object)?,
        wish: wish(object, hints)?,
        session: metadata(object, "session_id")
            .or_else(|| text(object, "litellm_session_id"))
            .or(hints.session.clone()),
        priority: integer(object, "priority")?,
        mock: mock(object),
        mocks_rate_limit: object.is_true("mock_testing_rate_limit_error"),
    })
}

fn mock(object: &Object<'_>) -> Option<MockFault> {
    let switches = [
        ("mock_testing_fallbacks", MockFault::Any),
        ("mock_testing_context_fallbacks", MockFault::ContextWindow),
        ("mock_testing_content_policy_fallbacks", MockFault::ContentPolicy),
    ];
    switches.into_iter().find(|(name, _)| object.is_true(name)).map(|(_, fault)| fault)
}

fn fallback(object: &Object<'_>) -> Result<FallbackWish, Error> {
    let (is_off, depth_max) = (object.is_true("disable_fallbacks"), count(object, "max_fallbacks")?);
    let mut wish = FallbackWish { is_off, depth_max, ..FallbackWish::default() };
    // A null switches the configured ones off, as an empty list does.
    let given = if object.get("fallbacks") == Some("null") { Some(Vec::new()) } else { list(object, "fallbacks")? };
    match given {
        Some(items) if is_mapping(&items) => wish.fallbacks = Some(mapping(&items, "fallbacks")?),
        Some(items) if items.is_empty() => wish.fallbacks = Some(Fallbacks::default()),
        Some(items) => wish.targets = Some(targets(&items, "fallbacks")?),
        None => {}
    }
    for (name, place) in
        [("context_window_fallbacks", &mut wish.context_window), ("content_policy_fallbacks", &mut wish.content_policy)]
    {
        *place = list(object, name)?.map(|items| mapping(&items, name)).transpose()?;
    }
    Ok(wish)
}

/// `[{"a": ["b"]}]`: LiteLLM's way to write a configuration's fallbacks.
fn is_mapping(items: &[Value]) -> bool {
    let is_entry = |item: &Value| {
        let entry = item.as_object().filter(|entry| entry.len() == 1).and_then(|entry| entry.iter().next());
        entry.is_some_and(|(_, value)| value.is_array())
    };
    !items.is_empty() && items.iter().all(is_entry)
}

fn mapping(items: &[Value], name: &'static str) -> Result<Fallbacks, Error> {
    let wrong = || Error::WrongType { name, expected: "a list of maps from a model group to a list of others" };
    let mut fallbacks = Fallbacks::default();
    for item in items {
        for (group, listed) in item.as_object().ok_or_else(wrong)? {
            let listed = listed.as_array().ok_or_else(wrong)?;
            fallbacks.0.push((group.clone(), targets(listed, name)?));
        }
    }
    Ok(fallbacks)
}

fn targets(items: &[Value], name: &'static str) -> Result<Vec<FallbackTarget>, Error> {
    if items.len() > TARGETS_MAX {
        return Err(Error::WrongType { name, expected: "a list of at most 50 model groups" });
    }
    items.iter().map(|item| target(item, name)).collect()
}

fn target(item: &Value, name: &'static str) -> Result<FallbackTarget, Error> {
    match item {
        Value::String(model) => Ok(FallbackTarget { model: Some(model.clone()), params: Map::new() }),
        Value::Object(fields) => {
            if let Some(field) =
                FORBIDDEN.iter().find(|field| fields.get(**field).is_some_and(|value| !value.is_null()))
            {
                return Err(Error::ForbiddenField(field));
            }
            let mut params = fields.clone();
            let model = params.shift_remove("model");
            let model = model.map(|model| match model {
                Value::String(model) => Ok(model),
                _ => Err(Error::WrongType { name, expected: "a list of model groups or of maps with a `model`" }),
            });
            Ok(FallbackTarget { model: model.transpose()?, params })
        }
        _ => Err(Error::WrongType { name, expected: "a list of model groups or of maps with a `model`" }),
    }
}

fn wish(object: &Object<'_>, hints: &Hints) -> Result<Wish, Error> {
    let mut tags = metadata_list(object, "tags");
    tags.extend(strings(object, "tags"));
    tags.extend(hints.tags.iter().cloned());
    let mut seen = std::collections::HashSet::new();
    tags.retain(|tag| seen.insert(tag.clone()));
    if tags.len() > TAGS_MAX {
        return Err(Error::WrongType { name: "tags", expected: "a list of at most 100 strings" });
    }
    let has = |name| object.given(name).is_some();
    let tools = object.given("tools").unwrap_or_default();
    Ok(Wish {
        tags,
        user_agent: hints.user_agent.clone(),
        region: text(object, "allowed_model_region"),
        team_id: None,
        response_format: has("response_format"),
        web_search: tools.contains("web_search") && asks_for_search(tools),
        is_countable: has("messages") || has("input"),
    })
}

/// The tools of OpenAI and Azure that LiteLLM looks for.
fn asks_for_search(tools: &str) -> bool {
    let tools: Vec<Value> = serde_json::from_str(tools).unwrap_or_default();
    tools.iter().any(|tool| matches!(tool["type"].as_str(), Some("web_search" | "web_search_preview")))
}

/// A field of `metadata`, else of `litellm_metadata`, as text.
fn metadata(object: &Object<'_>, name: &str) -> Option<String> {
    ["litellm_metadata", "metadata"].into_iter().find_map(|section| {
        let fields: Map<String, Value> = serde_json::from_str(object.given(section)?).ok()?;
        match fields.get(name)? {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        }
    })
}

fn metadata_list(object: &Object<'_>, name: &str) -> Vec<String> {
    let lists = ["litellm_metadata", "metadata"].into_iter().filter_map(|section| {
        let fields: Map<String, Value> = serde_json::from_str(object.given(section)?).ok()?;
        Some(fields.get(name)?.as_array()?.iter().filter_map(Value::as_str).map(str::to_owned).collect::<Vec<_>>())
    });
    lists.flatten().collect()
}

fn strings(object: &Object<'_>, name: &str) -> Vec<String> {
    let listed: Option<Vec<Value>> = object.given(name).and_then(|text| serde_json::from_str(text).ok());
    listed.into_iter().flatten().filter_map(|item| item.as_str().map(str::to_owned)).collect()
}

fn text(object: &Object<'_>, name: &str) -> Option<String> {
    object.given(name).and_then(|_| object.string(name)).map(|text| text.into_owned())
}

fn list(object: &Object<'_>, name: &'static str) -> Result<Option<Vec<Value>>, Error> {
    let Some(given) = object.given(name) else { return Ok(None) };
    match serde_json::from_str(given) {
        Ok(Value::Array(items)) => Ok(Some(items)),
        _ => Err(Error::WrongType { name, expected: "a list" }),
    }
}

fn count(object: &Object<'_>, name: &'static str) -> Result<Option<u64>, Error> {
    let Some(given) = object.given(name) else { return Ok(None) };
    given.parse().map(Some).map_err(|_| Error::WrongType { name, expected: "a number from 0 on" })
}

fn integer(object: &Object<'_>, name: &'static str) -> Result<Option<i64>, Error> {
    let Some(given) = object.given(name) else { return Ok(None) };
    given.parse().map(Some).map_err(|_| Error::WrongType { name, expected: "a whole number" })
}
