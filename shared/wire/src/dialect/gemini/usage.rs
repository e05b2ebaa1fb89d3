//! Gemini's token counts in OpenAI's form. Knows nothing else of an answer.

use serde_json::{Map, Value};

use super::read::{Detail, Usage};
use crate::chat;

/// Tokens by kind; absent where nothing was said of the kind.
#[derive(Clone, Copy, Debug, Default)]
struct Kinds {
    text: Option<u64>,
    audio: Option<u64>,
    image: Option<u64>,
    video: Option<u64>,
}

/// What grounding costs beside tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Grounding {
    pub web_searches: Option<u64>,
    pub map_searches: Option<u64>,
}

impl Kinds {
    fn of(details: &[Detail]) -> Self {
        let mut kinds = Self::default();
        for detail in details {
            let place = match detail.modality.to_ascii_uppercase().as_str() {
                "TEXT" | "DOCUMENT" => &mut kinds.text,
                "AUDIO" => &mut kinds.audio,
                "IMAGE" => &mut kinds.image,
                "VIDEO" => &mut kinds.video,
                _ => continue,
            };
            *place = Some(place.unwrap_or(0).saturating_add(detail.token_count));
        }
        kinds
    }

    /// These without those, kind by kind.
    fn without(self, other: Self) -> Self {
        let less = |own: Option<u64>, other: Option<u64>| own.map(|own| own.saturating_sub(other.unwrap_or(0)));
        Self {
            text: less(self.text, other.text),
            audio: less(self.audio, other.audio),
            image: less(self.image, other.image),
            video: less(self.video, other.video),
        }
    }

    fn write(self, out: &mut Map<String, Value>) {
        let named = [
            ("audio_tokens", self.audio),
            ("text_tokens", self.text),
            ("image_tokens", self.image),
            ("video_tokens", self.video),
        ];
        set(out, &named);
    }
}

fn set(out: &mut Map<String, Value>, named: &[(&str, Option<u64>)]) {
    for (name, count) in named {
        if let Some(count) = count {
            out.insert((*name).to_owned(), (*count).into());
        }
    }
}

/// The counts as clients see them.
pub(super) fn usage(counts: &Usage, grounding: Grounding) -> chat::Usage {
    let grounded = grounding != Grounding::default();
    let tools = if grounded { 0 } else { counts.tool_use_prompt_token_count };
    chat::Usage {
        completion_tokens: completion_tokens(counts),
        prompt_tokens: counts.prompt_token_count.saturating_add(tools),
        total_tokens: counts.total_token_count,
        completion_tokens_details: completion_details(counts),
        prompt_tokens_details: prompt_details(counts, grounding),
        cache_read_input_tokens: counts.cached_content_token_count,
        ..chat::Usage::default()
    }
}

/// What a `usageMetadata` says that stands alone, and so many searches beside it.
pub(crate) fn gemini_usage(counts: &Map<String, Value>, web_searches: Option<u64>) -> Option<chat::Usage> {
    let counts = serde_json::from_value(Value::Object(counts.clone())).ok()?;
    Some(usage(&counts, Grounding { web_searches, ..Grounding::default() }))
}

/// As [`usage`], for streams: there LiteLLM always says how much of it was reasoning.
pub(super) fn streamed(counts: &Usage, grounding: Grounding) -> chat::Usage {
    let mut usage = usage(counts, grounding);
    if let Some(details) = &mut usage.completion_tokens_details {
        details.entry("reasoning_tokens").or_insert_with(|| 0.into());
    }
    usage
}

/// Only the three counts: what a blocked answer shows.
pub(super) fn plain(counts: &Usage) -> chat::Usage {
    chat::Usage {
        completion_tokens: counts.candidates_token_count,
        prompt_tokens: counts.prompt_token_count,
        total_tokens: counts.total_token_count,
        ..chat::Usage::default()
    }
}

/// Thoughts are answers too; some models count them among the candidates already.
fn completion_tokens(counts: &Usage) -> u64 {
    let said =
        if counts.response_token_count > 0 { counts.response_token_count } else { counts.candidates_token_count };
    let sum = counts
        .prompt_token_count
        .saturating_add(counts.candidates_token_count)
        .saturating_add(counts.tool_use_prompt_token_count);
    let is_inclusive = sum == counts.total_token_count;
    if is_inclusive { said } else { said.saturating_add(counts.thoughts_token_count.unwrap_or(0)) }
}

fn completion_details(counts: &Usage) -> Option<Map<String, Value>> {
    let mut kinds = Kinds::of(&counts.candidates_tokens_details);
    let live = Kinds::of(&counts.response_tokens_details);
    kinds.text = kinds.text.or(live.text);
    kinds.audio = kinds.audio.or(live.audio);
    if counts.candidates_token_count > 0 && kinds.text.is_none() {
        let other = [kinds.audio, kinds.image, kinds.video].iter().flatten().sum();
        kinds.text = Some(counts.candidates_token_count.saturating_sub(other));
    }
    let mut details = Map::new();
    set(&mut details, &[("reasoning_tokens", counts.thoughts_token_count)]);
    kinds.write(&mut details);
    (!details.is_empty()).then_some(details)
}

fn prompt_details(counts: &Usage, grounding: Grounding) -> Option<Map<String, Value>> {
    let mut kinds = Kinds::of(&counts.prompt_tokens_details);
    match &counts.cache_tokens_details {
        Some(details) => kinds = kinds.without(Kinds::of(details)),
        // Where nothing says what was cached, it was text.
        None => kinds.text = kinds.text.map(|text| text.saturating_sub(counts.cached_content_token_count.unwrap_or(0))),
    }
    let mut details = Map::new();
    set(&mut details, &[("cached_tokens", counts.cached_content_token_count)]);
    kinds.write(&mut details);
    let tools = Some(counts.tool_use_prompt_token_count).filter(|count| *count > 0);
    set(
        &mut details,
        &[
            ("tool_use_tokens", tools),
            ("web_search_requests", grounding.web_searches),
            ("google_maps_grounding_requests", grounding.map_searches),
        ],
    );
    (!details.is_empty()).then_some(details)
}
