//! A chat request for a Claude model: OpenAI's parameters in Anthropic's words, around the messages.
//!
//! LiteLLM's `map_openai_params` and `transform_request`. Knows no key and no address.

use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use super::ability;
use super::beta::Betas;
use super::host::Host;
use super::sampling;
use super::thinking::{ANSWER_TOKENS, Plan, Subject};
use super::tool::Tool;
use super::tools::{self, Tools};
use super::{cloud, conversation, schema};
use crate::json::{Object, raw};
use crate::prepare::{Call, JSON_TOOL, Prepared, Refusal};

/// A model without any of the newer abilities: its rules hold where a cloud keeps to no schema.
const PLAIN_MODEL: &str = "claude-3-sonnet-20240229";
/// Fields that are expressed otherwise, and taken out under their own names.
const EXPRESSED: [&str; 21] = [
    "model",
    "messages",
    "temperature",
    "top_p",
    "top_k",
    "max_tokens",
    "max_completion_tokens",
    "stop",
    "user",
    "response_format",
    "tools",
    "tool_choice",
    "parallel_tool_calls",
    "reasoning_effort",
    "thinking",
    "web_search_options",
    "context_management",
    "stream",
    "stream_options",
    "output_config",
    "extra_headers",
];

/// What a request becomes, before it is written.
#[derive(Debug, Default)]
pub(super) struct Draft {
    pub fields: Vec<(&'static str, Box<RawValue>)>,
    pub tools: Tools,
    /// Whether `tools` was sent, be it empty.
    pub has_tools: bool,
    pub tool_choice: Option<Map<String, Value>>,
    pub output_format: Option<Value>,
    pub plan: Plan,
    pub max_tokens: Option<u64>,
    pub context: Option<Value>,
    pub betas: Betas,
}

impl Draft {
    /// Sets a field to the client's own text of it.
    pub fn copy(&mut self, name: &'static str, text: &str) {
        if let Ok(value) = RawValue::from_string(text.to_owned()) {
            self.fields.push((name, value));
        }
    }

    pub fn set(&mut self, name: &'static str, value: &impl serde::Serialize) {
        self.fields.push((name, raw(value)));
    }
}

/// Writes the request of a chat.
///
/// # Errors
/// What the model or the host cannot do, in LiteLLM's words.
pub(crate) fn chat(host: Host, mut call: Call<'_, '_>) -> Result<Prepared, Refusal> {
    let mut draft = Draft { betas: Betas::take(&mut call), ..Draft::default() };
    let model = call.rules.settings.model.clone();
    let subject = Subject { host, model: &model };
    parameters(&call, subject, &mut draft)?;
    draft.tools.rename();
    let conversation = conversation::write(&call, subject, &mut draft)?;
    finish_parameters(&call, subject, &mut draft)?;
    call.prepared.notes.tool_names.clone_from(&draft.tools.renamed);
    call.prepared.notes.json_tool = draft.tools.list.iter().any(|tool| tool["name"] == JSON_TOOL);
    call.prepared.notes.prefix = conversation.prefix;
    write(host, call, draft, &conversation.messages)
}

/// The field as JSON; `None` where it is absent.
fn value(body: &Object<'_>, name: &str) -> Option<Value> {
    serde_json::from_str(body.given(name)?).ok()
}

fn parameters(call: &Call<'_, '_>, subject: Subject<'_>, draft: &mut Draft) -> Result<(), Refusal> {
    let body = &call.body;
    sampling::apply(call, subject.model, draft)?;
    draft.max_tokens = ["max_tokens", "max_completion_tokens"].iter().filter_map(|name| limit(body, name)).next_back();
    if let Some(stop) = stop_sequences(body) {
        draft.set("stop_sequences", &stop);
    }
    if let Some(user) = body.string("user").filter(|user| is_anonymous(user)) {
        draft.set("metadata", &json!({"user_id": user}));
    }
    let format = value(body, "response_format").filter(Value::is_object);
    let is_native = ability::keeps_schemas(subject.host, subject.model);
    let is_plain = format.is_some() && !is_native && matches!(subject.host, Host::Vertex | Host::Bedrock);
    let ruled = Subject { model: if is_plain { PLAIN_MODEL } else { subject.model }, ..subject };
    if let Some(format) = format {
        response_format(body, subject, &format, draft)?;
    }
    if let Some(tools) = body.given("tools").filter(|text| text.starts_with('[')) {
        draft.has_tools = true;
        draft.tools.read(tools)?;
    }
    choose(call, subject, draft)?;
    if let Some(effort) = value(body, "reasoning_effort") {
        draft.plan.set_effort(ruled, &effort)?;
    }
    if let Some(thinking) = value(body, "thinking") {
        let max_tokens = ["max_completion_tokens", "max_tokens"].iter().find_map(|name| limit(body, name));
        draft.plan.set_thinking(ruled, thinking, max_tokens)?;
    }
    draft.plan.modernise(subject);
    if let Some(options) = value(body, "web_search_options").filter(Value::is_object) {
        draft.tools.list.push(tools::web_search(&options));
    }
    if let Some(budget) = draft.plan.budget().filter(|_| draft.max_tokens.is_none()) {
        draft.max_tokens = Some(budget.saturating_add(ANSWER_TOKENS));
    }
    Ok(())
}

/// A limit on the answer: whole, and at least one token.
fn limit(body: &Object<'_>, name: &str) -> Option<u64> {
    let limit = value(body, name)?;
    limit.as_u64().or_else(|| limit.as_f64().map(|limit| limit.round().max(1.0) as u64))
}

fn stop_sequences(body: &Object<'_>) -> Option<Vec<Value>> {
    match value(body, "stop")? {
        Value::Array(words) => Some(words).filter(|words| !words.is_empty()),
        word @ Value::String(_) => Some(vec![word]),
        _ => None,
    }
}

/// Anthropic refuses users that are mail addresses or telephone numbers.
pub(super) fn is_anonymous(user: &str) -> bool {
    let is_mail = user.split_once('@').is_some_and(|(name, host)| {
        let is_name = |text: &str| {
            !text.is_empty() && text.chars().all(|letter| letter.is_ascii_alphanumeric() || "._%+-".contains(letter))
        };
        let ending = host.rsplit_once('.').map_or("", |(_, ending)| ending);
        let is_host = host.chars().all(|letter| letter.is_ascii_alphanumeric() || ".-".contains(letter));
        is_name(name) && is_host && ending.len() >= 2 && ending.bytes().all(|byte| byte.is_ascii_alphabetic())
    });
    let digits = user.strip_prefix('+').unwrap_or(user);
    let is_dialled = |letter: char| letter.is_ascii_digit() || letter.is_whitespace() || "()-".contains(letter);
    let is_telephone = digits.chars().count() >= 7 && digits.chars().all(is_dialled);
    !is_mail && !is_telephone
}

/// A schema for the answer: kept to by the model itself, or by a tool that it has to call.
fn response_format(body: &Object<'_>, subject: Subject<'_>, format: &Value, draft: &mut Draft) -> Result<(), Refusal> {
    let Some(schema) = schema::asked(format) else { return Ok(()) };
    if ability::keeps_schemas(subject.host, subject.model) {
        draft.output_format = Some(json!({"type": "json_schema", "schema": schema::of_answer(schema)?}));
        return Ok(());
    }
    if format["type"] == "text" {
        return Ok(());
    }
    let thinks = body.given("reasoning_effort").is_some()
        || value(body, "thinking").is_some_and(|thinking| thinking["type"] == "enabled" || thinking == true);
    if !thinks && !ability::refuses_forced_tools(subject.model) {
        draft.tool_choice = tools::choice(Some(&json!({"function": {"name": JSON_TOOL}})), None);
    }
    let mut input = Map::from_iter([("type".to_owned(), "object".into())]);
    input.extend(schema.as_object().cloned().unwrap_or_default());
    draft.tools.list.push(json!({"name": JSON_TOOL, "input_schema": input}).into());
    Ok(())
}

fn choose(call: &Call<'_, '_>, subject: Subject<'_>, draft: &mut Draft) -> Result<(), Refusal> {
    let choice = value(&call.body, "tool_choice");
    let parallel = value(&call.body, "parallel_tool_calls").and_then(|flag| flag.as_bool());
    let Some(mut choice) = tools::choice(choice.as_ref(), parallel) else { return Ok(()) };
    let is_forced = matches!(choice["type"].as_str(), Some("any" | "tool"));
    if is_forced && ability::refuses_forced_tools(subject.model) {
        if !call.drops_unsupported() {
            return Err(Refusal::unsupported(format!(
                "{} does not support forced tool use (tool_choice='required' or a named tool). Use tool_choice='auto' \
                 and tell the model in the prompt when to call the tool, or set `litellm.drop_params = True` to \
                 downgrade to 'auto' automatically.",
                subject.model
            )));
        }
        choice.insert("type".to_owned(), "auto".into());
        choice.shift_remove("name");
    }
    draft.tool_choice = Some(choice);
    Ok(())
}

/// What depends on everything else: the limit, the effort, the features.
fn finish_parameters(call: &Call<'_, '_>, subject: Subject<'_>, draft: &mut Draft) -> Result<(), Refusal> {
    let body = &call.body;
    if let Some(Value::Object(config)) = value(body, "output_config") {
        draft.plan.output_config = Some(config);
    }
    draft.plan.drop_disabled(subject);
    draft.context = value(body, "context_management").and_then(|management| context(&management));
    let metadata = call.metadata.as_deref().and_then(|text| Object::parse(text.as_bytes()).ok());
    if let Some(user) =
        metadata.as_ref().and_then(|metadata| metadata.string("user_id")).filter(|user| is_anonymous(user))
    {
        draft.fields.retain(|(name, _)| *name != "metadata");
        draft.set("metadata", &json!({"user_id": user}));
    }
    if draft.max_tokens.is_none() {
        draft.max_tokens = Some(ability::max_output_tokens(subject.model));
    }
    if body.given("speed").is_some() && !ability::takes_speed(subject.host, subject.model) && !call.drops_unsupported()
    {
        let speed = value(body, "speed").map(|speed| crate::python::repr(&speed)).unwrap_or_default();
        return Err(Refusal::unsupported(format!(
            "{} does not support speed={speed}. To drop unsupported params, set `litellm.drop_params = True`.",
            subject.model
        )));
    }
    if subject.host == Host::Bedrock {
        draft.plan.fit_to_cloud(subject);
    }
    draft.plan.check_effort(subject)?;
    draft.plan.fit_to_cloud(subject);
    Ok(())
}

/// Edits of the context: OpenAI's list of compactions, or Anthropic's own object.
pub(super) fn context(management: &Value) -> Option<Value> {
    if management.get("edits").is_some() {
        return Some(management.clone());
    }
    let edits: Vec<Value> =
        management.as_array()?.iter().filter(|edit| edit["type"] == "compaction").map(compaction).collect();
    (!edits.is_empty()).then(|| json!({"edits": edits}))
}

fn compaction(entry: &Value) -> Value {
    let mut edit = Map::from_iter([("type".to_owned(), "compact_20260112".into())]);
    if let Some(threshold) = entry["compact_threshold"].as_f64() {
        edit.insert("trigger".to_owned(), json!({"type": "input_tokens", "value": threshold as u64}));
    }
    for (name, value) in entry.as_object().into_iter().flatten() {
        if name != "type" && name != "compact_threshold" {
            edit.insert(name.clone(), value.clone());
        }
    }
    edit.into()
}

fn write(host: Host, mut call: Call<'_, '_>, mut draft: Draft, messages: &[u8]) -> Result<Prepared, Refusal> {
    let model = call.rules.settings.model.clone();
    let subject = Subject { host, model: &model };
    cloud::adapt(subject, &call, &mut draft)?;
    cloud::headers(host, &draft.betas, &mut call.prepared.headers);
    let drops_speed = !ability::takes_speed(host, &model);
    call.body.retain(|name, _| !(EXPRESSED.contains(&name) || (name == "speed" && drops_speed)));
    let fields = std::mem::take(&mut draft.fields);
    for (name, value) in fields {
        call.body.set(name, value);
    }
    if draft.has_tools || !draft.tools.list.is_empty() {
        mark_tools(&call, &mut draft.tools.list);
        call.set("tools", &draft.tools.list);
    }
    if !draft.tools.mcp_servers.is_empty() {
        call.set("mcp_servers", &draft.tools.mcp_servers);
    }
    set_some(&mut call, "tool_choice", draft.tool_choice.as_ref());
    set_some(&mut call, "output_format", draft.output_format.as_ref());
    set_some(&mut call, "thinking", draft.plan.thinking.as_ref());
    set_some(&mut call, "output_config", draft.plan.output_config.as_ref());
    set_some(&mut call, "context_management", draft.context.as_ref());
    set_some(&mut call, "max_tokens", draft.max_tokens.as_ref());
    if call.prepared.upstream_stream && host != Host::Bedrock {
        call.set("stream", &true);
    }
    call.insist();
    // Paths may be told in Anthropic's words too; those in OpenAI's have been followed already.
    call.drop_paths();
    Ok(finish(host, call, messages))
}

fn set_some<T: serde::Serialize>(call: &mut Call<'_, '_>, name: &str, value: Option<&T>) {
    if let Some(value) = value {
        call.set(name, value);
    }
}

/// A mark for the cache behind the last tool, where request or deployment ask for it.
fn mark_tools(call: &Call<'_, '_>, tools: &mut [Tool]) {
    let Some(Ok(points)) = call.injection_points.as_deref().map(serde_json::from_str::<Vec<Value>>) else { return };
    let Some(point) = points.iter().find(|point| point["location"] == "tool_config") else { return };
    if tools.iter().any(|tool| tool.get("cache_control").is_some()) {
        return;
    }
    let is_search = |tool: &Value| tool["type"].as_str().is_some_and(|kind| kind.starts_with("tool_search_tool_"));
    if let Some(tool) = tools.iter_mut().rev().find(|tool| !is_search(tool)).and_then(|tool| tool.as_object_mut()) {
        let mark = point.get("control").filter(|control| !control.is_null()).cloned();
        tool.insert("cache_control".to_owned(), mark.unwrap_or_else(|| json!({"type": "ephemeral"})));
    }
}

/// Puts the model and the messages before the rest: they are written once and never parsed again.
fn finish(host: Host, mut call: Call<'_, '_>, messages: &[u8]) -> Prepared {
    if matches!(host, Host::Azure | Host::Bedrock) {
        call.absorb_extra_body();
    } else if !call.extra_body.is_empty() {
        // LiteLLM unpacks `extra_body` for other providers only.
        let extra: Map<String, Value> = std::mem::take(&mut call.extra_body)
            .into_iter()
            .filter_map(|(name, value)| Some((name, serde_json::from_str(value.get()).ok()?)))
            .collect();
        call.set("extra_body", &extra);
    }
    let rest = call.body.to_vec();
    let mut out = Vec::with_capacity(messages.len() + rest.len() + 64);
    out.push(b'{');
    if matches!(host, Host::Anthropic | Host::Azure) {
        out.extend_from_slice(b"\"model\":");
        crate::json::write_string(&mut out, &call.rules.settings.model);
        out.push(b',');
    }
    out.extend_from_slice(b"\"messages\":");
    out.extend_from_slice(messages);
    if rest.len() > 2 {
        out.push(b',');
    }
    out.extend_from_slice(&rest[1..]);
    call.prepared.body = out;
    call.prepared
}
