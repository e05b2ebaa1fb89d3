//! Names of beta features: which a request needs, and which of them a host knows.
//!
//! LiteLLM's table `anthropic_beta_headers_config.json`: what a host does not know is left out. Knows no message text.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::host::Host;
use super::tools::Tools;
use crate::prepare::Call;

/// The name of the header.
pub(super) const HEADER: &str = "anthropic-beta";
const TOOL_SEARCH: &str = "advanced-tool-use-2025-11-20";
const CLOUD_TOOL_SEARCH: &str = "tool-search-tool-2025-10-19";
pub(super) const STRUCTURED_OUTPUTS: &str = "structured-outputs-2025-11-13";
const CONTEXT_MANAGEMENT: &str = "context-management-2025-06-27";
const COMPACT: &str = "compact-2026-01-12";
const WEB_SEARCH: &str = "web-search-2025-03-05";

/// Features that all hosts know.
const COMMON: [&str; 6] = [
    "computer-use-2025-01-24",
    "computer-use-2025-11-24",
    "context-1m-2025-08-07",
    CONTEXT_MANAGEMENT,
    "dangerous-tool-use-2026-09-03",
    "thinking-display-updates-2026-08-18",
];
const OF_ANTHROPIC: [&str; 24] = [
    "advisor-tool-2026-03-01",
    TOOL_SEARCH,
    "code-execution-2025-08-25",
    COMPACT,
    "compact-2026-09-04",
    "effort-2025-11-24",
    "fast-mode-2026-02-01",
    "files-api-2025-04-14",
    "fine-grained-tool-streaming-2025-05-14",
    "interleaved-thinking-2025-05-14",
    "mcp-client-2025-11-20",
    "mcp-client-2025-04-04",
    "oauth-2025-04-20",
    "output-128k-2025-02-19",
    "per-turn-control-2026-07-01",
    "prompt-caching-scope-2026-01-05",
    "skills-2025-10-02",
    STRUCTURED_OUTPUTS,
    "thinking-binding-controls-2026-08-01",
    "token-efficient-tools-2025-02-19",
    "web-fetch-2025-09-10",
    WEB_SEARCH,
    "mid-conversation-output-config-2026-07-01",
    "mid-conversation-tool-changes-2026-07-01",
];
const ONLY_OF_ANTHROPIC_AND_VERTEX: &str = "inline-tools-2026-09-15";
const OF_AZURE: [&str; 13] = [
    TOOL_SEARCH,
    "code-execution-2025-08-25",
    "effort-2025-11-24",
    "files-api-2025-04-14",
    "interleaved-thinking-2025-05-14",
    "mcp-client-2025-11-20",
    "mcp-client-2025-04-04",
    "per-turn-control-2026-07-01",
    "prompt-caching-scope-2026-01-05",
    "skills-2025-10-02",
    STRUCTURED_OUTPUTS,
    "web-fetch-2025-09-10",
    WEB_SEARCH,
];
const OF_BEDROCK: [&str; 7] = [
    COMPACT,
    "effort-2025-11-24",
    "fine-grained-tool-streaming-2025-05-14",
    "thinking-binding-controls-2026-08-01",
    CLOUD_TOOL_SEARCH,
    "mid-conversation-output-config-2026-07-01",
    "mid-conversation-tool-changes-2026-07-01",
];
const OF_VERTEX: [&str; 5] =
    [COMPACT, "per-turn-control-2026-07-01", "thinking-binding-controls-2026-08-01", CLOUD_TOOL_SEARCH, WEB_SEARCH];

/// A set of features, in the order of their names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Betas(pub BTreeSet<String>);

impl Betas {
    /// Takes the header out of those that a request is to carry, and adds what the deployment always needs.
    pub fn take(call: &mut Call<'_, '_>) -> Self {
        let mut betas = Self(call.rules.settings.betas.iter().cloned().collect());
        call.prepared.headers.retain(|(name, value)| {
            let is_ours = name.eq_ignore_ascii_case(HEADER);
            if is_ours {
                betas.read(value);
            }
            !is_ours
        });
        betas
    }

    /// A list with commas, or a JSON list.
    fn read(&mut self, text: &str) {
        if let Ok(names) = serde_json::from_str::<Vec<String>>(text) {
            self.0.extend(names.iter().map(|name| name.trim().to_owned()));
            return;
        }
        self.0.extend(text.split(',').map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned));
    }

    /// What is not among the others.
    pub fn without(&self, others: &Self) -> Self {
        Self(self.0.difference(&others.0).cloned().collect())
    }

    pub fn add(&mut self, name: &str) {
        self.0.insert(name.to_owned());
    }

    /// Only what the host knows, by the host's names.
    pub fn known_to(&self, host: Host) -> Self {
        Self(self.0.iter().filter_map(|name| known(host, name)).map(str::to_owned).collect())
    }

    /// As the header says it; `None` where there is nothing to say.
    pub fn text(&self) -> Option<String> {
        (!self.0.is_empty()).then(|| self.0.iter().map(String::as_str).collect::<Vec<_>>().join(","))
    }

    /// What the tools need.
    pub fn add_for_tools(&mut self, host: Host, tools: &Tools) {
        if let Some(kind) = tools.list.iter().filter_map(|tool| tool["type"].as_str()).find(is_computer) {
            let is_newer = kind == "computer_20250124";
            self.add(if is_newer { "computer-use-2025-01-24" } else { "computer-use-2024-10-22" });
        }
        if !tools.mcp_servers.is_empty() {
            self.add("mcp-client-2025-04-04");
        }
        if host == Host::Anthropic {
            let calls_from_code = |tool: &Value| {
                let callers = tool["allowed_callers"].as_array();
                callers.is_some_and(|callers| callers.iter().any(|caller| caller == "code_execution_20250825"))
            };
            let shows_examples =
                |tool: &Value| tool["input_examples"].as_array().is_some_and(|examples| !examples.is_empty());
            if searches(tools) || tools.list.iter().any(|tool| calls_from_code(tool) || shows_examples(tool)) {
                self.add(TOOL_SEARCH);
            }
            if tools.has(|kind| kind == "code_execution_20250825") {
                self.add("code-execution-2025-08-25");
            }
        }
        if matches!(host, Host::Anthropic | Host::Azure) {
            self.add_for_own_tools(tools);
        }
        if host == Host::Vertex && searches(tools) {
            self.add(CLOUD_TOOL_SEARCH);
        }
    }

    /// What tools that Anthropic runs itself need.
    pub fn add_for_own_tools(&mut self, tools: &Tools) {
        if tools.has(|kind| kind.starts_with("web_fetch")) {
            self.add("web-fetch-2025-09-10");
        }
        if tools.has(|kind| kind.starts_with("memory")) {
            self.add(CONTEXT_MANAGEMENT);
        }
        if tools.has_advisor() {
            self.add("advisor-tool-2026-03-01");
        }
    }

    /// As [`add_for_tools`](Self::add_for_tools), of a request in Anthropic's own form: fewer are said for the client.
    pub fn add_for_native_tools(&mut self, host: Host, tools: &Tools) {
        if tools.has_advisor() && host != Host::Vertex {
            self.add("advisor-tool-2026-03-01");
        }
        match host {
            Host::Anthropic | Host::Azure if searches(tools) => self.add(TOOL_SEARCH),
            Host::Vertex => {
                self.add_for_web_search(tools);
                if searches(tools) {
                    self.add(CLOUD_TOOL_SEARCH);
                }
            }
            _ => {}
        }
    }

    /// What edits of the context need.
    pub fn add_for_context(&mut self, management: &Value) {
        let edits = management.get("edits").unwrap_or(management);
        for edit in edits.as_array().into_iter().flatten() {
            let compacts = matches!(edit["type"].as_str(), Some("compact_20260112" | "compaction"));
            self.add(if compacts { COMPACT } else { CONTEXT_MANAGEMENT });
        }
    }

    /// What a wish for a schema needs.
    pub fn add_for_output(&mut self, has_format: bool, output_config: Option<&Map<String, Value>>) {
        if has_format
            || output_config.is_some_and(|config| config.get("format").is_some_and(|format| !format.is_null()))
        {
            self.add(STRUCTURED_OUTPUTS);
        }
    }

    /// Vertex AI wants to be told of its web search, if of nothing else.
    pub fn add_for_web_search(&mut self, tools: &Tools) {
        if tools.has(|kind| kind.starts_with("web_search")) {
            self.add(WEB_SEARCH);
        }
    }

    /// Bedrock's own name for tools that are searched.
    pub fn add_for_bedrock_search(&mut self, tools: &Tools, can_search: impl FnOnce() -> bool) {
        if searches(tools) {
            self.0.remove(TOOL_SEARCH);
            if can_search() {
                self.add(CLOUD_TOOL_SEARCH);
            }
        }
    }
}

fn is_computer(kind: &&str) -> bool {
    kind.starts_with("computer_")
}

fn searches(tools: &Tools) -> bool {
    tools.has(|kind| matches!(kind, "tool_search_tool_regex_20251119" | "tool_search_tool_bm25_20251119"))
}

/// The host's name of a feature.
fn known(host: Host, name: &str) -> Option<&str> {
    let own: &[&str] = match host {
        Host::Anthropic => &OF_ANTHROPIC,
        Host::Azure => &OF_AZURE,
        Host::Bedrock => &OF_BEDROCK,
        Host::Vertex => &OF_VERTEX,
    };
    let is_cloud = matches!(host, Host::Bedrock | Host::Vertex);
    match name {
        TOOL_SEARCH if is_cloud => Some(CLOUD_TOOL_SEARCH),
        ONLY_OF_ANTHROPIC_AND_VERTEX if matches!(host, Host::Anthropic | Host::Vertex) => Some(name),
        _ if COMMON.contains(&name) || own.contains(&name) => Some(name),
        _ => None,
    }
}
