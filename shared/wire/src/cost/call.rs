//! A call as its cost is worked out from: who served what, how much of it, when and where.

use std::time::Duration;

use super::image::Images;
use super::tools::Tools;
use crate::money::Picodollars;
use crate::prices::{Prices, Tier};
use crate::usage::{Served, Usage};

/// Everything that a cost depends on.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// Who served it, by LiteLLM's name.
    pub provider: &'a str,
    pub names: Names<'a>,
    /// Where Bedrock served it.
    pub region: Option<&'a str>,
    /// The deployment's own prices.
    pub custom: Option<&'a Prices>,
    pub work: Work<'a>,
    pub usage: &'a Usage,
    pub tools: Tools,
    /// The `service_tier` that the client asked for; what was served counts before it.
    pub tier: Option<&'a str>,
    /// The region of OpenAI's host.
    pub residency: Option<Residency>,
    pub vertex_location: Option<&'a str>,
    /// How long the provider took, where time is paid for.
    pub elapsed: Duration,
    /// When the call is billed, in seconds since 1970: it may be off peak.
    pub at_unix_s: u64,
    pub settled: Settled,
}

/// The names that a model has had on its way; the first that is given counts, the others where it is not mapped.
#[derive(Clone, Copy, Debug, Default)]
pub struct Names<'a> {
    pub base_model: Option<&'a str>,
    /// What the provider says that it served, beside the answer's own `model`.
    pub provider_model: Option<&'a str>,
    pub response_model: Option<&'a str>,
    /// The deployment's model.
    pub request_model: &'a str,
}

/// What was done, in what it is paid by.
#[derive(Clone, Copy, Debug)]
pub enum Work<'a> {
    /// Chats, completions, responses, moderations.
    Tokens,
    Embedding,
    Images(Images<'a>),
    Video {
        length: Duration,
        resolution: Option<&'a str>,
        count: u64,
    },
    Speech {
        characters: u64,
    },
    Transcription {
        length: Duration,
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
    PagesOfBatch {
        pages: u64,
        annotated: u64,
    },
    Search {
        queries: u64,
        results_max: u64,
    },
    VectorSearch,
    /// Tokens of a batch.
    Batch,
}

impl Work<'_> {
    /// Whether tools are charged beside it.
    pub(super) const fn has_tools(&self) -> bool {
        !matches!(
            self,
            Self::Images(_) | Self::Video { .. } | Self::Search { .. } | Self::Batch | Self::PagesOfBatch { .. }
        )
    }
}

/// OpenAI's regions with an uplift.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Residency {
    Us,
    Eu,
}

/// Whether the cost is known already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settled {
    No,
    /// The gateway's own cache answered.
    Cached,
    /// The provider says what it charges; this wins.
    Stated(Picodollars),
}

impl<'a> Call<'a> {
    /// A call of tokens with nothing special about it.
    pub const fn new(provider: &'a str, model: &'a str, usage: &'a Usage) -> Self {
        let names = Names { base_model: None, provider_model: None, response_model: None, request_model: model };
        Self {
            provider,
            names,
            region: None,
            custom: None,
            work: Work::Tokens,
            usage,
            tools: Tools::NONE,
            tier: None,
            residency: None,
            vertex_location: None,
            elapsed: Duration::ZERO,
            at_unix_s: 0,
            settled: Settled::No,
        }
    }

    /// The tier that is paid: the served one, else the one that was asked for.
    pub(super) fn tier(&self) -> Tier {
        match self.usage.details.served {
            Some(Served::Tier(tier)) => tier,
            Some(Served::Base) => Tier::Standard,
            None => self.tier.and_then(Tier::named).unwrap_or(Tier::Standard),
        }
    }
}
