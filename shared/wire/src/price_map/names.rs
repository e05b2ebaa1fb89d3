//! The names under which the map may have a model, in LiteLLM's order of preference.
//!
//! Knows no prices.

use std::borrow::Cow;

use super::PriceMap;

/// A model as it was asked for.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// Who serves it, by LiteLLM's name.
    pub provider: &'a str,
    pub model: &'a str,
}

const CROSS_REGIONS: [&str; 7] = ["global", "us", "eu", "apac", "jp", "au", "us-gov"];
const REGIONS: [&str; 23] = [
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-south-2",
    "ap-southeast-1",
    "ap-southeast-2",
    "ca-central-1",
    "eu-central-1",
    "eu-central-2",
    "eu-north-1",
    "eu-south-1",
    "eu-south-2",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-gov-east-1",
    "us-gov-west-1",
    "us-west-1",
    "us-west-2",
];
/// Names of Azure deployments that LiteLLM knows under another name.
const ALIASES: [(&str, &str); 7] = [
    ("gpt-35-turbo", "azure/gpt-35-turbo"),
    ("gpt-35-turbo-16k", "azure/gpt-35-turbo-16k"),
    ("gpt-35-turbo-instruct", "azure/gpt-35-turbo-instruct"),
    ("azure/gpt-41", "gpt-4.1"),
    ("azure/gpt-41-mini", "gpt-4.1-mini"),
    ("azure/gpt-41-nano", "gpt-4.1-nano"),
    ("ada", "azure/ada"),
];
const ROUTES: [&str; 8] =
    ["bedrock/", "chat_completions/", "converse/", "invoke/", "openai/", "mantle/", "nova-2/", "nova/"];

/// The names to try, each made when its turn comes.
pub(super) struct Names<'a> {
    pub provider: &'a str,
    model: Cow<'a, str>,
    /// The model without its provider in front, where it has it.
    bare: Cow<'a, str>,
    has_prefix: bool,
}

/// Names that LiteLLM tries to find a model; what follows them are the cost calculator's own attempts.
const OF_MODEL_INFO: usize = 7;
const CUTS: usize = 6;

pub(super) fn names<'a>(map: &PriceMap, wanted: Wanted<'a>) -> Names<'a> {
    let provider = if wanted.provider == "vertex_ai_beta" { "vertex_ai" } else { wanted.provider };
    let model = once_prefixed(provider, wanted.model);
    let known = ALIASES.iter().find(|(alias, _)| *alias == model).map(|(_, known)| Cow::Borrowed(*known));
    let model = known.unwrap_or_else(|| of_vertex(map, provider, model));
    let bare = match &model {
        Cow::Borrowed(model) => Cow::Borrowed(without_provider(provider, model)),
        Cow::Owned(model) => Cow::Owned(without_provider(provider, model).to_owned()),
    };
    let has_prefix = bare.len() < model.len();
    Names { provider, model, bare, has_prefix }
}

impl<'a> Names<'a> {
    /// Those by which LiteLLM decides whether a model is known at all, the most specific first.
    pub fn of_model_info(&self) -> impl Iterator<Item = Cow<'_, str>> {
        (0..OF_MODEL_INFO).filter_map(|place| self.name(place))
    }

    /// The name as it was asked for, with and without its provider.
    pub fn as_asked(&self) -> impl Iterator<Item = Cow<'_, str>> {
        (0..2).filter_map(|place| self.name(place))
    }

    /// Without the first segments, which LiteLLM takes for the provider's or an alias: with and without the provider.
    pub fn cut(&self) -> impl Iterator<Item = Cow<'_, str>> {
        (0..CUTS).filter_map(|place| {
            let (at, _) = self.bare.match_indices('/').nth(place / 2)?;
            let rest = &self.bare[at + 1..];
            let is_plain = place % 2 == 1;
            Some(if is_plain { Cow::Borrowed(rest) } else { Cow::Owned(format!("{}/{rest}", self.provider)) })
        })
    }

    fn name(&self, place: usize) -> Option<Cow<'_, str>> {
        let provider = self.provider;
        let split = || Cow::Borrowed(self.split());
        let name = match place {
            0 if self.has_prefix => Cow::Borrowed(self.model.as_ref()),
            0 => Cow::Owned(format!("{provider}/{}", self.model)),
            1 => Cow::Borrowed(self.model.as_ref()),
            2 if provider == "bedrock_mantle" => Cow::Owned(format!("bedrock_mantle/{}", self.split())),
            3 => split(),
            4 => Cow::Owned(format!("{provider}/{}", stripped(provider, self.stripping()))),
            5 => stripped(provider, self.stripping()),
            6 if provider == "fireworks_ai" => Cow::Owned(format!("fireworks_ai/{}", fireworks(&self.bare))),
            6 if self.has_prefix => Cow::Owned(format!("{provider}/{}", self.model)),
            _ => return None,
        };
        Some(name)
    }

    /// Without what stands before the provider's own name: the routes of Bedrock, the region of its mantle.
    fn split(&self) -> &str {
        match self.provider {
            "bedrock" | "bedrock_converse" => without_routes(&self.bare),
            "bedrock_mantle" => without_region(&self.bare),
            _ => &self.bare,
        }
    }

    fn stripping(&self) -> &str {
        if self.provider == "bedrock_mantle" { self.split() } else { &self.bare }
    }
}

fn without_provider<'m>(provider: &str, model: &'m str) -> &'m str {
    model.strip_prefix(provider).and_then(|rest| rest.strip_prefix('/')).unwrap_or(model)
}

/// `openai/openai/gpt-5` is `openai/gpt-5`.
fn once_prefixed<'m>(provider: &str, mut model: &'m str) -> &'m str {
    loop {
        let rest = without_provider(provider, model);
        if rest.len() == model.len() || without_provider(provider, rest).len() == rest.len() {
            return model;
        }
        model = rest;
    }
}

/// Vertex has Llama under `meta/`, and the newest of some models under `@latest`.
fn of_vertex<'m>(map: &PriceMap, provider: &str, model: &'m str) -> Cow<'m, str> {
    if provider != "vertex_ai" || model.starts_with("gemini") || model.contains('/') {
        return Cow::Borrowed(model);
    }
    let others = [format!("meta/{model}"), format!("{model}@latest")];
    let known = others.into_iter().find(|other| map.find(&format!("vertex_ai/{other}")).is_some());
    known.map_or(Cow::Borrowed(model), Cow::Owned)
}

fn without_routes(mut model: &str) -> &str {
    for route in ROUTES {
        model = model.strip_prefix(route).unwrap_or(model);
    }
    model
}

fn without_region(model: &str) -> &str {
    model.split_once('/').filter(|(region, _)| REGIONS.contains(region)).map_or(model, |(_, rest)| rest)
}

/// Without the version, fine-tune or place that a provider adds to a name.
fn stripped<'m>(provider: &str, model: &'m str) -> Cow<'m, str> {
    match provider {
        "bedrock" | "bedrock_converse" => Cow::Borrowed(bedrock(model)),
        "vertex_ai" | "gemini" | "databricks" => Cow::Borrowed(without_number(model)),
        _ if model.contains("ft:") => Cow::Borrowed(model.rsplitn(4, ':').nth(3).unwrap_or(model)),
        _ => Cow::Borrowed(without_date(model)),
    }
}

/// `gemini-2.5-pro-001` is `gemini-2.5-pro`.
fn without_number(model: &str) -> &str {
    let rest = model.trim_end_matches(|letter: char| letter.is_ascii_digit());
    rest.strip_suffix('-').filter(|_| rest.len() < model.len()).unwrap_or(model)
}

/// `gpt-4o-2024-08-06` is `gpt-4o`.
fn without_date(model: &str) -> &str {
    let Some(place) = model.len().checked_sub(11) else { return model };
    let date = &model.as_bytes()[place..];
    let is_date = date.iter().zip(b"-0000-00-00").all(|(byte, form)| match form {
        b'-' => byte == form,
        _ => byte.is_ascii_digit(),
    });
    if is_date { &model[..place] } else { model }
}

/// `us.anthropic.claude-3-5-sonnet-20241022-v2:0:51k` is `anthropic.claude-3-5-sonnet-20241022-v2:0`.
fn bedrock(model: &str) -> &str {
    let routed = ["bedrock/converse/", "bedrock/", "converse/"].iter().find_map(|route| model.strip_prefix(route));
    match routed.unwrap_or(model) {
        nova if nova.starts_with("nova-2/") => return "amazon.nova-2-custom",
        nova if nova.starts_with("nova/") => return "amazon.nova-custom",
        _ => {}
    }
    let model = without_routes(model);
    let model = if model.starts_with("arn:") { model.rsplit('/').next().unwrap_or(model) } else { model };
    let model = without_window(without_throughput(model));
    match model.split_once('.') {
        Some((place, rest)) if CROSS_REGIONS.contains(&place) => rest,
        _ => without_region(model),
    }
}

/// `…:0:51k` is `…:0`.
fn without_throughput(model: &str) -> &str {
    let cut = model.strip_suffix('k').and_then(|rest| rest.rsplit_once(':'));
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let version = |rest: &str| rest.rsplit_once(':').is_some_and(|(_, version)| is_number(version));
    cut.filter(|(rest, size)| is_number(size) && version(rest)).map_or(model, |(rest, _)| rest)
}

/// `…[1m]` is `…`.
fn without_window(model: &str) -> &str {
    let inner = model.strip_suffix(']').and_then(|rest| rest.rsplit_once('['));
    inner.filter(|(_, size)| !size.is_empty()).map_or(model, |(rest, _)| rest)
}

/// The path of a model of Fireworks.
fn fireworks(model: &str) -> String {
    if model.starts_with("accounts/") || model.starts_with("FW-") || model.contains('#') {
        return model.to_owned();
    }
    if model.starts_with("routers/") || model.starts_with("models/") {
        return format!("accounts/fireworks/{model}");
    }
    let is_router = matches!(model, "auto" | "auto-instant" | "firerouter");
    let is_router = is_router || model.ends_with("-fast") || model.starts_with("firerouter/");
    let kind = if is_router { "routers" } else { "models" };
    format!("accounts/fireworks/{kind}/{model}")
}
