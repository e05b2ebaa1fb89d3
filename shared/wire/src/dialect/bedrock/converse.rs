//! Converse: one body for every model behind Bedrock.
//!
//! LiteLLM's `AmazonConverseConfig`. Knows no address.

mod answer;
mod answer_format;
mod assistant;
mod beta;
mod block;
mod cache;
mod documents;
mod effort;
mod media;
mod names;
mod orphans;
mod parameters;
mod schema;
mod stream;
mod supported;
mod system;
mod tools;
mod turns;
mod usage;

use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

pub(super) use answer::answer;
pub(super) use stream::ConverseStream;
pub(super) use supported::supported;
pub(super) use usage::finish_reason;

use self::block::{Block, Turn};
use self::orphans::Guardrail;
use self::parameters::{Parameters, Reader};
use self::tools::Tools;
use self::turns::{Parting, Turns};
use super::facts::Model;
use crate::chat::Message;
use crate::dialect::Stamp;
use crate::prepare::{Call, Prepared, Refusal, mend};

/// The body of a request.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Request<'a> {
    messages: Vec<Turn<'a>>,
    inference_config: Map<String, Value>,
    #[serde(skip_serializing_if = "Map::is_empty")]
    additional_model_request_fields: Map<String, Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    additional_model_response_field_paths: Option<[&'static str; 1]>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    system: Vec<Block<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_config: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_config: Option<Value>,
    /// `guardrailConfig`, `performanceConfig`, `serviceTier`, `requestMetadata`.
    #[serde(flatten)]
    top: Map<String, Value>,
}

/// Writes the request of a chat.
///
/// # Errors
/// What Bedrock or the model cannot express.
pub(super) fn chat(mut call: Call<'_, '_>) -> Result<Prepared, Refusal> {
    let model = Model::new(&call.rules.settings.model);
    let mut notes = std::mem::take(&mut call.prepared.notes);
    let (unfit, streams) = (parameters::unfit(&call), call.prepared.stream);
    let out = Parameters::default();
    let read = Reader { model: model.clone(), unfit, streams, notes: &mut notes, out }.read(&call)?;
    let request = request(&call, &model, read, &mut notes)?;
    let (body, answers_whole) = request;
    call.prepared.upstream_stream = streams && !answers_whole;
    call.prepared.body = body;
    call.prepared.notes = notes;
    beta::filter_header(&mut call.prepared.headers);
    Ok(call.prepared)
}

/// The body, and whether a stream has to be made of a whole answer.
fn request(
    call: &Call<'_, '_>,
    model: &Model<'_>,
    mut read: Parameters,
    notes: &mut crate::dialect::Notes,
) -> Result<(Vec<u8>, bool), Refusal> {
    let text = call.body.given("messages").unwrap_or("[]");
    let messages: Vec<Message<'_>> = serde_json::from_str(text)
        .map_err(|error| Refusal::bad(format!("`messages` cannot be read: {error}: send a list of messages")))?;
    let (system, mut messages) = system::split(messages, model);
    let guardrail = if read.top.contains_key("guardrailConfig") { Guardrail::Active } else { Guardrail::Absent };
    if read.tools.is_empty() {
        orphans::write_out(&mut messages, guardrail);
    }
    if guardrail == Guardrail::Active {
        orphans::guard(&mut messages);
    }
    if call.rules.settings.modify_params {
        if mend::lacks_thoughts(&messages) {
            read.own.shift_remove("thinking");
        }
        messages = mend::alternate(messages);
    }
    let written = tools::write(std::mem::take(&mut read.tools), model, notes);
    notes.json_tool = read.is_json;
    beta::add_fields(call, model, &written, &mut read.own);
    let tool_config = tool_config(call, model, written, &mut read);
    let thinks = read.own.contains_key("thinking");
    let messages = Turns { model, notes, turns: Vec::new(), parting: parting(call) }.write(messages)?;
    let request = Request {
        messages,
        inference_config: read.inference,
        additional_model_request_fields: read.own,
        additional_model_response_field_paths: thinks.then_some(["/usage/output_tokens_details"]),
        system,
        tool_config,
        output_config: read.output,
        top: read.top,
    };
    let body = serde_json::to_vec(&request).map_err(|error| Refusal::bad(error.to_string()))?;
    Ok((body, read.answers_whole))
}

/// Where a tool's results and what the user says meet.
fn parting(call: &Call<'_, '_>) -> Parting {
    if call.rules.settings.modify_params { Parting::Assistant } else { Parting::Joined }
}

/// `toolConfig`; `None` where there are no tools.
fn tool_config(call: &Call<'_, '_>, model: &Model<'_>, written: Tools, read: &mut Parameters) -> Option<Value> {
    let Tools { mut specs, screen, .. } = written;
    if !screen.is_empty() {
        read.own.insert("tools".to_owned(), screen.into());
    }
    if specs.is_empty() {
        return None;
    }
    specs.extend(injected(call, model));
    let mut config = Map::from_iter([("tools".to_owned(), Value::Array(specs))]);
    if let Some(choice) = read.tool_choice.take() {
        config.insert("toolChoice".to_owned(), choice);
        // Bedrock refuses two choices; what stands beside the type is still wanted.
        if let Some(Value::Object(own)) = read.own.get_mut("tool_choice") {
            own.shift_remove("type");
        }
    }
    Some(config.into())
}

/// The mark for caching that deployment or request ask for behind the tools.
fn injected(call: &Call<'_, '_>, model: &Model<'_>) -> Option<Value> {
    let points: Vec<Value> = serde_json::from_str(call.injection_points.as_deref()?).ok()?;
    let point = points.into_iter().find(|point| point["location"] == "tool_config")?;
    let control: Box<RawValue> = crate::json::raw(point.get("control").unwrap_or(&Value::Null));
    cache::point(model, Some(&control)).map(|point| json!({ "cachePoint": point }))
}

/// Identity of an answer: Bedrock gives none.
fn id(stamp: &Stamp) -> String {
    stamp.chat_id()
}
