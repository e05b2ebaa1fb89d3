//! What a provider's usage object says beyond the three counts: everything that has a price of its own.
//!
//! Read from OpenAI's form with LiteLLM's additions, and from Anthropic's fields where they stand beside it. Knows no
//! prices.

use std::time::Duration;

use serde_json::{Map, Value};

use crate::chat;
use crate::money::Picodollars;
use crate::prices::Tier;

/// Parts of the prompt and of the answer, and what was done beside them. Nothing is nothing: zero or `None`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Details {
    /// Prompt tokens read from the provider's cache, and how many of them were of which kind.
    pub cached: u64,
    pub cached_parts: Parts,
    /// Prompt tokens written into the provider's cache.
    pub written: u64,
    /// The same by how long they stay, where the provider says so.
    pub written_for: Option<WrittenFor>,
    pub prompt: Parts,
    pub completion: Parts,
    /// Answer tokens that were thinking.
    pub reasoning: u64,
    pub citations: u64,
    pub characters: u64,
    pub images: u64,
    pub queries: u64,
    pub audio: Duration,
    pub video: Duration,
    pub searches: Searches,
    /// The tier that the provider served, where it says so.
    pub served: Option<Served>,
    /// Anthropic's `speed: fast`.
    pub is_fast: bool,
    /// Anthropic's `inference_geo: us`.
    pub is_in_us: bool,
    /// What the provider says that the call cost.
    pub cost: Option<Picodollars>,
}

/// Tokens by kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Parts {
    pub text: u64,
    pub audio: u64,
    pub image: u64,
    pub video: u64,
}

impl Parts {
    const NONE: Self = Self { text: 0, audio: 0, image: 0, video: 0 };

    /// All but text.
    pub const fn media(&self) -> u64 {
        self.audio.saturating_add(self.image).saturating_add(self.video)
    }
}

/// Tokens written into a cache.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WrittenFor {
    pub five_minutes: u64,
    pub hour: u64,
}

/// Searches, as the several providers count them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Searches {
    /// `prompt_tokens_details.web_search_requests`: Gemini's, Perplexity's.
    pub grounding: Option<u64>,
    /// `server_tool_use.web_search_requests`: Anthropic's, Groq's.
    pub tool: Option<u64>,
    /// `server_tool_use.browser_open_requests`: Groq's.
    pub opened: u64,
    /// `server_side_tool_usage_details.web_search_calls`: xAI's.
    pub server: Option<u64>,
    /// `prompt_tokens_details.google_maps_grounding_requests`.
    pub maps: Option<u64>,
}

/// The tier that a provider says it served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Served {
    /// `default` or `standard`.
    Base,
    Tier(Tier),
}

impl Served {
    /// Reads a `service_tier`; `None` for names that say nothing of the price.
    pub fn named(name: &str) -> Option<Self> {
        let is_base = ["default", "standard"].iter().any(|base| base.eq_ignore_ascii_case(name));
        if is_base { Some(Self::Base) } else { Tier::named(name).map(Self::Tier) }
    }

    /// Gemini's `trafficType`.
    pub fn of_traffic(kind: &str) -> Self {
        match kind {
            "ON_DEMAND_PRIORITY" => Self::Tier(Tier::Priority),
            "FLEX" | "BATCH" | "ON_DEMAND_FLEX" => Self::Tier(Tier::Flex),
            _ => Self::Base,
        }
    }
}

/// The fields of a usage object, wherever they stand.
struct Fields<'u> {
    prompt: Option<&'u Map<String, Value>>,
    completion: Option<&'u Map<String, Value>>,
    top: &'u Map<String, Value>,
}

impl Details {
    /// Nothing but the three counts.
    pub const NONE: Self = Self {
        cached: 0,
        cached_parts: Parts::NONE,
        written: 0,
        written_for: None,
        prompt: Parts::NONE,
        completion: Parts::NONE,
        reasoning: 0,
        citations: 0,
        characters: 0,
        images: 0,
        queries: 0,
        audio: Duration::ZERO,
        video: Duration::ZERO,
        searches: Searches { grounding: None, tool: None, opened: 0, server: None, maps: None },
        served: None,
        is_fast: false,
        is_in_us: false,
        cost: None,
    };

    /// Reads a usage object in OpenAI's form: the older, the newer, or that of realtime sessions.
    pub(super) fn of_object(usage: &Map<String, Value>) -> Self {
        let part = |names: [&str; 3]| names.iter().find_map(|name| usage.get(*name)?.as_object());
        let prompt = part(["prompt_tokens_details", "input_tokens_details", "input_token_details"]);
        let completion = part(["completion_tokens_details", "output_tokens_details", "output_token_details"]);
        Fields { prompt, completion, top: usage }.read()
    }

    /// What a later event of the same answer adds, where counts only grow and may be left out.
    pub(crate) fn grown(self, later: Self) -> Self {
        Self {
            cached: later.cached.max(self.cached),
            written: later.written.max(self.written),
            written_for: later.written_for.or(self.written_for),
            reasoning: later.reasoning.max(self.reasoning),
            searches: Searches { tool: later.searches.tool.or(self.searches.tool), ..later.searches },
            served: later.served.or(self.served),
            is_fast: later.is_fast || self.is_fast,
            is_in_us: later.is_in_us || self.is_in_us,
            ..later
        }
    }

    /// What a chat's usage says.
    pub fn of_chat(usage: &chat::Usage) -> Self {
        let (prompt, completion) = (usage.prompt_tokens_details.as_ref(), usage.completion_tokens_details.as_ref());
        let mut details = Fields { prompt, completion, top: &usage.extra }.read();
        details.cached = usage.cache_read_input_tokens.unwrap_or(details.cached);
        details.written = usage.cache_creation_input_tokens.unwrap_or(details.written);
        details
    }
}

impl Fields<'_> {
    fn read(&self) -> Details {
        let prompt = |name: &str| count(self.prompt, name);
        let top = |name: &str| count(Some(self.top), name);
        let any = |of: &[Option<u64>]| of.iter().flatten().copied().next();
        let cached = [top("cache_read_input_tokens"), top("prompt_cache_hit_tokens"), prompt("cached_tokens")];
        let written = [
            top("cache_creation_input_tokens"),
            prompt("cache_write_tokens").filter(|tokens| *tokens > 0),
            prompt("cache_creation_tokens"),
            prompt("cache_creation_input_tokens"),
        ];
        let completion = |name: &str| count(self.completion, name);
        Details {
            cached: any(&cached).unwrap_or(0),
            cached_parts: parts(object(self.prompt, "cached_tokens_details")),
            written: any(&written).unwrap_or(0),
            written_for: self.written_for(),
            prompt: parts(self.prompt),
            completion: parts(self.completion),
            reasoning: any(&[completion("reasoning_tokens"), top("reasoning_tokens")]).unwrap_or(0),
            citations: top("citation_tokens").unwrap_or(0),
            characters: prompt("character_count").unwrap_or(0),
            images: prompt("image_count").unwrap_or(0),
            queries: prompt("query_count").unwrap_or(0),
            audio: length(self.prompt, "audio_length_seconds"),
            video: length(self.prompt, "video_length_seconds"),
            searches: self.searches(),
            served: self.text("service_tier").and_then(Served::named),
            is_fast: self.text("speed") == Some("fast"),
            is_in_us: self.text("inference_geo").is_some_and(|geo| geo.eq_ignore_ascii_case("us")),
            cost: self.cost(),
        }
    }

    fn written_for(&self) -> Option<WrittenFor> {
        let split =
            object(self.prompt, "cache_creation_token_details").or_else(|| object(Some(self.top), "cache_creation"))?;
        let tokens = |name: &str| count(Some(split), name);
        let (five_minutes, hour) = (tokens("ephemeral_5m_input_tokens"), tokens("ephemeral_1h_input_tokens"));
        five_minutes.or(hour)?;
        Some(WrittenFor { five_minutes: five_minutes.unwrap_or(0), hour: hour.unwrap_or(0) })
    }

    fn searches(&self) -> Searches {
        let tools = object(Some(self.top), "server_tool_use");
        let server = object(Some(self.top), "server_side_tool_usage_details");
        Searches {
            grounding: count(self.prompt, "web_search_requests"),
            tool: count(tools, "web_search_requests"),
            opened: count(tools, "browser_open_requests").unwrap_or(0),
            server: count(server, "web_search_calls"),
            maps: count(self.prompt, "google_maps_grounding_requests"),
        }
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.top.get(name)?.as_str()
    }

    /// A number, or Perplexity's object with its total.
    fn cost(&self) -> Option<Picodollars> {
        let cost = self.top.get("cost")?;
        let usd = cost.as_f64().or_else(|| cost.get("total_cost")?.as_f64())?;
        Picodollars::of_usd(usd)
    }
}

fn object<'u>(of: Option<&'u Map<String, Value>>, name: &str) -> Option<&'u Map<String, Value>> {
    of?.get(name)?.as_object()
}

/// A count; one below zero is none.
fn count(of: Option<&Map<String, Value>>, name: &str) -> Option<u64> {
    of?.get(name)?.as_u64()
}

fn length(of: Option<&Map<String, Value>>, name: &str) -> Duration {
    let seconds = of.and_then(|of| of.get(name)?.as_f64()).unwrap_or(0.0);
    Duration::try_from_secs_f64(seconds).unwrap_or_default()
}

fn parts(of: Option<&Map<String, Value>>) -> Parts {
    let tokens = |name: &str| count(of, name).unwrap_or(0);
    Parts {
        text: tokens("text_tokens"),
        audio: tokens("audio_tokens"),
        image: tokens("image_tokens"),
        video: tokens("video_tokens"),
    }
}
