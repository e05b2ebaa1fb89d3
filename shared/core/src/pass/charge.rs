//! Who is paid for a request that is passed on, and for what: the provider's name in prices, and the work.
//!
//! LiteLLM's pass-through logging handlers. Knows no price; reads no answer.

use http::{HeaderMap, Method, Uri};
use tollgate_wire::json::Object;
use tollgate_wire::money::Picodollars;
use tollgate_wire::{Operation, Usage};
use tracing::warn;

use super::provider::PROVIDERS;
use super::target::Base;
use crate::price::{Deed, Job, Named};
use crate::record::Record;

/// In these an address that prices its own requests tells what one has cost.
const TOLD_COST: &str = "x-litellm-response-cost";
const TOLD_TOKENS: &str = "x-litellm-total-tokens";
/// Paths whose answers nobody is charged for, though a model is named.
const FREE: [&str; 6] = ["count_tokens", "count-tokens", "countTokens", "/batches", "/moderations", "/cancel"];
/// Who is paid for jobs that no answer counts.
const JOBS: [&str; 2] = ["assemblyai", "fal_ai"];
const EMBEDDINGS: [&str; 4] = ["/embeddings", "/embed", ":embedContent", ":batchEmbedContents"];

/// Whom a request goes to, as prices name it.
#[derive(Clone, Debug, Default)]
pub(super) struct Payee {
    /// `None` for an address of the operator's that belongs to no known provider.
    pub provider: Option<&'static str>,
    /// Bedrock's region, Vertex's location.
    pub region: Option<String>,
    pub job: Job,
    /// Whether the request asks for something that is paid for.
    pub is_paid: bool,
    /// Bytes of the request.
    pub prompt_bytes: u64,
}

impl Payee {
    /// The payee of a request to this address; `provider` is LiteLLM's name of its route.
    pub fn new(provider: Option<&'static str>, method: &Method, uri: &Uri) -> Self {
        let path = uri.path();
        let is_any = |marks: &[&str]| marks.iter().any(|mark| path.contains(mark));
        let work = if is_any(&EMBEDDINGS) { Deed::Embedding } else { Deed::Tokens };
        Self {
            provider: provider.or_else(|| of_host(uri)).map(|name| priced_as(name, path)),
            region: region(uri),
            job: work.into(),
            is_paid: *method == Method::POST && !is_any(&FREE),
            prompt_bytes: 0,
        }
    }

    /// Whether images are asked for, which only the request counts.
    pub fn draws(uri: &Uri) -> bool {
        uri.path().ends_with("/images/generations")
    }

    /// Takes over what the request for images says.
    pub fn asks_for_images(&mut self, body: &[u8]) {
        if let Ok(object) = Object::parse(body) {
            self.job = Job::asked(Operation::ImageGeneration, &object);
        }
    }

    /// Notes on the call's bill whom it has to be paid to, now that the answer has told its model and its usage.
    pub fn bill(self, record: &mut Record, answered: Option<&str>) {
        let (usage, model) = (record.usage, record.model.clone());
        let Some(bill) = record.bill.as_mut().filter(|_| self.is_paid) else { return };
        let is_counted = usage.is_some() || matches!(self.job.work, Deed::Images { .. });
        let is_job = self.provider.is_some_and(|name| JOBS.contains(&name)) && bill.fixed_picousd.is_none();
        if let Some(provider) = self.provider.filter(|_| is_job && model.is_empty()) {
            warn!(provider, "what a job at {provider} costs is not known: this call is charged nothing");
        }
        let provider = self.provider.filter(|_| !model.is_empty());
        bill.job = if is_counted { self.job } else { Deed::Nothing.into() };
        let Some(provider) = provider.filter(|_| bill.deployment.is_none()) else { return };
        if bill.fixed_picousd.is_none() && !is_counted {
            warn!(
                provider,
                model = model.as_str(),
                "an answer by `{model}` of {provider} tells no usage that could be read: this call is charged nothing"
            );
        }
        let answered = answered.map(str::to_owned);
        bill.named = Some(Named { provider: provider.to_owned(), model, answered, region: self.region });
    }
}

/// What an address says that its answer has cost, and the tokens that it counts: it is believed before any price.
/// `None` where it says neither.
pub(super) fn told(headers: &HeaderMap) -> Option<(u64, Option<Usage>)> {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    let (cost, tokens) = (text(TOLD_COST), text(TOLD_TOKENS));
    if cost.is_none() && tokens.is_none() {
        return None;
    }
    let picousd = cost.and_then(|cost| cost.parse().ok()).and_then(Picodollars::of_usd);
    if picousd.is_none() {
        warn!(
            "an address that prices its own requests sent no {TOLD_COST} that can be read: this call is charged nothing"
        );
    }
    let total_tokens = tokens.and_then(|tokens| tokens.parse().ok());
    let usage = total_tokens.map(|total_tokens| Usage { total_tokens, ..Usage::default() });
    Some((picousd.map_or(0, |cost| cost.0), usage))
}

/// The provider's name in prices, where the route has another.
fn priced_as(route: &'static str, path: &str) -> &'static str {
    match route {
        "vllm" => "hosted_vllm",
        "eu.assemblyai" => "assemblyai",
        // Chats of Cohere's are listed apart.
        "cohere" if path.ends_with("/chat") => "cohere_chat",
        route => route,
    }
}

/// The provider at an address of the operator's.
fn of_host(uri: &Uri) -> Option<&'static str> {
    let host = uri.host()?;
    let is_at = |base: &str| Base::parse(base).is_ok_and(|base| base.is_at(host));
    let known = PROVIDERS.iter().find(|provider| provider.base.is_some_and(is_at));
    let is_below = |domain: &str| host.strip_suffix(domain).is_some_and(|name| name.ends_with('.'));
    match known {
        Some(provider) => Some(provider.name),
        None if is_below("openai.azure.com") || is_below("cognitiveservices.azure.com") => Some("azure"),
        None if is_below("amazonaws.com") && host.starts_with("bedrock-runtime.") => Some("bedrock"),
        None if host.ends_with("aiplatform.googleapis.com") => Some("vertex_ai"),
        None => None,
    }
}

/// The region in Amazon's host, or the location in Google's path.
fn region(uri: &Uri) -> Option<String> {
    let behind = |text: &str, mark: &str, end: char| {
        let name = text.split_once(mark)?.1.split(end).next()?;
        (!name.is_empty()).then(|| name.to_owned())
    };
    behind(uri.path(), "/locations/", '/').or_else(|| behind(uri.host()?, "bedrock-runtime.", '.'))
}
