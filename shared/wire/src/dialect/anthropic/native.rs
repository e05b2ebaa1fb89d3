//! A request in Anthropic's own form: the client's body, with what its host wants otherwise.
//!
//! Messages stay the client's text unless something in them has to change ([`super::history`]). Knows no OpenAI form.

use serde_json::{Map, Value};

use super::ability::{self, Ability};
use super::beta::{Betas, HEADER};
use super::cloud;
use super::history;
use super::host::Host;
use super::thinking::{self, Plan, Subject};
use super::tool::Tool;
use super::tools::{self, Tools};
use crate::json::Object;
use crate::prepare::{Call, Prepared, Refusal, Rules};

/// Fields that Bedrock takes; it refuses a request with any other.
const BEDROCK_FIELDS: [&str; 17] = [
    "anthropic_version",
    "max_tokens",
    "messages",
    "anthropic_beta",
    "system",
    "stop_sequences",
    "temperature",
    "top_p",
    "top_k",
    "tools",
    "tool_choice",
    "thinking",
    "metadata",
    "output_config",
    "context_management",
    "cache_control",
    "safeguards",
];

/// Writes the request of a client that speaks Anthropic's messages.
///
/// # Errors
/// Where the limit on the answer is missing, or an effort is none of the model's.
pub(crate) fn messages(host: Host, rules: &Rules, body: Object<'_>) -> Result<Prepared, Refusal> {
    let metadata = body.given("metadata").and_then(|text| serde_json::from_str::<Value>(text).ok());
    let mut call = Call::new(rules, body);
    call.drop_paths();
    if call.body.given("max_tokens").is_none() {
        return Err(Refusal::bad("max_tokens is required for Anthropic /v1/messages API"));
    }
    call.prepared.stream = call.body.is_true("stream");
    call.prepared.upstream_stream = call.prepared.stream;
    call.body.remove("extra_headers");
    if let Some(user) = metadata.as_ref().and_then(|metadata| metadata.get("user_id")).filter(|user| !user.is_null()) {
        call.set("metadata", &Map::from_iter([("user_id".to_owned(), user.clone())]));
    }
    let model = rules.settings.model.clone();
    let subject = Subject { host, model: &model };
    think(&mut call, subject)?;
    history::prepare(&mut call, subject);
    let betas = betas(&mut call, subject)?;
    let stream = call.prepared.stream;
    call.absorb_extra_body();
    match host {
        Host::Anthropic | Host::Azure => call.set("model", &model),
        Host::Vertex => {
            call.set("anthropic_version", &cloud::VERTEX_VERSION);
            call.body.remove("model");
        }
        Host::Bedrock => bedrock(&mut call, &betas),
    }
    if host != Host::Bedrock {
        call.set("stream", &stream);
    }
    headers(host, &betas, &mut call.prepared.headers);
    call.prepared.body = call.body.to_vec();
    Ok(call.prepared)
}

/// Writes the request that counts a message's tokens; Anthropic takes no other fields for it.
pub(super) fn count(rules: &Rules, body: &Object<'_>) -> Prepared {
    let mut out = Object::default();
    for name in ["messages", "tools", "system"] {
        if let Some(text) = body.given(name) {
            out.set_text(name, text.to_owned());
        }
    }
    out.set("model", crate::json::raw(&rules.settings.model));
    let headers = [("anthropic-version", "2023-06-01"), (HEADER, "token-counting-2024-11-01")];
    let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    Prepared { body: out.to_vec(), headers, ..Prepared::default() }
}

fn value(body: &Object<'_>, name: &str) -> Option<Value> {
    serde_json::from_str(body.given(name)?).ok()
}

/// Thinking and effort, as far as the model takes them.
fn think(call: &mut Call<'_, '_>, subject: Subject<'_>) -> Result<(), Refusal> {
    let names = ["thinking", "output_config", "reasoning_effort"];
    if names.iter().all(|name| call.body.given(name).is_none()) {
        return Ok(());
    }
    let max_tokens = value(&call.body, "max_tokens").and_then(|limit| limit.as_u64());
    let config = value(&call.body, "output_config").and_then(|config| config.as_object().cloned());
    let mut plan = Plan { thinking: value(&call.body, "thinking"), output_config: config };
    if let Some(effort) = call.body.string("reasoning_effort").map(|effort| effort.into_owned()) {
        plan.add_effort(subject, &effort, max_tokens)?;
    }
    plan.drop_disabled(subject);
    plan.modernise(subject);
    plan.age(subject, max_tokens)?;
    if subject.host != Host::Anthropic {
        plan.fit_to_cloud(subject);
    }
    let temperature = value(&call.body, "temperature").and_then(|temperature| temperature.as_f64());
    let thinks = plan.budget().is_some()
        || plan
            .output_config
            .as_ref()
            .is_some_and(|config| config.get("effort").is_some_and(|effort| !effort.is_null()));
    if thinks && temperature.is_some_and(|temperature| temperature != 1.0) && !subject.adapts() {
        call.body.remove("temperature");
    }
    call.body.remove("reasoning_effort");
    match &plan.thinking {
        Some(thinking) => call.set("thinking", thinking),
        None => drop(call.body.remove("thinking")),
    }
    match &plan.output_config {
        Some(config) => call.set("output_config", config),
        None => drop(call.body.remove("output_config")),
    }
    Ok(())
}

impl Plan {
    /// Takes an effort beside Anthropic's own words, which stand above it.
    fn add_effort(&mut self, subject: Subject<'_>, effort: &str, max_tokens: Option<u64>) -> Result<(), Refusal> {
        let Some(thinking) = thinking::of_effort(subject, effort)? else {
            *self = Self::default();
            return Ok(());
        };
        let Some(thinking) = thinking::capped(thinking, max_tokens) else { return Ok(()) };
        self.thinking.get_or_insert(thinking);
        if subject.adapts() {
            let effort = thinking::effort_name(effort)?;
            let config = self.output_config.get_or_insert_default();
            config.entry("effort").or_insert_with(|| effort.into());
            self.check_effort(subject)?;
        }
        Ok(())
    }

    /// Turns the words of newer models into those of older ones.
    fn age(&mut self, subject: Subject<'_>, max_tokens: Option<u64>) -> Result<(), Refusal> {
        let effort =
            self.output_config.as_ref().and_then(|config| config.get("effort")).filter(|effort| !effort.is_null());
        let effort = effort.and_then(Value::as_str).map(str::to_owned);
        let adapts = self.thinking.as_ref().is_some_and(|thinking| thinking["type"] == "adaptive");
        if subject.adapts() || (effort.is_none() && !adapts) {
            return Ok(());
        }
        if ability::takes_effort(subject.host, subject.model) && (!adapts || self.check_effort(subject).is_ok()) {
            if adapts {
                self.thinking = None;
            }
            return Ok(());
        }
        let thinking = if subject.can(Ability::Reasoning) {
            thinking::of_effort(subject, effort.as_deref().unwrap_or("medium"))?
        } else {
            None
        };
        self.thinking = thinking.and_then(|thinking| thinking::capped(thinking, max_tokens));
        if let Some(config) = &mut self.output_config {
            config.shift_remove("effort");
            if config.is_empty() {
                self.output_config = None;
            }
        }
        Ok(())
    }
}

/// The features that the request needs.
fn betas(call: &mut Call<'_, '_>, subject: Subject<'_>) -> Result<Betas, Refusal> {
    let mut betas = Betas::take(call);
    let edits = value(&call.body, "context_management").and_then(|management| super::chat::context(&management));
    if let Some(edits) = edits {
        betas.add_for_context(&edits);
        call.set("context_management", &edits);
    }
    let body = &call.body;
    if subject.host != Host::Bedrock && subject.host != Host::Vertex {
        let config = value(body, "output_config");
        betas.add_for_output(body.given("output_format").is_some(), config.as_ref().and_then(Value::as_object));
        if body.string("speed").as_deref() == Some("fast") {
            betas.add("fast-mode-2026-02-01");
        }
        if body.given("compaction").is_some() && subject.host == Host::Anthropic {
            betas.add("compact-2026-09-04");
        }
    }
    if body.given("safeguards").is_some() {
        betas.add("dangerous-tool-use-2026-09-03");
    }
    let has = |needle: &str| {
        memchr::memmem::find(body.given("messages").unwrap_or_default().as_bytes(), needle.as_bytes()).is_some()
    };
    if has("\"output_config\"") {
        let name = if subject.host == Host::Bedrock {
            "mid-conversation-output-config-2026-07-01"
        } else {
            "per-turn-control-2026-07-01"
        };
        betas.add(name);
    }
    if has("\"tool_addition\"") || has("\"tool_removal\"") {
        betas.add("mid-conversation-tool-changes-2026-07-01");
    }
    if value(body, "thinking").is_some_and(|thinking| thinking["display"] == "updates") {
        betas.add("thinking-display-updates-2026-08-18");
    }
    let Some(Value::Array(list)) = value(body, "tools") else { return Ok(betas) };
    let tools = Tools { list: list.into_iter().map(Tool::from).collect(), ..Tools::default() };
    betas.add_for_native_tools(subject.host, &tools);
    if subject.host == Host::Bedrock {
        for_bedrock(subject, call, tools, &mut betas)?;
    }
    Ok(betas)
}

fn for_bedrock(
    subject: Subject<'_>,
    call: &mut Call<'_, '_>,
    mut tools: Tools,
    betas: &mut Betas,
) -> Result<(), Refusal> {
    for tool in &tools.list {
        if tools::eager(tool)? == Some(true) {
            betas.add("fine-grained-tool-streaming-2025-05-14");
        }
    }
    if let Some(search) =
        tools.list.iter().filter_map(|tool| tool["type"].as_str()).find(|kind| kind.starts_with("web_search_"))
    {
        return Err(Refusal::bad(format!(
            "Bedrock does not support Anthropic's server-side web search tool (tool type '{search}', model '{}'). \
             Remove the web_search tool from the request.",
            subject.model
        )));
    }
    betas.add_for_bedrock_search(&tools, || subject.can(Ability::ToolSearch));
    for (place, tool) in tools.list.iter_mut().enumerate() {
        cloud::tool_for_bedrock(tool);
        let is_named = tool["name"].as_str().is_some_and(|name| !name.trim().is_empty());
        if !is_named && tool.is_object() {
            tool["name"] = format!("litellm_unnamed_tool_{place}").into();
        }
    }
    call.set("tools", &tools.list);
    Ok(())
}

fn bedrock(call: &mut Call<'_, '_>, betas: &Betas) {
    if call.body.given("anthropic_version").is_none() {
        call.set("anthropic_version", &cloud::BEDROCK_VERSION);
    }
    let known = betas.known_to(Host::Bedrock);
    if !known.0.is_empty() {
        call.set("anthropic_beta", &known.0);
    }
    if let Some(format) = value(&call.body, "output_format") {
        let config = value(&call.body, "output_config").and_then(|config| config.as_object().cloned());
        let mut config = config.unwrap_or_default();
        config.insert("format".to_owned(), format);
        call.set("output_config", &config);
    }
    call.body.retain(|name, _| BEDROCK_FIELDS.contains(&name));
}

/// The client's own version of the interface stands above ours.
fn headers(host: Host, betas: &Betas, headers: &mut Vec<(String, String)>) {
    if host != Host::Bedrock && !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case(cloud::VERSION.0)) {
        headers.push((cloud::VERSION.0.to_owned(), cloud::VERSION.1.to_owned()));
    }
    let sent = match host {
        // Anthropic decides itself about what the client asked for.
        Host::Anthropic => betas.clone(),
        Host::Azure | Host::Vertex => betas.known_to(host),
        Host::Bedrock => return,
    };
    if let Some(text) = sent.text() {
        headers.push((HEADER.to_owned(), text));
    }
}
