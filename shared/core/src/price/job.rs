//! What a call was about, in what it is paid by: what its request says of that, and what its answer makes of it.
//!
//! Knows no price and no deployment.

use std::time::Duration;

use serde_json::{Map, Value};
use tollgate_wire::Operation;
use tollgate_wire::cost::{Context, FileSearch, Images, Tools, Work};
use tollgate_wire::json::Object;

/// The work of one call, and what was done beside it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Job {
    pub work: Deed,
    pub tools: Tools,
    /// The `service_tier` that was asked for, or that the answer tells.
    pub tier: Option<String>,
}

/// What was done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Deed {
    #[default]
    Tokens,
    Embedding,
    Images {
        count: u64,
        size: Option<String>,
        quality: Option<String>,
        /// Fal's.
        resolution: Option<String>,
        /// Stability's.
        steps: Option<u64>,
    },
    Speech {
        characters: u64,
    },
    /// `None` where neither the answer nor the recording tells how long it is.
    Transcription {
        length: Option<Duration>,
    },
    Rerank {
        units: Option<u64>,
        tokens: Option<u64>,
    },
    Pages {
        pages: Option<u64>,
        annotated: u64,
        /// In thousandths.
        credits: Option<u64>,
    },
    Video {
        length: Duration,
        resolution: Option<String>,
        count: u64,
    },
    Search {
        queries: u64,
        results_max: u64,
    },
    VectorSearch,
    /// Nothing that anybody charges: a file is stored, a list is read.
    Nothing,
}

/// The longest recording, and the fewest bytes of a second of speech, that a reservation reckons with.
const RECORDING_S_MAX: u64 = 4 * 3600;
const RECORDING_BYTES_A_SECOND: u64 = 1000;
/// Documents that Cohere ranks for the price of one search.
const DOCUMENTS_A_SEARCH: u64 = 100;
/// Pages of a document at Mistral.
const PAGES_MAX: u64 = 1000;
/// Results of a search that does not say how many it wants (LiteLLM's default).
const RESULTS: u64 = 10;

impl From<Deed> for Job {
    fn from(work: Deed) -> Self {
        Self { work, ..Self::default() }
    }
}

impl Job {
    /// What a request of JSON says.
    pub fn asked(operation: Operation, object: &Object<'_>) -> Self {
        let text = |name: &str| string(object, name);
        let count = |name: &str| object.given(name).and_then(|text| text.parse().ok());
        let work = match operation {
            Operation::Embedding => Deed::Embedding,
            Operation::ImageGeneration | Operation::ImageEdit => Deed::Images {
                count: count("n").unwrap_or(1),
                size: text("size"),
                quality: text("quality"),
                resolution: text("resolution"),
                steps: count("steps"),
            },
            Operation::Speech => {
                Deed::Speech { characters: text("input").map_or(0, |input| input.chars().count() as u64) }
            }
            Operation::Transcription => Deed::Transcription { length: None },
            // A search is the unit of those who are paid by it.
            Operation::Rerank => Deed::Rerank { units: Some(1), tokens: None },
            Operation::Ocr => Deed::Pages { pages: None, annotated: 0, credits: None },
            _ => Deed::Tokens,
        };
        let tools = Tools { context: context(object), ..Tools::NONE };
        Self { work, tools, tier: text("service_tier") }
    }

    /// What a search asks for.
    pub fn search(object: &Object<'_>) -> Self {
        let query = object.given("query").and_then(|text| serde_json::from_str(text).ok());
        let queries = match query {
            Some(Value::Array(list)) => list.len() as u64,
            _ => 1,
        };
        let results_max = object.given("max_results").and_then(|text| text.parse().ok()).unwrap_or(RESULTS);
        Deed::Search { queries, results_max }.into()
    }

    pub(super) fn work(&self) -> Work<'_> {
        match &self.work {
            Deed::Tokens | Deed::Nothing => Work::Tokens,
            Deed::Embedding => Work::Embedding,
            Deed::Images { count, size, quality, resolution, steps } => Work::Images(Images {
                count: *count,
                size: size.as_deref(),
                quality: quality.as_deref(),
                resolution: resolution.as_deref(),
                steps: *steps,
            }),
            Deed::Speech { characters } => Work::Speech { characters: *characters },
            Deed::Transcription { length } => Work::Transcription { length: length.unwrap_or_default() },
            Deed::Rerank { units, tokens } => Work::Rerank { units: *units, tokens: *tokens },
            Deed::Pages { pages, annotated, credits } => {
                Work::Pages { pages: *pages, annotated: *annotated, credits: *credits }
            }
            Deed::Video { length, resolution, count } => {
                Work::Video { length: *length, resolution: resolution.as_deref(), count: *count }
            }
            Deed::Search { queries, results_max } => Work::Search { queries: *queries, results_max: *results_max },
            Deed::VectorSearch => Work::VectorSearch,
        }
    }

    /// Whether its answer has tokens.
    pub const fn has_answer(&self) -> bool {
        matches!(self.work, Deed::Tokens | Deed::Images { .. } | Deed::Speech { .. } | Deed::Transcription { .. })
    }

    /// As much as it can come to, where only the answer tells how much it was; `bytes` is the length of the request.
    pub fn most(&self, object: Option<&Object<'_>>, bytes: Option<u64>) -> Self {
        let work = match &self.work {
            Deed::Transcription { length: None } => {
                let seconds = bytes.map_or(RECORDING_S_MAX, |bytes| bytes / RECORDING_BYTES_A_SECOND + 1);
                Deed::Transcription { length: Some(Duration::from_secs(seconds.min(RECORDING_S_MAX))) }
            }
            Deed::Rerank { units: Some(_), .. } => {
                let documents = object.and_then(|object| object.given("documents")).map_or(0, elements);
                Deed::Rerank { units: Some(documents.div_ceil(DOCUMENTS_A_SEARCH).max(1)), tokens: None }
            }
            Deed::Pages { .. } => {
                let given = |name| object.and_then(|object| object.given(name));
                let pages = given("pages").filter(|text| text.starts_with('[')).map_or(PAGES_MAX, elements);
                let is_annotated = given("bbox_annotation_format").or_else(|| given("document_annotation_format"));
                let annotated = if is_annotated.is_some() { pages } else { 0 };
                Deed::Pages { pages: Some(pages), annotated, credits: None }
            }
            work => work.clone(),
        };
        Self { work, tools: self.tools, tier: self.tier.clone() }
    }

    /// Whether tokens count only where the provider has counted them: a guess would be taken for the price.
    pub(super) const fn wants_true_counts(&self) -> bool {
        !matches!(self.work, Deed::Tokens | Deed::Embedding)
    }

    /// Whether time is paid for that nobody knows.
    pub const fn lacks_length(&self) -> bool {
        matches!(self.work, Deed::Transcription { length: None })
    }

    /// Takes over what a whole answer tells, in the form in which its client gets it.
    pub fn answered(&mut self, answer: &[u8]) {
        match &mut self.work {
            Deed::Tokens => self.notice(answer),
            Deed::Images { count, size, quality, .. } => {
                let Ok(object) = Object::parse(answer) else { return };
                *count = object.given("data").map_or(0, elements);
                *size = string(&object, "size").or(size.take());
                *quality = string(&object, "quality").or(quality.take());
            }
            Deed::Transcription { length } => {
                if let Ok(object) = Object::parse(answer) {
                    *length = told_length(&object).or(*length).or_else(|| counted_length(&object));
                }
            }
            Deed::Rerank { units, tokens } => {
                let billed = within(answer, "meta").and_then(|meta| meta.get("billed_units").cloned());
                let count = |name: &str| billed.as_ref().and_then(|billed| whole(billed.get(name)?));
                *units = count("search_units").filter(|units| *units > 0).or(Some(1));
                *tokens = count("total_tokens");
            }
            Deed::Pages { pages, annotated, credits } => {
                let Some(told) = within(answer, "usage_info") else { return };
                *pages = told.get("pages_processed").and_then(whole);
                *annotated = told.get("pages_processed_annotation").and_then(whole).unwrap_or(0);
                *credits = told.get("credits").and_then(Value::as_f64).map(|credits| (credits * 1000.0) as u64);
            }
            Deed::Embedding
            | Deed::Speech { .. }
            | Deed::Video { .. }
            | Deed::Search { .. }
            | Deed::VectorSearch
            | Deed::Nothing => {}
        }
    }

    /// Searches and files that stand in a chat or a response, and the tier that served it.
    fn notice(&mut self, answer: &[u8]) {
        let holds = |mark: &str| memchr::memmem::find(answer, mark.as_bytes()).is_some();
        if holds("\"service_tier\"") && self.tier.is_some() {
            let told = Object::parse(answer).ok().and_then(|object| string(&object, "service_tier"));
            self.tier = told.or(self.tier.take());
        }
        if holds("\"web_search_call\"") || holds("\"file_search_call\"") {
            let answer: Value = serde_json::from_slice(answer).unwrap_or_default();
            self.notice_calls(&answer);
        } else if holds("\"url_citation\"") {
            self.tools.searched = Some(1);
        } else if holds("\"file_citation\"") {
            self.tools.files = Some(FileSearch::default());
        }
    }

    /// The calls in the output of a response. Who has searched the web is charged that alone, as with LiteLLM.
    fn notice_calls(&mut self, answer: &Value) {
        let items = answer["output"].as_array().map(Vec::as_slice).unwrap_or_default();
        let count = |kind: &str| items.iter().filter(|item| item["type"] == kind).count() as u64;
        match count("web_search_call") {
            0 if count("file_search_call") > 0 => self.tools.files = Some(FileSearch::default()),
            0 => {}
            calls => self.tools.searched = answer["tool_usage"]["web_search"]["num_requests"].as_u64().or(Some(calls)),
        }
    }
}

fn string(object: &Object<'_>, name: &str) -> Option<String> {
    object.given(name).and_then(|_| object.string(name)).map(std::borrow::Cow::into_owned)
}

/// `search_context_size` of a chat's `web_search_options`, or of a response's tool.
fn context(object: &Object<'_>) -> Option<Context> {
    let options = object.given("web_search_options").and_then(|text| serde_json::from_str::<Value>(text).ok());
    let tool = || {
        let tools = object.given("tools").filter(|text| text.contains("search_context_size"))?;
        let tools: Vec<Value> = serde_json::from_str(tools).ok()?;
        tools.into_iter().find(|tool| tool["type"].as_str().is_some_and(|kind| kind.contains("web_search")))
    };
    match options.or_else(tool)?["search_context_size"].as_str()? {
        "low" => Some(Context::Low),
        "medium" => Some(Context::Medium),
        "high" => Some(Context::High),
        _ => None,
    }
}

/// An object one level down.
fn within(answer: &[u8], name: &str) -> Option<Map<String, Value>> {
    let object = Object::parse(answer).ok()?;
    serde_json::from_str(object.given(name)?).ok()
}

fn whole(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_f64().map(|number| number as u64))
}

/// How many elements a list has.
fn elements(list: &str) -> u64 {
    serde_json::from_str::<Vec<&serde_json::value::RawValue>>(list).map_or(0, |list| list.len() as u64)
}

/// `duration` of `verbose_json`: a number, or one in a string.
fn told_length(object: &Object<'_>) -> Option<Duration> {
    let text = object.given("duration")?;
    seconds(text.trim_matches('"').parse().ok()?)
}

/// `usage` of the type `duration`.
fn counted_length(object: &Object<'_>) -> Option<Duration> {
    let usage: Value = serde_json::from_str(object.given("usage")?).ok()?;
    seconds(usage["seconds"].as_f64()?)
}

pub(crate) fn seconds(number: f64) -> Option<Duration> {
    Duration::try_from_secs_f64(number).ok()
}

#[cfg(test)]
mod tests;
