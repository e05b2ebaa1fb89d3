//! What may be told of a deployment: the entries of `/v1/models`, `/model/info` and `/model_group/info`. No key, no header.

use serde_json::{Map, Value, json};
use tollgate_wire::models::{self, Capability, Facts};
use tollgate_wire::prepare::Rules;

use super::Deployment;
use super::info_fields::FIELDS;

/// LiteLLM's names of what a model can do.
const CAPABILITIES: &[(&str, Capability)] = &[
    ("supports_system_messages", Capability::SystemMessages),
    ("supports_response_schema", Capability::ResponseSchema),
    ("supports_vision", Capability::Vision),
    ("supports_function_calling", Capability::FunctionCalling),
    ("supports_parallel_function_calling", Capability::ParallelFunctionCalling),
    ("supports_tool_choice", Capability::ToolChoice),
    ("supports_assistant_prefill", Capability::AssistantPrefill),
    ("supports_prompt_caching", Capability::PromptCaching),
    ("supports_audio_input", Capability::AudioInput),
    ("supports_audio_output", Capability::AudioOutput),
    ("supports_pdf_input", Capability::PdfInput),
    ("supports_native_streaming", Capability::NativeStreaming),
    ("supports_native_structured_output", Capability::NativeStructuredOutput),
    ("supports_web_search", Capability::WebSearch),
    ("supports_reasoning", Capability::Reasoning),
    ("supports_adaptive_thinking", Capability::AdaptiveThinking),
    ("supports_legacy_thinking", Capability::LegacyThinking),
    ("supports_mid_conversation_system", Capability::MidConversationSystem),
    ("supports_anthropic_thinking_payload", Capability::AnthropicThinkingPayload),
    ("supports_none_reasoning_effort", Capability::NoneEffort),
    ("supports_minimal_reasoning_effort", Capability::MinimalEffort),
    ("supports_low_reasoning_effort", Capability::LowEffort),
    ("supports_xhigh_reasoning_effort", Capability::ExtraHighEffort),
    ("supports_max_reasoning_effort", Capability::MaxEffort),
];

/// Parameters of a deployment that LiteLLM always shows.
const SWITCHES: &[&str] = &[
    "allow_client_keepalive_override",
    "use_in_pass_through",
    "use_litellm_proxy",
    "use_xai_oauth",
    "merge_reasoning_content_in_choices",
];

impl Deployment {
    /// What `/v1/models` says of the model beyond its name.
    pub fn facts(&self) -> Map<String, Value> {
        let mut facts = Map::new();
        let Some(known) = self.known() else { return facts };
        if !known.mode.is_empty() {
            facts.insert("mode".to_owned(), known.mode.into());
        }
        for (name, value) in
            [("max_input_tokens", known.max_input_tokens()), ("max_output_tokens", known.max_output_tokens())]
        {
            if let Some(value) = value {
                facts.insert(name.to_owned(), value.into());
            }
        }
        facts
    }

    fn known(&self) -> Option<Facts<'static>> {
        facts(&self.rules, self.provider, &self.model)
    }

    /// The entry of `/model/info`: no key, no header.
    pub fn describe(&self) -> Value {
        json!({
            "model_name": self.routing.team_public_model_name.as_ref().unwrap_or(&self.group),
            "litellm_params": self.described_params(),
            "model_info": self.described_info(),
        })
    }

    fn described_params(&self) -> Map<String, Value> {
        let mut params = self.told.clone();
        if let Some(base) = params.get_mut("api_base") {
            // Without its query and user, which may be secrets.
            *base = self.api_base.clone().into();
        }
        let model = params.shift_remove("model");
        for name in SWITCHES {
            params.entry(*name).or_insert(Value::Bool(false));
        }
        params.extend(model.map(|model| ("model".to_owned(), model)));
        params
    }

    fn described_info(&self) -> Map<String, Value> {
        let own = |name: &&str| self.told.get(*name).is_some_and(Value::is_number) && name.contains("cost");
        let overrides: Vec<&str> = FIELDS.iter().copied().filter(own).collect();
        let mut info = Map::new();
        for name in &overrides {
            info.insert((*name).to_owned(), self.told.get(*name).and_then(Value::as_f64).into());
        }
        info.insert("id".to_owned(), self.id.clone().into());
        info.insert("db_model".to_owned(), false.into());
        info.extend(self.info.clone());
        info.entry("member_auto_router").or_insert(Value::Bool(false));
        if self.info.get("db_model") == Some(&Value::Bool(true)) {
            info.entry("blocked").or_insert(Value::Bool(false));
        }
        info.insert("pricing_overrides".to_owned(), overrides.into());
        let (known, prices) = (self.known(), self.known().map(|known| known.prices()));
        let key = known.map_or(self.named.as_str(), |known| known.key);
        info.insert("key".to_owned(), key.into());
        for name in FIELDS {
            let priced = || prices.as_ref()?.named(name).map(|rate| Value::from(rate.usd()));
            let fact = || known.as_ref().and_then(|known| fact(known, name)).or_else(priced);
            info.entry(*name).or_insert_with(|| fact().unwrap_or_default());
        }
        if info.get("litellm_provider").is_none_or(Value::is_null) {
            info.insert("litellm_provider".to_owned(), self.provider.into());
        }
        let parameters: Vec<&str> = self.rules.parameters().collect();
        info.insert("supported_openai_params".to_owned(), parameters.into());
        info
    }
}

/// A group of deployments, as `/model_group/info` shows it.
pub fn describe_group(name: &str, deployments: &[std::sync::Arc<Deployment>]) -> Value {
    let infos: Vec<Map<String, Value>> = deployments.iter().map(|deployment| deployment.described_info()).collect();
    let numbers = |field: &'static str| infos.iter().filter_map(move |info| info.get(field).and_then(Value::as_f64));
    let most = |field| numbers(field).reduce(f64::max);
    let sum = |field: &str| {
        let told = deployments.iter().filter_map(|deployment| deployment.told.get(field).and_then(Value::as_u64));
        told.reduce(u64::saturating_add)
    };
    let any = |field: &str| infos.iter().any(|info| info.get(field) == Some(&Value::Bool(true)));
    let mut providers: Vec<&str> = Vec::new();
    for deployment in deployments {
        if !providers.contains(&deployment.provider) {
            providers.push(deployment.provider);
        }
    }
    let first = |field: &str| infos.iter().find_map(|info| info.get(field).filter(|value| !value.is_null()));
    json!({
        "model_group": name,
        "providers": providers,
        "max_input_tokens": most("max_input_tokens"),
        "max_output_tokens": most("max_output_tokens"),
        "input_cost_per_token": most("input_cost_per_token"),
        "output_cost_per_token": most("output_cost_per_token"),
        "input_cost_per_pixel": null,
        "mode": first("mode"),
        "tpm": sum("tpm"),
        "rpm": sum("rpm"),
        "itpm": null,
        "otpm": null,
        "supports_parallel_function_calling": any("supports_parallel_function_calling"),
        "supports_vision": any("supports_vision"),
        "supports_web_search": any("supports_web_search"),
        "supports_url_context": any("supports_url_context"),
        "supports_reasoning": any("supports_reasoning"),
        "supports_function_calling": any("supports_function_calling"),
        "supports_fast_mode": false,
        "supported_reasoning_efforts": [],
        "supported_openai_params": first("supported_openai_params"),
        "configurable_clientside_auth_params": null,
        "is_public_model_group": false,
        "health_status": null,
        "health_response_time": null,
        "health_checked_at": null,
    })
}

/// What the model map says under one of LiteLLM's names, beside prices.
fn fact(known: &Facts<'_>, name: &str) -> Option<Value> {
    let text = |text: &str| Some(text).filter(|text| !text.is_empty()).map(Value::from);
    match name {
        "max_tokens" => known.max_tokens().map(Value::from),
        "max_input_tokens" => known.max_input_tokens().map(Value::from),
        "max_output_tokens" => known.max_output_tokens().map(Value::from),
        "mode" => text(known.mode),
        "litellm_provider" => text(known.provider),
        "default_reasoning_effort" => known.default_effort().map(Value::from),
        _ => {
            let (_, capability) = CAPABILITIES.iter().find(|(own, _)| *own == name)?;
            known.declares(*capability).map(Value::from)
        }
    }
}

/// What the model map knows: of the base model, where one is named.
pub(super) fn facts(rules: &Rules, provider: &str, model: &str) -> Option<Facts<'static>> {
    let base = rules.settings.base_model.as_deref();
    base.and_then(|model| models::lookup(provider, model)).or_else(|| models::describe(provider, model))
}
