//! Chat requests: which parameters go through, under which name, and what is asked of streaming.
//!
//! The order is LiteLLM's: check, then translate, then the messages, then what the caller insists on.

use super::call::{Call, Unsupported};
use super::rules::Rules;
use super::{Prepared, Refusal, adapt, mend, messages, tools};
use crate::Operation;
use crate::dialect::{Dialect, Mode, responses};
use crate::json::Object;
use crate::provider::{NAMES, OutputLimit, Parameters, StreamField, is_parameter};
use crate::python;

/// Parameters that LiteLLM leaves out in silence where a provider does not know them.
const UNCHECKED: [&str; 5] = ["user", "stream_options", "stream", "max_retries", "prompt_cache_retention"];

pub(super) fn prepare(rules: &Rules, body: Object<'_>) -> Result<Prepared, Refusal> {
    let mut call = Call::new(rules, body);
    mend::limit_output(&mut call);
    call.prepared.stream = call.body.is_true("stream");
    call.prepared.upstream_stream = call.prepared.stream;
    if call.prepared.stream {
        call.set_stream_usage();
    }
    check(&mut call)?;
    tools::drop_claudes_own(&mut call);
    if let Some(dialect) = rules.dialect {
        call.drop_paths();
        messages::inject(&mut call);
        return dialect.chat(call);
    }
    if rules.chats_by_responses {
        adapt::parameters(&mut call)?;
        return by_responses(call);
    }
    in_openai_form(&mut call)?;
    Ok(call.finish_chat())
}

/// Writes parameters, tools and messages in OpenAI's form, by the rules of the deployment: all but the model's name
/// and the extra fields, which `finish` adds.
///
/// # Errors
/// What the provider cannot do, in LiteLLM's words.
pub(crate) fn in_openai_form(call: &mut Call<'_, '_>) -> Result<(), Refusal> {
    adapt::parameters(call)?;
    limit_output(call);
    tools::prepare(call);
    messages::prepare(call)?;
    set_stream(call);
    adapt::last(call);
    call.insist();
    call.drop_paths();
    Ok(())
}

/// A chat with a model that answers responses alone.
fn by_responses(mut call: Call<'_, '_>) -> Result<Prepared, Refusal> {
    messages::inject(&mut call);
    let (wants_usage, mode) = (call.prepared.include_usage_wanted, Mode::Whole);
    let address = call.rules.url(Operation::Responses, mode).map_err(|error| Refusal::bad(error.to_string()))?;
    let prepared = responses::RESPONSES.chat(call)?;
    Ok(Prepared { url: Some(address), include_usage_wanted: wants_usage, ..prepared })
}

/// Drops what the provider does not know; refuses it where the client counts on it.
fn check(call: &mut Call<'_, '_>) -> Result<(), Refusal> {
    let rules = call.rules;
    let is_known = |name: &str| rules.supports(name) || !is_parameter(name);
    if call.body.iter().all(|(name, _)| is_known(name)) {
        return Ok(());
    }
    let mut refused = Parameters::NONE;
    for (name, text) in call.body.iter().filter(|(name, _)| !is_known(name)) {
        let is_quiet = UNCHECKED.contains(&name) || (name == "n" && text == "1");
        if !is_quiet && !call.is_allowed(name) {
            refused = refused.with(&[name]);
        }
    }
    if refused != Parameters::NONE && call.unsupported == Unsupported::Refuse {
        return Err(unsupported(rules, refused));
    }
    let Call { body, allowed, .. } = call;
    body.retain(|name, _| is_known(name) || allowed.iter().any(|allowed| allowed == name));
    Ok(())
}

fn unsupported(rules: &Rules, refused: Parameters) -> Refusal {
    let names = python::list(NAMES.iter().copied().filter(|name| refused.contains(name)));
    let (provider, model) = (rules.provider().name, &rules.settings.model);
    Refusal::unsupported(format!(
        "{provider} does not support parameters: {names}, for model={model}. To drop these, set \
         `litellm.drop_params=True` or for proxy:\n\n`litellm_settings:\n drop_params: true`\n. \n \
         If you want to use these params dynamically send allowed_openai_params={names} in your request."
    ))
}

fn limit_output(call: &mut Call<'_, '_>) {
    if call.rules.provider().output_limit == OutputLimit::MaxTokens {
        call.rename("max_completion_tokens", "max_tokens");
    }
}

fn set_stream(call: &mut Call<'_, '_>) {
    let field = call.rules.provider().stream_field;
    let names_stream = call.names_stream && call.rules.names_stream();
    match (call.prepared.upstream_stream, field) {
        (true, _) => call.set("stream", &true),
        // A stream that is made of a whole answer is not mentioned at all.
        (false, StreamField::Always) if !call.prepared.stream && names_stream => call.set("stream", &false),
        (false, _) => {
            call.body.remove("stream");
        }
    }
    let is_spelled_out = field == StreamField::Always && names_stream;
    if !call.prepared.upstream_stream && (!is_spelled_out || call.prepared.stream) {
        call.body.remove("stream_options");
    }
}
