//! Parameters of a chat in Converse's words: what has a field of its own, and what goes to the model as it is.
//!
//! LiteLLM's `map_openai_params` and `_prepare_request_params`: in its order, for later parameters see what earlier
//! ones have set. Knows no message.

use serde_json::{Map, Value, json};

use super::tools::{self, Unfit};
use super::{answer_format, effort};
use crate::dialect::Notes;
use crate::dialect::bedrock::facts::Model;
use crate::models::Capability;
use crate::prepare::{Call, Refusal, Unsupported};
use crate::provider::{NAMES, is_parameter};

/// The fewest tokens that some models answer with.
const LEAST_OUTPUT_TOKENS: u64 = 16;
/// Fields of the request that Converse has too, at its top.
const TOP: [&str; 4] = ["guardrailConfig", "performanceConfig", "serviceTier", "requestMetadata"];
/// Fields of `inferenceConfig` that clients may write in Bedrock's own words.
const INFERENCE: [&str; 4] = ["maxTokens", "stopSequences", "temperature", "topP"];
/// Fields that are LiteLLM's own or have been dealt with.
const OWN: [&str; 12] = [
    "model",
    "messages",
    "stream",
    "extra_body",
    "client_metadata",
    "model_id",
    "fake_stream",
    "json_mode",
    "skip_mcp_handler",
    "mcp_handler_context",
    "_skip_mcp_handler",
    "cache_control_injection_points",
];

/// What the parameters of a request come to.
#[derive(Debug, Default)]
pub(super) struct Parameters {
    pub inference: Map<String, Value>,
    /// `additionalModelRequestFields`.
    pub own: Map<String, Value>,
    /// Tools in the client's form, the structured answer's first.
    pub tools: Vec<Value>,
    pub tool_choice: Option<Value>,
    /// Fields at the top of the request.
    pub top: Map<String, Value>,
    /// `outputConfig`.
    pub output: Option<Value>,
    /// Whether the answer is to be JSON, which a tool may have to bring.
    pub is_json: bool,
    /// Whether a stream has to be made of a whole answer.
    pub answers_whole: bool,
}

/// What the parameters are read for.
pub(super) struct Reader<'r, 'n> {
    pub model: Model<'r>,
    pub unfit: Unfit,
    pub streams: bool,
    pub notes: &'n mut Notes,
    pub out: Parameters,
}

impl<'r> Reader<'r, '_> {
    /// Reads every parameter of the call.
    ///
    /// # Errors
    /// What the model or Bedrock cannot do.
    pub fn read(mut self, call: &Call<'_, '_>) -> Result<Parameters, Refusal> {
        let body = &call.body;
        let value = |name: &str| body.given(name).and_then(|text| serde_json::from_str::<Value>(text).ok());
        for name in NAMES {
            let Some(value) = value(name) else { continue };
            match name {
                "thinking" => effort::thinking(&value, &self.model, limit(call), &mut self.out.own),
                "response_format" => self.response_format(&value, call)?,
                _ => self.openai(name, value, call)?,
            }
        }
        for (name, text) in body.iter().filter(|(name, _)| !is_parameter(name) && !OWN.contains(name)) {
            if let Ok(value) = serde_json::from_str(text) {
                self.other(name, value);
            }
        }
        if !call.extra_body.is_empty() {
            let fields: Map<String, Value> = call
                .extra_body
                .iter()
                .filter_map(|(name, raw)| Some((name.clone(), serde_json::from_str(raw.get()).ok()?)))
                .collect();
            self.out.own.insert("extra_body".to_owned(), fields.into());
        }
        self.finish(call)
    }

    fn openai(&mut self, name: &'static str, value: Value, call: &Call<'_, '_>) -> Result<(), Refusal> {
        match (name, &value) {
            ("max_tokens" | "max_completion_tokens", _) => self.limit(value),
            ("stop", Value::String(text)) if text.is_empty() => {}
            ("stop", Value::String(_)) => self.infer("stopSequences", json!([value])),
            ("stop", _) => self.infer("stopSequences", value),
            ("temperature", _) => self.sample("temperature", "temperature", value)?,
            ("top_p", _) => self.sample("top_p", "topP", value)?,
            ("tools", Value::Array(_)) => self.tools(value),
            ("tool_choice", _) => {
                let choice = tools::choice(&value, &self.model, self.unfit, self.notes)?;
                self.out.tool_choice = choice.or(self.out.tool_choice.take());
            }
            ("parallel_tool_calls", _) => self.parallel(value == Value::Bool(true)),
            ("reasoning_effort", Value::String(effort)) => {
                effort::effort(effort, &self.model, self.unfit, &mut self.out.own)?;
            }
            ("context_management", Value::Object(_)) => {
                self.out.own.insert(name.to_owned(), value);
            }
            ("service_tier", Value::String(tier)) => self.tier(tier),
            ("web_search_options", Value::Object(_)) if self.model.name.to_ascii_lowercase().contains("nova") => {
                self.out.tools.push(json!({ "systemTool": { "name": "nova_grounding" } }));
            }
            _ if call.is_allowed(name) && !call.rules.supports(name) => {
                self.out.own.insert(name.to_owned(), value);
            }
            _ => {}
        }
        Ok(())
    }

    fn infer(&mut self, name: &str, value: Value) {
        self.out.inference.insert(name.to_owned(), value);
    }

    fn limit(&mut self, value: Value) {
        let value = match value.as_u64().filter(|_| self.model.has_least_output()) {
            Some(limit) => limit.max(LEAST_OUTPUT_TOKENS).into(),
            None => value,
        };
        self.infer("maxTokens", value);
    }

    /// Newer models have given up these parameters, but for a temperature of 1.
    fn sample(&mut self, name: &str, sent: &str, value: Value) -> Result<(), Refusal> {
        let takes = self.model.samples() || (name == "temperature" && value.as_f64() == Some(1.0));
        if takes {
            self.infer(sent, value);
            return Ok(());
        }
        if self.unfit == Unfit::Drop {
            return Ok(());
        }
        let hint = if name == "temperature" { "Only temperature=1 is supported. " } else { "" };
        Err(Refusal::unsupported(format!(
            "{} does not support {name}={}. {hint}To drop unsupported params, set `litellm.drop_params = True`.",
            self.model.name,
            crate::python::display(&value),
        )))
    }

    fn tools(&mut self, value: Value) {
        if let Value::Array(tools) = value {
            self.out.tools.extend(tools);
        }
        // This model cannot stream calls of tools.
        self.out.answers_whole |= self.model.name.contains("meta.llama3-3-70b-instruct-v1:0");
    }

    fn parallel(&mut self, allowed: bool) {
        if self.model.configures_parallel_tools() {
            let config = json!({ "type": "auto", "disable_parallel_tool_use": !allowed });
            self.out.own.insert("tool_choice".to_owned(), config);
        }
    }

    fn tier(&mut self, tier: &str) {
        let tier = if tier == "auto" { "default" } else { tier };
        if matches!(tier, "default" | "flex" | "priority") {
            self.out.top.insert("serviceTier".to_owned(), json!({ "type": tier }));
        }
    }

    fn response_format(&mut self, value: &Value, call: &Call<'_, '_>) -> Result<(), Refusal> {
        let Some(wanted) = answer_format::read(value) else { return Ok(()) };
        self.out.is_json = true;
        let Some(schema) = wanted.schema else { return Ok(()) };
        if self.model.can(Capability::NativeStructuredOutput) {
            self.out.output = Some(answer_format::native(schema, wanted.name, wanted.description));
            return Ok(());
        }
        self.out.tools.push(tools::json_tool(schema, wanted.description));
        let thinks =
            ["thinking", "reasoning_effort"].iter().any(|name| call.body.given(name).is_some_and(asks_to_think));
        if self.model.can(Capability::ToolChoice) && !thinks && !self.model.refuses_demands() {
            self.out.tool_choice = Some(json!({ "tool": { "name": crate::prepare::JSON_TOOL } }));
        }
        self.out.answers_whole = true;
        Ok(())
    }

    /// A field that OpenAI does not know: Bedrock's own, or the model's.
    fn other(&mut self, name: &str, value: Value) {
        let target = match name {
            _ if TOP.contains(&name) => &mut self.out.top,
            _ if INFERENCE.contains(&name) => &mut self.out.inference,
            "outputConfig" => {
                self.out.output = Some(value);
                return;
            }
            _ => &mut self.out.own,
        };
        target.insert(name.to_owned(), value);
    }

    fn finish(mut self, call: &Call<'_, '_>) -> Result<Parameters, Refusal> {
        let budget = effort::settle(&self.model, &mut self.out.own);
        let has_limit = ["max_tokens", "max_completion_tokens"].iter().any(|name| call.body.given(name).is_some());
        if let Some(limit) = budget.filter(|_| !has_limit) {
            self.infer("maxTokens", limit.into());
        }
        // Who thinks cannot be made to call a tool.
        if effort::is_enabled(&self.out.own)
            && let Some(choice) = &mut self.out.tool_choice
            && (choice.get("any").is_some() || choice.get("tool").is_some())
        {
            *choice = json!({ "auto": {} });
        }
        self.top_k()?;
        self.output_config()?;
        self.out.answers_whole |= self.model.name.contains("ai21");
        self.out.answers_whole &= self.streams;
        Ok(self.out)
    }

    fn top_k(&mut self) -> Result<(), Refusal> {
        let (short, long) = (self.out.own.remove("topK"), self.out.own.remove("top_k"));
        let Some(value) = short.or(long).filter(|value| !value.is_null()) else { return Ok(()) };
        if self.model.is_nova() {
            self.out.own.insert("inferenceConfig".to_owned(), json!({ "topK": value }));
        } else if self.model.is_claude() && self.model.samples() {
            self.out.own.insert("top_k".to_owned(), value);
        } else if self.model.is_claude() && self.unfit == Unfit::Refuse {
            return Err(Refusal::unsupported(format!(
                "{} does not support top_k={}. To drop unsupported params, set `litellm.drop_params = True`.",
                self.model.name,
                crate::python::display(&value),
            )));
        }
        Ok(())
    }

    /// Anthropic's own way to name an effort and a schema.
    fn output_config(&mut self) -> Result<(), Refusal> {
        let Some(Value::Object(mut config)) = self.out.own.remove("output_config") else { return Ok(()) };
        let format = config.shift_remove("format").filter(|format| format["type"] == "json_schema");
        let is_native = self.model.is_claude() && self.model.can(Capability::NativeStructuredOutput);
        if let (None, Some(format)) = (&self.out.output, format.filter(|_| is_native)) {
            let schema = &format["schema"];
            self.out.output = Some(answer_format::native(schema, format.get("name"), format.get("description")));
        }
        if config.is_empty() {
            return Ok(());
        }
        if let Some(config) = effort::output_config(config.into(), &self.model, self.unfit)? {
            self.out.own.insert("output_config".to_owned(), config);
        }
        Ok(())
    }
}

/// Whether parameters that do not fit are dropped.
pub(super) fn unfit(call: &Call<'_, '_>) -> Unfit {
    if call.unsupported == Unsupported::Drop { Unfit::Drop } else { Unfit::Refuse }
}

fn limit(call: &Call<'_, '_>) -> Option<u64> {
    let given = |name: &str| call.body.given(name).and_then(|text| text.parse().ok());
    given("max_completion_tokens").or_else(|| given("max_tokens"))
}

/// LiteLLM's `is_thinking_enabled`, of a parameter's text.
fn asks_to_think(text: &str) -> bool {
    match serde_json::from_str::<Value>(text) {
        Ok(Value::Object(thinking)) if thinking.contains_key("type") => {
            thinking.get("type").and_then(Value::as_str) == Some("enabled")
        }
        Ok(_) => true,
        Err(_) => false,
    }
}
