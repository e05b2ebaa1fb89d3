//! Claude's stream at Bedrock as Anthropic would have sent it: the counts stand where clients look for them.
//!
//! Bedrock tells them in its own words behind the last event; LiteLLM moves them to `message_delta`, with what
//! `message_start` told of the cache. Knows no frame.

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::chat::Text;

const METRICS: &str = "amazon-bedrock-invocationMetrics";
/// Counts as Anthropic and as Bedrock call them.
const COUNTS: [(&str, &str); 4] = [
    ("input_tokens", "inputTokenCount"),
    ("output_tokens", "outputTokenCount"),
    ("cache_read_input_tokens", "cacheReadInputTokenCount"),
    ("cache_creation_input_tokens", "cacheWriteInputTokenCount"),
];
const CACHE: [&str; 3] = ["cache_creation_input_tokens", "cache_read_input_tokens", "cache_creation"];

/// One stream on its way.
#[derive(Debug, Default)]
pub struct Invocation {
    /// `usage` of the first event.
    begun: Map<String, Value>,
    /// `message_delta`, until the last event has come.
    held: Option<Map<String, Value>>,
}

#[derive(Deserialize)]
struct Named<'a> {
    #[serde(rename = "type", borrow)]
    kind: Text<'a>,
}

/// An event: its name and its data.
pub type Event = (String, Vec<u8>);

impl Invocation {
    /// The events that can go on now that this one has come; `None` where it is none.
    pub fn take(&mut self, data: Vec<u8>) -> Option<Vec<Event>> {
        let kind = serde_json::from_slice::<Named<'_>>(&data).ok()?.kind.to_string();
        let mut events = Vec::with_capacity(2);
        match kind.as_str() {
            "message_delta" => self.held = Some(serde_json::from_slice(&data).ok()?),
            "message_stop" => {
                let stop = with_usage(serde_json::from_slice(&data).ok()?);
                events.extend(self.finish(stop.get("usage").and_then(Value::as_object)));
                events.push((kind, written(&stop)));
            }
            _ => {
                if kind == "message_start" {
                    let start: Value = serde_json::from_slice(&data).ok()?;
                    self.begun = start.pointer("/message/usage")?.as_object().cloned().unwrap_or_default();
                }
                events.extend(self.held.take().map(event));
                events.push((kind, data));
            }
        }
        Some(events)
    }

    /// What was held back, with all counts; `stop` is what the last event told.
    pub fn finish(&mut self, stop: Option<&Map<String, Value>>) -> Option<Event> {
        let mut held = self.held.take()?;
        let mut usage = held.get("usage").and_then(Value::as_object).cloned().unwrap_or_default();
        for name in ["cache_creation_input_tokens", "cache_read_input_tokens", "input_tokens"] {
            if let Some(count) = stop.and_then(|stop| stop.get(name)).filter(|count| !count.is_null()) {
                usage.insert(name.to_owned(), count.clone());
            }
        }
        for name in CACHE {
            if let Some(count) = self.begun.get(name).filter(|count| !count.is_null() && !usage.contains_key(name)) {
                usage.insert(name.to_owned(), count.clone());
            }
        }
        if !usage.is_empty() {
            held.insert("usage".to_owned(), usage.into());
        }
        Some(event(held))
    }
}

/// Bedrock's own counts under Anthropic's names; counts that are there already stand above them.
fn with_usage(mut event: Map<String, Value>) -> Map<String, Value> {
    let Some(Value::Object(metrics)) = event.remove(METRICS) else { return event };
    let mut usage = Map::new();
    for (name, own) in COUNTS {
        if let Some(count) = metrics.get(own) {
            usage.insert(name.to_owned(), count.clone());
        }
    }
    if let Some(Value::Object(given)) = event.remove("usage") {
        usage.extend(given);
    }
    event.insert("usage".to_owned(), usage.into());
    event
}

fn event(held: Map<String, Value>) -> Event {
    ("message_delta".to_owned(), written(&held))
}

fn written(event: &Map<String, Value>) -> Vec<u8> {
    serde_json::to_vec(event).unwrap_or_default()
}
