//! Web search: LiteLLM's one request and answer, and what each search provider makes of them.
//!
//! Knows no key and no address beyond a provider's own.

use serde_json::{Map, Value, json};

use crate::json::Object;
use crate::provider::Auth;

/// One provider of web searches.
#[derive(Debug)]
pub struct SearchProvider {
    /// `search_provider` of the configuration.
    pub name: &'static str,
    pub base_url: &'static str,
    /// The variable that replaces `base_url`.
    pub base_url_variable: &'static str,
    /// Variables that hold the key, the first that is set wins.
    pub key_variables: &'static [&'static str],
    pub auth: Auth,
    /// What LiteLLM's parameters are called; those that are missing are left out.
    names: &'static [(&'static str, &'static str)],
    /// Fields that may hold a result's text, the first that does wins.
    texts: &'static [&'static str],
    dates: &'static [(&'static str, &'static str)],
}

/// Parameters of LiteLLM's own request, besides the query; any other is the provider's and passes.
const PARAMETERS: [&str; 4] = ["max_results", "search_domain_filter", "max_tokens_per_page", "country"];
/// What steers the gateway, and is not sent.
const STEERING: [&str; 6] =
    ["search_tool_name", "model", "metadata", "litellm_metadata", "custom_llm_provider", "search_provider"];

static PROVIDERS: [SearchProvider; 3] = [
    SearchProvider {
        name: "tavily",
        base_url: "https://api.tavily.com",
        base_url_variable: "TAVILY_API_BASE",
        key_variables: &["TAVILY_API_KEY"],
        auth: Auth::Bearer,
        names: &[("max_results", "max_results"), ("search_domain_filter", "include_domains"), ("country", "country")],
        texts: &["content"],
        dates: &[],
    },
    SearchProvider {
        name: "exa_ai",
        base_url: "https://api.exa.ai",
        base_url_variable: "EXA_API_BASE",
        key_variables: &["EXA_API_KEY"],
        auth: Auth::Header("x-api-key"),
        names: &[
            ("max_results", "numResults"),
            ("search_domain_filter", "includeDomains"),
            ("country", "userLocation"),
        ],
        texts: &["text", "highlights", "summary"],
        dates: &[("date", "publishedDate")],
    },
    SearchProvider {
        name: "perplexity",
        base_url: "https://api.perplexity.ai",
        base_url_variable: "PERPLEXITY_API_BASE",
        key_variables: &["PERPLEXITYAI_API_KEY", "PERPLEXITY_API_KEY"],
        auth: Auth::Bearer,
        names: &[
            ("max_results", "max_results"),
            ("search_domain_filter", "search_domain_filter"),
            ("max_tokens_per_page", "max_tokens_per_page"),
            ("country", "country"),
        ],
        texts: &["snippet"],
        dates: &[("date", "date"), ("last_updated", "last_updated")],
    },
];

impl SearchProvider {
    /// The provider of this name.
    pub fn find(name: &str) -> Option<&'static Self> {
        PROVIDERS.iter().find(|provider| provider.name == name)
    }

    /// Every name there is.
    pub fn names() -> impl Iterator<Item = &'static str> {
        PROVIDERS.iter().map(|provider| provider.name)
    }

    /// Where searches are sent; `base` replaces the provider's own.
    pub fn url(&self, base: Option<&str>) -> String {
        let base = base.unwrap_or(self.base_url).trim_end_matches('/');
        if base.ends_with("/search") { base.to_owned() } else { format!("{base}/search") }
    }

    /// The provider's request for a client's.
    pub fn request(&self, asked: &Object<'_>) -> Value {
        let value = |name: &str| asked.given(name).and_then(|text| serde_json::from_str::<Value>(text).ok());
        let mut request = Map::new();
        request.insert("query".to_owned(), self.query(value("query").unwrap_or_default()));
        for (name, own) in self.names {
            let Some(mut value) = value(name) else { continue };
            if self.name == "tavily" && *name == "country" {
                value = value.as_str().map_or(value.clone(), |text| text.to_lowercase().into());
            }
            request.insert((*own).to_owned(), value);
        }
        for (name, text) in asked.iter() {
            let is_known = name == "query" || PARAMETERS.contains(&name) || STEERING.contains(&name);
            if let (false, Ok(value)) = (is_known, serde_json::from_str(text)) {
                request.insert(name.to_owned(), value);
            }
        }
        if self.name == "exa_ai" && !request.contains_key("contents") {
            request.insert("contents".to_owned(), json!({ "text": true }));
        }
        Value::Object(request)
    }

    /// Only Perplexity takes several queries at once.
    fn query(&self, query: Value) -> Value {
        match &query {
            Value::Array(items) if self.name != "perplexity" => {
                items.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" ").into()
            }
            _ => query,
        }
    }

    /// LiteLLM's answer for the provider's; `None` where that is no JSON.
    pub fn answer(&self, body: &[u8]) -> Option<Value> {
        let said: Value = serde_json::from_slice(body).ok()?;
        let results = said.get("results").and_then(Value::as_array);
        let results: Vec<Value> = results.into_iter().flatten().map(|result| self.result(result)).collect();
        Some(json!({ "results": results, "object": "search" }))
    }

    fn result(&self, result: &Value) -> Value {
        let text = |name: &str| match result.get(name) {
            Some(Value::String(text)) => Some(text.clone()),
            Some(Value::Array(items)) => Some(items.iter().filter_map(Value::as_str).collect::<Vec<_>>().join("\n\n")),
            _ => None,
        };
        let snippet = self.texts.iter().find_map(|name| text(name).filter(|text| !text.is_empty()));
        let date = |name: &str| self.dates.iter().find(|(own, _)| *own == name).and_then(|(_, said)| text(said));
        json!({
            "title": text("title").unwrap_or_default(),
            "url": text("url").unwrap_or_default(),
            "snippet": snippet.unwrap_or_default(),
            "date": date("date"),
            "last_updated": date("last_updated"),
        })
    }
}

#[cfg(test)]
mod tests;
