//! OpenAI's reasoning models: what they take instead of the older parameters. Knows no message but `system`.

use serde_json::{Value, json};

use super::super::Refusal;
use super::super::call::{Call, Unsupported};
use super::super::messages::role;
use super::super::rules::{Family, Rules};
use super::super::supported::azure_map_name;
use crate::models::{self, Capability, Facts};
use crate::provider::Adapter;
use crate::python;

pub(super) fn parameters(call: &mut Call<'_, '_>) -> Result<(), Refusal> {
    match call.rules.family {
        Family::Plain => Ok(()),
        Family::Gpt5Search => {
            rename_limit(call);
            Ok(())
        }
        Family::OSeries => o_series(call),
        Family::Gpt5 => gpt5(call),
    }
}

/// The new name of the limit wins where both are given.
pub(super) fn rename_limit(call: &mut Call<'_, '_>) {
    if call.body.get("max_completion_tokens").is_none() {
        call.rename("max_tokens", "max_completion_tokens");
    } else {
        call.body.remove("max_tokens");
    }
}

fn o_series(call: &mut Call<'_, '_>) -> Result<(), Refusal> {
    rename_limit(call);
    let Some(temperature) = call.body.get("temperature").filter(|text| !is_one(text)).map(str::to_owned) else {
        return Ok(());
    };
    if call.unsupported == Unsupported::Refuse {
        return Err(Refusal::unsupported(format!(
            "O-series models don't support temperature={temperature}. Only temperature=1 is supported. \
             To drop unsupported openai params from the call, set `litellm.drop_params = True`"
        )));
    }
    call.body.remove("temperature");
    Ok(())
}

fn is_one(text: &str) -> bool {
    text.parse::<f64>().is_ok_and(|number| number == 1.0)
}

fn gpt5(call: &mut Call<'_, '_>) -> Result<(), Refusal> {
    let model = Model::of(call.rules);
    unwrap_effort(call);
    check_effort(call, &model)?;
    rename_limit(call);
    let takes_none = model.supports(Capability::NoneEffort);
    let effort = call.body.string("reasoning_effort").map(|effort| effort.into_owned());
    let is_none = takes_none && model.resolves_to_none(effort.as_deref());
    if takes_none && !is_none {
        check_sampling(call, &model, effort.as_deref())?;
    }
    if !is_none {
        check_temperature(call, &model)?;
    }
    // The AI SDK's spellings of a summary, which chat completions do not have.
    call.body.retain(|name, _| name != "reasoningSummary" && name != "reasoning_summary");
    Ok(())
}

/// The entry of the map that answers for a model, which Azure keeps under names of its own.
struct Model {
    provider: &'static str,
    name: String,
    shown: String,
}

impl Model {
    fn of(rules: &Rules) -> Self {
        let shown = match rules.provider().adapter {
            Adapter::Azure => rules.detected_model().to_owned(),
            _ => rules.settings.model.clone(),
        };
        let provider = rules.provider().name;
        let name = if provider == "azure" { azure_map_name(&shown) } else { shown.clone() };
        let is_foundry = provider == "azure_ai" && models::find(&format!("azure_ai/{shown}")).is_none();
        Self { provider: if is_foundry { "openai" } else { provider }, name, shown }
    }

    fn supports(&self, capability: Capability) -> bool {
        models::supports(self.provider, &self.name, capability)
    }

    fn denies(&self, capability: Capability) -> bool {
        models::denies(self.provider, &self.name, capability)
    }

    /// Whether the request ends up without reasoning: an effort that is not given is the model's default,
    /// and where the map does not tell that, reasoning is assumed.
    fn resolves_to_none(&self, effort: Option<&str>) -> bool {
        let default = || models::lookup(self.provider, &self.name).and_then(|facts: Facts<'_>| facts.default_effort());
        effort.or_else(default) == Some("none")
    }

    /// Efforts that the map denies the model, as responses are checked.
    fn disables(&self, effort: &str) -> bool {
        match effort {
            "none" => self.denies(Capability::NoneEffort),
            "minimal" => self.denies(Capability::MinimalEffort),
            "low" => self.denies(Capability::LowEffort),
            "xhigh" => self.denies(Capability::ExtraHighEffort),
            _ => false,
        }
    }

    /// Efforts that only some models take are refused where the map does not grant them, others where it denies them.
    fn refuses(&self, effort: &str) -> bool {
        let is_azure = self.provider == "azure";
        match effort {
            "xhigh" => !self.supports(Capability::ExtraHighEffort),
            "none" if is_azure => !self.supports(Capability::NoneEffort),
            "none" => self.denies(Capability::NoneEffort),
            "minimal" => self.denies(Capability::MinimalEffort),
            "low" => self.denies(Capability::LowEffort),
            _ => false,
        }
    }
}

/// What a response of a reasoning model may be asked with; LiteLLM's sentences differ from those of a chat.
pub(in crate::prepare) fn response_of_gpt5(call: &mut Call<'_, '_>) -> Result<(), Refusal> {
    let model = Model::of(call.rules);
    let mut reasoning = call.body.get("reasoning").and_then(|text| serde_json::from_str::<Value>(text).ok());
    let effort = |reasoning: &Option<Value>| Some(reasoning.as_ref()?.get("effort")?.as_str()?.to_owned());
    if let Some(given) = effort(&reasoning).filter(|effort| model.disables(effort)) {
        refuse(call, || {
            format!(
                "reasoning.effort={given} is not supported for {}. \
                 To drop unsupported params set `litellm.drop_params = True`",
                model.shown
            )
        })?;
        call.body.remove("reasoning");
        if let Some(fields) = reasoning.as_mut().and_then(Value::as_object_mut) {
            fields.shift_remove("effort");
            if !fields.is_empty() {
                call.set("reasoning", &reasoning);
            }
        }
    }
    let is_none = model.supports(Capability::NoneEffort) && model.resolves_to_none(effort(&reasoning).as_deref());
    if is_none {
        return Ok(());
    }
    check_temperature(call, &model)?;
    if call.body.get("top_p").is_some() {
        refuse(call, || {
            format!(
                "{} only supports top_p when reasoning.effort resolves to 'none', either set explicitly on the \
                 request or declared as the model's default_reasoning_effort. \
                 To drop unsupported params set `litellm.drop_params = True`",
                model.shown
            )
        })?;
        call.body.remove("top_p");
    }
    Ok(())
}

/// An error unless the client permits to drop what is refused.
fn refuse(call: &Call<'_, '_>, message: impl FnOnce() -> String) -> Result<(), Refusal> {
    match call.unsupported {
        Unsupported::Refuse => Err(Refusal::unsupported(message())),
        Unsupported::Drop => Ok(()),
    }
}

/// `{"effort": "high", "summary": …}` is the Responses form; chat takes the word alone.
fn unwrap_effort(call: &mut Call<'_, '_>) {
    let value = call.body.get("reasoning_effort").and_then(|text| serde_json::from_str::<Value>(text).ok());
    if let Some(effort) = value.as_ref().and_then(|value| value.get("effort")).filter(|effort| effort.is_string()) {
        call.set("reasoning_effort", effort);
    }
}

fn check_effort(call: &mut Call<'_, '_>, model: &Model) -> Result<(), Refusal> {
    let Some(effort) = call.body.string("reasoning_effort").map(|effort| effort.into_owned()) else { return Ok(()) };
    if !model.refuses(&effort) {
        return Ok(());
    }
    if call.unsupported == Unsupported::Refuse {
        return Err(Refusal::unsupported(format!(
            "reasoning_effort={effort} is not supported for {}. \
             To drop unsupported params set `litellm.drop_params = True`",
            model.shown
        )));
    }
    call.body.remove("reasoning_effort");
    Ok(())
}

fn check_sampling(call: &mut Call<'_, '_>, model: &Model, effort: Option<&str>) -> Result<(), Refusal> {
    const SAMPLING: [&str; 3] = ["logprobs", "top_logprobs", "top_p"];
    if !SAMPLING.iter().any(|name| call.body.get(name).is_some()) {
        return Ok(());
    }
    if call.unsupported == Unsupported::Refuse {
        let effort = effort.map_or_else(|| "None".to_owned(), |effort| python::repr(&Value::from(effort)));
        return Err(Refusal::unsupported(format!(
            "{} only supports logprobs, top_p, top_logprobs when reasoning_effort resolves to 'none', either set \
             explicitly on the request or declared as the model's default_reasoning_effort. \
             Current reasoning_effort={effort}. To drop unsupported params set `litellm.drop_params = True`",
            model.shown
        )));
    }
    call.body.retain(|name, _| !SAMPLING.contains(&name));
    Ok(())
}

fn check_temperature(call: &mut Call<'_, '_>, model: &Model) -> Result<(), Refusal> {
    let Some(temperature) = call.body.get("temperature").map(str::to_owned) else { return Ok(()) };
    if is_one(&temperature) {
        return Ok(());
    }
    if call.unsupported == Unsupported::Refuse {
        return Err(Refusal::unsupported(format!(
            "{} doesn't support temperature={temperature} while reasoning is active. Only temperature=1 is supported \
             unless reasoning_effort resolves to 'none', either set explicitly on the request or declared as the \
             model's default_reasoning_effort. To drop unsupported params set `litellm.drop_params = True`",
            model.shown
        )));
    }
    call.body.remove("temperature");
    Ok(())
}

/// Models that take no system message get it from the user.
pub(super) fn o_series_messages(rules: &Rules, messages: &mut [Value]) {
    if models::supports("openai", &rules.settings.model, Capability::SystemMessages) {
        return;
    }
    for message in messages.iter_mut().filter(|message| role(message) == "system") {
        let content = message.get("content").cloned().unwrap_or(Value::Null);
        *message = json!({"content": content, "role": "user"});
    }
}
