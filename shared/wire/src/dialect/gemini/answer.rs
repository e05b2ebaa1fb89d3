//! Gemini's whole answer as a chat completion, and what is common to whole and streamed candidates.
//!
//! LiteLLM's rules. Knows no frame.

use serde_json::{Map, Value, json};

use super::contents::SIGNATURE_MARK;
use super::read::{Answer, Candidate, Chosen, FunctionCall, Logprobs, Part};
use super::usage::{self, Grounding};
use crate::chat::{Choice, Completion, Reply, ToolCall};
use crate::dialect::{Context, Stamp, Unreadable};

/// Names and numbers the tool calls of an answer.
#[derive(Debug)]
pub(super) struct Namer {
    stamp: Stamp,
    /// Calls so far, in all candidates.
    calls: u32,
}

impl Namer {
    pub fn new(context: &Context) -> Self {
        Self { stamp: context.stamp.clone(), calls: 0 }
    }

    fn next_index(&mut self) -> u32 {
        let index = self.calls;
        self.calls = self.calls.saturating_add(1);
        index
    }
}

/// Finish reasons that take the content away.
const FLAGGED: [&str; 7] =
    ["SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "IMAGE_SAFETY", "IMAGE_PROHIBITED_CONTENT"];

/// Reads a whole answer.
///
/// # Errors
/// Where it is no JSON, or counts nothing.
pub(super) fn answer(context: &Context, body: &[u8]) -> Result<Completion, Unreadable> {
    let answer: Answer<'_> = serde_json::from_slice(body).map_err(|error| Unreadable(error.to_string()))?;
    let (stamp, mut namer) = (&context.stamp, Namer::new(context));
    let counts = answer.usage_metadata.as_ref().ok_or_else(|| Unreadable("no usageMetadata".to_owned()))?;
    let id = answer.response_id.as_deref().filter(|id| !id.is_empty()).map_or_else(|| stamp.chat_id(), str::to_owned);
    let mut completion = Completion {
        id,
        created: stamp.created_s,
        model: context.model.clone(),
        object: "chat.completion".to_owned(),
        ..Completion::default()
    };
    let candidates = answer.candidates.unwrap_or_default();
    let is_blocked = answer.prompt_feedback.is_some_and(|feedback| feedback.block_reason.is_some());
    let is_flagged =
        candidates.first().is_some_and(|first| FLAGGED.contains(&first.finish_reason.as_deref().unwrap_or("")));
    if is_blocked || is_flagged {
        completion.choices.push(refused());
        completion.usage = Some(usage::plain(counts));
        return Ok(completion);
    }
    let mut metadata = Metadata::default();
    for (place, candidate) in candidates.into_iter().enumerate() {
        if candidate.content.is_some() || candidate.finish_reason.is_some() {
            let place = u32::try_from(place).unwrap_or(u32::MAX);
            completion.choices.push(choice(candidate, place, &mut namer, &mut metadata));
        }
    }
    completion.usage = Some(usage::usage(counts, metadata.billed()));
    completion.extra = metadata.shown();
    Ok(completion)
}

fn refused() -> Choice {
    let message = Reply { role: "assistant".to_owned(), ..Reply::default() };
    Choice { finish_reason: Some("content_filter".to_owned()), message, ..Choice::default() }
}

fn choice(mut candidate: Candidate<'_>, place: u32, namer: &mut Namer, metadata: &mut Metadata) -> Choice {
    let annotations = metadata.take(&mut candidate);
    let parts = candidate.content.and_then(|content| content.parts).unwrap_or_default();
    let said = Said::of(&parts, namer);
    let native = candidate.finish_reason;
    let finish_reason = finish_reason(native.as_deref(), !said.calls.is_empty()).to_owned();
    let own = said.own_fields();
    let message = Reply {
        content: said.content,
        role: "assistant".to_owned(),
        tool_calls: (!said.calls.is_empty()).then_some(said.calls),
        reasoning_content: said.reasoning,
        thinking_blocks: (!said.thinking.is_empty()).then_some(said.thinking),
        images: (!said.images.is_empty()).then_some(said.images),
        annotations: (!annotations.is_empty()).then_some(annotations),
        audio: said.audio,
        provider_specific_fields: own,
        ..Reply::default()
    };
    let native = native.map(|native| Map::from_iter([("native_finish_reason".to_owned(), (*native).into())]));
    Choice {
        finish_reason: Some(finish_reason),
        index: candidate.index.unwrap_or(place),
        message,
        logprobs: candidate.logprobs_result.and_then(logprobs),
        provider_specific_fields: native,
    }
}

/// OpenAI's word for the end of an answer.
pub(super) fn finish_reason(native: Option<&str>, has_calls: bool) -> &'static str {
    if has_calls {
        return "tool_calls";
    }
    match native {
        Some("MAX_TOKENS") => "length",
        Some(
            "SAFETY"
            | "RECITATION"
            | "LANGUAGE"
            | "OTHER"
            | "BLOCKLIST"
            | "PROHIBITED_CONTENT"
            | "SPII"
            | "IMAGE_SAFETY"
            | "IMAGE_PROHIBITED_CONTENT"
            | "NO_IMAGE"
            | "IMAGE_RECITATION"
            | "IMAGE_OTHER"
            | "ESCALATION",
        ) => "content_filter",
        _ => "stop",
    }
}

/// What the parts of a candidate say.
#[derive(Debug, Default)]
pub(super) struct Said {
    pub content: Option<String>,
    pub reasoning: Option<String>,
    pub thinking: Vec<Value>,
    pub signatures: Vec<Value>,
    pub images: Vec<Value>,
    pub audio: Option<Value>,
    pub calls: Vec<ToolCall>,
    hosted: Vec<Value>,
}

impl Said {
    pub fn of(parts: &[Part<'_>], namer: &mut Namer) -> Self {
        let mut said = Self::default();
        for part in parts {
            said.part(part, namer);
        }
        said.hosted = hosted(parts);
        said
    }

    fn part(&mut self, part: &Part<'_>, namer: &mut Namer) {
        let is_thought = part.thought == Some(true);
        if let Some(text) = &part.text {
            match text.strip_prefix("data:audio").and_then(|rest| rest.split_once(";base64,")) {
                Some((_, data)) => self.sound(data, &namer.stamp),
                None => self.text(text, is_thought),
            }
        } else if let Some(blob) = &part.inline_data {
            let (kind, data) = (&*blob.mime_type, &*blob.data);
            match kind.split('/').next() {
                Some("image") => self.images.push(image(kind, data)),
                Some("audio") => self.sound(data, &namer.stamp),
                _ => self.text(&format!("data:{kind};base64,{data}"), is_thought),
            }
        }
        if is_thought {
            let mut block = json!({ "type": "thinking", "thinking": part.text.as_deref().unwrap_or_default() });
            if let Some(signature) = &part.thought_signature {
                block["signature"] = (**signature).into();
            }
            self.thinking.push(block);
        }
        if let Some(signature) = &part.thought_signature {
            self.signatures.push((**signature).into());
        }
        if let Some(call) = &part.function_call {
            self.calls.push(tool_call(call, part.thought_signature.as_deref(), namer));
        }
    }

    fn text(&mut self, text: &str, is_thought: bool) {
        if !text.is_empty() {
            let place = if is_thought { &mut self.reasoning } else { &mut self.content };
            place.get_or_insert_default().push_str(text);
        }
    }

    fn sound(&mut self, data: &str, stamp: &Stamp) {
        const DAY_S: u64 = 24 * 60 * 60;
        self.audio.get_or_insert_with(
            || json!({ "data": data, "expires_at": stamp.created_s.saturating_add(DAY_S), "transcript": "" }),
        );
    }

    /// What clients have to send back with the next turn.
    pub fn own_fields(&self) -> Option<Map<String, Value>> {
        let mut own = Map::new();
        if !self.signatures.is_empty() {
            own.insert("thought_signatures".to_owned(), self.signatures.clone().into());
        }
        if !self.hosted.is_empty() {
            own.insert("server_side_tool_invocations".to_owned(), self.hosted.clone().into());
        }
        (!own.is_empty()).then_some(own)
    }
}

fn image(kind: &str, data: &str) -> Value {
    let url = format!("data:{kind};base64,{data}");
    json!({ "image_url": { "url": url, "detail": "auto" }, "index": 0, "type": "image_url" })
}

fn tool_call(call: &FunctionCall<'_>, signature: Option<&str>, namer: &mut Namer) -> ToolCall {
    let arguments = call.args.map_or("{}", |args| args.get());
    let own = call.id.as_deref().filter(|id| !id.is_empty()).map(str::to_owned);
    let mut id = own.unwrap_or_else(|| format!("call_{}", namer.stamp.next_hex(28)));
    let signature = signature.filter(|signature| !signature.is_empty());
    if let Some(signature) = signature {
        id = format!("{id}{SIGNATURE_MARK}{signature}");
    }
    let own = signature.map(|signature| Map::from_iter([("thought_signature".to_owned(), signature.into())]));
    let index = Some(namer.next_index());
    ToolCall { index, provider_specific_fields: own, ..ToolCall::function(id, &*call.name, arguments) }
}

/// Tools that Google ran itself, each with its answer.
fn hosted(parts: &[Part<'_>]) -> Vec<Value> {
    let mut calls: Vec<Value> = Vec::new();
    for part in parts {
        let signature = part.thought_signature.as_deref();
        if let Some(call) = &part.tool_call {
            let mut entry =
                json!({ "tool_type": call.get("toolType"), "id": call.get("id"), "args": call.get("args") });
            if let Some(signature) = signature {
                entry["thought_signature"] = signature.into();
            }
            calls.push(entry);
        } else if let Some(answer) = &part.tool_response {
            let found = calls.iter_mut().find(|call| call.get("id") == answer.get("id"));
            let own = || json!({ "id": answer.get("id"), "tool_type": answer.get("toolType") });
            let entry = match found {
                Some(entry) => entry,
                None => {
                    calls.push(own());
                    let Some(last) = calls.last_mut() else { continue };
                    last
                }
            };
            entry["response"] = answer.get("response").cloned().unwrap_or(Value::Null);
            if let Some(signature) = signature {
                entry["response_thought_signature"] = signature.into();
            }
        }
    }
    calls
}

/// OpenAI's form of log probabilities.
pub(super) fn logprobs(result: Logprobs) -> Option<Value> {
    let chosen = result.chosen_candidates?;
    let mut tops = result.top_candidates.into_iter();
    let short = |one: &Chosen| json!({ "token": one.token, "logprob": one.log_probability });
    let content: Vec<Value> = chosen
        .iter()
        .map(|one| {
            let top: Vec<Value> = tops.next().map(|top| top.candidates.iter().map(short).collect()).unwrap_or_default();
            json!({ "token": one.token, "logprob": one.log_probability, "top_logprobs": top })
        })
        .collect();
    Some(json!({ "content": content }))
}

/// What candidates say beside their content.
#[derive(Debug, Default)]
pub(super) struct Metadata {
    grounding: Vec<Value>,
    addresses: Vec<Value>,
    safety: Vec<Value>,
    citations: Vec<Value>,
}

impl Metadata {
    /// Takes a candidate's metadata over; returns OpenAI's annotations for it.
    pub fn take(&mut self, candidate: &mut Candidate<'_>) -> Vec<Value> {
        let grounding = match candidate.grounding_metadata.take() {
            Some(Value::Array(list)) => list,
            Some(one) => vec![one],
            None => Vec::new(),
        };
        let annotations = grounding.iter().flat_map(annotations).collect();
        self.grounding.extend(grounding);
        self.addresses.extend(candidate.url_context_metadata.take());
        self.safety.extend(candidate.safety_ratings.take());
        self.citations.extend(candidate.citation_metadata.take());
        annotations
    }

    /// As LiteLLM shows it at the top of an answer.
    pub fn shown(self) -> Map<String, Value> {
        let fields = [
            ("vertex_ai_grounding_metadata", self.grounding),
            ("vertex_ai_url_context_metadata", self.addresses),
            ("vertex_ai_safety_results", self.safety),
            ("vertex_ai_citation_metadata", self.citations),
        ];
        fields.into_iter().map(|(name, list)| (name.to_owned(), list.into())).collect()
    }

    /// As LiteLLM shows it in a stream.
    pub fn shown_in_stream(self) -> Map<String, Value> {
        let safety = self.safety.clone();
        let mut fields = self.shown();
        fields.insert("vertex_ai_safety_ratings".to_owned(), safety.into());
        fields
    }

    /// Searches that are billed: each question counts once.
    pub fn billed(&self) -> Grounding {
        let (mut web, mut maps, mut has_maps) = (Vec::new(), Vec::new(), false);
        for item in &self.grounding {
            let chunks = item.get("groundingChunks").and_then(Value::as_array);
            let has = |kind: &str| chunks.into_iter().flatten().any(|chunk| chunk.get(kind).is_some());
            let token = item.get("googleMapsWidgetContextToken").and_then(Value::as_str);
            let is_map = has("maps") || token.is_some_and(|token| !token.is_empty());
            has_maps |= is_map;
            let questions = if is_map && !has("web") { &mut maps } else { &mut web };
            for question in item.get("webSearchQueries").and_then(Value::as_array).into_iter().flatten() {
                let text = question.as_str().unwrap_or_default();
                if !text.is_empty() && !questions.contains(&text) {
                    questions.push(text);
                }
            }
        }
        let count = |list: &[&str]| list.len() as u64;
        Grounding {
            web_searches: Some(count(&web)).filter(|count| *count > 0),
            map_searches: has_maps.then(|| count(&maps).max(1)),
        }
    }
}

/// Where the answer's sentences come from.
fn annotations(metadata: &Value) -> Vec<Value> {
    let supports = metadata.get("groundingSupports").and_then(Value::as_array).into_iter().flatten();
    supports
        .filter_map(|support| {
            let start = support.pointer("/segment/startIndex")?;
            let end = support.pointer("/segment/endIndex")?;
            let chunk = usize::try_from(support.pointer("/groundingChunkIndices/0")?.as_u64()?).ok()?;
            let web = metadata.get("groundingChunks")?.get(chunk)?.get("web")?;
            let text = |name: &str| web.get(name).and_then(Value::as_str).unwrap_or_default();
            let citation =
                json!({ "start_index": start, "end_index": end, "url": text("uri"), "title": text("title") });
            Some(json!({ "type": "url_citation", "url_citation": citation }))
        })
        .collect()
}
